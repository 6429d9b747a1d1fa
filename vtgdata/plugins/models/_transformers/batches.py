"""Prompts of several answers as one batch."""

from typing import Any


def collate(inputs: list[dict[str, Any]], length: int, pad: int) -> dict[str, Any]:
    """Join inputs into a batch: pad per-token tensors on the left to `length`, concatenate all others as they are."""
    import torch

    batch: dict[str, Any] = {}
    for name in inputs[0]:
        tensors = [one[name] for one in inputs]
        tokens = [one["input_ids"].shape[1] for one in inputs]
        if all(t.dim() == 2 and t.shape == (1, n) for t, n in zip(tensors, tokens, strict=True)):
            fill = pad if name == "input_ids" else 0
            tensors = [torch.nn.functional.pad(t, (length - t.shape[1], 0), value=fill) for t in tensors]
        batch[name] = torch.cat(tensors)
    return batch
