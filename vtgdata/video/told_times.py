"""The times that a model is told where it is shown frames as one video, by the rule of its family.

Sources: processors and models of transformers 5.23 (`Qwen3VLProcessor._calculate_timestamps`;
`Qwen2_5_VLModel.get_rope_index`). Both families look at frames in pairs, the last one twice if their number is odd.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from vtgdata.records import NotTold

PAIR = 2
"""Frames that are told one time."""
MS = 1000
"""Numbers a second by which times are given: milliseconds."""
TOKENS_PER_SECOND = 4
"""Temporal positions a second of a model of Qwen2.5-VL whose configuration names no other number."""


class Given(NamedTuple):
    """How a processor is given the times of frames, and what the model is told by that."""

    metadata: dict[str, Any]
    """As `VideoMetadata` of transformers has them: fps, frames_indices, total_num_frames."""
    told: tuple[float, ...]
    """Seconds, one for each pair of frames."""


def pair_means(times: Sequence[float], tokens_per_second: int = 0) -> Given:
    """Qwen3-VL and Qwen3.5: before each pair stands the mean of its times as text, with one decimal.

    Args:
        times: of the frames, in seconds, rising.
        tokens_per_second: not used.

    Raises NotTold for a single frame, and where the decimal cannot tell the frames apart.

    >>> pair_means([0.0, 1.5, 3.0, 4.5, 6.0]).told
    (0.8, 3.8, 6.0)
    """
    if len(times) < PAIR:
        raise NotTold("it is a single frame, which the processor does not take for a video")
    marks = [round(time * MS) for time in times]
    pairs = _pairs([mark / MS for mark in marks])
    told = tuple(float(f"{(first + last) / 2:.1f}") for first, last in pairs)
    far = max(abs(said - (first + last) / 2) for said, (first, last) in zip(told, pairs, strict=True))
    if far > _step(times) / 2 + 1e-9:
        raise NotTold(f"its frames are {_step(times):.3f} s apart, and times with one decimal do not tell them apart")
    return Given({"fps": MS, "frames_indices": marks, "total_num_frames": marks[-1] + 1}, told)


def mean_rate(times: Sequence[float], tokens_per_second: int = TOKENS_PER_SECOND) -> Given:
    """Qwen2.5-VL: a pair's temporal position is its number times the seconds of a pair, cut off to a whole position.

    Only one rate is told, and the first frame counts as 0 s.

    Args:
        times: of the frames, in seconds, rising.
        tokens_per_second: temporal positions a second, of the model's configuration.

    Raises NotTold where the rate puts a pair over half a step between frames from its first frame.

    >>> mean_rate([0.0, 1.5, 3.0, 4.5, 6.0], 2).told
    (0.0, 3.0, 6.0)
    """
    step = _step(times)
    if len(times) > PAIR and not step:
        raise NotTold("all its frames are shown at one time")
    for number, (first, _) in enumerate(_pairs(times)):
        if abs(number * PAIR * step - first) > step / 2 + 1e-9:
            raise NotTold(
                f"it is told one rate, by which the frame at {first:.3f} s counts as shown at "
                f"{number * PAIR * step:.3f} s"
            )
    rate = 1 / step if step else 1.0
    rate = round(rate) if abs(rate - round(rate)) < 1e-9 else rate
    # In single precision, as the model reckons: a noise of 1e-16 would cost a position otherwise.
    seconds = np.float32(tokens_per_second) * np.float32(PAIR / rate)
    positions = (np.arange(-(-len(times) // PAIR), dtype=np.float32) * seconds).astype(np.int64)
    told = tuple(float(position) / tokens_per_second for position in positions)
    return Given({"fps": rate, "frames_indices": list(range(len(times))), "total_num_frames": len(times)}, told)


Rule = Callable[..., Given]
RULES: dict[str, Rule] = {
    "qwen2_5_vl": mean_rate,
    "qwen3_vl": pair_means,
    "qwen3_vl_moe": pair_means,
    "qwen3_5": pair_means,
    "qwen3_5_moe": pair_means,
}
"""{family, as `model_type` of its configuration: its rule}."""
TOLD_NOTHING = ("internvl", "llava_onevision", "qwen2_vl", "video_llama_3")
"""Families that take a video and are told no seconds of it."""


def refused(family: str) -> str:
    """Why a family takes no video here, as a clause; empty if it does."""
    if family in RULES:
        return ""
    if family in TOLD_NOTHING:
        return f"the processor of {family} tells the model no seconds of a video, so that it could not say when"
    return f"it is not known by which rule a model of {family} is told the times of a video"


def _pairs(times: Sequence[float]) -> list[tuple[float, float]]:
    even = [*times, *times[-1:]] if len(times) % PAIR else list(times)
    return list(zip(even[::PAIR], even[1::PAIR], strict=True))


def _step(times: Sequence[float]) -> float:
    """Seconds between frames, in the mean; for a single frame, the time at which it is shown."""
    return (times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else times[0]
