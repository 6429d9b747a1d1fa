"""Rollouts that remembered difficulty saves at equal error, by simulation: pools of `adaptive.py`, coins, error 0.05.

The earlier checkpoint answered 8 times; its log odds differ from those of the student by a shift of 0.4 and by a drift
of 0.3 or 0.8 from sample to sample; `none` has the earlier rates of other samples, which say nothing.

    python benchmarks/remembered.py [POOLS OF EACH KIND]
"""

import sys

import numpy as np
from adaptive import draw, misplaced, pools

from vtgdata.engine.adaptive import remembered
from vtgdata.engine.adaptive.rule import STEP, Prior, fit, judge, more, parse_rule

RULE = parse_rule("iou>=0.5:0.2:0.8:0.05")
FIRST, MOST = 4, 64


def asked(values, rates, facts, seed):
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
        again = more(chances, counts, RULE, MOST)
        if not again.any():
            return counts.mean(), misplaced(places, rates), helps
        counts = np.where(again, np.minimum(np.maximum(counts + STEP, FIRST), MOST), counts)


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


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
