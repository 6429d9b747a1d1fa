"""Types for the content of a file of predictions, before it is scored."""

from collections.abc import Sequence
from typing import Literal

import msgspec

WindowUnit = Literal["seconds", "milliseconds", "fraction", "percent"]


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """One answer as a file gives it. Only types are checked: a window may be reversed or NaN."""

    keys: tuple[str, ...]
    """Keys of the sample that it answers, the most precise first."""
    query: str | None = None
    """The query that the file states, in one spelling; None if it states none or the form does not need it."""
    place: str = ""
    """The path of the video that the file states, without extension: it tells videos of one name apart. Empty if it
    states none, or a link."""
    where: str
    """File and line, or key path, for messages."""
    windows: tuple[tuple[float, ...], ...] | None = None
    """[start, end] or [start, end, score] as given; None if the file has no windows for this answer."""
    ranked: bool = False
    """Whether several windows are guesses, best first, rather than one set."""
    unit: WindowUnit = "seconds"
    """Unit of the windows; fractions and percentages are of the video's duration."""
    saliency: tuple[float, ...] | None = None
    """A score for each clip, in order."""
    option: str | None = None
    """Letter of the option chosen."""
    text: str | None = None
    """The model's text."""
    finish_reason: str = "stop"
    """How the text ended, as the server reports it; `length` means that it was cut off."""
    error: str | None = None
    """Why there is no answer; such a prediction counts as failed."""


class Broken(msgspec.Struct, frozen=True):
    """A row of the file that cannot be read."""

    where: str
    detail: str


class PredictionFile(msgspec.Struct, frozen=True, kw_only=True):
    """A whole file of predictions."""

    path: str
    format: str
    predictions: Sequence[Prediction]
    broken: list[Broken]
    set_aside: int = 0
    """Number of rows from blind controls in our own rollouts; they are not answers of a model that sees the video."""
