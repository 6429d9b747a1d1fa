"""Filters: what the module of one has, asking for one by its spec, and what their files share.

A filter is `keep(samples, frames, **settings) -> list[LeftOut]`: it gets samples in their order, all those of a video
together, and names the ones to leave out. What else its module may say is in `Declared`; each of ours has an `EXAMPLE`
too, which the contract test reads (`pytest tests/contracts/test_filters.py -k NAME`).
"""

import inspect
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any, NamedTuple

import msgspec

from vtgdata.errors import VtgError, did_you_mean
from vtgdata.files import plugins
from vtgdata.records import Frames, LeftOut, Sample, Video, Window

FrameReader = Callable[[Video], Frames]
"""Gives the frames of a video, from the frame store."""
Benchmarks = Mapping[str, Sequence[Sample]]
"""Samples of benchmarks by the keys of their videos (`video_keys.by_key`)."""
Why = tuple[str, str]
"""A reason, as a code, and its detail."""


class Declared(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the module of a filter says about it, in variables of these names; each may be left out.

    Besides, `keep` takes `samples, frames`, then `benchmarks` where it compares with them, and settings by name alone,
    each with a default. The first line of the module's docstring is `Name: what it drops.`
    """

    LOOKS: bool = False
    """It looks at videos: `frames` is a function from a Video to its Frames, from the frame store. Else it is None."""
    WHOLE: bool = False
    """It compares videos with each other: it gets all samples at once. Else a file may reach it in pieces, all samples
    of a video together."""
    NEEDS: str = ""
    """A package that it imports inside a function and that `pip install vtgdata` does not bring (`open_clip`)."""


class FilterExample(msgspec.Struct, frozen=True, kw_only=True):
    """A filter's own small test: invented samples, and which of them it leaves out."""

    samples: tuple[Sample, ...]
    """In their order, made by `example_sample`. Beside each that is left out stands a good twin that differs in the
    fault alone, and stays."""
    left_out: dict[str, str]
    """sample_id -> reason of those it leaves out, in its order."""
    settings: dict[str, Any] = {}
    """Where the defaults will not do. `{clip_model}` stands for the folder of a tiny open_clip model that knows the
    shapes of the demo, `{verified}` for one that `videos verify` wrote: K7QZ2.mp4 has a hole from 5 to 8 s, v1.mp4 is
    missing, v2.mp4 is ok."""
    benchmarks: tuple[Sample, ...] = ()
    """For one that compares: samples of a benchmark."""
    frames: FrameReader | None = None
    """For one that looks: what the videos show."""


def example_sample(
    sample_id: str,
    query: str = "a dog jumps",
    *,
    windows: Sequence[tuple[float, float]] = ((3.0, 9.0),),
    video_id: str = "K7QZ2",
    duration: float | None = 30.0,
    **more: Any,
) -> Sample:
    """A sample for a filter's EXAMPLE, from the fields that it is about; `more` are fields of Sample.

    >>> example_sample("short", windows=[(3, 3.5)]).windows
    (Window(start=3, end=3.5),)
    """
    values: dict[str, Any] = {"corpus": "example", "split": "train"} | more
    return Sample(
        sample_id=sample_id,
        video=Video(video_id=video_id, file=f"{video_id}.mp4", duration=duration),
        query=query,
        windows=tuple(Window(start, end) for start, end in windows),
        **values,
    )


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

    def left(
        self, samples: Sequence[Sample], benchmarks: Benchmarks, frames: FrameReader | None = None
    ) -> dict[str, LeftOut]:
        """What it leaves out, by sample id; raises VtgError where other people's filter breaks its contract."""
        given = (benchmarks,) if self.compares else ()
        found = [LeftOut(*each) for each in self.keep(samples, frames if self.looks else None, *given, **self.settings)]
        known = {sample.sample_id for sample in samples}
        for sample_id, reason, _ in found:
            if sample_id not in known or not reason:
                fault = "gives no reason for" if sample_id in known else "was not given"
                raise VtgError(f"--filter {self.spec!r}: it drops sample {sample_id!r}, which it {fault}. Mend it.")
        return {each.sample_id: each for each in found}


def parse_filter(spec: str) -> Filter:
    """The filter of a spec; its settings are checked by name, and by the filter itself on no samples at all.

    >>> parse_filter("duration:low=5,high=500").settings
    {'low': 5, 'high': 500}
    """
    parsed = plugins.parse_spec(spec)
    if parsed.argument:
        raise VtgError(f"--filter {spec!r}: settings are written name:key=value,key=value.")
    module = plugins.load("filters", parsed.name)
    said, compares = declared(module), "benchmarks" in inspect.signature(module.keep).parameters
    plugins.check_settings(spec, module.keep, parsed.settings, given=3 if compares else 2)
    found = Filter(
        spec, plugins.module_name("filters", parsed.name), module.keep, parsed.settings, compares, looks=said.LOOKS,
        whole=said.WHOLE,
    )  # fmt: skip
    try:
        found.left([], {})
    except VtgError as error:
        raise VtgError(f"--filter {spec!r}: {error}") from error
    return found


def declared(module: ModuleType) -> Declared:
    """What a filter's module says about it; raises VtgError where it says something else than `Declared` allows."""
    said = {name: getattr(module, name) for name in Declared.__struct_fields__ if hasattr(module, name)}
    try:
        return msgspec.convert(said, Declared)
    except msgspec.ValidationError as error:
        raise VtgError(
            f"{module.__name__} is no filter: {error}. LOOKS and WHOLE are True or False, NEEDS names a package."
        ) from error


def leave(samples: Iterable[Sample], why: Callable[[Sample], Why | None]) -> list[LeftOut]:
    """The samples for which there is a reason to leave them out; each is judged by itself."""
    return [LeftOut(sample.sample_id, *found) for sample in samples if (found := why(sample)) is not None]


def seen(name: str, frames: FrameReader | None, video: Video) -> Frames:
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
