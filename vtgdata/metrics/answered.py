"""What a metric looks at: one sample's answer as arrays, whatever file or model it came from."""

import msgspec
import numpy as np

from vtgdata.records.windows import Array


def no_windows() -> Array:
    """An array of no windows: (0, 2)."""
    return np.empty((0, 2))


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """One answer, ready to be scored. A sample without an answer has one with nothing in it."""

    windows: Array = msgspec.field(default_factory=no_windows)
    """(k, 2) seconds, in the order given. A row of NaN holds the place of a window that is none: it meets nothing."""
    confidence: Array | None = None
    """(k,) scores of the windows, where they have some."""
    ranked: bool = False
    """Several windows are guesses, best first, rather than one set: only the first is the answer."""
    option: str | None = None
    """Letter of the option chosen."""
    saliency: Array | None = None
    """(clips,) scores, in order."""

    @property
    def said(self) -> Array:
        """The windows that are the answer: all of a set, the first of a ranking. Returns (k, 2)."""
        return self.windows[:1] if self.ranked else self.windows


NOTHING = Answered()
"""The answer of a sample that has none."""


def sound(windows: Array) -> Array:
    """Windows as they were said, those that are none (NaN, infinite, reversed, zero length) as NaN.

    Times outside the video stay: such a window is scored as it is. Args: windows: (k, 2). Returns: (k, 2).
    """
    good = np.isfinite(windows).all(axis=1) & (windows[:, 0] < windows[:, 1])
    return np.where(good[:, None], windows, np.nan)
