"""The unit of the windows in a file of predictions: what the user said, and a look at whether it can be seconds.

Shares of the duration, percentages and milliseconds, read as seconds, give scores near 0 that look like a bad model.
"""

import math
from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from vtgdata.errors import VtgError
from vtgdata.metrics.predictions.record import Prediction, WindowUnit
from vtgdata.metrics.truths import Truths, as_truths
from vtgdata.records import Sample
from vtgdata.records.windows import Array

FEWEST = 3
"""Fewest different windows that are judged as a whole."""
FEWEST_PERCENT = 20
"""Fewest different ends, where percentages are told from seconds only by none of them being larger than 100."""


class _Seen(NamedTuple):
    """The windows of all answers, each bound beside its video's duration in seconds: (k,) each."""

    starts: Array
    ends: Array
    durations: Array


def refuse_other_units(found: Mapping[str, Prediction], samples: Sequence[Sample], path: str) -> None:
    """Raise VtgError when the windows, as a whole, cannot be seconds, though nobody said another unit."""
    seen = _seen(found, as_truths(samples))
    for unit, looks_so, why in _LOOKS:
        if len(seen.ends) and looks_so(seen):
            raise VtgError(
                f"{path}: {why}, so the windows look like {unit} and not like seconds. Write them in seconds, or "
                f"say of --predictions which it is: --windows-in {unit} or --windows-in seconds."
            )


def _seen(found: Mapping[str, Prediction], samples: Truths) -> _Seen:
    """The finite windows in seconds of answers to samples whose duration is known."""
    bounds = array("d")
    for sample_id, duration in zip(samples.columns.ids, samples.durations.tolist(), strict=True):
        said = found.get(sample_id)
        if said is None or math.isnan(duration) or said.unit != "seconds":
            continue
        for window in said.windows or ():
            if math.isfinite(window[0]) and math.isfinite(window[1]):
                bounds.extend((window[0], window[1], duration))
    return _Seen(*np.array(bounds, dtype=np.float64).reshape(-1, 3).T)


def _fraction(seen: _Seen) -> bool:
    if seen.ends.max() > 1 or np.median(seen.durations) <= 5:
        return False
    return np.unique(np.stack([seen.starts, seen.ends]), axis=1).shape[1] >= FEWEST


def _percent(seen: _Seen) -> bool:
    if not (90 < seen.ends.max() <= 100 and np.median(seen.durations) >= 300):
        return False
    return len(np.unique(seen.ends)) >= FEWEST_PERCENT


def _milliseconds(seen: _Seen) -> bool:
    late = np.count_nonzero(seen.ends > 20 * seen.durations)
    return len(seen.ends) >= FEWEST and bool(late > 0.5 * len(seen.ends))


_LOOKS: tuple[tuple[WindowUnit, Callable[[_Seen], bool], str], ...] = (
    ("fraction", _fraction, "no window ends after 1"),
    ("percent", _percent, "no window ends after 100 although most videos are longer than 300 s"),
    ("milliseconds", _milliseconds, "most windows end long after their video does"),
)
