"""What every selector promises; a new file in vtgdata/plugins/selectors is picked up by itself."""

import pytest

from support.builders import make_sample
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


def select(name, size=10, seed=3, rates=RATES):
    return plugins.load("selectors", name).select(SAMPLES, rates, size, seed)


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
