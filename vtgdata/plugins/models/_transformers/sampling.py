"""What is drawn: seeded sampling, and where an answer ends."""

from typing import Any

from vtgdata.records import Sampling


class SeededDraw:
    """Seeded sampling as a logits processor for greedy decoding.

    It applies the temperature and nucleus (top-p) sampling, then adds Gumbel noise from each row's own seed. The arg
    max of logits plus Gumbel noise is a draw from their softmax (Gumbel, 1954).
    """

    def __init__(self, seeds: list[int], sampling: Sampling) -> None:
        import torch

        self.generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        self.sampling = sampling

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Perturbed logits. Args: scores: (rows, vocabulary). Returns the same shape."""
        import torch

        del input_ids
        scores = scores.float() / self.sampling.temperature
        if self.sampling.top_p < 1:
            ordered, order = scores.sort(descending=True)
            before = ordered.softmax(-1).cumsum(-1) - ordered.softmax(-1)
            scores = scores.masked_fill((before >= self.sampling.top_p).gather(-1, order.argsort(-1)), -torch.inf)
        uniform = torch.stack([torch.rand(scores.shape[-1], generator=generator) for generator in self.generators])
        noise = -torch.log(-torch.log(uniform.clamp(1e-20, 1 - 1e-7)))
        return scores + noise.to(scores.device)


def ends(model: Any, tokenizer: Any) -> set[int]:
    """The ids of the tokens that end an answer."""
    stated = model.generation_config.eos_token_id
    stated = stated if isinstance(stated, list) else [stated]
    return {int(end) for end in (*stated, tokenizer.eos_token_id) if end is not None}


def greedy(model: Any, tokenizer: Any, max_tokens: int) -> Any:
    """A generation config without the defaults stored with the model, so that `Sampling` alone decides the sampling."""
    from transformers import GenerationConfig

    return GenerationConfig(
        do_sample=False,
        max_new_tokens=max_tokens,
        eos_token_id=sorted(ends(model, tokenizer)),
        pad_token_id=tokenizer.pad_token_id,
    )
