"""Which splits are benchmarks: papers report scores on them, so their rows are neither dropped nor trained on."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

from vtgdata.files import plugins

Place = tuple[str, str]
"""A video under one of its names: its corpus and its id there, or an empty text and the id of its source."""


@cache
def is_benchmark(corpus: str, split: str) -> bool:
    """Whether papers report scores on a split: if its corpus says so, and for `test` of any corpus.

    >>> is_benchmark("somebody's own", "test"), is_benchmark("somebody's own", "train")
    (True, False)
    """
    known = corpus in plugins.names("corpora")
    return split == "test" or (known and plugins.load("corpora", corpus).CORPUS.benchmark(split))


def places(row: Mapping[str, Any]) -> list[Place]:
    """Keys of a row's video: its own id in its corpus, and the source id (a YouTube id), the same in all corpora."""
    source = row["source_id"]
    return [(row["corpus"], row["video_id"]), *([("", source)] if source else [])]


class Leak(NamedTuple):
    """A row to train on whose video is in a benchmark."""

    row: Mapping[str, Any]
    corpus: str
    """The benchmark's corpus."""
    split: str


def leaks(rows: Iterable[Mapping[str, Any]], known: Iterable[Mapping[str, Any]]) -> list[Leak]:
    """Rows to train on whose video is in a benchmark.

    Args:
        rows: to train on, with the columns corpus, split, video_id and source_id.
        known: all rows in which benchmarks are looked for, with the same columns.
    """
    held: dict[Place, tuple[str, str]] = {}
    for row in known:
        if is_benchmark(row["corpus"], row["split"]):
            held |= dict.fromkeys(places(row), (row["corpus"], row["split"]))
    return [Leak(row, *held[place]) for row in rows for place in places(row) if place in held]
