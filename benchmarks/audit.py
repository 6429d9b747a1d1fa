"""The label audit on published answers with planted errors: P(wrong) against the pass rate alone.

    VTGDATA_TEST_DATA=FOLDER python benchmarks/audit.py [DRAWS] [FIRST]

QVHighlights val, with the four published prediction files as rollouts (each system's five best windows). Of the labels
10 and 30 % are moved, exchanged with another query's of the source, or both ends moved by 2 to 10 s. For each draw: AUC
of wrong labels, precision among as many as are wrong, the mean over draws, and an interval by source over all draws;
then calibration of P(wrong) in five bins, once as it would be if answers never erred together, and once as it is. Only
planted errors count as wrong, though published labels may have wrong ones of their own, so that what was wrong is a
lower bound. How many these are, two views say: the audit of the file as it was published, and its three raters, who
scored each clip of the label from 0 to 4 by how well it shows the query, and know nothing of the answers. Where all
truths are known, see benchmarks/coldstart.py.

Last, QUEUE labels are decided as in `vtgdata review`, one in ten of them drawn at random, and P(wrong) of all others is
told before and after the decisions corrected it. The draws are numbered from FIRST (0): the model of errors that
answers share was chosen on 0 to 2, with 10 and 30 %.
"""

import itertools
import os
import sys
from pathlib import Path

import numpy as np

from vtgdata.metrics import label_noise, recalibration
from vtgdata.metrics.label_noise import Found, Pool
from vtgdata.metrics.predictions.join import join
from vtgdata.metrics.predictions.read import read_predictions
from vtgdata.metrics.window_table import tiou_array

BEST = 5
"""Windows of each system."""
KINDS = ("moved", "exchanged", "jittered")
QUEUE, RANDOM = 200, 20
"""Labels that are decided, and how many of them are drawn at random."""
GROUPS = (0.0, 0.02, 0.1, 1.0)
"""Shares of the published labels, those of highest P(wrong) first, of which the raters' scores are told."""
ROUNDS = 300
"""Resamplings of sources for an interval."""


def pool_of(data: Path) -> tuple[Pool, np.ndarray]:
    """The published answers to QVHighlights val; and (n,) mean scores that raters gave the clips of each label."""
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
    scores = np.array([np.mean(sample.extra["saliency_scores"]) for sample in samples])
    pool = Pool(
        answers, np.ones((len(samples), BEST * len(files)), dtype=bool), labels,
        np.array([sample.video.duration or 150.0 for sample in samples]),
        np.array([sources[sample.video.source] for sample in samples]),
    )  # fmt: skip
    return pool, scores


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
    given = [int(text) for text in sys.argv[1:3]]
    data, draws, first = Path(os.environ["VTGDATA_TEST_DATA"]), (*given, 5)[0], (*given[1:], 0)[0]
    pool, scores = pool_of(data)
    print(f"QVHighlights val: {len(pool.asked):,} samples, {len(set(pool.source.tolist())):,} sources, "
          f"{pool.answers.shape[1]} windows each; {draws} draws")  # fmt: skip
    own = label_noise.judge(pool)
    print(f"as published: {_told(own)}")
    _raters(own, scores)
    for share in (0.1, 0.3):
        tell(share, pool, [_one(pool, share, seed) for seed in range(first, first + draws)])


def _told(found: Found) -> str:
    """The share of wrong labels as estimated, with its interval, and how far systems err together."""
    share = f"{found.wrong.mean():.3f} [{found.lowest.mean():.3f}, {found.highest.mean():.3f}]"
    return f"share of wrong labels {share}, {found.shared.voters} voters as {found.shared.independent:.1f} independent"


def _raters(own: Found, scores: np.ndarray) -> None:
    """Print what raters said of the published labels that answers speak most against, and of the others."""
    order = np.argsort(-own.order, kind="stable")
    for low, high in itertools.pairwise(GROUPS):
        here = order[round(low * len(order)) : round(high * len(order))]
        error = scores[here].std(ddof=1) / len(here) ** 0.5
        print(f"  {low:4.0%} to {high:4.0%} by P(wrong), said {own.wrong[here].mean():.3f}, without shared errors "
              f"{own.highest[here].mean():.3f}: raters' mean {scores[here].mean():.2f} +- {1.96 * error:.2f}, below 2 "
              f"in {(scores[here] < 2).mean():.3f} of {len(here):,}")  # fmt: skip


def _one(pool: Pool, share: float, seed: int) -> tuple[np.ndarray, ...]:
    made, wrong, kind = planted(pool, share, np.random.default_rng([seed, 17]))
    found = label_noise.judge(made, seed=seed)
    return found.wrong, 1.0 - found.passed, wrong, kind, found, *_decided(made, found, wrong, seed)


def _decided(pool: Pool, found: Found, wrong: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(n,) P(wrong) corrected by a queue's decisions, and (n,) which labels nobody decided."""
    order = np.argsort(-found.order, kind="stable")
    rest = order[QUEUE - RANDOM :]
    places = np.r_[order[: QUEUE - RANDOM], np.random.default_rng([seed, 23]).permutation(rest)[:RANDOM]]
    correction = recalibration.fit(found.wrong[places], wrong[places])
    left = np.ones(len(wrong), dtype=bool)
    left[places] = False
    return correction.of(found.wrong)[0], left


def tell(share: float, pool: Pool, rows: list[tuple[np.ndarray, ...]]) -> None:
    """Print what was found with one share of wrong labels."""
    print(f"\n{share:.0%} wrong")
    for row in rows:
        print(f"  {_told(row[4])}")
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
    calibration([(row[4].highest, row[2], pool.source) for row in rows], "if answers never erred together")
    calibration([(row[0], row[2], pool.source) for row in rows])
    for way, name in ((0, "before"), (5, "after")):
        left = [(row[way][row[6]], row[2][row[6]], pool.source[row[6]]) for row in rows]
        calibration(left, f"undecided labels {name} {QUEUE} decisions a draw")


def calibration(rows: list[tuple[np.ndarray, np.ndarray, np.ndarray]], which: str = "") -> None:
    """Print what P(wrong) said in five bins, and the share that was wrong.

    Args: rows: (n,) each, P(wrong), whether, and the number of the source, by which the share's interval is drawn.
    """
    chance, wrong, source = (np.concatenate(each) for each in zip(*rows, strict=True))
    place = np.minimum((chance * 5).astype(int), 4)
    gaps = [abs(chance[place == bin_].mean() - wrong[place == bin_].mean()) * (place == bin_).mean()
            for bin_ in np.unique(place).tolist()]  # fmt: skip
    print(f"  calibration{f', {which}' if which else ''}: P(wrong) said, share that was wrong, labels; mean gap "
          f"{sum(gaps):.3f}")  # fmt: skip
    for bin_ in np.unique(place).tolist():
        here = place == bin_
        low, high = _by_source(wrong[here], source[here])
        print(f"    {chance[here].mean():.3f}  {wrong[here].mean():.3f} [{low:.3f}, {high:.3f}]  {int(here.sum()):,}")


def _by_source(wrong: np.ndarray, source: np.ndarray) -> tuple[float, float]:
    """95 % interval of a share, by resampling sources."""
    _, number = np.unique(source, return_inverse=True)
    count, total = np.bincount(number, weights=wrong), np.bincount(number)
    drawn = np.random.default_rng(0).integers(0, len(total), (ROUNDS, len(total)))
    low, high = np.quantile(count[drawn].sum(axis=1) / total[drawn].sum(axis=1), [0.025, 0.975])
    return float(low), float(high)


if __name__ == "__main__":
    main()
