"""The unit of the windows in a file of predictions: what the user said, and a look at whether it can be seconds.

Shares of the duration, percentages and milliseconds, read as seconds, give scores near 0 that look like a bad model.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import NamedTuple

import msgspec

from vtgdata.errors import VtgError
from vtgdata.metrics.predictions.record import Prediction, WindowUnit
from vtgdata.records import Sample

FEWEST = 3
"""Fewest different windows that are judged as a whole."""
FEWEST_PERCENT = 20
"""Fewest different ends, where percentages are told from seconds only by none of them being larger than 100."""


class _Seen(NamedTuple):
    """The windows of all answers, each bound beside its video's duration in seconds."""

    starts: list[float]
    ends: list[float]
    durations: list[float]


def as_said(
    found: Mapping[str, Prediction], samples: Sequence[Sample], said: WindowUnit | None, path: str
) -> dict[str, Prediction]:
    """The predictions in the unit that the user said.

    Raises VtgError when nobody said a unit and the windows, as a whole, cannot be seconds.
    """
    if said is not None:
        return {key: msgspec.structs.replace(each, unit=said) for key, each in found.items()}
    seen = _seen(found, samples)
    for unit, looks_so, why in _LOOKS:
        if seen.ends and looks_so(seen):
            raise VtgError(
                f"{path}: {why}, so the windows look like {unit} and not like seconds. Write them in seconds, or "
                f"say of --predictions which it is: --windows-in {unit} or --windows-in seconds."
            )
    return dict(found)


def _seen(found: Mapping[str, Prediction], samples: Sequence[Sample]) -> _Seen:
    """The finite windows in seconds of answers to samples whose duration is known."""
    seen = _Seen([], [], [])
    for sample in samples:
        said, duration = found.get(sample.sample_id), sample.video.duration
        if said is None or duration is None or said.unit != "seconds":
            continue
        for window in said.windows or ():
            if math.isfinite(window[0]) and math.isfinite(window[1]):
                seen.starts.append(window[0])
                seen.ends.append(window[1])
                seen.durations.append(duration)
    return seen


def _fraction(seen: _Seen) -> bool:
    different = len(set(zip(seen.starts, seen.ends, strict=True)))
    return different >= FEWEST and max(seen.ends) <= 1 and median(seen.durations) > 5


def _percent(seen: _Seen) -> bool:
    return len(set(seen.ends)) >= FEWEST_PERCENT and 90 < max(seen.ends) <= 100 and median(seen.durations) >= 300


def _milliseconds(seen: _Seen) -> bool:
    late = sum(end > 20 * duration for end, duration in zip(seen.ends, seen.durations, strict=True))
    return len(seen.ends) >= FEWEST and late > 0.5 * len(seen.ends)


_LOOKS: tuple[tuple[WindowUnit, Callable[[_Seen], bool], str], ...] = (
    ("fraction", _fraction, "no window ends after 1"),
    ("percent", _percent, "no window ends after 100 although most videos are longer than 300 s"),
    ("milliseconds", _milliseconds, "most windows end long after their video does"),
)
