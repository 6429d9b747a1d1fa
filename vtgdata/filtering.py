"""What filters share: leaving out samples one by one, and reading their settings.

A filter is `keep(samples, frames, **settings) -> list[Left]`: it gets samples in their order, all those of a video
together, and names the ones to leave out. Frames are None until a filter wants to look.
"""

import math
import re
from collections.abc import Callable, Iterable

from vtgdata.errors import VtgError, did_you_mean
from vtgdata.records import Left, Sample

Why = tuple[str, str]
"""A reason, as a code, and its detail."""


def leave(samples: Iterable[Sample], why: Callable[[Sample], Why | None]) -> list[Left]:
    """The samples for which there is a reason to leave them out; each is judged by itself."""
    return [Left(sample.sample_id, *found) for sample in samples if (found := why(sample)) is not None]


def check_limits(name: str, low: float, high: float, most: float = math.inf) -> None:
    """Raise VtgError, naming the filter, unless 0 <= low <= high <= most."""
    if not 0 <= low <= high <= most:
        top = "" if most == math.inf else f" <= {most:g}"
        raise VtgError(f"{name}: low={low:g} and high={high:g} must be 0 <= low <= high{top}.")


def listed(text: str) -> tuple[str, ...]:
    """The items of a setting that names several, joined by `+` or by blanks.

    >>> listed("end_far_past_video+duplicate")
    ('end_far_past_video', 'duplicate')
    """
    return tuple(part for part in re.split(r"[+\s]+", str(text)) if part)


def check_choice(name: str, setting: str, value: object, known: Iterable[str]) -> None:
    """Raise VtgError, naming the filter and the nearest choice, when a setting's value is none of the known ones."""
    choices = list(known)
    if value not in choices:
        raise VtgError(f"{name}: {setting}={value}: no such choice; {did_you_mean(str(value), choices)}")
