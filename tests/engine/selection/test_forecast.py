"""The expected share of groups without a gradient, from 8 stored answers, against the true one."""

import math

import numpy as np
import polars as pl
import pytest

from vtgdata.engine.adaptive.posteriors import log_gamma
from vtgdata.engine.selection import forecast
from vtgdata.files.row_table import FrameRows

N, GROUP = 3000, 8
POOLS = {
    "uniform": lambda rng: rng.random(N),
    "u-shaped": lambda rng: rng.beta(0.5, 0.5, N),
    "hard": lambda rng: rng.beta(0.3, 0.9, N),
    "three kinds": lambda rng: rng.choice([0.02, 0.5, 0.97], N, p=[0.4, 0.3, 0.3]),
}


@pytest.mark.parametrize("name", POOLS)
def test_it_is_within_three_hundredths_of_the_true_share_where_frequencies_put_in_are_not(name):
    rng = np.random.default_rng(1)
    rates = POOLS[name](rng)
    passes, counts = rng.binomial(8, rates).astype(float), np.full(N, 8.0)
    dead = forecast.all_alike(passes, counts, GROUP) + forecast.all_alike(counts - passes, counts, GROUP)
    true = rates**GROUP + (1 - rates) ** GROUP
    band = (passes / 8 > 0.2) & (passes / 8 < 0.8)
    assert abs(dead.mean() - true.mean()) < 0.03 and abs(dead[band].mean() - true[band].mean()) < 0.03
    plain = (passes / 8) ** GROUP + (1 - passes / 8) ** GROUP
    assert plain.mean() - true.mean() > 0.04


def test_a_group_is_alike_when_all_miss_in_one_form_or_all_hit_with_one_iou():
    def shares(ious, unread):
        rows = {
            "sample_id": [f"s{i}" for i in range(40)],
            "measure": "mean_iou",
            "ious": [ious] * 40,
            "n_unparsed": unread,
        }
        return forecast.without_gradient(FrameRows(pl.DataFrame(rows)), GROUP, "mean_iou")["dead"].mean()

    assert shares([0.0] * 8, 0) > 0.9 and shares([0.7] * 8, 0) > 0.9
    # Half of the misses cannot be read: their form is another reward.
    assert shares([0.0] * 8, 4) < 0.1
    assert shares([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], 0) < 0.02


def test_one_answer_says_nothing_of_a_spread():
    rows = pl.DataFrame({"sample_id": ["s"], "measure": "mean_iou", "ious": [[0.5]], "n_unparsed": 0})
    assert forecast.without_gradient(FrameRows(rows), GROUP, "mean_iou").is_empty()


def test_the_gamma_function_is_that_of_the_library():
    x = np.array([1e-3, 0.5, 1.0, 7.25, 400.0])
    assert log_gamma(x) == pytest.approx([math.lgamma(each) for each in x], abs=1e-9)
