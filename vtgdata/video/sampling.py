"""When to look at a video: pure arithmetic from a duration to times."""

import math

from vtgdata import fingerprint
from vtgdata.errors import VtgError
from vtgdata.records import FrameSampling

_EDGE_SECONDS = 1e-6
"""A time this close to the end is the end: float noise must not add a frame."""


def times(duration: float, sampling: FrameSampling) -> tuple[float, ...]:
    """The times to look at, rising, in [0, duration).

    n evenly spaced ones are k * duration / n. With `fps` they are k / fps, or evenly spaced ones when those would be
    more than `frames`. With `midpoint` each is the middle of its interval instead of its start.

    Args:
        duration: of the video, in seconds, above 0.
        sampling: how many.

    Raises VtgError when duration or sampling is not positive, or the sampling sets no number at all.

    >>> times(10.0, FrameSampling(frames=4))
    (0.0, 2.5, 5.0, 7.5)
    >>> times(2.0, FrameSampling(frames=None, fps=2.0, midpoint=True))
    (0.25, 0.75, 1.25, 1.75)
    """
    check(sampling)
    if not 0 < duration < math.inf:
        raise VtgError(f"a video of {duration} s cannot be sampled; its duration must be above 0 and finite.")
    shift = 0.5 if sampling.midpoint else 0.0
    if sampling.fps is not None:
        count = max(1, math.ceil((duration - _EDGE_SECONDS) * sampling.fps - shift))
        if sampling.frames is None or count <= sampling.frames:
            # Less than one interval of video: its middle still is a frame.
            spaced = tuple((k + shift) / sampling.fps for k in range(count))
            return spaced if spaced[-1] < duration else (duration / 2,)
        return _even(duration, sampling.frames, shift)
    return _even(duration, sampling.frames or 1, shift)


def _even(duration: float, count: int, shift: float) -> tuple[float, ...]:
    return tuple((k + shift) * duration / count for k in range(count))


def check(sampling: FrameSampling) -> None:
    """Raise VtgError when no times follow from the sampling."""
    if sampling.frames is None and sampling.fps is None:
        raise VtgError("the frame sampling sets neither a number of frames nor frames per second; give one of them.")
    if sampling.frames is not None and sampling.frames < 1:
        raise VtgError(f"frames {sampling.frames}: a model must see at least one.")
    if sampling.fps is not None and not 0 < sampling.fps < math.inf:
        raise VtgError(f"fps {sampling.fps}: frames per second must be above 0.")
    if sampling.short_side < 1:
        raise VtgError(f"short side {sampling.short_side}: a frame has at least one pixel.")


def sampling_id(sampling: FrameSampling) -> str:
    """A short fingerprint of the sampling."""
    return fingerprint.short(sampling)
