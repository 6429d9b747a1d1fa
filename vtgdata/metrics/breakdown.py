"""Scores of parts of the samples: by moment length, video length, position, corpus and kind of query."""

import itertools
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from typing import Any

import numpy as np

from vtgdata.metrics import intervals
from vtgdata.metrics.cluster_means import Clusters, clusters_of
from vtgdata.metrics.flat import Flat, Index, as_array
from vtgdata.metrics.metric_set import Values
from vtgdata.metrics.truths import Truths, as_truths
from vtgdata.metrics.window_table import support
from vtgdata.records import Sample
from vtgdata.records.windows import Array

QUERY_TYPES = ("query_type", "qsemtype", "question_type", "type", "template", "query_modality", "negative", "domain")
"""Keys of `extra` under which corpora state the kind of query; the first that any sample has is used."""
WINDOW_LENGTHS = (5.0, 10.0, 30.0, 60.0)
VIDEO_LENGTHS = (30.0, 60.0, 180.0, 600.0)
"""Upper ends of the ranges, in seconds; the last range has none."""
THIRDS = ("first third", "middle third", "last third")
UNKNOWN = "unknown"


def break_down(values: Values, samples: Sequence[Sample], by: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """Numbers of samples and sources, and each metric with its interval, in each part, for each way to divide them.

    Args:
        values: per-sample values by metric.
        samples: the samples, in the same order.
        by: further keys of `extra` to divide by.

    Returns {way: {part: {"n": .., "n_sources": .., "metrics": {..}, "intervals": {..}}}}; a way that puts all samples
    into one part is left out, unless it is in `by`.
    """
    of = as_truths(samples)
    found: dict[str, dict[str, Any]] = {}
    for name, part_of in _parts(of, by).items():
        parts = by_part(values, part_of, of.clusters)
        if len(parts) > 1 or name in by:
            found[name] = {part: parts[part] for part in sorted(parts, key=_order)}
    return found


def by_part(
    values: Values, parts: Sequence[str] | Clusters, sources: Sequence[str] | Clusters | None = None
) -> dict[str, dict[str, Any]]:  # fmt: skip
    """Numbers and metrics of each part, by name; with the sources of the samples, also the metrics' intervals.

    Args: values: (n,) by metric; parts: (n,) the part of each sample; sources: (n,).
    """
    of, clusters = clusters_of(parts), None if sources is None else clusters_of(sources)
    order = np.argsort(of.of, kind="stable")
    ends = np.cumsum(np.bincount(of.of, minlength=len(of.names)))
    found: dict[str, dict[str, Any]] = {}
    for part, rows in zip(of.names, np.split(order, ends[:-1]), strict=True):
        of_part = {name: array[rows] for name, array in values.items()}
        found[part] = {"n": len(rows), "metrics": {name: mean(array) for name, array in of_part.items()}}
        if clusters is not None:
            chosen = clusters.only(rows)
            found[part] |= {"n_sources": len(chosen.names), "intervals": intervals.clustered_all(of_part, chosen)}
    return found


def mean(array: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    """Mean of the values that are not NaN; NaN if all are. Args: array: (n,)."""
    array = array[~np.isnan(array)]
    return float(array.mean()) if len(array) else float("nan")


def ways(samples: Sequence[Sample], by: Sequence[str]) -> dict[str, Callable[[Sample], str]]:
    """The ways to divide samples: for each, the part of a sample. Args: by: further keys of `extra`."""
    ways: dict[str, Callable[[Sample], str]] = {
        "window_length": lambda sample: _range(_moment_length(sample), WINDOW_LENGTHS),
        "video_length": lambda sample: _range(sample.video.duration, VIDEO_LENGTHS),
        "position": _position,
        "corpus": lambda sample: sample.corpus,
    }
    known = next((key for key in QUERY_TYPES if any(key in sample.extra for sample in samples)), None)
    keys = [*([known] if known else []), *by]
    for key in keys:
        ways[key] = partial(_extra, key)
    return ways


def _parts(samples: Truths, by: Sequence[str]) -> dict[str, Clusters]:
    """The part of each sample, for each of the `ways`, for many samples as columns."""
    flat, durations = samples.windows, samples.durations
    found = {
        "window_length": _in_ranges(_moment_lengths(flat), WINDOW_LENGTHS),
        "video_length": _in_ranges(durations, VIDEO_LENGTHS),
        "position": _numbered(_thirds(flat, durations), THIRDS),
        "corpus": clusters_of(samples.columns.corpora),
    }
    known = _query_type(samples.columns.extras())
    for key in [*([known] if known else []), *by]:
        parts = [str(extra.get(key, UNKNOWN)) for extra in samples.columns.extras()]
        found[key] = clusters_of(parts or [UNKNOWN] * len(samples))
    return found


def _query_type(extras: Iterable[dict[str, Any]]) -> str | None:
    """The first of QUERY_TYPES that any sample has."""
    there = {key for extra in extras for key in extra}
    return next((key for key in QUERY_TYPES if key in there), None)


def _numbered(number: Index, names: Sequence[str]) -> Clusters:
    """Parts out of their numbers. Args: number: (n,) place in `names`, at its end for unknown; names: of the others."""
    known = [*names, UNKNOWN]
    order = sorted(range(len(known)), key=known.__getitem__)
    place = np.empty(len(known), dtype=np.intp)
    place[order] = np.arange(len(known))
    used, of = np.unique(place[number], return_inverse=True)
    return Clusters([known[order[i]] for i in used.tolist()], of)


def _in_ranges(seconds: Array, ends: Sequence[float]) -> Clusters:
    """The range that each number lies in. Args: seconds: (n,) NaN for unknown."""
    names = _ranges(tuple(ends))
    return _numbered(np.where(np.isnan(seconds), len(names), np.searchsorted(ends, seconds)), names)


def _moment_lengths(flat: Flat) -> Array:
    """(n,) seconds that the true moments of each sample cover together; NaN without any."""
    found = np.full(len(flat.sizes), np.nan)
    one = np.flatnonzero(flat.sizes == 1)
    windows = flat.windows[flat.first[one]]
    found[one] = windows[:, 1] - windows[:, 0]
    for i in np.flatnonzero(flat.sizes > 1).tolist():
        start = int(flat.first[i])
        found[i] = _covered(flat.windows[start : start + int(flat.sizes[i])])
    return found


def _thirds(flat: Flat, durations: Array) -> Index:
    """(n,) the third of the video in which the middle of the first true moment lies, from 0; 3 if it is not known."""
    known = np.flatnonzero((flat.sizes > 0) & ~np.isnan(durations))
    windows = flat.windows[flat.first[known]]
    middle = (windows[:, 0] + windows[:, 1]) / 2 / durations[known]
    found = np.full(len(flat.sizes), len(THIRDS), dtype=np.intp)
    found[known] = np.minimum(2, (3 * middle).astype(np.intp))
    return found


def _extra(key: str, sample: Sample) -> str:
    return str(sample.extra.get(key, UNKNOWN))


def _moment_length(sample: Sample) -> float | None:
    """Seconds that the true moments cover together."""
    return _covered(as_array(sample.windows)) if sample.windows else None


def _covered(windows: Array) -> float:
    return sum(end - start for start, end in support(windows).tolist())


@cache
def _ranges(ends: tuple[float, ...]) -> list[str]:
    """The names of ranges that end there, and of the one beyond."""
    between = [f"{low:g}-{end:g} s" for low, end in itertools.pairwise((0.0, *ends))]
    return [*between, f"over {ends[-1]:g} s"]


def _range(seconds: float | None, ends: Sequence[float]) -> str:
    return UNKNOWN if seconds is None else _ranges(tuple(ends))[bisect_left(ends, seconds)]


def _position(sample: Sample) -> str:
    """The third of the video in which the middle of the first true moment lies."""
    if not sample.windows or not sample.video.duration:
        return UNKNOWN
    middle = (sample.windows[0].start + sample.windows[0].end) / 2 / sample.video.duration
    return THIRDS[min(2, int(3 * middle))]


def _order(part: str) -> tuple[int, float, str]:
    """Sort key for parts: ranges by their lower end, positions from the front, names by alphabet, unknown last."""
    if part == UNKNOWN:
        return (2, 0.0, part)
    if part in THIRDS:
        return (0, float(THIRDS.index(part)), part)
    head = part.removesuffix(" s").removeprefix("over ").partition("-")[0]
    return (0, float(head), part) if part.endswith(" s") and head.replace(".", "").isdigit() else (1, 0.0, part)
