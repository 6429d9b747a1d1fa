"""What a metric looks at: one sample's answer as arrays, whatever file or model it came from."""

import msgspec
import numpy as np

from vtgdata.conversation.other_parser import valid_windows
from vtgdata.records import Answer
from vtgdata.records.windows import Array

TOLERANCE = 1e-6
"""Seconds by which a time may pass an end of the video without being counted."""


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
    read: Answer | None = None
    """The text as a parser read it, where there is one; scores look at it."""

    @property
    def said(self) -> Array:
        """The windows that are the answer: all of a set, the first of a ranking. Returns (k, 2)."""
        return self.windows[:1] if self.ranked else self.windows

    def for_scores(self, duration: float | None) -> Answer:
        """The answer as scores look at it: what a parser read, else the windows that are the answer.

        Of windows that no text says, those count that the parser would let pass: start before end, start inside the
        video. Args: duration: of the video in seconds, None where it is not known.
        """
        if self.read is not None:
            return msgspec.structs.replace(self.read, windows=self.read.windows[: 1 if self.ranked else None])
        windows, status = valid_windows(_without_rounding(self.said).tolist(), duration)
        return Answer(
            windows=windows,
            option=self.option,
            parse_status=status,
            strict_ok=False,
            reasoning="",
            has_reasoning=False,
        )


NOTHING = Answered()
"""The answer of a sample that has none."""


def _without_rounding(windows: Array) -> Array:
    """Windows without those that are none (NaN), and with a start that rounding put before the first frame at it."""
    kept = windows[~np.isnan(windows).any(axis=1)]
    return np.where((kept < 0) & (kept >= -TOLERANCE), 0.0, kept)


def sound(windows: Array) -> Array:
    """Windows as they were said, those that are none (NaN, infinite, reversed, zero length) as NaN.

    Times outside the video stay: such a window is scored as it is. Args: windows: (k, 2). Returns: (k, 2).
    """
    good = np.isfinite(windows).all(axis=1) & (windows[:, 0] < windows[:, 1])
    return np.where(good[:, None], windows, np.nan)
