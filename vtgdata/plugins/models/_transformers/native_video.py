"""Frames as one video, by a model's own processor: which models are told seconds, and how."""

from collections.abc import Sequence
from typing import Any

from vtgdata.video import told_times
from vtgdata.video.told_times import Given

_WORDS = "a red ball rolls"


class VideoFamily:
    """How one opened model is told the times of a video."""

    def __init__(self, model: Any, processor: Any) -> None:
        """Look at what is opened; `refused` says why it takes no video, as a clause, or is empty."""
        config = model.config
        self.family = str(getattr(config, "model_type", ""))
        self.tokens_per_second = int(
            getattr(getattr(config, "vision_config", None), "tokens_per_second", 0) or told_times.TOKENS_PER_SECOND
        )
        self.refused = told_times.refused(self.family) or _lacks(processor)

    def given(self, times: Sequence[float]) -> Given:
        """How the processor is given the times of frames, in seconds; raises NotTold where it tells other times."""
        return told_times.RULES[self.family](times, self.tokens_per_second)


def _lacks(processor: Any) -> str:
    if getattr(processor, "video_processor", None) is None:
        return "its folder has no video processor (video_preprocessor_config.json)"
    if not getattr(processor, "video_token", None):
        return f"its {type(processor).__name__} has no place for a video"
    return ""


def place(processor: Any) -> dict[str, str]:
    """A video's part of a chat: a part of its own, or its marks as text where the chat template has no such part."""
    chat = [{"role": "user", "content": [{"type": "text", "text": _WORDS}, {"type": "video"}]}]
    try:
        said = processor.apply_chat_template(chat, add_generation_prompt=True, tokenize=False)
    except Exception:  # jinja2's own, and whatever a template raises by `raise_exception`
        said = ""
    if said.count(processor.video_token) == 1:
        return {"type": "video"}
    start, end = (getattr(processor, f"vision_{side}_token", f"<|vision_{side}|>") for side in ("start", "end"))
    return {"type": "text", "text": f"{start}{processor.video_token}{end}"}


def inputs(processor: Any, text: str, videos: Sequence[Sequence[Any]], given: Sequence[Given]) -> dict[str, Any]:
    """The processor's tensors of a prompt, unpadded; none of the frames is left out or taken twice.

    Args:
        processor: of the model.
        text: the rendered prompt.
        videos: the frames of each video in it, as pictures.
        given: how the times of each are given.

    Raises ValueError when the processor made another number of pairs than are told.
    """
    import numpy as np
    import torch

    # The processor writes into the metadata that it is given. Later versions cap the pixels of a frame unless told.
    known = getattr(processor.video_processor, "valid_kwargs", None)
    capped = "cap_pixels_per_frame" in getattr(known, "__annotations__", {})
    made = processor(
        text=[text],
        videos=[np.stack([np.asarray(frame) for frame in frames]) for frames in videos],
        video_metadata=[{**each.metadata, "frames_indices": list(each.metadata["frames_indices"])} for each in given],
        do_sample_frames=False,
        add_special_tokens=False,
        return_tensors="pt",
        **({"cap_pixels_per_frame": False} if capped else {}),
    )
    pairs = [int(grid[0]) for grid in made["video_grid_thw"]]
    if pairs != [len(each.told) for each in given]:
        raise ValueError(f"the processor made {pairs} pairs of frames of {[len(each) for each in videos]} frames")
    return {
        name: value if isinstance(value, torch.Tensor) else torch.tensor(value)
        for name, value in dict(made).items()
        if name != "video_metadata"
    }
