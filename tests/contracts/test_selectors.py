"""What every selector promises; a new file in vtgdata/plugins/selectors is picked up by itself."""

import inspect

import pytest

from support.builders import make_sample
from vtgdata.errors import VtgError
from vtgdata.files import plugins

NAMES = plugins.names("selectors")
SAMPLES = [make_sample(f"s{i}") for i in range(40)]
RATES = [
    {
        "sample_id": f"s{i}", "model_id": "m", "measure": measure, "value": i / 40, "low": 0.0, "high": 1.0, "n": 8,
        "n_unparsed": 0, "n_failed": 0, "mean_iou": i / 40, "iou_std": 0.1, "ious": [i / 40] * 8, "decided": None,
    }
    for i in range(40)
    for measure in ("mean_iou", "iou>=0.5")
]  # fmt: skip


def select(name, size=10, seed=3, rates=RATES, samples=SAMPLES, **settings):
    return plugins.load("selectors", name).select(samples, rates, size, seed, **settings)


@pytest.mark.parametrize("name", NAMES)
def test_it_takes_rows_of_the_pool_each_once_and_at_most_the_asked_number(name):
    ids = select(name)
    assert len(ids) == len(set(ids)) <= 10
    assert set(ids) <= {sample.sample_id for sample in SAMPLES}


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_takes_the_same_rows_whatever_the_order_of_the_pool(name):
    assert select(name) == select(name) == select(name, rates=RATES[::-1])


@pytest.mark.parametrize("name", NAMES)
def test_a_pool_that_is_too_small_gives_fewer(name):
    assert len(select(name, size=1000)) <= len(SAMPLES)


@pytest.mark.parametrize("name", NAMES)
def test_it_needs_no_samples_beside_the_pass_rates(name):
    assert len(select(name, samples=[])) == len(select(name)) > 0


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_of_which_nothing_was_answered_does_not_end_it(name):
    rates = [rate | ({"value": None, "mean_iou": None} if rate["sample_id"] == "s20" else {}) for rate in RATES]
    assert 0 < len(select(name, size=40, rates=rates)) <= 40


@pytest.mark.parametrize("name", NAMES)
def test_a_measure_that_no_row_has_is_an_error_and_never_an_empty_choice(name):
    if "measure" in inspect.signature(plugins.load("selectors", name).select).parameters:
        with pytest.raises(VtgError, match="mean_iou"):
            select(name, measure="no_such_measure")
