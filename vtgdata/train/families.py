"""Families of models that TRL cannot train by GRPO, told by their config.json or processor before a step is made."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

from vtgdata.errors import VtgError
from vtgdata.train import sizes

NEEDS = {
    "llava_onevision": ("batch_num_images", "LLaVA-OneVision"),
    "video_llama_3": ("image_merge_sizes", "VideoLLaMA3"),
}
"""{family in config.json: what its model must be given beside the pictures, and its name}, where TRL 1.16 hands it on
to generation and not to the log-probabilities."""
PICTURES = ("pixel", "image", "spatial", "tile", "token_type")
"""What the names of a processor's outputs that describe pictures hold."""


def check_rl(model: str) -> None:
    """Raise VtgError when a model is of a family that TRL cannot train by GRPO; no weights are read."""
    try:
        config = sizes.config_of(model)
    except VtgError:
        return  # said when the model is opened
    need, name = NEEDS.get(str(config.get("model_type")), ("", ""))
    if need and need not in _handed_on():
        raise VtgError(
            f"{model}: is {name} ({config['model_type']}), which TRL's GRPO cannot train: it does not hand {need} to "
            "the model when it computes log-probabilities. `vtgdata train sft` can; for RL take a model of another "
            "family, such as Qwen-VL, InternVL, LLaVA or Gemma 3."
        )


def check_processor(model: str, keys: Iterable[str]) -> None:
    """The same for families that are not in the table, by what their processor makes of pictures.

    Args:
        model: for messages.
        keys: names of what the processor makes of a text with pictures.
    """
    known = _handed_on()
    lost = [key for key in keys if key not in known and any(word in key for word in PICTURES)]
    if lost:
        raise VtgError(
            f"{model}: TRL's GRPO cannot train it: it does not hand {', '.join(lost)} to the model when it computes "
            "log-probabilities. `vtgdata train sft` can; for RL take a model of another family."
        )


def keys_of(processor: Any) -> list[str]:
    """What a processor makes of a prompt with two pictures."""
    import PIL.Image

    pictures = [PIL.Image.new("RGB", (64, 64))] * 2
    chat = [{"role": "user", "content": [{"type": "image"}, {"type": "image"}, {"type": "text", "text": "When?"}]}]
    text = processor.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    return list(processor(text=[text], images=[pictures], return_tensors="pt"))


def _handed_on() -> set[str]:
    """What TRL's GRPO gives a model when it computes log-probabilities."""
    from trl.trainer.grpo_trainer import GRPOTrainer

    return set(inspect.signature(GRPOTrainer._get_per_token_logps_and_entropies).parameters)
