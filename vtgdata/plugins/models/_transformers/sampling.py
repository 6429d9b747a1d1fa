"""What is drawn: seeded sampling as `Sampling` states it, and where an answer ends.

transformers fills each field that a call of `generate` leaves open from the model's own generation_config, the file of
that name in its folder. So a model is opened with an empty one (`take_defaults`), and no field of the file can act.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from vtgdata.records import Sampling

_NO_EFFECT = {
    *("temperature", "top_k", "top_p", "min_p", "top_h", "typical_p", "epsilon_cutoff", "eta_cutoff", "do_sample"),
    *(
        "max_length",
        "max_new_tokens",
        "length_penalty",
        "early_stopping",
        "renormalize_logits",
        "remove_invalid_values",
    ),
    *("pad_token_id", "bos_token_id", "eos_token_id", "decoder_start_token_id", "transformers_version"),
    *("use_cache", "cache_implementation", "cache_config", "max_cache_len", "prefill_chunk_size", "low_memory"),
    *("compile_config", "disable_compile", "continuous_batching_config", "use_mtp", "speculation_type"),
    *("output_attentions", "output_hidden_states", "output_scores", "output_logits", "return_dict_in_generate"),
    *("num_return_sequences", "is_assistant", "num_assistant_tokens", "num_assistant_tokens_schedule"),
    *("assistant_confidence_threshold", "assistant_early_exit", "assistant_lookbehind", "target_lookbehind"),
    *("assistant_ensemble_weight", "max_matching_ngram_size", "token_healing", "forced_bos_token_id"),
    *("diversity_penalty", "num_beam_groups", "constraints", "force_words_ids", "penalty_alpha", "dola_layers"),
    "remove_invalid_values",
    *("watermarking_config", "stop_strings"),
}
"""Fields of a folder's generation_config with which earlier versions gave the answers that they give without, or none
at all. Those with which they gave none (stop_strings) failed every row, so that there is nothing to ask again."""


class Defaults(msgspec.Struct, frozen=True, kw_only=True):
    """What a model's folder states of generating."""

    ends: list[int]
    """Ids of the tokens that end an answer, in order: all of the folder's, and the tokenizer's."""
    pad: int | None
    """Id of the token that fills up answers shorter than the longest of their batch."""
    acted: dict[str, Any]
    """Fields of its generation_config that changed answers in earlier versions of vtgdata, which let them act."""


def take_defaults(model: Any, tokenizer: Any) -> Defaults:
    """What the folder states; then the model has an empty generation_config, so that nothing of it can act."""
    from transformers import GenerationConfig

    stated = model.generation_config
    found = ends(model, tokenizer)
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else stated.pad_token_id
    if pad is None and found:
        pad = min(found)
    acted = _acted(stated)
    model.generation_config = GenerationConfig()
    return Defaults(ends=sorted(found), pad=pad, acted=acted)


def _acted(stated: Any) -> dict[str, Any]:
    """The fields of a generation_config that change answers when a call of `generate` leaves them open."""
    from transformers import GenerationConfig

    neutral = GenerationConfig()
    usual = neutral._get_default_generation_params()
    return {
        name: value
        for name, value in vars(stated).items()
        if name in vars(neutral) and not name.startswith("_") and name not in _NO_EFFECT
        if value is not None and value != usual.get(name) and value != []
    }


def acted_words(acted: dict[str, Any]) -> str:
    """Why a model's earlier answers do not count, for people; empty if nothing acted.

    >>> acted_words({"repetition_penalty": 1.05})
    "earlier versions let repetition_penalty 1.05 of the model's generation_config.json act, which nobody had asked for"
    """
    if not acted:
        return ""
    fields = ", ".join(f"{name} {str(value)[:60]}" for name, value in sorted(acted.items()))
    return f"earlier versions let {fields} of the model's generation_config.json act, which nobody had asked for"


def ends(model: Any, tokenizer: Any) -> set[int]:
    """The ids of the tokens that end an answer, by the model's generation_config and the tokenizer."""
    stated = model.generation_config.eos_token_id
    stated = stated if isinstance(stated, list) else [stated]
    return {int(end) for end in (*stated, tokenizer.eos_token_id) if end is not None}


def generation_config(defaults: Defaults, sampling: Sampling) -> Any:
    """What `generate` of a model with an empty generation_config needs for one sampling.

    Always greedy: drawing is done by `SeededDraw`, after the library's own repetition penalty.
    """
    from transformers import GenerationConfig

    return GenerationConfig(
        do_sample=False,
        max_new_tokens=sampling.max_tokens,
        eos_token_id=defaults.ends or None,
        pad_token_id=defaults.pad,
        **({"repetition_penalty": float(sampling.repetition_penalty)} if sampling.repetition_penalty else {}),
    )


class SeededDraw:
    """Seeded sampling as a logits processor for greedy decoding.

    It applies temperature, top-k, nucleus (top-p) and min-p sampling, in this order, which is the library's, then adds
    Gumbel noise from each row's own seed. The arg max of logits plus Gumbel noise is a draw from their softmax (Gumbel,
    1954).
    """

    def __init__(self, seeds: Sequence[int], sampling: Sampling, ends: Sequence[int] = ()) -> None:
        """Args: seeds: one for each row; ends: ids of tokens after which a row draws nothing more."""
        import torch

        self.generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        self.sampling, self.ends = sampling, set(ends)
        self.over = [False] * len(seeds)
        self.begun = False

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Perturbed logits. Args: input_ids: (rows, tokens); scores: (rows, vocabulary). Returns the scores' shape."""
        import torch

        scores = kept(scores.float() / self.sampling.temperature, self.sampling)
        if self.begun and self.ends:
            self.over = [a or b in self.ends for a, b in zip(self.over, input_ids[:, -1].tolist(), strict=True)]
        self.begun = True
        uniform = torch.full((len(self.generators), scores.shape[-1]), 0.5)
        for row, generator in enumerate(self.generators):
            if not self.over[row]:
                torch.rand(scores.shape[-1], generator=generator, out=uniform[row])
        noise = -torch.log(-torch.log(uniform.clamp(1e-20, 1 - 1e-7)))
        return scores + noise.to(scores.device)


def kept(scores: Any, sampling: Sampling) -> Any:
    """Scores with those of the tokens that must not be drawn set to minus infinity.

    Args: scores: (rows, vocabulary) float32, divided by the temperature. Returns the same shape.
    """
    import torch

    if sampling.top_k:
        least = scores.topk(min(sampling.top_k, scores.shape[-1])).values[:, -1:]
        scores = scores.masked_fill(scores < least, -torch.inf)
    if sampling.top_p < 1:
        ordered, order = scores.sort(descending=True)
        before = ordered.softmax(-1).cumsum(-1) - ordered.softmax(-1)
        scores = scores.masked_fill((before >= sampling.top_p).gather(-1, order.argsort(-1)), -torch.inf)
    if sampling.min_p:
        shares = scores.softmax(-1)
        scores = scores.masked_fill(shares < sampling.min_p * shares.amax(-1, keepdim=True), -torch.inf)
    return scores
