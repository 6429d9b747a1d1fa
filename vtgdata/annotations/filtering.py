"""Filters: asking for one by its spec, and what their files share.

A filter is `keep(samples, frames, **settings) -> list[LeftOut]`: it gets samples in their order, all those of a video
together, and names the ones to leave out. One that compares with benchmarks has a third parameter, `benchmarks`: their
samples, by the keys of their videos (`video_ids.by_key`). What else it wants its module says:

    LOOKS = True     `frames` is a function from a Video to its Frames, from the frame store; else it is None
    WHOLE = True     it compares videos with each other, and gets all samples at once
"""

import inspect
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from vtgdata.errors import VtgError, did_you_mean
from vtgdata.files import plugins
from vtgdata.records import Frames, LeftOut, Sample, Video

Look = Callable[[Video], Frames]
"""How a filter looks at a video."""
Benchmarks = Mapping[str, Sequence[Sample]]
Why = tuple[str, str]
"""A reason, as a code, and its detail."""


class Filter(NamedTuple):
    """A filter with its settings, as a user asked for it."""

    spec: str
    module: str
    keep: Callable[..., Iterable[tuple[str, str, str]]]
    settings: dict[str, Any]
    compares: bool
    """It wants the samples of benchmarks too."""
    looks: bool = False
    """It wants frames."""
    whole: bool = False
    """It wants all samples at once."""

    def left(self, samples: Sequence[Sample], benchmarks: Benchmarks, frames: Look | None = None) -> dict[str, LeftOut]:
        """What it leaves out, by sample id; raises VtgError where other people's filter breaks its contract."""
        given = (benchmarks,) if self.compares else ()
        found = [LeftOut(*each) for each in self.keep(samples, frames if self.looks else None, *given, **self.settings)]
        known = {sample.sample_id for sample in samples}
        for sample_id, reason, _ in found:
            if sample_id not in known or not reason:
                fault = "gives no reason for" if sample_id in known else "was not given"
                raise VtgError(f"--filter {self.spec!r}: it drops sample {sample_id!r}, which it {fault}. Mend it.")
        return {each.sample_id: each for each in found}


def asked(spec: str) -> Filter:
    """The filter of a spec; its settings are checked by name, and by the filter itself on no samples at all.

    >>> asked("duration:low=5,high=500").settings
    {'low': 5, 'high': 500}
    """
    parsed = plugins.parse_spec(spec)
    if parsed.argument:
        raise VtgError(f"--filter {spec!r}: settings are written name:key=value,key=value.")
    module = plugins.load("filters", parsed.name)
    keep = module.keep
    compares = "benchmarks" in inspect.signature(keep).parameters
    plugins.check_settings(spec, keep, parsed.settings, given=3 if compares else 2)
    found = Filter(
        spec, plugins.module_name("filters", parsed.name), keep, parsed.settings, compares,
        looks=getattr(module, "LOOKS", False), whole=getattr(module, "WHOLE", False),
    )  # fmt: skip
    try:
        found.left([], {})
    except VtgError as error:
        raise VtgError(f"--filter {spec!r}: {error}") from error
    return found


def leave(samples: Iterable[Sample], why: Callable[[Sample], Why | None]) -> list[LeftOut]:
    """The samples for which there is a reason to leave them out; each is judged by itself."""
    return [LeftOut(sample.sample_id, *found) for sample in samples if (found := why(sample)) is not None]


def seen(name: str, frames: Look | None, video: Video) -> Frames:
    """What a filter that looks sees of a video; raises VtgError, naming the filter, where no videos were given."""
    if frames is None:
        raise VtgError(f"{name} looks at the videos: say where they are with --videos.")
    return frames(video)


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
