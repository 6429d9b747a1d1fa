"""What is said of a choice before anything is trained on it: sizes, rates, videos, what it teaches, what is leaked."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from msgspec import UNSET, UnsetType

from vtgdata.annotations.benchmarks import is_benchmark
from vtgdata.engine.rates import tenths_of
from vtgdata.engine.selection import facts
from vtgdata.metrics.blind_guess import blind_guess

BINS = {
    "duration": (30.0, 60.0, 120.0, 240.0),
    "window_seconds": (2.0, 5.0, 10.0, 20.0),
    "window_share": (0.05, 0.1, 0.2, 0.4),
    "position": (0.2, 0.4, 0.6, 0.8),
}
"""{fact: bounds between its ranges}: those of windows are TempSamp-R1's."""
_GUESSED = 50_000
"""Rows on which a blind guess is scored: of more, evenly spaced ones."""


class Overlap(msgspec.Struct, frozen=True, kw_only=True):
    """What a choice shares with benchmarks."""

    rows: int
    """Chosen rows whose video, or its source, is in a benchmark."""
    videos: int
    benchmarks: list[str]
    """Corpus and split of each."""


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers of the chosen rows and of the pool that they come from."""

    sizes: dict[str, dict[str, list[int]]]
    """{fact: {value or range: [chosen, pool]}}: corpus, and with --samples duration, windows, position."""
    measure: str
    """By which rows are shown, and chosen if the selector looks at one."""
    histogram: dict[str, list[int]]
    """{range of the measure: [chosen, pool]}."""
    videos: list[int] | UnsetType = UNSET
    """Distinct videos: [chosen, pool]; this field and those below that need samples are unset without --samples."""
    answers: int
    """Answers of a group, for the two forecasts."""
    without_gradient: float | None
    """Expected share of the chosen rows' groups whose answers all get one reward; None if no IoUs of
    two answers are stored."""
    without_gradient_pool: float | None
    """The same of the pool."""
    blind: dict[str, Any] | UnsetType | None = UNSET
    """What one window, fitted on these very rows and given without looking, scores on them: `window` as fractions of
    the duration, and metrics."""
    overlap: Overlap | UnsetType = UNSET
    p_wrong: list[float | None] | UnsetType = UNSET
    """Mean probability of a wrong label, as --audit says: [chosen, pool]."""


def histogram(rates: Any, chosen: Any) -> dict[str, list[int]]:
    """Rows by the tenth of [0, 1] in which their rate lies: {range: [chosen, pool]}.

    Args: rates: the pool's rows with sample_id and rate. chosen: series of ids.
    """
    edges = np.linspace(0, 1, 11)
    ours = rates.filter(rates["sample_id"].is_in(chosen.implode()))["rate"].to_numpy()
    counts = [np.bincount(tenths_of(each), minlength=10).tolist() for each in (ours, rates["rate"].to_numpy())]
    return {f"{edges[i]:.1f} to {edges[i + 1]:.1f}": [counts[0][i], counts[1][i]] for i in range(10)}


def sizes(pool: Any, chosen: Any) -> dict[str, dict[str, list[int]]]:
    """Rows by corpus, and by the ranges of BINS: {fact: {label: [chosen, pool]}}.

    Args: pool: `facts.of` the pool; a fact that it lacks is left out. chosen: series of ids.
    """
    import polars as pl

    inside = pool["sample_id"].is_in(chosen.implode())
    found: dict[str, dict[str, list[int]]] = {}
    if "corpus" in pool.columns:
        found["corpus"] = _counted(pool["corpus"].cast(pl.String).fill_null("(unknown)"), inside, None)
    for name, edges in BINS.items():
        if name in pool.columns:
            labels = pl.Series(_labels(edges))
            place = ranges(edges, pool[name].fill_null(float("nan")).to_numpy())
            known = pool[name].is_not_null()
            text = labels[place]
            kept = pl.select(pl.when(known).then(text).otherwise(pl.lit("(unknown)"))).to_series()
            found[name] = _counted(kept, inside, [*labels, "(unknown)"])
    return found


def ranges(edges: Sequence[float], values: Any) -> list[int]:
    """The number of the range in which each value lies; the last one for NaN."""
    return np.searchsorted(np.array(edges, dtype=np.float64), np.array(values, dtype=np.float64), side="right").tolist()


def _labels(edges: Sequence[float]) -> list[str]:
    between = [f"{low:g} to {high:g}" for low, high in itertools.pairwise(edges)]
    return [f"below {edges[0]:g}", *between, f"from {edges[-1]:g}"]


def _counted(labels: Any, inside: Any, order: Sequence[str] | None) -> dict[str, list[int]]:
    pools: dict[str, int] = dict(labels.value_counts().iter_rows())
    ours: dict[str, int] = dict(labels.filter(inside).value_counts().iter_rows())
    names = order or sorted(pools, key=lambda name: (-pools[name], name))
    return {name: [ours.get(name, 0), pools[name]] for name in names if pools.get(name)}


def blind(samples: Any, chosen: Any) -> dict[str, Any] | None:
    """The score of the best constant window on the chosen rows that have a window and a duration; None without any.

    Args: samples: frame of samples with windows and duration. chosen: series of ids.
    """
    import polars as pl

    some = (pl.col("windows").list.len() > 0) & (pl.col("duration") > 0)
    rows = samples.filter(pl.col("sample_id").is_in(chosen.implode()) & some)
    rows = rows.sort("sample_id").gather_every(max(1, -(-rows.height // _GUESSED))) if rows.height else rows
    if not rows.height:
        return None
    flat = rows["windows"].explode()
    windows = np.column_stack([flat.list.get(place).to_numpy() for place in (0, 1)]).astype(np.float64)
    lengths = rows["windows"].list.len().cast(pl.Int64).to_numpy()
    guess = blind_guess(windows, lengths, rows["duration"].to_numpy())
    return None if guess is None else guess.best_constant


def overlap(rows: Any, known: Any) -> Overlap:
    """What chosen rows share with the benchmarks among some rows: a video of one corpus, or a source of any.

    Args: rows, known: frames with corpus, split, video_id and source_id.
    """
    import polars as pl

    splits = [(c or "", s or "") for c, s in known.select("corpus", "split").unique().sort("corpus", "split").rows()]
    held = [pair for pair in splits if is_benchmark(*pair)]
    if not held:
        return Overlap(rows=0, videos=0, benchmarks=[])
    names = pl.DataFrame(held, schema=["corpus", "split"], orient="row")
    tests = known.join(names, on=["corpus", "split"], how="semi")
    # A source that is named in one corpus may be a video's own id in another.
    ours = rows.with_row_index("(row)")
    same = ours.join(tests, on=["corpus", "video_id"])
    cut = ours.filter(pl.col("source_id").fill_null("") != "").join(
        tests.filter(pl.col("source_id").fill_null("") != ""), on="source_id"
    )
    both = pl.concat(
        [
            same.select("(row)", "video_id", corpus="corpus", split="split_right"),
            cut.select("(row)", "video_id", corpus="corpus_right", split="split_right"),
        ]
    )
    pairs = both.select("corpus", "split").unique().sort("corpus", "split").rows()
    return Overlap(
        rows=both["(row)"].n_unique(), videos=both["video_id"].n_unique(), benchmarks=[f"{c} {s}" for c, s in pairs]
    )


def wrong(path: str, pool: Any, chosen: Any) -> list[float | None]:
    """The mean of the column p_wrong of an audit's file, over the chosen rows and over the pool."""
    from vtgdata.files.parquet import read_frame

    audit = read_frame(path, needs=("sample_id", "p_wrong")).select("sample_id", "p_wrong")
    rows = pool.select("sample_id").join(audit.unique("sample_id"), on="sample_id")
    return [rows.filter(rows["sample_id"].is_in(chosen.implode()))["p_wrong"].mean(), rows["p_wrong"].mean()]


def shares(dead: Any, chosen: Any) -> tuple[float | None, float | None]:
    """The mean of `dead` of a forecast over the chosen rows, and over all."""
    ours = dead.filter(dead["sample_id"].is_in(chosen.implode()))
    return ours["dead"].mean(), dead["dead"].mean()


def of_samples(samples: Any, pool: Any, chosen: Any, against: Sequence[Any]) -> Mapping[str, Any]:
    """The fields of a preview that need samples.

    Args:
        samples: the frame of all samples of the file, benchmarks too.
        pool: `facts.of` the pool.
        chosen: series of ids.
        against: frames of other samples in which benchmarks are looked for.
    """
    import polars as pl

    names = ["corpus", "split", "video_id", "source_id"]
    ours = pool.filter(pool["sample_id"].is_in(chosen.implode()))
    known = pl.concat([facts.with_source(each).select(names) for each in (samples, *against)], how="vertical_relaxed")
    return {
        "videos": [ours.n_unique(["corpus", "video_id"]), pool.n_unique(["corpus", "video_id"])],
        "blind": blind(samples, chosen),
        "overlap": overlap(ours.select(names), known.unique()),
    }
