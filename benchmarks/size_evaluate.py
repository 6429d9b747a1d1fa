"""The straight script beside `vtgdata evaluate` in `size.py`: Polars and numpy, nothing checked, one window an answer.

It makes all that the command makes of such a file: IoU and recalls with their intervals clustered by video, what other
videos' truths would give, five guesses that see no frame, the scores of parts, and the rows. Each is the same number,
so donors and halves are drawn by the same numbers. Quantiles of t and of beta are those
of the package.
"""

import json
from pathlib import Path
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from vtgdata.metrics.student import clopper_pearson, t_quantile

LEVELS = (0.3, 0.5, 0.7)
NAMES = ("mIoU", *(f"R1@{level}" for level in LEVELS))
DRAWS, ROUNDS, RANGES, LEAST = 8, 4, 8, 100
BLOCK = 16_384


class Samples(NamedTuple):
    """The true windows and the videos of n samples; all have a duration."""

    start: np.ndarray
    end: np.ndarray
    duration: np.ndarray
    video: np.ndarray
    """Number of the video, in the order of names."""
    donor: np.ndarray
    """(DRAWS, n) whose truth each answer is scored against."""

    @property
    def shares(self) -> tuple[np.ndarray, np.ndarray]:
        """The windows as shares of the duration."""
        return self.start / self.duration, self.end / self.duration


def evaluate(given: Path, out: Path) -> None:
    """Write evaluation.json and rollouts.parquet."""
    rows = pl.read_parquet(given / "data/samples.parquet", columns=[
        "sample_id", "corpus", "split", "label_version", "video_id", "query", "windows", "duration",
    ])  # fmt: skip
    said = pl.read_ndjson(given / "predictions.jsonl").rename({"windows": "said"}).unique("sample_id", keep="first")
    rows = rows.join(said, on="sample_id", how="left", maintain_order="left")
    true, answer = (rows[name].list.first().list.to_array(2).to_numpy() for name in ("windows", "said"))
    answer = np.ascontiguousarray(answer.astype(float))
    video = rows["video_id"].rank("dense").to_numpy().astype(np.intp) - 1
    duration = rows["duration"].to_numpy()
    order = rows["sample_id"].arg_sort().to_numpy()
    samples = Samples(*np.ascontiguousarray(true.T), duration, video, drawn(order, duration, video))
    values = scores(answer[:, 0], answer[:, 1], samples.start, samples.end)
    most = seen(samples, samples.start, samples.end, scores(samples.start, samples.end, samples.start, samples.end))
    report: dict[str, Any] = {
        "n": len(rows), "n_missing": rows["said"].null_count(), **problems(rows["sample_id"], answer, duration),
        "splits": rows.group_by("corpus", "split", "label_version").len().sort("split").rows(),
        **described(samples, answer[:, 0], answer[:, 1], values, most),
        "breakdown": breakdown(samples, values), "baselines": guesses(samples, rows["query"], most),
    }  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    (out / "evaluation.json").write_text(json.dumps(report))
    nothing = {name: pl.lit(None, kind) for name, kind in NOTHING.items()}
    rows.select(
        "sample_id", windows="said", index=pl.lit(0), iou=pl.Series(values[:, 0]), parse_status=pl.lit("ok"),
        model=pl.lit("predictions.jsonl"), seeing=pl.lit("sighted"), **nothing,
    ).write_parquet(out / "rollouts.parquet", compression="zstd", row_group_size=65_536)  # fmt: skip


NOTHING = {
    "key": pl.String, "model_id": pl.String, "prompt_id": pl.String, "sampling_id": pl.String, "frames_id": pl.String,
    "frame_times": pl.List(pl.Float64), "text": pl.String, "reasoning": pl.String, "option": pl.String,
    "strict_ok": pl.Boolean, "scores": pl.List(pl.Struct({"name": pl.String, "value": pl.Float64})),
    "finish_reason": pl.String, "tokens_in": pl.Int64, "tokens_out": pl.Int64, "error": pl.String,
}  # fmt: skip


def problems(ids: pl.Series, answer: np.ndarray, duration: np.ndarray) -> dict[str, Any]:
    """Windows that are none, or outside their video: how many, and the first."""
    start, end = answer.T
    kinds = {
        "n_wrong_windows": ~(start < end), "n_past_end": end > duration + 1e-6, "n_before_start": start < -1e-6,
        "n_outside": (start >= duration) | (end <= 0),
    }  # fmt: skip
    return {name: [int(rows.sum()), ids.filter(rows).head(5).to_list()] for name, rows in kinds.items()}


def iou(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> np.ndarray:
    """IoU of windows a to b with windows c to d; 0 for none."""
    inside = (np.minimum(b, d) - np.maximum(a, c)).clip(0)
    return np.nan_to_num(inside / ((b - a) + (d - c) - inside))


def scores(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> np.ndarray:
    """IoU and recalls: (n, 4)."""
    found = iou(a, b, c, d)
    return np.stack([found, *(found >= level for level in LEVELS)], axis=1)


def clustered(values: np.ndarray, video: np.ndarray) -> list[tuple[float, float, float, float]]:
    """Mean, CR2 error, degrees of freedom and equal clusters of each column. Args: values: (n, m)."""
    sizes = np.bincount(video).astype(float)
    share = sizes[sizes > 0] / len(values)
    weight = share**2 / (1 - share)
    df = 1 / ((share**2).sum() + weight.sum() ** 2 - (weight**2).sum())
    found: list[tuple[float, float, float, float]] = []
    for column in values.T:
        off = (np.bincount(video, column) - sizes * column.mean())[sizes > 0]
        error = float(np.sqrt((off**2 / (1 - share)).sum()) / len(values))
        found.append((float(column.mean()), error if error >= 1e-12 else 0.0, float(df), float(1 / (share**2).sum())))
    return found


def bounds(values: np.ndarray, video: np.ndarray) -> dict[str, tuple[float, float]]:
    """The interval of each score, wider where few answers succeed or fail."""
    found: dict[str, tuple[float, float]] = {}
    for name, (mean, error, df, equal) in zip(NAMES, clustered(values, video), strict=True):
        reach = t_quantile(0.95, df)
        low, high = max(0.0, mean - reach * error), min(1.0, mean + reach * error)
        number = mean * (1 - mean) / error**2 * (NormalDist().inv_cdf(0.975) / reach) ** 2 if error else equal
        if min(mean, 1 - mean) * number < 5 or not error:
            few = clopper_pearson(mean * number, number, 0.95)
            low, high = min(low, few[0]), max(high, few[1])
        found[name] = low, high
    return found


def drawn(order: np.ndarray, duration: np.ndarray, video: np.ndarray) -> np.ndarray:
    """(DRAWS, n) a sample of another video and about the same duration for each sample."""
    rng, n = np.random.default_rng(0), len(order)
    sorted_, source = duration[order], video[order]
    count = max(1, min(RANGES, n // LEAST))
    of = np.searchsorted(
        np.unique(np.quantile(sorted_, np.arange(1, count) / count, method="inverted_cdf")), sorted_
    )  # fmt: skip
    donor = np.empty((DRAWS, n), dtype=np.intp)
    for row in donor:
        found = np.arange(n)
        for number in np.unique(of):
            rows = np.flatnonzero(of == number)
            mixed = rng.permutation(rows)
            while len(wrong := np.flatnonzero(source[rows] == source[mixed])):
                for place in wrong.tolist():
                    other = int(rng.integers(len(rows)))
                    mixed[place], mixed[other] = mixed[other], mixed[place]
            found[rows] = mixed
        row[order] = order[found]
    return donor


def seen(samples: Samples, a: np.ndarray, b: np.ndarray, own: np.ndarray) -> dict[str, dict[str, float]]:
    """By metric, the score, that of the same answers on other videos' truths, their difference and its interval."""
    start, end = samples.shares
    donor, n = samples.donor, len(own)
    ious = np.empty(donor.shape)
    for draw, row in zip(ious, donor, strict=True):
        draw[:] = iou(a, b, start[row] * samples.duration, end[row] * samples.duration)
    uses = np.bincount(donor.ravel(), minlength=n)
    found: dict[str, dict[str, float]] = {}
    for column, name in enumerate(NAMES):
        scored = ious if not column else (ious >= LEVELS[column - 1]).astype(float)
        score, other = float(own[:, column].mean()), float(scored.mean())
        parts = scored - other
        of_answer = np.zeros(n)
        for _ in range(ROUNDS):
            of_truth = np.bincount(donor.ravel(), (parts - of_answer).ravel(), minlength=n) / np.maximum(uses, 1)
            of_answer = (parts - of_truth[donor]).mean(axis=0)
        values = own[:, column] - other - of_answer - of_truth * uses / DRAWS
        ((mean, error, df, _),) = clustered(values[:, None], samples.video)
        reach = t_quantile(0.95, df) * error
        found[name] = {"score": score, "others": other, "seen": score - other} | {
            "low": max(-1.0, mean - reach), "high": min(1.0, mean + reach),
        }  # fmt: skip
    return found


def described(samples: Samples, a: np.ndarray, b: np.ndarray, values: np.ndarray, most: Any) -> dict[str, Any]:
    """Metrics, their intervals, and what is seen."""
    found = seen(samples, a, b, values)
    return {
        "metrics": dict(zip(NAMES, values.mean(axis=0).tolist(), strict=True)),
        "intervals": bounds(values, samples.video),
        "seen": {name: each | {"at_most": most[name]["seen"]} for name, each in found.items()},
    }


def breakdown(samples: Samples, values: np.ndarray) -> dict[str, Any]:
    """The same scores for parts of the samples."""
    middle = (samples.start + samples.end) / 2 / samples.duration
    ways = {
        "window_length": np.searchsorted((5, 10, 30, 60), samples.end - samples.start),
        "video_length": np.searchsorted((30, 60, 180, 600), samples.duration),
        "position": np.minimum(2, (3 * middle).astype(int)),
    }
    found: dict[str, Any] = {}
    for name, of in ways.items():
        parts = np.unique(of).tolist()
        for part in parts if len(parts) > 1 else ():
            rows = of == part
            its, video = values[rows], samples.video[rows]
            found[f"{name} {part}"] = [len(its), len(np.unique(video)), its.mean(axis=0).tolist(), bounds(its, video)]
    return found


def grid_ious(steps: int, start: np.ndarray, end: np.ndarray) -> Any:
    """Yield each window of a grid, with its IoU with all true windows; blocks of them fit into the cache."""
    found = np.empty(len(start))
    for first in range(steps):
        for last in range(first + 1, steps + 1):
            low, high = first / steps, last / steps
            for at in range(0, len(start), BLOCK):
                some = slice(at, at + BLOCK)
                inside = np.minimum(end[some], high)
                inside -= np.maximum(start[some], low)
                np.maximum(inside, 0, out=inside)
                whole = end[some] - start[some]
                whole += high - low
                whole -= inside
                np.divide(inside, whole, out=found[some])
            yield (low, high), found


def best_constant(start: np.ndarray, end: np.ndarray) -> tuple[float, float]:
    """The one window with the highest mean IoU."""
    means = {window: float(ious.mean()) for window, ious in grid_ious(50, start, end)}
    return max(means, key=lambda window: means[window])


def guesses(samples: Samples, queries: pl.Series, most: Any) -> dict[str, Any]:
    """What guesses score that see no frame."""
    start, end = samples.shares
    fixed = {
        "best_constant": best_constant(start, end), "whole_video": (0.0, 1.0),
        "training_mean": (float(start.mean()), float(end.mean())),
    }  # fmt: skip
    n = len(start)
    windows = {name: np.tile(window, (n, 1)) for name, window in fixed.items()}
    ends = np.unique(np.quantile(samples.duration, (0.25, 0.5, 0.75), method="inverted_cdf"))
    bucket = np.searchsorted(ends[ends < samples.duration.max()], samples.duration)
    windows["best_constant_by_duration"] = np.empty((n, 2))
    for number in np.unique(bucket):
        rows = bucket == number
        best = fixed["best_constant"] if rows.all() else best_constant(start[rows], end[rows])
        windows["best_constant_by_duration"][rows] = best
    windows["query_words"] = query_words(samples, queries)
    found: dict[str, Any] = {}
    for name, its in windows.items():
        a, b = its[:, 0] * samples.duration, its[:, 1] * samples.duration
        values = scores(a, b, samples.start, samples.end)
        found[name] = {"window": fixed.get(name), **described(samples, a, b, values, most)}
    return found


def query_words(samples: Samples, queries: pl.Series) -> np.ndarray:
    """The window that fits the words of each query, learnt from the other half of the videos. Returns: (n, 2)."""
    words = pl.DataFrame({"row": np.arange(len(queries)), "word": queries.str.to_lowercase()}).select(
        "row", pl.col("word").str.extract_all(r"\p{L}+")
    ).explode("word").drop_nulls().unique(maintain_order=True)  # fmt: skip
    row, word = words["row"].to_numpy(), words["word"].rank("dense").to_numpy().astype(np.intp) - 1
    del words
    videos = int(samples.video.max()) + 1
    first = np.zeros(videos, dtype=bool)
    first[np.random.default_rng(0).permutation(videos)[: videos // 2]] = True
    inside = first[samples.video]
    start, end = samples.shares
    found = np.empty((len(queries), 2))
    for half in (inside, ~inside):
        place = np.cumsum(half) - 1
        own = half[row]
        overall, gains, grid = _fit(word[own], place[row[own]], start[half], end[half])
        asked = np.flatnonzero(~half)
        sizes = np.bincount((np.cumsum(~half) - 1)[row[~own]], minlength=len(asked))
        which = _ask(word[~own], sizes, overall, gains)
        found[asked] = np.array(grid)[which]
    return found


def _fit(word: np.ndarray, row: np.ndarray, start: np.ndarray, end: np.ndarray) -> Any:
    """Mean IoU of each window, and how much better it does where each word is: (windows,), (words, windows)."""
    count = np.bincount(word)
    sums, total, grid = np.empty((len(count), 325)), np.empty(325), []
    for number, (window, ious) in enumerate(grid_ious(25, start, end)):
        grid.append(window)
        total[number] = ious.mean()
        sums[:, number] = np.bincount(word, ious[row], minlength=len(count))
    its = count[:, None]
    gains = (sums / np.maximum(its, 1) - total) * (its / (its + 100))
    gains[count < 10] = 0.0
    return total, gains, grid


def _ask(word: np.ndarray, sizes: np.ndarray, overall: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """The best window for each query. Args: word: query by query; sizes: number of words of each query."""
    first = np.cumsum(sizes) - sizes
    gains = np.vstack([gains, np.zeros(gains.shape[1])])
    found = np.empty(len(sizes), dtype=np.intp)
    for low in range(0, len(sizes), 1024):
        some = slice(low, low + 1024)
        sums = np.tile(overall, (len(sizes[some]), 1))
        for number in range(int(sizes[some].max())):
            there = sizes[some] > number
            place = np.where(there, first[some] + number, 0)
            known = np.where(there & (word[place] < len(gains)), word[place], len(gains) - 1)
            sums += gains[known]
        found[some] = sums.argmax(axis=1)
    return found
