"""Rollouts that adaptive pass rates need against fixed numbers, by simulation on known rates.

Pools of 2,000 samples: uniform; U-shaped, as models show on mixed data; Time-R1's released deciles (counts of its
2,500 training rows by IoU); and a mixture of corrupted, informative and trivial samples. A sample is misplaced when its
true rate lies beyond the indifference zone of the place it got. `coin`: values 0 or 1; `iou`: values in between, of
half the samples nearly coins, of the others steady. ABOVE marks a share above the asked one.

    python benchmarks/adaptive.py [FIRST SEED]
"""

import sys

import numpy as np

from vtgdata.engine.adaptive.rule import STEP, ZONE, Rule, fit, judge, more, parse_rule

DECILES = (179, 375, 514, 502, 399, 325, 132, 54, 15, 5)
SAMPLES, REPEATS, MOST = 2000, 5, 64
RULE = parse_rule("iou>=0.5:0.2:0.8:0.05")


def pools(rng):
    """True rates by the name of the pool."""
    tenth = rng.choice(10, SAMPLES, p=np.array(DECILES) / sum(DECILES))
    kind = rng.random(SAMPLES)
    return {
        "uniform": rng.random(SAMPLES),
        "u-shaped": rng.beta(0.3, 0.3, SAMPLES),
        "u-shaped, hard": rng.beta(0.25, 0.75, SAMPLES),
        "time-r1": (tenth + rng.random(SAMPLES)) / 10,
        "mixture": np.where(
            kind < 0.4, rng.beta(0.4, 16, SAMPLES),
            np.where(kind < 0.7, rng.beta(5, 4, SAMPLES), rng.beta(13, 2, SAMPLES)),
        ),
    }  # fmt: skip


def draw(rates, rng, coin):
    """(samples, MOST) values with the given means."""
    shape = (len(rates), MOST)
    if coin:
        return (rng.random(shape) < rates[:, None]).astype(float)
    r = np.clip(rates, 1e-6, 1 - 1e-6)[:, None]
    # Half of the samples nearly coins, half steady: the pool has no one spread.
    firm = np.where(rng.random(len(rates)) < 0.5, 0.5, 5.0)[:, None]
    return rng.beta(firm * r, firm * (1 - r), shape)


def misplaced(places, rates, rule=RULE, zone=ZONE):
    """The share of samples whose true rate is out of its place by more than the zone."""
    wrong = [rates >= rule.low + zone, (rates <= rule.low - zone) | (rates >= rule.high + zone)]
    wrong.append(rates <= rule.high - zone)
    return float(np.mean(np.choose(places, wrong)))


def fixed(values, rates, n):
    """Misplaced share of n answers each, placed by their mean."""
    mean = values[:, :n].mean(axis=1)
    return misplaced(np.where(mean < RULE.low, 0, np.where(mean > RULE.high, 2, 1)), rates)


def adapted(values, rates, error, first=4, most=MOST):
    """(mean rollouts, misplaced share, expected share) of the adaptive rule."""
    rule = Rule(measure="x", low=RULE.low, high=RULE.high, error=error)
    counts = np.full(len(rates), first)
    prior, totals = fit(values[:, :first]), values.cumsum(axis=1)
    while True:
        sums = totals[np.arange(len(rates)), counts - 1]
        places, chances = judge(sums, counts.astype(float), prior, rule)
        ask = more(chances, counts, rule, most)
        if not ask.any():
            return counts.mean(), misplaced(places, rates), chances.mean()
        counts = np.minimum(counts + STEP * ask, most)


def main(first_seed=0):
    """Print the table, of REPEATS pools each."""
    print("pool            values  error asked  got    expected  rollouts | fixed n: error, adaptive rollouts for it")
    for coin in (True, False):
        for name in pools(np.random.default_rng(0)):
            runs, errors = [], {8: [], 16: [], 32: []}
            for seed in range(first_seed, first_seed + REPEATS):
                rng = np.random.default_rng(seed)
                rates = pools(rng)[name]
                values = draw(rates, rng, coin)
                runs.append((rates, values))
                for n, found in errors.items():
                    found.append(fixed(values, rates, n))
            for error in (0.1, 0.05, 0.02):
                got = np.array([adapted(v, r, error) for r, v in runs])
                mark = "" if got[:, 1].mean() <= error else "  ABOVE"
                print(f"{name:15} {'coin' if coin else 'iou':6} {error:11} {got[:, 1].mean():.4f} "
                      f"{got[:, 2].mean():.4f} {got[:, 0].mean():10.1f}{mark}")  # fmt: skip
            for n, found in errors.items():
                target = float(np.mean(found))
                rest = ""
                if target > 0.0005:
                    got = np.array([adapted(v, r, target) for r, v in runs])
                    rest = f"adaptive for {target:.4f}: {got[:, 0].mean():.1f} rollouts, error {got[:, 1].mean():.4f}"
                print(f"{name:15} {'coin' if coin else 'iou':6} fixed n={n:2}  {target:.4f}  {rest}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
