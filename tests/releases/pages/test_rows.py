from pathlib import Path

import msgspec
import polars as pl
import pytest

from support.builders import make_sample
from vtgdata.conversation.verifying import example_row
from vtgdata.errors import VtgError
from vtgdata.files.meta import Meta
from vtgdata.files.parquet import read_parquet, write_parquet
from vtgdata.files.samples import write_samples
from vtgdata.files.schemas import PASS_RATES, ROLLOUTS, SAMPLES
from vtgdata.records import Sample
from vtgdata.releases.columns import COLDSTART
from vtgdata.releases.pages import content, models, payload, rows, tables
from vtgdata.releases.pages.settings import PageSettings


def answer(sample: Sample, model: str, start: float, end: float):
    return example_row(f"<answer>{start} to {end}</answer>", sample, key=f"{sample.sample_id}/{model}", model_id=model)


def test_models_are_compared_in_the_order_of_their_files(tmp_path: Path):
    """The first sample was answered by the second model alone."""
    first, second = (make_sample(name, duration=20.0, windows=[(0.0, 10.0)]) for name in "ab")
    write_samples(tmp_path / "samples.parquet", [first, second])
    write_parquet(tmp_path / "1.parquet", [answer(second, "before", 0, 5)], ROLLOUTS)
    write_parquet(tmp_path / "2.parquet", [answer(each, "after", 0, 10) for each in (first, second)], ROLLOUTS)
    found = rows.gather(tables.find(str(tmp_path)))
    assert found.models == ["before", "after"]
    assert found.samples["gain"].to_list() == [None, 0.5]


def rate(sample_id: str, model: str, prompt: str, value: float):
    told = {"sample_id": sample_id, "model_id": model, "prompt_id": prompt, "measure": "iou>=0.5", "value": value}
    return dict.fromkeys(PASS_RATES) | told | {"n": 8, "mean_iou": value / 2}


def test_the_pass_rates_of_each_student_are_beside_each_other_under_its_name(tmp_path: Path):
    samples = [make_sample(name, duration=20.0, windows=[(0.0, 10.0)]) for name in "abc"]
    write_samples(tmp_path / "samples.parquet", samples)
    asked = [("m1", "p", "local:runs/base"), ("m2", "p", "x/sft"), ("m3", "p", "y/sft"), ("m3", "q", "y/sft")]
    for number, (model, prompt, name) in enumerate(asked):
        table = [rate(each, model, prompt, (number + place) / 8) for place, each in enumerate("abc")]
        write_parquet(tmp_path / f"{number}/pass_rates.parquet", table, PASS_RATES)
        meta = Meta(command="score-difficulty", version="1", complete=True, settings={"model": name}, code="",
                    inputs={}, outputs={}, summary={}, finished=f"2026-11-29T0{number}:00:00+00:00")  # fmt: skip
        (tmp_path / f"{number}/meta.json").write_bytes(msgspec.json.encode(meta))
    write_parquet(tmp_path / "0/rollouts.parquet", [answer(samples[0], "m1", 0, 10)], ROLLOUTS)
    page = content.make(PageSettings(path=str(tmp_path), videos=content.NONE))
    assert page.rows.models == ["local:runs/base"]
    shown = {each.title: page.rows.samples[each.name].to_list() for each in payload.columns(page.rows)}
    assert shown["pass rate, y/sft, prompt q"] == [3 / 8, 4 / 8, 5 / 8]
    assert shown["pass rate, y/sft, prompt p"] == [2 / 8, 3 / 8, 4 / 8]
    assert shown["pass rate, x/sft"] == [1 / 8, 2 / 8, 3 / 8]
    assert shown["pass rate, base"] == [0, 1 / 8, 2 / 8]
    assert shown["mean IoU, y/sft, prompt q"] == [3 / 16, 4 / 16, 5 / 16]
    assert "y/sft, prompt q was measured last" in page.facts["notes"][0]
    plots = [plot["title"] for section in page.facts["sections"] for plot in section["plots"]]
    assert sum(title.startswith("pass rate, iou>=0.5, ") for title in plots) == 4
    alone = str(tmp_path / "0/pass_rates.parquet")
    one = content.make(PageSettings(path=alone, samples=str(tmp_path / "samples.parquet")))
    (column,) = [each for each in payload.columns(one.rows) if each.name == "pass_rate"]
    assert column.title == "pass rate" and "m1" in column.help and one.facts["notes"] == []
    write_parquet(tmp_path / "0/rollouts.parquet", [answer(samples[0], "m4", 0, 10)], ROLLOUTS)
    named = models.names(tables.find(str(tmp_path)))  # the step's name now stands for two models, and so for neither
    assert named == {"m2": "x/sft", "m3": "y/sft"}


def test_pass_rates_that_name_no_model_or_measure_are_shown_as_they_are(tmp_path: Path):
    write_samples(tmp_path / "samples.parquet", [make_sample(name) for name in "ab"])
    table = {"sample_id": ["a", "b"], "measure": ["iou>=0.5"] * 2, "value": [0.25, 0.5]}
    pl.DataFrame(table).write_parquet(tmp_path / "rates.parquet")
    page = PageSettings(path=str(tmp_path), videos=content.NONE)
    found = content.make(page).rows
    (column,) = [each for each in payload.columns(found) if each.name == "pass_rate"]
    assert column.title == "pass rate" and found.samples["pass_rate"].to_list() == [0.25, 0.5]
    pl.DataFrame(table | {"model_id": ["m", "m"]}).write_parquet(tmp_path / "rates2.parquet")
    titles = [each.title for each in payload.columns(content.make(page).rows)]
    assert "pass rate, m" in titles and "pass rate, a model without a name" in titles
    pl.DataFrame(table | {"measure": [None, None]}, schema_overrides={"measure": pl.String}).write_parquet(
        tmp_path / "rates.parquet"
    )
    (tmp_path / "rates2.parquet").unlink()
    assert content.make(page).rows.samples["pass_rate"].to_list() == [None, None]


def test_the_traces_of_a_release_show_what_the_teacher_answered(tmp_path: Path):
    sample = make_sample("a", duration=20.0, windows=[(0.0, 10.0)])
    write_samples(tmp_path / "samples.parquet", [sample])
    (row,) = read_parquet(tmp_path / "samples.parquet", needs=tuple(SAMPLES))
    empty = dict.fromkeys(COLDSTART)
    trace = empty | row | {"key": "k", "model_id": "teacher", "target": "<answer>", "teacher_windows": [[1.0, 9.0]]}
    write_parquet(tmp_path / "coldstart.parquet", [trace], COLDSTART)
    told = answer(sample, "teacher", 1, 9) | {"key": "k"}
    other = answer(sample, "teacher", 5, 15) | {"key": "k2", "index": 1}
    student = answer(sample, "student", 0, 10)
    write_parquet(tmp_path / "rollouts.parquet", [told, other, student], ROLLOUTS)  # one is the trace: it counts once
    found = rows.gather(tables.find(str(tmp_path)))
    assert found.answers["windows"].to_list() == [[[1.0, 9.0]], [[5.0, 15.0]], [[0.0, 10.0]]]
    assert found.answers["teacher"].to_list() == [True, True, False]
    assert found.samples["gain"].to_list() == [None]  # nobody is compared with a teacher
    assert found.samples["windows"].to_list() == [[[0.0, 10.0]]] and found.samples["trace"].to_list() == ["kept"]


def test_all_samples_of_a_named_folder_count_and_one_without_any_is_refused(tmp_path: Path):
    samples = [make_sample(name, duration=20.0, windows=[(0.0, 10.0)]) for name in "ab"]
    for number, each in enumerate(samples):
        write_samples(tmp_path / f"in/{number}.parquet", [each])
    (tmp_path / "out").mkdir()
    write_parquet(tmp_path / "out/rollouts.parquet", [answer(each, "m", 0, 5) for each in samples], ROLLOUTS)
    found = rows.gather(tables.find(str(tmp_path / "out")), str(tmp_path / "in"))
    assert found.samples["query"].null_count() == 0 and "" not in found.samples["query"].to_list()
    with pytest.raises(VtgError, match=r"--samples .*out: has no samples"):
        rows.gather(tables.find(str(tmp_path / "out")), str(tmp_path / "out"))


WRONG = {
    "numbers": [1, 2], "texts": ["1-2", "x"], "infinite": [float("inf"), float("nan")], "flags": [True, None],
    "lists": [[1.0, None], []], "holes": [[[1.0, None]], [None]], "endless": [[[1.0, float("inf")]], [[2.0]]],
    "structs": [{"start": 1.0}, None], "nothing": [None, None],
}  # fmt: skip


@pytest.mark.parametrize("name", rows._SAMPLE)
def test_a_column_of_another_type_is_read_or_refused(name, tmp_path: Path):
    samples = [make_sample(each, duration=20.0, windows=[(0.0, 10.0)]) for each in "ab"]
    write_samples(tmp_path / "right.parquet", samples)
    right = pl.read_parquet(tmp_path / "right.parquet")
    for values in WRONG.values():
        wrong = tmp_path / "wrong.parquet"
        right.with_columns(pl.Series(name, values)).write_parquet(wrong)
        try:
            assert 1 <= content.make(PageSettings(path=str(wrong), videos=content.NONE)).rows.samples.height <= 2
        except VtgError as error:
            assert str(wrong) in str(error) and name in str(error)


def test_texts_that_pandas_stores_as_categories_are_read(tmp_path: Path):
    write_samples(tmp_path / "samples.parquet", [make_sample("a")])
    frame = pl.read_parquet(tmp_path / "samples.parquet").with_columns(pl.col("query", "corpus").cast(pl.Categorical))
    frame.write_parquet(tmp_path / "samples.parquet")
    assert rows.gather(tables.find(str(tmp_path))).samples["words"].to_list() == [3]
