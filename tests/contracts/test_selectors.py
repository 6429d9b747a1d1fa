"""What every selector promises; a new file in vtgdata/plugins/selectors is picked up by itself."""

import inspect
import re

import pytest

from support.builders import make_sample
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.files.parquet import write_parquet
from vtgdata.files.schemas import PASS_RATES, ROLLOUTS

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


@pytest.fixture(scope="module", autouse=True)
def files(tmp_path_factory):
    """A file of each kind that a selector may name, and the current folder in which they lie."""
    folder = tmp_path_factory.mktemp("files")
    teacher = [rate | {"value": 1.0, "prompt_id": "p", "prompt": ""} for rate in RATES]
    write_parquet(folder / "pass_rates.parquet", teacher, PASS_RATES)
    said = [{"sample_id": f"s{i}", "windows": [[1.0, 2.0]], "iou": 0.0 if i < 8 else 1.0} for i in range(40)]
    write_parquet(folder / "rollouts.parquet", said, ROLLOUTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield


def select(name, size=10, seed=3, rates=RATES, samples=SAMPLES, **settings):
    """With the settings that have no default, as the module's example gives them."""
    module = plugins.load("selectors", name)
    settings = getattr(module, "FILES", {}) | getattr(module, "EXAMPLE", {}) | settings
    return module.select(samples, rates, size, seed, **settings)


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


@pytest.mark.parametrize("name", NAMES)
def test_a_number_that_no_source_gives_must_be_given(name):
    module = plugins.load("selectors", name)
    needed = [
        key
        for key, each in inspect.signature(module.select).parameters.items()
        if each.kind is each.KEYWORD_ONLY and each.default is each.empty
    ]
    assert set(needed) <= set(getattr(module, "FILES", {})) | set(getattr(module, "EXAMPLE", {}))
    if needed:
        with pytest.raises(VtgError, match=needed[0]):
            plugins.check_settings(name, module.select, {}, given=4)


@pytest.mark.parametrize("name", NAMES)
def test_its_docstring_names_a_source_or_says_that_it_is_a_control(name):
    assert re.search(r"Source|source|control", plugins.load("selectors", name).__doc__ or "")
