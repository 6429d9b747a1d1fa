"""Rollouts that remembered difficulty saves at equal error, by simulation: pools of `adaptive.py`, coins, error 0.05.

The earlier checkpoint answered 8 times; its log odds differ from those of the student by a shift of 0.4 and by a drift
of 0.3 or 0.8 from sample to sample; `none` has the earlier rates of other samples, which say nothing.

    python benchmarks/remembered.py [POOLS OF EACH KIND]
    python benchmarks/remembered.py SAMPLES.parquet FOLDER FOLDER...

The second form is on real checkpoints: folders of score-difficulty, the earliest first, on the same samples and with
many answers to each (64, say; `--n 64`). The first 8 answers of an earlier one are remembered, with what the command
knows of samples beside them. Of the later one's answers, put in another order 20 times, one half is asked for as the
rule goes on, and the mean of the other half is taken as the true rate: its own error counts as misplaced in both ways.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
from adaptive import draw, misplaced, pools

from vtgdata.engine.adaptive import remembered
from vtgdata.engine.adaptive.rule import STEP, Prior, fit, judge, more, parse_rule
from vtgdata.engine.selection.earlier import facts_of
from vtgdata.files.samples import open_samples

RULE = parse_rule("iou>=0.5:0.2:0.8:0.05")
FIRST, MOST = 4, 64
REMEMBERED, ORDERS = 8, 20


def asked(values, rates, facts, seed, most=MOST):
    """(mean rollouts, misplaced share, whether the earlier answers were used); facts None asks without them."""
    n = len(rates)
    totals, counts, prior, helps = values.cumsum(axis=1), np.full(n, FIRST), None, False
    if facts is not None:
        probe = remembered.probe_of(n, seed)
        fresh = values[probe, :FIRST]
        learnt = remembered.learn(facts[probe], fresh.mean(1), fresh.std(1), np.full(len(probe), float(FIRST)))
        helps = learnt.helps
        if helps:
            counts[:] = 1
            counts[probe] = FIRST
            prior = Prior(*remembered.priors(learnt, facts), learnt.weight)
    prior = prior or fit(values[:, :FIRST])
    while True:
        places, chances = judge(totals[np.arange(n), counts - 1], counts.astype(float), prior, RULE)
        again = more(chances, counts, RULE, most)
        if not again.any():
            return counts.mean(), misplaced(places, rates), helps
        counts = np.where(again, np.minimum(np.maximum(counts + STEP, FIRST), most), counts)


def main(repeats=4):
    """Print the table."""
    for name in ("uniform", "u-shaped", "u-shaped, hard", "time-r1"):
        for drift in (0.3, 0.8, None):
            runs = {True: [], False: []}
            for seed in range(repeats):
                rng = np.random.default_rng(seed)
                rates = np.clip(pools(rng)[name], 1e-4, 1 - 1e-4)
                odds = np.log(rates / (1 - rates)) - 0.4
                old = (
                    rng.permutation(rates)
                    if drift is None
                    else 1 / (1 + np.exp(-odds - rng.normal(0, drift, len(rates))))
                )
                before = draw(old, rng, True)[:, :8].mean(axis=1)
                facts = remembered.standardised([remembered.logit(before, np.full(len(before), 8.0))])
                values = draw(rates, rng, True)
                for use, found in runs.items():
                    found.append(asked(values, rates, facts if use else None, seed))
            plain, helped = (np.mean(np.array(runs[use], dtype=float), axis=0) for use in (False, True))
            print(f"{name:15} drift {drift or 'none':4} without {plain[0]:5.1f} rollouts, error {plain[1]:.3f}; with "
                  f"{helped[0]:5.1f}, error {helped[1]:.3f}; used in {helped[2]:.2f} of the runs")  # fmt: skip


def coins(folder, ids):
    """(samples, answers) whether each stored answer reaches IoU 0.5, in the order of the ids."""
    rows = pl.read_parquet(Path(folder) / "pass_rates.parquet").filter(pl.col("measure") == "mean_iou")
    ious = dict(rows.select("sample_id", "ious").iter_rows())
    fewest = min(len(ious[name]) for name in ids)
    return np.array([ious[name][:fewest] for name in ids]) >= 0.5


def checkpoints(path, *folders):
    """Print a line for each pair of checkpoints: answers and misplaced share without the earlier one, and with it."""
    known = set.intersection(
        *(set(pl.read_parquet(Path(each) / "pass_rates.parquet")["sample_id"]) for each in folders)
    )
    table = open_samples(path, look=False)
    table = table.masked(table.frame["sample_id"].cast(pl.String).is_in(sorted(known)))
    ids = table.frame["sample_id"].cast(pl.String).to_list()
    pairs = [(one, other) for at, one in enumerate(folders) for other in folders[at + 1 :]]
    for earlier, later in pairs:
        before, values = coins(earlier, ids), coins(later, ids).astype(float)
        facts = remembered_facts(table, ids, before[:, :REMEMBERED])
        half = values.shape[1] // 2
        runs = {True: [], False: []}
        for seed in range(ORDERS):
            mixed = np.random.default_rng(seed).permuted(values, axis=1)
            for use, found in runs.items():
                found.append(asked(mixed[:, :half], mixed[:, half:].mean(1), facts if use else None, seed, half))
        plain, helped = (np.array(runs[use], dtype=float) for use in (False, True))
        apart = before.mean(1) - values.mean(1)
        difference = helped[:, 1] - plain[:, 1]
        correlation = np.corrcoef(before.mean(1), values.mean(1))[0, 1]
        print(f"{Path(earlier).name} -> {Path(later).name}: {len(ids)} samples, rates {before.mean():.3f} -> "
              f"{values.mean():.3f} (correlation {correlation:.3f}, mean change {np.abs(apart).mean():.3f}); without "
              f"{plain[:, 0].mean():.1f} answers, error {plain[:, 1].mean():.3f}; with {helped[:, 0].mean():.1f}, "
              f"error {helped[:, 1].mean():.3f} (difference {difference.mean():+.4f} +- "
              f"{difference.std() / ORDERS**0.5:.4f}); used in {helped[:, 2].mean():.2f} of the runs")  # fmt: skip


def remembered_facts(table, ids, before):
    """What score-difficulty --prior makes of an earlier checkpoint's answers and of the samples."""
    count = before.shape[1]
    rows = {"sample_id": ids, "measure": RULE.measure, "value": before.mean(1), "n": count}
    with tempfile.TemporaryDirectory() as folder:
        pl.DataFrame(rows).write_parquet(f"{folder}/pass_rates.parquet")
        return facts_of(table, [f"{folder}/pass_rates.parquet"], RULE.measure)


if __name__ == "__main__":
    if sys.argv[1:] and not sys.argv[1].isdecimal():
        checkpoints(*sys.argv[1:])
    else:
        main(*map(int, sys.argv[1:]))
