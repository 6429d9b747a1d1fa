"""What every form of published answers promises; a new file in vtgdata/plugins/forms is picked up by itself."""

import pytest

from vtgdata.engine.measures import read_measures
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import read_samples
from vtgdata.stages import import_rollouts

NAMES = plugins.names("forms")


def imported(tmp_path, name, text, **settings):
    path = tmp_path / "published.json"
    path.write_text(text)
    out = str(tmp_path / "out")
    return import_rollouts.run(import_rollouts.Settings(file=str(path), form=name, out=out, **settings))


def measured(form) -> bool:
    """Whether the score of the form's measure is there; where it is not, the form names it."""
    try:
        return form.measure == "reward" or bool(read_measures([form.measure]))
    except VtgError:
        return False


@pytest.mark.parametrize("name", NAMES)
def test_it_reads_its_own_example(name, tmp_path):
    module = plugins.load("forms", name)
    if not measured(module.FORM):
        with pytest.raises(VtgError, match=f"unknown measure '{module.FORM.measure}'"):
            imported(tmp_path, name, module.EXAMPLE.text)
        return
    summary = imported(tmp_path, name, module.EXAMPLE.text)
    samples = read_samples(tmp_path / "out/samples.parquet")
    rates = {r["sample_id"]: r for r in read_parquet(tmp_path / "out/pass_rates.parquet")
             if r["measure"] == module.FORM.measure}  # fmt: skip
    found = [(s.query, rates[s.sample_id]["n"], pytest.approx(rates[s.sample_id]["value"])) for s in samples]
    assert found == module.EXAMPLE.rows
    assert summary.rows == summary.samples + summary.drops
    assert all(rate["model_id"] == module.FORM.model and 0 < rate["posterior_mean"] < 1 for rate in rates.values())


@pytest.mark.parametrize("name", NAMES)
def test_it_says_where_it_was_read_which_way_its_numbers_point_and_what_is_not_published(name):
    form = plugins.load("forms", name).FORM
    assert " at " in form.source and form.direction and form.unknown


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", ['{"no": 1}\n', "[]", '[{"difficulty": "hard"}]', "words\n"])
def test_a_file_without_a_row_of_the_form_is_an_error(name, text, tmp_path):
    with pytest.raises(VtgError):
        imported(tmp_path, name, text)
    assert not (tmp_path / "out/meta.json").exists()
