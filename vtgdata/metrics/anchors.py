"""Numbers that others published, each with its labels, setting and source: read from anchors.yaml, and checked."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

import msgspec
import yaml

from vtgdata.errors import VtgError, did_you_mean
from vtgdata.files import outside

OURS = Path(__file__).with_name("anchors.yaml")
Confidence = Literal["recomputed", "page", "full text", "second-hand"]
"""How sure a number is: recomputed from published files; read on the authors' page or README; read in the full text of
a paper; or quoted by somebody else."""
Kind = TypeVar("Kind")


class Setting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the answers behind a number were got; None where the source does not tell."""

    fps: float | None = None
    """Frames a second."""
    frames: int | str | None = None
    """Number of frames of a video, or the most with `fps`; in words where it is no single number."""
    tokens: int | None = None
    """Most visual tokens of a video."""
    as_video: bool | None = None
    """Whether the model gets the frames as one video, whose frames share tokens, or as images, each with its time."""
    reasoning: bool | None = None
    """Whether the model reasons before it answers."""
    temperature: float | None = None
    """0 is greedy."""
    max_tokens: int | None = None
    """Longest answer, in tokens."""
    prompt: str | None = None
    """The prompt, in a few words."""


class Place(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Samples of ours that have one version of a benchmark's labels."""

    corpus: str
    split: str = ""
    """Empty for every split of the corpus."""
    rows: int | None = None
    """Number of samples of the whole benchmark; None if unknown."""

    def holds(self, corpus: str, split: str) -> bool:
        """Whether samples of a corpus and split are meant."""
        return self.corpus == corpus and self.split in ("", split)


class Benchmark(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What papers call one benchmark."""

    title: str
    samples: dict[str, list[Place]] = {}
    """{version of the labels: where its samples come from}; empty if no reader of ours has them."""


class Anchor(msgspec.Struct, frozen=True, kw_only=True):
    """One published number."""

    benchmark: str
    labels: str | None
    """Version of the labels; None where the source does not tell."""
    model: str
    metric: str
    value: float
    """A fraction, in [0, 1]."""
    published: float
    """The number as it was published, in `unit`."""
    unit: Literal["percent", "fraction"]
    setting: Setting
    source: str
    """Key of the source in the file."""
    title: str
    """Of the source."""
    link: str
    """Of the source; empty where none is known."""
    confidence: Confidence

    @property
    def second_hand(self) -> bool:
        """Whether somebody else than the authors states it."""
        return self.confidence == "second-hand"


class Anchors(NamedTuple):
    """A file of published numbers."""

    benchmarks: dict[str, Benchmark]
    anchors: list[Anchor]

    def of(self, benchmark: str, *, second_hand: bool = False) -> list[Anchor]:
        """The numbers of one benchmark, in the file's order; second-hand ones only if asked for.

        Raises VtgError, naming the most similar benchmark, when there is none of this name.
        """
        if benchmark not in self.benchmarks:
            near = did_you_mean(benchmark, self.benchmarks)
            raise VtgError(f"no published numbers are known for a benchmark {benchmark!r}; {near}.")
        mine = (anchor for anchor in self.anchors if anchor.benchmark == benchmark)
        return [anchor for anchor in mine if second_hand or not anchor.second_hand]


class _Source(Setting, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where numbers were read; a setting here holds for all of them that state none of their own."""

    title: str
    link: str = ""


class _Entry(Setting, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry of the file; see `Anchor`."""

    benchmark: str
    labels: str | None
    model: str
    metric: str
    value: float
    source: str
    confidence: Confidence
    unit: Literal["percent", "fraction"] = "percent"


@cache
def ours() -> Anchors:
    """The numbers that travel in the package."""
    return load(OURS)


def load(path: Path) -> Anchors:
    """Read a file of published numbers; raises VtgError, naming the entry, where something is wrong with it."""
    try:
        # The loader in C is ten times as fast; not every installation of PyYAML has it.
        found: Any = yaml.load(outside.read_text(path), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except OSError as error:
        raise VtgError(f"{path}: cannot be read ({error.strerror}).") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise VtgError(f"{path}: not a YAML file ({' '.join(str(error).split())}).") from error
    whole = _converted(found, dict[str, Any], f"{path}")
    if set(whole) != {"benchmarks", "sources", "anchors"}:
        raise VtgError(f"{path}: it has the keys {', '.join(whole)}; it needs benchmarks, sources and anchors.")
    benchmarks = {
        name: _converted(value, Benchmark, f"{path}: benchmark {name!r}")
        for name, value in _converted(whole["benchmarks"], dict[str, Any], f"{path}: benchmarks").items()
    }
    sources = {
        name: _source(value, f"{path}: source {name!r}")
        for name, value in _converted(whole["sources"], dict[str, Any], f"{path}: sources").items()
    }
    entries = _converted(whole["anchors"], list[Any], f"{path}: anchors")
    anchors = [_anchor(value, benchmarks, sources, _place(path, i, value)) for i, value in enumerate(entries)]
    _check_repeats(path, anchors)
    return Anchors(benchmarks, anchors)


def _converted(value: Any, kind: type[Kind], where: str) -> Kind:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise VtgError(f"{where}: {error}. docs/anchors.md says what stands there.") from error


def _place(path: Path, number: int, value: Any) -> str:
    """Where an entry stands, for messages: its number and what it says first."""
    return f"{path}: entry {number + 1} of anchors ({str(value)[:150]})"


def _source(value: Any, where: str) -> _Source:
    source = _converted(value, _Source, where)
    if source.link and not source.link.startswith("https://"):
        raise VtgError(f"{where}: the link {source.link!r} does not begin with https://.")
    return source


def _anchor(
    value: Any, benchmarks: Mapping[str, Benchmark], sources: Mapping[str, _Source], where: str
) -> Anchor:  # fmt: skip
    entry = _converted(value, _Entry, where)
    for key, name, known in (("benchmark", entry.benchmark, benchmarks), ("source", entry.source, sources)):
        if name not in known:
            raise VtgError(f"{where}: {name!r} is no {key} of this file; {did_you_mean(name, known)}.")
    versions = benchmarks[entry.benchmark].samples
    if versions and entry.labels is not None and entry.labels not in versions:
        raise VtgError(
            f"{where}: the benchmark has no labels {entry.labels!r}; {did_you_mean(entry.labels, versions)}. Give null "
            "where the source does not tell the version."
        )
    most = 100 if entry.unit == "percent" else 1
    if not 0 <= entry.value <= most:
        raise VtgError(f"{where}: the value {entry.value} is not between 0 and {most}, as a {entry.unit} is.")
    source = sources[entry.source]
    return Anchor(
        benchmark=entry.benchmark,
        labels=entry.labels,
        model=entry.model,
        metric=entry.metric,
        value=round(entry.value / most, 10),
        published=entry.value,
        unit=entry.unit,
        setting=_setting(entry, source),
        source=entry.source,
        title=source.title,
        link=source.link,
        confidence=entry.confidence,
    )


def _setting(entry: _Entry, source: _Source) -> Setting:
    """The entry's own setting where it states one, else its source's."""
    stated = {name: getattr(entry, name) for name in Setting.__struct_fields__}
    return Setting(**{name: getattr(source, name) if own is None else own for name, own in stated.items()})


def _check_repeats(path: Path, anchors: Sequence[Anchor]) -> None:
    """Raise VtgError if one source states a number of the same setting twice."""
    seen: dict[Any, int] = {}
    for number, anchor in enumerate(anchors, 1):
        key = (anchor.benchmark, anchor.labels, anchor.model, anchor.metric, anchor.source, anchor.setting)
        if key in seen:
            raise VtgError(
                f"{path}: entries {seen[key]} and {number} of anchors are both {anchor.metric} of {anchor.model} on "
                f"{anchor.benchmark} by {anchor.source}. Leave out one, or state how their settings differ."
            )
        seen[key] = number
