"""The share of samples that adaptive pass rates, and then each selector, put on the wrong side of an edge.

Pools of `adaptive.py` with known rates, coins, asked for at most 5 % misplaced, from 4 answers to 64. Beside the rule's
own share stand those of the selectors that go by edges, each as it chooses from rows as `score-difficulty` writes them:
a sample is misplaced when it was taken though its true rate lies beyond the indifference zone of what the selector
says it takes, or left out though it lies in it by more than the zone. The limit is the asked share and one per cent.

    python benchmarks/misplaced.py [DRAWS OF EACH PAIR, 200] [POOL...]
"""

import sys
import time

import numpy as np
import polars as pl
from adaptive import MOST, draw, misplaced, pools

from vtgdata.engine.adaptive.rule import PLACES, STEP, ZONE, Rule, fit, judge, more
from vtgdata.files import plugins
from vtgdata.files.row_table import FrameRows

BANDS = ((0.2, 0.8), (0.1, 0.6), (0.3, 0.5))
ERROR, FIRST, LIMIT = 0.05, 4, 0.06
POOLS = ("uniform", "u-shaped", "u-shaped, hard", "time-r1")


def judged(sums, counts, prior, rule):
    """What `judge` says, asked once for all samples with as many passes of as many coins."""
    _, first, at = np.unique(sums * (MOST + 1) + counts, return_index=True, return_inverse=True)
    places, chances = judge(sums[first], counts[first], prior, rule)
    return places[at], chances[at]


def decided(values, prior, rule):
    """(rows as score-difficulty writes them, place of each, answers of each) by the adaptive rule."""
    n = len(values)
    counts, totals = np.full(n, FIRST), values.cumsum(axis=1)
    while True:
        sums = totals[np.arange(n), counts - 1]
        places, chances = judged(sums, counts.astype(float), prior, rule)
        ask = more(chances, counts, rule, MOST)
        if not ask.any():
            break
        counts = np.minimum(counts + STEP * ask, MOST)
    mean = (prior.a + prior.weight * sums) / (prior.a + prior.b + prior.weight * counts)
    rates = pl.DataFrame(
        {
            "sample_id": [f"s{i:05}" for i in range(n)], "measure": "iou>=0.5", "value": sums / counts, "n": counts,
            "value_std": np.zeros(n), "place": np.array(PLACES)[places].tolist(), "place_low": rule.low,
            "place_high": rule.high, "posterior_mean": mean,
        }
    )  # fmt: skip
    return rates, places, counts


def taken(name, rates, **settings):
    """(n,) whether a selector takes each sample, when it may take all."""
    chosen = plugins.load("selectors", name).select([], FrameRows(rates), 10**9, 1, **settings)
    return rates["sample_id"].is_in(chosen).to_numpy()


def wrong(took, rates, low, high):
    """The share misplaced by a selector that says it takes rates in [low, high]; 0 and 1 are no edges."""
    over = rates >= high + ZONE if high < 1 else np.zeros(len(rates), dtype=bool)
    under = rates <= low - ZONE if low > 0 else np.zeros(len(rates), dtype=bool)
    inside = (rates > low + ZONE if low > 0 else rates >= 0) & (rates < high - ZONE if high < 1 else rates <= 1)
    return float(np.mean(np.where(took, over | under, inside)))


def of_band(values, prior, rates, low, high):
    """{who: share misplaced} for a rule with two edges."""
    rule = Rule(measure="iou>=0.5", low=low, high=high, error=ERROR)
    rows, places, counts = decided(values, prior, rule)
    # RITA's rule and Time-R1's cut leave out what nothing solved: those are no samples of theirs.
    solved = rows["value"].to_numpy() > 0
    found = {"answers": counts.mean(), "rule": misplaced(places, rates, rule)}
    for name in ("band", "easy_to_hard"):
        found[name] = wrong(taken(name, rows, low=low, high=high), rates, low, high)
    buckets = [(0.0, low), (low, high), (high, 1.0)]
    for place, (start, end) in enumerate(buckets):
        shares = dict(zip(("hard", "medium", "easy"), np.eye(3)[place].tolist(), strict=True))
        took = taken("bucket_ratio", rows, low=low, high=high, **shares)
        found[f"bucket_ratio {place}"] = wrong(took[solved], rates[solved], start, end)
    for own, (start, end) in (("anchors", (high, 1.0)), ("frontiers", (0.0, low))):
        shares = {"anchors": 0.0, "frontiers": 0.0} | {own: 1.0}
        found[f"anchor_frontier {own}"] = wrong(
            taken("anchor_frontier", rows, anchor=high, frontier=low, **shares), rates, start, end
        )
    return found


def of_cut(values, prior, rates, high):
    """The share misplaced by Time-R1's cut, whose rule has one edge."""
    rows, _, _ = decided(values, prior, Rule(measure="iou>=0.5", low=0.0, high=high, error=ERROR))
    solved = rows["value"].to_numpy() > 0
    return wrong(taken("upper_cut", rows, high=high)[solved], rates[solved], 0.0, high)


def main(draws=200, *names):
    """Print a line for each pool and band, and the worst share of all."""
    worst, above = 0.0, 0
    for name in names or POOLS:
        priors = {}
        for low, high in BANDS:
            begun, found = time.monotonic(), {}
            for seed in range(draws):
                rng = np.random.default_rng(seed)
                rates = pools(rng)[name]
                values = draw(rates, rng, coin=True)
                if seed not in priors:
                    priors[seed] = fit(values[:, :FIRST])
                shares = of_band(values, priors[seed], rates, low, high)
                shares["upper_cut"] = of_cut(values, priors[seed], rates, high)
                for who, share in shares.items():
                    found.setdefault(who, []).append(share)
            means = {who: float(np.mean(each)) for who, each in found.items()}
            answers = means.pop("answers")
            who = max(means, key=means.get)
            worst, above = max(worst, means[who]), above + sum(share > LIMIT for share in means.values())
            told = ", ".join(f"{each} {share:.4f}" for each, share in means.items())
            error, spent = np.std(found[who]) / draws**0.5, time.monotonic() - begun
            print(f"{name:15} {low}-{high}: {answers:4.1f} answers; {told}; worst {who} {means[who]:.4f} "
                  f"+- {error:.4f} ({spent:.0f} s)", flush=True)  # fmt: skip
    print(f"worst {worst:.4f}; {above} above {LIMIT}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]), *sys.argv[2:])
