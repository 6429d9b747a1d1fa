"""The input of a metric: one sample's answer as arrays, whatever file or model it came from."""

import msgspec
import numpy as np

from vtgdata.conversation.other_parser import valid_windows
from vtgdata.records import Answer
from vtgdata.records.windows import Array

TOLERANCE = 1e-6
"""Seconds by which a time may lie outside the video without being counted as outside."""


def no_windows() -> Array:
    """An array of no windows: (0, 2)."""
    return np.empty((0, 2))


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """One answer, ready to be scored. A sample without an answer has an empty one."""

    windows: Array = msgspec.field(default_factory=no_windows)
    """(k, 2) seconds, in the order given. A row of NaN keeps the rank of an invalid window and overlaps nothing."""
    confidence: Array | None = None
    """(k,) scores of the windows, if they have any."""
    ranked: bool = False
    """Whether several windows are guesses, best first, of which only the first is the answer; else they are one set."""
    option: str | None = None
    """Letter of the option chosen."""
    saliency: Array | None = None
    """(clips,) a saliency score for each clip, in order."""
    read: Answer | None = None
    """The text as a parser read it, if there is a text; score plug-ins use it."""
    says_none: bool = False
    """Whether it says that there is no such moment: in words, or as a list of windows that is given and empty."""
    raw: Array | None = None
    """(k, 2) seconds as a file gives them, reversed windows and points included; None where `windows` are all."""

    @property
    def said(self) -> Array:
        """The windows that are the answer: all windows of a set, only the first of a ranking. Returns (k, 2)."""
        return self.windows[:1] if self.ranked else self.windows

    def for_scores(self, duration: float | None) -> Answer:
        """The answer in the form for score plug-ins: what a parser read from the text, else the windows of the answer.

        Windows that do not come from a text count only if the parser would accept them: start before end, start inside
        the video. Args: duration: of the video in seconds, None if it is not known.
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
            says_none=self.says_none,
        )


def given_windows(answer: Answered) -> Array:
    """The finite windows as they were given, for official scorers with rules of their own for invalid ones: (k, 2)."""
    windows = answer.windows if answer.raw is None else answer.raw
    return windows[np.isfinite(windows).all(axis=1)]


NOTHING = Answered()
"""The empty answer, for a sample without one."""


def _without_rounding(windows: Array) -> Array:
    """Windows without rows of NaN; a start that rounding put just before 0 becomes 0."""
    kept = windows[~np.isnan(windows).any(axis=1)]
    return np.where((kept < 0) & (kept >= -TOLERANCE), 0.0, kept)


def sound(windows: Array) -> Array:
    """Windows with each invalid one (NaN, infinite, reversed, zero length) replaced by a row of NaN.

    Windows outside the video stay and are scored as they are. Args: windows: (k, 2). Returns: (k, 2).
    """
    good = np.isfinite(windows).all(axis=1) & (windows[:, 0] < windows[:, 1])
    return np.where(good[:, None], windows, np.nan)
