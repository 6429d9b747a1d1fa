"""Which times of a video to look at, and at what size: pure arithmetic on its duration and on a token budget."""

import math

import msgspec

from vtgdata.errors import VtgError, did_you_mean
from vtgdata.files import fingerprint
from vtgdata.records import FrameSampling, TokenBudget
from vtgdata.video import qwen_frames
from vtgdata.video.presets import PRESETS

_EDGE_SECONDS = 1e-6
"""A time this close to the end is the end: float noise must not add a frame."""

NUM_FRAMES = 32
"""Default number of frames per video."""
SHORT_SIDE = 336
"""Default short side of a frame, in pixels."""


def times(duration: float, sampling: FrameSampling, native: float | None = None) -> tuple[float, ...]:
    """The times of the frames to take, in seconds, rising, in [0, duration).

    n evenly spaced times are k * duration / n. With `fps` the times are k / fps; if that gives more than `frames`, they
    are evenly spaced instead. With `midpoint` each time is the middle of its interval instead of its start.

    Args:
        duration: of the video, in seconds, above 0.
        sampling: how many frames, and how they are spaced.
        native: the video's own frames a second, if known; only the rule of Qwen-VL asks for it.

    Raises VtgError when a number is not positive, or the sampling sets neither `frames` nor `fps`.

    >>> times(10.0, FrameSampling(frames=4))
    (0.0, 2.5, 5.0, 7.5)
    >>> times(2.0, FrameSampling(frames=None, fps=2.0, midpoint=True))
    (0.25, 0.75, 1.25, 1.75)
    """
    check(sampling)
    most = _most(sampling)
    if not 0 < duration < math.inf:
        raise VtgError(f"a video of {duration} s cannot be sampled; its duration must be above 0 and finite.")
    if (budget := _qwen(sampling)) is not None:
        return qwen_frames.times(duration, sampling, budget, native)
    shift = 0.5 if sampling.midpoint else 0.0
    if sampling.fps is not None:
        count = max(1, math.ceil((duration - _EDGE_SECONDS) * sampling.fps - shift))
        if most is None or count <= most:
            # The video is shorter than one interval: take a frame at its middle.
            spaced = tuple((k + shift) / sampling.fps for k in range(count))
            return spaced if spaced[-1] < duration else (duration / 2,)
        return _even(duration, most, shift)
    return _even(duration, most or 1, shift)


def _qwen(sampling: FrameSampling) -> TokenBudget | None:
    """The token budget of a sampling by the rule of Qwen-VL; None for any other."""
    budget = sampling.tokens
    return None if isinstance(budget, msgspec.UnsetType) or budget.rule != "qwen_vl" else budget


def _most(sampling: FrameSampling) -> int | None:
    """The most frames to take: no more than the token budget can pay for at `least` tokens each (or each group)."""
    if isinstance(sampling.tokens, msgspec.UnsetType):
        return sampling.frames
    paid = sampling.tokens.total // sampling.tokens.least * sampling.tokens.group
    return paid if sampling.frames is None else min(paid, sampling.frames)


def frame_size(width: int, height: int, count: int, sampling: FrameSampling) -> tuple[int, int]:
    """(width, height) in pixels of each of `count` frames; larger than the original only by the rule of Qwen-VL.

    With a token budget the sides are whole patches, the aspect ratio is kept as nearly as that allows, and a frame has
    no more patches than its share of the budget.

    >>> frame_size(640, 360, 64, PRESETS["tvg_r1"])
    (280, 168)
    >>> frame_size(640, 360, 64, FrameSampling(short_side=180))
    (320, 180)
    """
    if isinstance(sampling.tokens, msgspec.UnsetType):
        return within(width, height, sampling.short_side)
    budget = sampling.tokens
    if budget.rule == "qwen_vl":
        return qwen_frames.frame_size(width, height, count, budget)
    share = budget.total // max(1, math.ceil(count / budget.group))
    share = max(budget.least, share if budget.most is None else min(share, budget.most))
    scale = min(1.0, math.sqrt(share * budget.patch**2 / (width * height)))
    columns, rows = (max(1, int(side * scale / budget.patch + _EDGE_SECONDS)) for side in (width, height))
    # A very long and thin picture: its short side is one patch at any scale, so its long side is limited here.
    columns, rows = min(columns, max(1, share // rows)), min(rows, max(1, share // columns))
    # A picture smaller than one patch stays what it is.
    return min(width, columns * budget.patch), min(height, rows * budget.patch)


def within(width: int, height: int, short_side: int) -> tuple[int, int]:
    """(width, height) reduced until the short side has `short_side` pixels; a smaller picture stays as it is."""
    scale = short_side / min(width, height)
    return (width, height) if scale >= 1 else (max(1, round(width * scale)), max(1, round(height * scale)))


def preset(name: str) -> FrameSampling:
    """The preset with this name; raises VtgError, naming the most similar preset, when there is none."""
    if name not in PRESETS:
        raise VtgError(f"there is no frame sampling {name!r}; {did_you_mean(name, PRESETS)}.")
    return PRESETS[name]


def chosen(
    preset_name: str, num_frames: int | None, fps: float | None, short_side: int | None, *, midpoint: bool = False
) -> FrameSampling:
    """The frame sampling that a command's settings describe: a preset, or one built from the numbers.

    Args:
        preset_name: a name in `PRESETS`; empty for none.
        num_frames: 32 when None.
        fps: frames a second; None for a fixed number of frames.
        short_side: in pixels, 336 when None.
        midpoint: take the middle of each interval.

    Raises VtgError when there is no such preset, or another setting is given together with a preset.
    """
    if not preset_name:
        frames = NUM_FRAMES if num_frames is None else num_frames
        side = SHORT_SIDE if short_side is None else short_side
        return FrameSampling(frames=frames, fps=fps, midpoint=midpoint, short_side=side)
    found = preset(preset_name)
    given = {"num-frames": num_frames, "fps": fps, "short-side": short_side, "midpoint": midpoint or None}
    beside = [f"--{name}" for name, value in given.items() if value is not None]
    if beside:
        raise VtgError(f"--preset {preset_name} says which frames and how large: leave out {' and '.join(beside)}.")
    return found


def _even(duration: float, count: int, shift: float) -> tuple[float, ...]:
    return tuple((k + shift) * duration / count for k in range(count))


def check(sampling: FrameSampling) -> None:
    """Raise VtgError when a sampling or its token budget is not usable."""
    if sampling.frames is None and sampling.fps is None:
        raise VtgError("the frame sampling sets neither a number of frames nor frames per second; give one of them.")
    if sampling.frames is not None and sampling.frames < 1:
        raise VtgError(f"frames {sampling.frames}: a model must see at least one.")
    if sampling.fps is not None and not 0 < sampling.fps < math.inf:
        raise VtgError(f"fps {sampling.fps}: frames per second must be above 0.")
    if sampling.short_side < 1:
        raise VtgError(f"short side {sampling.short_side}: a frame has at least one pixel.")
    tokens = sampling.tokens
    if not isinstance(tokens, msgspec.UnsetType):
        if min(tokens.total, tokens.least, tokens.patch, tokens.group) < 1 or tokens.least > tokens.total:
            raise VtgError("token budget: total, least, patch and group must be 1 or more, and least at most total.")
        if tokens.most is not None and tokens.most < tokens.least:
            raise VtgError(f"token budget: most {tokens.most} is below least {tokens.least}.")


def sampling_id(sampling: FrameSampling) -> str:
    """A short fingerprint of the sampling."""
    return fingerprint.short(sampling)
