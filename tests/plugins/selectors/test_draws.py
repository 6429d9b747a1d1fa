"""What the Gaussian selectors draw has the distribution that their sources state: chi-square tests over 20 seeds."""

import numpy as np

from vtgdata.engine.selection import draws
from vtgdata.files import plugins
from vtgdata.files.row_table import FrameRows

N, SIZE, SEEDS = 100_000, 2500, 20
MOST = 2
"""Seeds of 20 that may fail at p = 0.01: three or more happen once in a thousand times."""
LIMITS = {9: 21.67, 12: 26.22}
"""{degrees of freedom: the chi-square value that is exceeded with p = 0.01}."""


def pool(rates):
    import polars as pl

    names = [f"s{i:06}" for i in range(len(rates))]
    frame = pl.DataFrame({"sample_id": names, "measure": "mean_iou", "value": rates, "n": 1, "iou_std": 0.0})
    return FrameRows(frame), dict(zip(names, rates, strict=True))


def failures(name, rates, expected, edges):
    rows, rate_of = pool(rates)
    select = plugins.load("selectors", name).select
    failed = 0
    for seed in range(SEEDS):
        chosen = select([], rows, SIZE, seed)
        assert len(chosen) == len(set(chosen)) == SIZE
        seen, _ = np.histogram([rate_of[each] for each in chosen], edges)
        # Rates beyond the last edge are not compared.
        share = expected / expected.sum() * seen.sum()
        failed += float(((seen - share) ** 2 / share).sum()) > LIMITS[len(expected) - 1]
    return failed


def test_a_gaussian_of_a_flat_pool_is_the_formula():
    rates = (np.arange(N) + 0.5) / N
    edges = np.linspace(0, 1, 11)
    density = np.exp(-((rates - 0.3) ** 2) / (2 * 0.2**2))
    expected = np.histogram(rates, edges, weights=density)[0]
    assert failures("gaussian", rates, expected, edges) <= MOST


def test_a_flattened_gaussian_of_a_skewed_pool_is_the_formula():
    rates = np.random.default_rng(9).beta(1.0, 2.5, N)
    edges = np.linspace(0, 0.65, 14)
    middle = edges[:-1] + 0.025
    density = np.exp(-0.5 * ((rates - 0.05) / 0.2) ** 2)
    # In each bin the weights sum up to the mean of the Gaussian there, whatever the pool has.
    counts = np.histogram(rates, edges)[0]
    expected = np.histogram(rates, edges, weights=density)[0] / counts
    assert np.abs(expected - np.exp(-0.5 * ((middle - 0.05) / 0.2) ** 2)).max() < 0.03
    assert failures("gaussian_flat", rates, expected, edges) <= MOST


def test_shares_are_whole_numbers_that_sum_up():
    assert draws.shared([1, 6, 3], 18) == [2, 11, 5]
    assert draws.filled([1, 1, 1], [2, 100, 100], 30) == [2, 14, 14]
    assert draws.filled([1, 1], [3, 4], 30) == [3, 4]
