"""Published numbers beside a score: of the same label version and metric only, with what differs in their setting.

Scores on two versions of a benchmark's labels are not comparable: models that lead on the original labels of
Charades-STA do not lead on those of TimeLens-Bench. So nothing is put beside samples whose version is not known; `why`
says it then.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from vtgdata.files import plugins
from vtgdata.metrics import anchors, breakdown, sets, setting_words
from vtgdata.metrics.anchors import Anchor, Anchors, Place
from vtgdata.metrics.flat import Index
from vtgdata.metrics.sample_columns import Group
from vtgdata.metrics.setting_words import Asked
from vtgdata.metrics.truths import as_truths
from vtgdata.records import Corpus, Sample

_ORIGINAL = "original"
"""The version that samples have unless their reader says another one."""
_FILE = re.compile(r"[^:#]+")
"""The file that `origin` begins with."""


class Ours(msgspec.Struct, frozen=True, kw_only=True):
    """What one of our models, or a file of predictions, scores."""

    model: str
    metrics: dict[str, float | None]


class Neighbour(msgspec.Struct, frozen=True, kw_only=True):
    """One published number."""

    model: str
    metric: str
    value: float
    """A fraction."""
    source: str
    link: str
    confidence: str
    setting: dict[str, Any]
    """What the source states of the setting."""
    differs: list[str]
    """In words, what it states otherwise than ours; for predictions, whose setting is not known, all that it states."""
    not_stated: list[str]
    """What of the setting the source does not tell."""


class Neighbours(msgspec.Struct, frozen=True, kw_only=True):
    """Scores on samples of one corpus, split and label version, and the published numbers on the same labels."""

    corpus: str
    split: str
    label_version: str
    n: int
    benchmark: str
    """Its name for `vtgdata anchors`; empty if there is none."""
    why: str
    """Why no number is put beside ours; empty if there are some."""
    rows: int | None
    """Samples of the whole benchmark; None if unknown."""
    part: str
    """Why ours is a score on a part of the benchmark, in words; empty if it is not known to be one."""
    ours: list[Ours]
    published: list[Neighbour]
    second_hand: int
    """Numbers left out because they are second-hand; `vtgdata anchors BENCHMARK --all` has them."""


def beside(
    samples: Sequence[Sample], reports: Sequence[Mapping[str, Any]], values: Sequence[sets.Values], asked: Asked
) -> list[dict[str, Any]]:
    """Our scores and the published ones, for each corpus, split and label version among the samples.

    Args:
        samples: that were scored.
        reports: of each model, or of the file of predictions; `model` names it.
        values: the metrics of each report, by sample.
        asked: how the models were asked.
    """
    columns = as_truths(samples).columns
    found: list[Neighbours] = []
    for group, chosen in sorted(columns.groups().items(), key=lambda each: each[0]):
        ours = [_part(report["model"], each, chosen) for report, each in zip(reports, values, strict=True)]
        found.append(_neighbours(group, columns.origins(chosen), len(chosen), ours, asked, anchors.ours()))
    return [msgspec.to_builtins(each) for each in found]


def _part(model: str, values: sets.Values, rows: Index) -> Ours:
    return Ours(model=model, metrics={name: breakdown.mean(array[rows]) for name, array in values.items()})


def _neighbours(
    group: Group, origins: Iterable[str], n: int, ours: Sequence[Ours], asked: Asked, known: Anchors
) -> Neighbours:  # fmt: skip
    name, place = _placed(group, known)
    why = _why(group, origins, n, name, place, known)
    mine = known.of(name, second_hand=True) if name and not why else []
    metrics = set(ours[0].metrics) if ours else set[str]()
    same = [anchor for anchor in mine if anchor.labels == group.version and anchor.metric in metrics]
    shown = [anchor for anchor in same if not anchor.second_hand]
    if not why and not shown:
        why = f"no number on these labels is known by a metric of this evaluation; see `vtgdata anchors {name}`"
    wanted = {anchor.metric for anchor in shown}
    return Neighbours(
        corpus=group.corpus,
        split=group.split,
        label_version=group.version,
        n=n,
        benchmark=name,
        why=why,
        rows=place.rows if place else None,
        part=_part_of(n, place.rows if place else None, asked),
        ours=[Ours(model=o.model, metrics={m: v for m, v in o.metrics.items() if m in wanted}) for o in ours],
        published=[_neighbour(anchor, asked) for anchor in shown],
        second_hand=len(same) - len(shown),
    )


def _part_of(n: int, rows: int | None, asked: Asked) -> str:
    if rows is not None:
        return "" if n == rows else f"here on {n:,} of its {rows:,} samples"
    chosen = [f"--limit {asked.limit}"] if asked.limit is not None else []
    chosen += [f"--where {asked.where!r}"] if asked.where else []
    return f"here on {n:,} of its samples ({', '.join(chosen)})" if chosen else ""


def _placed(group: Group, known: Anchors) -> tuple[str, Place | None]:
    """The benchmark that has samples of this corpus and split, and its place for this version; "" if there is none."""
    held = [
        (name, version, place)
        for name, each in known.benchmarks.items()
        for version, places in each.samples.items()
        for place in places
        if place.holds(group.corpus, group.split)
    ]
    same = [(name, place) for name, version, place in held if version == group.version]
    return same[0] if same else (held[0][0] if held else "", None)


def _why(
    group: Group, origins: Iterable[str], n: int, name: str, place: Place | None, known: Anchors
) -> str:  # fmt: skip
    """Why no published number may be put beside; empty if it may."""
    if not name:
        return f"none is known of {group.corpus} {group.split}".rstrip()
    if place is None:
        held = known.benchmarks[name].samples.items()
        there = [version for version, places in held if any(p.holds(group.corpus, group.split) for p in places)]
        return f"those of {name} are known for samples of it with the labels {', '.join(there)} only"
    return doubt(group.corpus, group.split, origins, n, place) if group.version == _ORIGINAL else ""


def doubt(name: str, split: str, origins: Iterable[str], n: int, place: Place) -> str:
    """Why it is not known that samples of a corpus and split have its original labels; empty if it is.

    A general reader that was told a corpus's name cannot know the version of the labels in its file: they are the
    original ones for sure only if the file is named as the corpus publishes it, or has as many rows.
    """
    if name not in plugins.names("corpora"):
        return ""
    corpus: Corpus = plugins.load("corpora", name).CORPUS
    facts = [known for known in corpus.splits if known.name == split]
    counts = {place.rows, *(count for known in facts for count in (known.rows, *known.copies))}
    patterns = [pattern for known in facts for pattern in known.files]
    files = {_file(origin) for origin in origins}
    strange = sorted(file for file in files if file and not any(fnmatchcase(file, pattern) for pattern in patterns))
    if not strange or n in counts:
        return ""
    return f"{strange[0]} is no file that {name} publishes for {split}, so the version of its labels is not known"


def _file(origin: str) -> str:
    found = _FILE.match(origin)
    return found[0].rpartition("/")[2].removesuffix(".gz") if found else ""


def _neighbour(anchor: Anchor, asked: Asked) -> Neighbour:
    stated = {key: value for key, value in msgspec.to_builtins(anchor.setting).items() if value is not None}
    return Neighbour(
        model=anchor.model,
        metric=anchor.metric,
        value=anchor.value,
        source=anchor.title,
        link=anchor.link,
        confidence=anchor.confidence,
        setting=stated,
        differs=setting_words.differs(anchor.model, anchor.setting, asked),
        not_stated=setting_words.not_stated(anchor.setting),
    )
