"""Which frames of a video, and how large, by the rule of Qwen-VL's released code (qwen-vl-utils 0.0.14).

The number of frames is even and at least 4, but no more than the video has. They are spread over the whole video, from
its first frame to its last. A frame's sides are whole patches, as near to the video's own as the token budget allows; a
video below the least number of tokens is enlarged.
"""

import math
from typing import NamedTuple

from vtgdata.records import FrameSampling, TokenBudget

LEAST_FRAMES = 4
"""Least frames of a video that is sampled by frames a second."""
MOST_TOKENS = 768
"""Most tokens of a pair of frames, unless the budget says otherwise."""
_SLACK = 1.05
"""How far the most pixels of a frame stay above the least, where the total is used up."""
_NOISE = 1e-6
"""In frames: float noise in a duration must not cost a pair of frames."""


class Tokens(NamedTuple):
    """Visual tokens of the frames of one video."""

    as_video: int
    """If the frames are handed over as a video, whose frames share tokens in pairs."""
    as_images: int
    """If they are handed over as images, each with tokens of its own."""


def times(duration: float, sampling: FrameSampling, budget: TokenBudget, native: float | None) -> tuple[float, ...]:
    """The times to look at, in seconds, rising, in [0, duration).

    Args:
        duration: of the video, in seconds, above 0.
        sampling: how many frames.
        budget: its token budget.
        native: the video's own frames a second. Each time is then in the middle of the time for which one of its frames
            is shown. Without it the times begin equal parts of the video, which misses its last frames.
    """
    total = None if native is None else max(1, round(duration * native))
    count = frame_count(duration, sampling, budget, total)
    if native is None or total is None:
        return tuple(k * duration / count for k in range(count))
    indices = spread(total, count)
    return tuple(min((index + 0.5) / native, math.nextafter(duration, 0.0)) for index in indices)


def spread(total: int, count: int) -> list[int]:
    """The indices of `count` frames out of `total`, from the first to the last.

    As `torch.linspace(0, total - 1, count).round()` has them: in single precision, the first half counted from the
    start and the second from the end, which decides between two frames that are equally near.

    >>> spread(50, 8)
    [0, 7, 14, 21, 28, 35, 42, 49]
    """
    import numpy as np

    if count == 1:
        return [0]
    step = float(np.float32(total - 1) / np.float32(count - 1))
    numbers = np.arange(count)
    exact = np.where(numbers < count // 2, step * numbers, (total - 1) - step * (count - 1 - numbers))
    return np.rint(exact.astype(np.float32)).astype(int).tolist()


def frame_count(duration: float, sampling: FrameSampling, budget: TokenBudget, total: int | None = None) -> int:
    """Number of frames to take, at least 1.

    Args:
        duration: of the video, in seconds.
        sampling: a number of frames; or frames a second, and the most.
        budget: its token budget.
        total: frames of the video; None if unknown.
    """
    group, available = budget.group, math.inf if total is None else total
    if sampling.fps is None:
        count = round((sampling.frames or 1) / group) * group
    else:
        most = math.inf if sampling.frames is None else sampling.frames // group * group
        wanted = min(max(duration * sampling.fps, LEAST_FRAMES), most, available)
        count = int((wanted + _NOISE) / group) * group
    return max(1, int(min(count, available)))


def frame_size(width: int, height: int, count: int, budget: TokenBudget) -> tuple[int, int]:
    """(width, height) in pixels of each of `count` frames of a video of `width` x `height` pixels: whole patches."""
    patch, area = budget.patch, budget.patch**2
    share = budget.total * area / count * budget.group
    least = budget.least * area
    most = max(min((budget.most or MOST_TOKENS) * area, share), int(least * _SLACK))
    columns, rows = (max(1, round(side / patch)) for side in (width, height))
    if columns * rows * area > most:
        scale = math.sqrt(width * height / most)
        columns, rows = (max(1, math.floor(side / scale / patch)) for side in (width, height))
    elif columns * rows * area < least:
        scale = math.sqrt(least / (width * height))
        columns, rows = (math.ceil(side * scale / patch) for side in (width, height))
    return columns * patch, rows * patch


def tokens(size: tuple[int, int], count: int, budget: TokenBudget) -> Tokens:
    """Visual tokens of `count` frames of a size in pixels.

    >>> tokens((280, 168), 64, TokenBudget(total=2048, group=2))
    Tokens(as_video=1920, as_images=3840)
    """
    each = math.ceil(size[0] / budget.patch) * math.ceil(size[1] / budget.patch)
    return Tokens(math.ceil(count / budget.group) * each, count * each)
