"""Scores of parts of the samples: by moment length, video length, position, corpus and kind of query."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from vtgdata.metrics import intervals
from vtgdata.metrics.cluster_means import sources_of
from vtgdata.metrics.metric_set import Values
from vtgdata.metrics.window_table import as_array, support
from vtgdata.records import Sample

QUERY_TYPES = ("query_type", "qsemtype", "question_type", "type", "template", "query_modality", "negative", "domain")
"""Keys of `extra` under which corpora state the kind of query; the first that any sample has is used."""
WINDOW_LENGTHS = (5.0, 10.0, 30.0, 60.0)
VIDEO_LENGTHS = (30.0, 60.0, 180.0, 600.0)
"""Upper ends of the ranges, in seconds; the last range has none."""
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
    found: dict[str, dict[str, Any]] = {}
    sources = sources_of(samples)
    for name, part_of in ways(samples, by).items():
        parts = by_part(values, [part_of(sample) for sample in samples], sources)
        if len(parts) > 1 or name in by:
            found[name] = {part: parts[part] for part in sorted(parts, key=_order)}
    return found


def by_part(values: Values, parts: Sequence[str], sources: Sequence[str] | None = None) -> dict[str, dict[str, Any]]:
    """Numbers and metrics of each part, by name; with the sources of the samples, also the metrics' intervals.

    Args: values: (n,) by metric; parts: (n,) the part of each sample; sources: (n,).
    """
    rows: dict[str, list[int]] = defaultdict(list)
    for i, part in enumerate(parts):
        rows[part].append(i)
    found: dict[str, dict[str, Any]] = {}
    for part in sorted(rows):
        of_part = {name: array[rows[part]] for name, array in values.items()}
        found[part] = {"n": len(rows[part]), "metrics": {name: mean(array) for name, array in of_part.items()}}
        if sources is not None:
            chosen = [sources[i] for i in rows[part]]
            found[part] |= {
                "n_sources": len(set(chosen)),
                "intervals": intervals.clustered_all(of_part, chosen),
            }
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


def _extra(key: str, sample: Sample) -> str:
    return str(sample.extra.get(key, UNKNOWN))


def _moment_length(sample: Sample) -> float | None:
    """Seconds that the true moments cover together."""
    covered = support(as_array(sample.windows)).tolist()
    return sum(end - start for start, end in covered) if covered else None


def _range(seconds: float | None, ends: Sequence[float]) -> str:
    if seconds is None:
        return UNKNOWN
    low = 0.0
    for end in ends:
        if seconds <= end:
            return f"{low:g}-{end:g} s"
        low = end
    return f"over {low:g} s"


def _position(sample: Sample) -> str:
    """The third of the video in which the middle of the first true moment lies."""
    if not sample.windows or not sample.video.duration:
        return UNKNOWN
    middle = (sample.windows[0].start + sample.windows[0].end) / 2 / sample.video.duration
    return ("first third", "middle third", "last third")[min(2, int(3 * middle))]


def _order(part: str) -> tuple[int, float, str]:
    """Sort key for parts: ranges by their lower end, positions from the front, names by alphabet, unknown last."""
    if part == UNKNOWN:
        return (2, 0.0, part)
    places = {"first third": 0.0, "middle third": 1.0, "last third": 2.0}
    if part in places:
        return (0, places[part], part)
    head = part.removesuffix(" s").removeprefix("over ").partition("-")[0]
    return (0, float(head), part) if part.endswith(" s") and head.replace(".", "").isdigit() else (1, 0.0, part)
