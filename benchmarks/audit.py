"""The label audit on published answers with planted errors: P(wrong) against the pass rate alone.

    VTGDATA_TEST_DATA=FOLDER python benchmarks/audit.py [DRAWS]

QVHighlights val, with the four published prediction files as rollouts (each system's five best windows). Of the labels
10 and 30 % are moved, exchanged with another query's of the source, or both ends moved by 2 to 10 s. For each draw: AUC
of wrong labels, precision among as many as are wrong, the mean over draws, and an interval by source over all draws;
then calibration of P(wrong) in five bins, twice. First only planted errors count as wrong, though published labels
have wrong ones of their own. Then a published label counts as wrong by the chance that the audit of the file as it was
published gives it, which nobody has checked: where all truths are known, see benchmarks/coldstart.py.
"""

import os
import sys
from pathlib import Path

import numpy as np

from vtgdata.metrics import label_noise
from vtgdata.metrics.label_noise import Pool
from vtgdata.metrics.predictions.join import join
from vtgdata.metrics.predictions.read import read_predictions
from vtgdata.metrics.window_table import tiou_array

BEST = 5
"""Windows of each system."""
KINDS = ("moved", "exchanged", "jittered")
ROUNDS = 300
"""Resamplings of sources for an interval."""


def pool_of(data: Path) -> Pool:
    """The published answers to QVHighlights val."""
    from vtgdata.annotations.normalise import normalise
    from vtgdata.files import plugins
    from vtgdata.records import Sample

    corpus = plugins.load("corpora", "qvhighlights")
    rows = corpus.read([data / "corpora/qvhighlights/highlight_val_release.jsonl"], None)
    samples = [each for each in normalise(rows, corpus.CORPUS) if isinstance(each, Sample)]
    files = sorted((data / "predictions").glob("*/*/*.jsonl"))
    found = [join(read_predictions(str(path)), samples).found for path in files]
    answers = np.full((len(samples), BEST * len(files), 2), np.nan)
    labels = np.full((len(samples), max(len(sample.windows) for sample in samples), 2), np.nan)
    for row, sample in enumerate(samples):
        for place, each in enumerate(found):
            windows = (each[sample.sample_id].windows or [])[:BEST] if sample.sample_id in each else []
            for rank, (start, end, *_) in enumerate(windows):
                answers[row, place * BEST + rank] = (start, end) if start < end else np.nan
        labels[row, : len(sample.windows)] = [(window.start, window.end) for window in sample.windows]
    sources = {source: number for number, source in enumerate(sorted({sample.video.source for sample in samples}))}
    return Pool(
        answers, np.ones((len(samples), BEST * len(files)), dtype=bool), labels,
        np.array([sample.video.duration or 150.0 for sample in samples]),
        np.array([sources[sample.video.source] for sample in samples]),
    )  # fmt: skip


def planted(pool: Pool, share: float, rng: np.random.Generator) -> tuple[Pool, np.ndarray, np.ndarray]:
    """The pool with wrong labels; which they are (n,), and their kind."""
    n = len(pool.asked)
    wrong = np.zeros(n, dtype=bool)
    wrong[rng.permutation(n)[: round(share * n)]] = True
    kind, labels = rng.integers(0, 3, n), pool.labels.copy()
    for row in np.flatnonzero(wrong).tolist():
        own = pool.labels[row][~np.isnan(pool.labels[row][:, 0])]
        for _ in range(50):
            new = _other(pool, row, own, int(kind[row]), rng)
            if len(new) and tiou_array(new[:, None], own[None]).max() < 0.9:
                break
        labels[row] = np.nan
        labels[row, : len(new)] = new
    return pool._replace(labels=labels), wrong, kind


def _other(pool: Pool, row: int, own: np.ndarray, kind: int, rng: np.random.Generator) -> np.ndarray:
    duration = pool.duration[row]
    if kind == 0:
        long = own[:, 1].max() - own[:, 0].min()
        return own - own[:, 0].min() + rng.uniform(0, max(duration - long, 1e-3))
    if kind == 1:
        same = np.flatnonzero((pool.source == pool.source[row]) & (np.arange(len(pool.source)) != row))
        other = int(rng.choice(same)) if len(same) else int(rng.integers(len(pool.source)))
        found = pool.labels[other]
        return found[~np.isnan(found[:, 0])]
    moved = own + rng.uniform(2, 10, own.shape) * rng.choice([-1.0, 1.0], own.shape)
    moved = np.clip(np.sort(moved, axis=1), 0, duration)
    return moved[moved[:, 1] - moved[:, 0] >= 1]


def auc(score: np.ndarray, wrong: np.ndarray) -> float:
    """Chance that a wrong label has a higher score than a right one; ties count half."""
    values, place = np.unique(score, return_inverse=True)
    counts = np.bincount(place, minlength=len(values))
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    n = int(wrong.sum())
    return float((ranks[wrong].sum() - n * (n + 1) / 2) / (n * (len(wrong) - n)))


def precision(score: np.ndarray, wrong: np.ndarray) -> float:
    """Share of wrong labels among as many as are wrong; ties in the order of the rows."""
    return float(wrong[np.argsort(-score, kind="stable")[: int(wrong.sum())]].mean())


def main() -> None:
    """Print the table."""
    data, draws = Path(os.environ["VTGDATA_TEST_DATA"]), int(sys.argv[1]) if len(sys.argv) > 1 else 5
    pool = pool_of(data)
    print(f"QVHighlights val: {len(pool.asked):,} samples, {len(set(pool.source.tolist())):,} sources, "
          f"{pool.answers.shape[1]} windows each; {draws} draws")  # fmt: skip
    own = label_noise.judge(pool)
    print(f"as published: estimated share of wrong labels {own.share:.3f}")
    for share in (0.1, 0.3):
        rows = [_one(pool, share, seed) for seed in range(draws)]
        tell(share, pool, rows)
        calibration([(row[0], np.where(row[2], 1.0, own.wrong)) for row in rows], "own errors counted")


def _one(pool: Pool, share: float, seed: int) -> tuple[np.ndarray, ...]:
    made, wrong, kind = planted(pool, share, np.random.default_rng([seed, 17]))
    found = label_noise.judge(made, seed=seed)
    return found.wrong, 1.0 - found.passed, wrong, kind, np.array(found.share), found.order


def tell(share: float, pool: Pool, rows: list[tuple[np.ndarray, ...]]) -> None:
    """Print what was found with one share of wrong labels."""
    print(f"\n{share:.0%} wrong; estimated share {', '.join(f'{float(row[4]):.3f}' for row in rows)}")
    rng = np.random.default_rng(0)
    members = [np.flatnonzero(pool.source == source) for source in range(int(pool.source.max()) + 1)]
    for name, measure in (("AUC", auc), ("precision at k", precision)):
        both = [[measure(row[way], row[2]) for row in rows] for way in (0, 1)]
        gains = []
        for _ in range(ROUNDS):
            chosen = np.concatenate([members[i] for i in rng.integers(0, len(members), len(members)).tolist()])
            gains.append([[measure(row[way][chosen], row[2][chosen]) for row in rows] for way in (0, 1)])
        of = np.array(gains).mean(axis=2)
        lows, highs = np.quantile(of, [0.025, 0.975], axis=0)
        low, high = np.quantile(of[:, 0] - of[:, 1], [0.025, 0.975])
        ours, theirs = np.mean(both[0]), np.mean(both[1])
        print(f"{name:15} P(wrong) {ours:.3f} [{lows[0]:.3f}, {highs[0]:.3f}]   pass rate {theirs:.3f} [{lows[1]:.3f}, "
              f"{highs[1]:.3f}]   difference {ours - theirs:+.3f} [{low:+.3f}, {high:+.3f}]")  # fmt: skip
    for number, kind in enumerate(KINDS):
        values = [
            [auc(row[way][~row[2] | (row[3] == number)], row[2][~row[2] | (row[3] == number)]) for way in (0, 1)]
            for row in rows
        ]
        ours, theirs = np.mean(np.array(values), axis=0)
        print(f"  AUC, {kind:10} P(wrong) {ours:.3f}   pass rate {theirs:.3f}")
    calibration([(row[0], row[2]) for row in rows])


def calibration(rows: list[tuple[np.ndarray, np.ndarray]], counted: str = "") -> None:
    """Print what P(wrong) said in five bins, and the share that was wrong. Args: rows: P(wrong), and whether."""
    chance, wrong = (np.concatenate(each) for each in zip(*rows, strict=True))
    print(f"  calibration{f', {counted}' if counted else ''}: P(wrong) said, share that was wrong, labels")
    for low in np.arange(5) / 5:
        here = (chance >= low) & (chance < low + 0.2 + (low == 0.8))
        if here.any():
            print(f"    {chance[here].mean():.3f}  {wrong[here].mean():.3f}  {int(here.sum()):,}")


if __name__ == "__main__":
    main()
