"""The stated share of misplaced samples holds in what selectors choose, where --adaptive decided between their edges.

A sample is misplaced when its true rate lies beyond the indifference zone on the other side of an edge.
"""

import numpy as np
import pytest

from vtgdata.engine.adaptive.rule import PLACES, STEP, ZONE, Rule, fit, judge, more
from vtgdata.files import plugins
from vtgdata.files.row_table import FrameRows

ERROR, FIRST, MOST = 0.05, 4, 64
DECILES = (179, 375, 514, 502, 399, 325, 132, 54, 15, 5)
BANDS = [(0.2, 0.8), (0.3, 0.6), (0.0, 0.7)]


def true_rates(pool, rng, n):
    if pool == "time-r1":
        return (rng.choice(10, n, p=np.array(DECILES) / sum(DECILES)) + rng.random(n)) / 10
    return {
        "uniform": rng.random,
        "u-shaped": lambda n: rng.beta(0.3, 0.3, n),
        "hard": lambda n: rng.beta(0.25, 0.75, n),
    }[pool](n)


def decided(rates, rng, low, high):
    """Rows of pass rates as the adaptive rule leaves them."""
    import polars as pl

    rule = Rule(measure="iou>=0.5", low=low, high=high, error=ERROR)
    n = len(rates)
    totals = (rng.random((n, MOST)) < rates[:, None]).astype(float).cumsum(axis=1)
    counts = np.full(n, FIRST)
    prior = fit(list(np.diff(totals[:, :FIRST], axis=1, prepend=0)))
    while True:
        sums = totals[np.arange(n), counts - 1]
        places, chances = judge(sums, counts.astype(float), prior, rule)
        ask = more(chances, counts, rule, MOST)
        if not ask.any():
            break
        counts = np.minimum(counts + STEP * ask, MOST)
    frame = pl.DataFrame(
        {
            "sample_id": [f"s{i:05}" for i in range(n)], "measure": "iou>=0.5", "value": sums / counts, "n": counts,
            "place": [PLACES[place] for place in places.tolist()], "place_low": low, "place_high": high,
            "posterior_mean": (prior.a + sums) / (prior.a + prior.b + counts),
        }
    )  # fmt: skip
    return FrameRows(frame), dict(zip(frame["sample_id"].to_list(), rates.tolist(), strict=True))


def misplaced(name, rows, rate_of, low, high):
    """Share of the pool that a selector takes although it lies outside, or leaves although it lies inside."""
    settings = {"band": {"low": low, "high": high}, "upper_cut": {"high": high}}.get(name, {"low": low, "high": high})
    if name == "bucket_ratio":
        settings |= {"hard": 0.0, "medium": 1.0, "easy": 0.0}
    chosen = set(plugins.load("selectors", name).select([], rows, len(rate_of), 1, **settings))
    wrong = 0
    for sample, rate in rate_of.items():
        outside = (low > 0 and rate <= low - ZONE) or rate >= high + ZONE
        inside = (low == 0 or rate >= low + ZONE) and rate <= high - ZONE
        wrong += outside if sample in chosen else inside and not (name != "band" and missed(rows, sample))
    return wrong / len(rate_of)


def missed(rows, sample):
    """Whether no answer passed: upper_cut and bucket_ratio drop such samples whatever their place."""
    return zero(rows)[sample] == 0


def zero(rows, cache={}):  # noqa: B006
    if id(rows) not in cache:
        cache.clear()
        cache[id(rows)] = dict(rows.frame.select("sample_id", "value").iter_rows())
    return cache[id(rows)]


def mean_misplaced(pool, band, draws, n):
    low, high = band
    names = ["band", "bucket_ratio", "easy_to_hard", *(["upper_cut"] if low == 0 else [])]
    found = {name: [] for name in names}
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        rows, rate_of = decided(true_rates(pool, rng, n), rng, low, high)
        for name in names:
            found[name].append(misplaced(name, rows, rate_of, low, high))
    return {name: float(np.mean(shares)) for name, shares in found.items()}


def test_no_more_are_misplaced_than_was_said():
    for band in BANDS[::2]:
        assert all(share <= ERROR + 0.01 for share in mean_misplaced("time-r1", band, 2, 300).values())


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("band", BANDS)
@pytest.mark.parametrize("pool", ["uniform", "u-shaped", "hard", "time-r1"])
def test_no_more_are_misplaced_than_was_said_in_200_draws(pool, band):
    found = mean_misplaced(pool, band, 200, 250)
    assert all(share <= ERROR + 0.01 for share in found.values()), found
