"""What a file of predictions says of one query, before anything is judged."""

from typing import Literal

import msgspec


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """One answer as a file gives it. Nothing is checked but its types: a window may be reversed or NaN."""

    keys: tuple[str, ...]
    """Names of the sample that it answers, the most precise first."""
    where: str
    """File and line, or key path: for messages."""
    windows: tuple[tuple[float, ...], ...] | None = None
    """[start, end] or [start, end, score] as said; None where the file has no windows for it."""
    ranked: bool = False
    """Several windows are guesses, best first, rather than one set."""
    unit: Literal["seconds", "fraction"] = "seconds"
    """What the windows count; fractions are of the video's duration."""
    saliency: tuple[float, ...] | None = None
    """A score for each clip, in order."""
    option: str | None = None
    """Letter of the option chosen."""
    text: str | None = None
    """What the model said."""
    finish_reason: str = "stop"
    """The server's word for how the text ended; `length` means cut off."""
    error: str | None = None
    """Why there is no answer: counted as failed."""


class Broken(msgspec.Struct, frozen=True):
    """A row of the file that cannot be read."""

    where: str
    detail: str


class PredictionFile(msgspec.Struct, frozen=True, kw_only=True):
    """A whole file of predictions."""

    path: str
    format: str
    predictions: list[Prediction]
    broken: list[Broken]
    set_aside: int = 0
    """Rows that are no answers of a model that looks (blind controls in our own rollouts)."""
