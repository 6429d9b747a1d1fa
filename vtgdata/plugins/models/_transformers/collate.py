"""Prompts as one batch, also where they have different numbers of frames."""

from typing import Any

_PER_TOKEN = ("input_ids", "attention_mask", "token_type_ids", "mm_token_type_ids", "position_ids")


def collate(inputs: list[dict[str, Any]], length: int, pad: int | None) -> dict[str, Any]:
    """Join the tensors of prompts into a batch.

    Tensors with a number for each token, (1, tokens), are padded on the left to `length`. Of all others, those of the
    pictures, the first axis is that of pictures, patches or prompts: they are joined along it, and where another axis
    differs (pictures of a prompt, tiles of a picture, its height and width) zeros fill it up at the end. The families
    that stack pictures so take a picture of zeros for padding, or say the true number beside it.

    Args:
        inputs: of each prompt, by name; each has the same names. `input_ids` is (1, tokens).
        length: tokens, at least those of the longest prompt.
        pad: id of the padding token; None where nothing is said, which is then hidden by `attention_mask` alone.
    """
    import torch

    batch: dict[str, Any] = {}
    for name in inputs[0]:
        tensors = [one[name] for one in inputs]
        if _per_token(name, tensors, [one["input_ids"].shape[1] for one in inputs]):
            fill = (pad or 0) if name == "input_ids" else 0
            batch[name] = torch.cat([torch.nn.functional.pad(t, (length - t.shape[1], 0), value=fill) for t in tensors])
        else:
            batch[name] = torch.cat(_filled_up(tensors))
    return batch


def _per_token(name: str, tensors: list[Any], tokens: list[int]) -> bool:
    if name.startswith(("pixel", "image", "video", "spatial", "batch", "num")):
        return False
    return name in _PER_TOKEN or all(t.shape == (1, n) for t, n in zip(tensors, tokens, strict=True))


def _filled_up(tensors: list[Any]) -> list[Any]:
    """The tensors with zeros at the end of all axes but the first, so that these are as long in all of them."""
    import torch

    shapes = {tuple(t.shape[1:]) for t in tensors}
    if len(shapes) == 1:
        return tensors
    most = [max(lengths) for lengths in zip(*shapes, strict=True)]
    filled: list[Any] = []
    for tensor in tensors:
        missing = [most[axis] - tensor.shape[axis + 1] for axis in range(len(most))]
        filled.append(torch.nn.functional.pad(tensor, [side for more in reversed(missing) for side in (0, more)]))
    return filled
