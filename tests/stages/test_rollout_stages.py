"""The stages that ask a model, with the scripted one: no video is needed, everything else is real."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from support.builders import make_sample
from vtgdata.errors import Conflict, RowsFailed, VtgError
from vtgdata.files.parquet import read_parquet, write_parquet
from vtgdata.files.samples import read_samples, write_samples
from vtgdata.files.schemas import PASS_RATES
from vtgdata.stages import coldstart, difficulty, evaluate, select


@pytest.fixture
def samples(tmp_path: Path) -> str:
    path = tmp_path / "samples.parquet"
    rows = [
        make_sample(f"test:{i}", video_id=f"v{i // 2}", windows=[(i % 7, i % 7 + 4.0)], split="rl" if i % 2 else "sft")
        for i in range(40)
    ]
    write_samples(path, rows)
    return str(path)


def test_traces_that_agree_with_the_annotation_are_kept_and_the_others_say_why(samples, tmp_path):
    out = str(tmp_path / "out")
    summary = coldstart.run(
        coldstart.Settings(samples=samples, out=out, model=f"scripted:samples={samples},errors=0.5")
    )
    traces = read_parquet(tmp_path / "out/traces.parquet")
    assert len(traces) == summary.rollouts == 160
    kept = [trace for trace in traces if trace["kept"]]
    assert 0 < len(kept) == summary.traces <= 40
    assert all(trace["iou"] >= 0.5 and trace["target"] == trace["text"] for trace in kept)
    assert all(trace["reason"] for trace in traces if not trace["kept"])
    assert sum(summary.reasons.values()) + len(kept) == 160
    assert all(trace["model_id"].startswith("scripted") for trace in traces)


def test_a_trace_can_end_with_the_annotation_instead(samples, tmp_path):
    settings = coldstart.Settings(
        samples=samples,
        out=str(tmp_path / "out"),
        model=f"scripted:{samples}",
        target="annotation",
        where="split == 'sft'",
    )
    coldstart.run(settings)
    trace = next(trace for trace in read_parquet(tmp_path / "out/traces.parquet") if trace["kept"])
    start, end = trace["annotation_windows"][0]
    assert trace["target"].endswith(f"</think><answer>{start:.1f} to {end:.1f}</answer>")


def test_a_pass_rate_is_the_mean_over_the_raw_ious(samples, tmp_path):
    settings = difficulty.Settings(samples=samples, out=str(tmp_path / "out"), model=f"scripted:{samples}", n=6)
    difficulty.run(settings)
    rates = read_parquet(tmp_path / "out/pass_rates.parquet")
    assert len(rates) == 80
    for rate in rates:
        passed = rate["ious"] if rate["measure"] == "mean_iou" else np.array(rate["ious"]) >= 0.5
        assert rate["n"] == len(rate["ious"]) == 6
        assert rate["value"] == pytest.approx(np.mean(passed))
        assert rate["low"] <= rate["value"] <= rate["high"]


def test_run_again_without_change_does_nothing(samples, tmp_path):
    settings = difficulty.Settings(samples=samples, out=str(tmp_path / "out"), model=f"scripted:{samples}", n=2)
    assert not difficulty.run(settings).up_to_date
    assert difficulty.run(settings).up_to_date


def test_more_answers_ask_only_for_the_missing_ones(samples, tmp_path):
    base = difficulty.Settings(samples=samples, out=str(tmp_path / "out"), model=f"scripted:{samples}", n=2)
    difficulty.run(base)
    before = {row["key"]: row["text"] for row in read_parquet(tmp_path / "out/rollouts.parquet")}
    difficulty.run(msgspec.structs.replace(base, n=5))
    after = {row["key"]: row["text"] for row in read_parquet(tmp_path / "out/rollouts.parquet")}
    assert len(after) == 200
    assert before.items() <= after.items()


def test_a_repaired_label_is_scored_again_and_not_asked_again(samples, tmp_path):
    # The model answers from a copy: only the labels that are scored against change.
    teacher = tmp_path / "teacher.parquet"
    teacher.write_bytes(Path(samples).read_bytes())
    model = f"scripted:samples={teacher},errors=0,noise=0"
    settings = difficulty.Settings(samples=samples, out=str(tmp_path / "out"), model=model, n=2)
    difficulty.run(settings)
    before = read_parquet(tmp_path / "out/rollouts.parquet")
    moved = [
        msgspec.structs.replace(sample, windows=make_sample(windows=[(20.0, 25.0)]).windows)
        for sample in read_samples(samples)
    ]
    write_samples(Path(samples), moved)
    difficulty.run(settings)
    after = read_parquet(tmp_path / "out/rollouts.parquet")
    assert [(row["key"], row["text"]) for row in before] == [(row["key"], row["text"]) for row in after]
    assert {row["iou"] for row in before} == {1.0}
    assert {row["iou"] for row in after} == {0.0}


@pytest.mark.parametrize("measure", ["iou>0.5", "iou>=2", "miou", "iou>=nan"])
def test_an_unknown_measure_is_refused_before_anything_is_asked(samples, tmp_path, measure):
    settings = difficulty.Settings(
        samples=samples, out=str(tmp_path / "out"), model=f"scripted:{samples}", measures=[measure]
    )
    with pytest.raises(VtgError, match="measure"):
        difficulty.run(settings)
    assert not (tmp_path / "out").exists()


def test_selection_takes_the_band_and_says_the_shortfall(samples, tmp_path):
    difficulty.run(difficulty.Settings(samples=samples, out=str(tmp_path / "d"), model=f"scripted:{samples}"))
    settings = select.Settings(
        pass_rates=str(tmp_path / "d/pass_rates.parquet"),
        out=str(tmp_path / "s"),
        size=100,
        selector="band:low=0.5,high=0.7",
    )
    summary = select.run(settings)
    rows = read_parquet(tmp_path / "s/rows.parquet")
    assert summary.rows == len(rows) == 100 - summary.short_of
    assert rows and all(0.5 <= row["value"] <= 0.7 and row["measure"] == "mean_iou" for row in rows)
    assert [row["rank"] for row in rows] == list(range(len(rows)))


@pytest.mark.parametrize("selector", ["band:lowest=0.2", "band:low=0.9,high=0.1", "bend", "band:measure=x"])
def test_a_wrong_selector_says_what_to_do(samples, tmp_path, selector):
    difficulty.run(difficulty.Settings(samples=samples, out=str(tmp_path / "d"), model=f"scripted:{samples}", n=1))
    settings = select.Settings(
        pass_rates=str(tmp_path / "d/pass_rates.parquet"), out=str(tmp_path / "s"), size=5, selector=selector
    )
    with pytest.raises(VtgError):
        select.run(settings)
    assert not (tmp_path / "s").exists()


def test_evaluation_counts_what_is_missing_as_zero(samples, tmp_path):
    known = read_samples(samples)
    lines = [
        msgspec.json.encode({"sample_id": s.sample_id, "windows": [[w.start, w.end] for w in s.windows]})
        for s in known[:30]
    ]
    predictions = tmp_path / "predictions.jsonl"
    predictions.write_bytes(b"\n".join([*lines, b'{"sample_id": "other", "windows": []}']))
    settings = evaluate.Settings(samples=samples, out=str(tmp_path / "out"), predictions=str(predictions))
    with pytest.raises(RowsFailed, match="10 of 40 samples have no prediction"):
        evaluate.run(settings)
    summary = evaluate.run(msgspec.structs.replace(settings, max_failed=0.25))
    assert (summary.n, summary.n_failed, summary.n_extra) == (40, 10, 1)
    assert summary.metrics["mIoU"] == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        (b'{"sample_id": "test:1", "windows": [[5]]}', "windows"),
        (b'{"sample_id": "test:1", "text": 5}', "text"),
        (b"not json", r"predictions\.jsonl:1"),
        (b'{"windows": []}', "sample_id"),
        (b'{"sample_id": "a"}\n{"sample_id": "a"}', "twice"),
        (b"", "no prediction"),
    ],
)
def test_a_wrong_prediction_file_names_the_line(samples, tmp_path, line, word):
    predictions = tmp_path / "predictions.jsonl"
    predictions.write_bytes(line)
    with pytest.raises(VtgError, match=word):
        evaluate.run(evaluate.Settings(samples=samples, out=str(tmp_path / "out"), predictions=str(predictions)))


def test_models_are_compared_sample_by_sample_with_an_interval(samples, tmp_path):
    good, bad = f"scripted:samples={samples},errors=0,noise=0", f"scripted:samples={samples},errors=1,noise=0.5"
    summary = evaluate.run(evaluate.Settings(samples=samples, out=str(tmp_path / "out"), model=[bad, good]))
    gain = summary.models[1].gain
    assert 0 < gain["low"] < gain["mIoU"] < gain["high"]
    assert summary.baselines["best_constant"].fitted_on == "the evaluated samples"


def test_a_sample_that_cannot_be_asked_is_a_failed_row_and_exit_code_three(tmp_path):
    path = tmp_path / "samples.parquet"
    write_samples(path, [make_sample("a", duration=None), make_sample("b")])
    settings = difficulty.Settings(samples=str(path), out=str(tmp_path / "out"), model=f"scripted:{path}", n=2)
    with pytest.raises(RowsFailed, match="1 of 2 samples failed") as caught:
        difficulty.run(settings)
    assert caught.value.exit_code == 3
    assert {row["sample_id"]: row["n_failed"] for row in read_parquet(tmp_path / "out/pass_rates.parquet")} == {
        "a": 2,
        "b": 0,
    }


def test_a_reversed_prediction_is_one_bad_answer_and_not_the_end(samples, tmp_path):
    predictions = tmp_path / "predictions.jsonl"
    rows = [{"sample_id": f"test:{i}", "windows": [[9.0, 3.0]]} for i in range(40)]
    predictions.write_bytes(b"\n".join(map(msgspec.json.encode, rows)))
    summary = evaluate.run(evaluate.Settings(samples=samples, out=str(tmp_path / "out"), predictions=str(predictions)))
    assert (summary.n_unparsed, summary.n_failed, summary.metrics["mIoU"]) == (40, 0, 0.0)
    assert summary.strict_metrics is None


def test_predictions_as_text_are_read_strictly_too(samples, tmp_path):
    predictions = tmp_path / "predictions.jsonl"
    known = read_samples(samples)
    forms = ["<think>so</think><answer>{} to {}</answer>", "from {} to {} seconds"]
    rows = [
        {"sample_id": s.sample_id, "text": forms[i % 2].format(s.windows[0].start, s.windows[0].end)}
        for i, s in enumerate(known)
    ]
    predictions.write_bytes(b"\n".join(map(msgspec.json.encode, rows)))
    summary = evaluate.run(evaluate.Settings(samples=samples, out=str(tmp_path / "out"), predictions=str(predictions)))
    assert summary.metrics["mIoU"] == 1.0
    assert summary.strict_metrics["mIoU"] == 0.5


def test_answers_drawn_are_reported_beside_the_greedy_one(samples, tmp_path):
    settings = evaluate.Settings(
        samples=samples, out=str(tmp_path / "o"), model=[f"scripted:{samples}"], n=4, temperature=1.0
    )
    summary = evaluate.run(settings)
    drawn = summary.models[0].sampled
    mean, best = drawn["metrics"]["mIoU"], drawn["best"]["mIoU"]
    assert drawn["n"] == 4 and drawn["intervals"]["mIoU"][0] < mean < drawn["intervals"]["mIoU"][1]
    assert mean < best <= 1.0 and drawn["spread"]["mIoU"] > 0
    rows = read_parquet(tmp_path / "o/rollouts.parquet")
    assert sum(row["seeing"] == "sampled" for row in rows) == 4 * sum(row["seeing"] == "sighted" for row in rows)
    with pytest.raises(VtgError, match="--temperature"):
        evaluate.run(msgspec.structs.replace(settings, temperature=0.0))


def test_scores_over_numbers_of_frames_are_a_curve(samples, tmp_path):
    settings = evaluate.Settings(
        samples=samples, out=str(tmp_path / "o"), model=[f"scripted:{samples}"], num_frames="16,8"
    )
    report = evaluate.run(settings).models[0]
    assert [each["num_frames"] for each in report.curve] == [8, 16]
    assert report.curve[1]["metrics"] == report.sighted["metrics"]
    with pytest.raises(VtgError, match="8,16,32"):
        evaluate.run(msgspec.structs.replace(settings, num_frames="8,many"))


def test_checkpoints_as_seeds_have_a_range_and_from_five_on_an_interval(samples, tmp_path):
    models = [f"scripted:samples={samples},errors=0.{i},noise=0.1" for i in range(1, 6)]
    two = evaluate.run(evaluate.Settings(samples=samples, out=str(tmp_path / "a"), model=models[:2], as_seeds=True))
    five = evaluate.run(evaluate.Settings(samples=samples, out=str(tmp_path / "b"), model=models, as_seeds=True))
    assert two.models[1].gain is msgspec.UNSET
    assert two.as_seeds["mIoU"]["low"] is None or np.isnan(two.as_seeds["mIoU"]["low"])
    found = five.as_seeds["mIoU"]
    assert len(found["values"]) == 5 and found["least"] == min(found["values"])
    assert found["low"] < found["mean"] < found["high"]


def test_a_model_that_does_not_look_has_no_blind_control(samples, tmp_path):
    with pytest.raises(VtgError, match="blind"):
        evaluate.run(
            evaluate.Settings(samples=samples, out=str(tmp_path / "o"), model=[f"scripted:{samples}"], blind=True)
        )


def test_a_changed_annotation_is_another_scripted_teacher(samples, tmp_path):
    settings = coldstart.Settings(samples=samples, out=str(tmp_path / "out"), model=f"scripted:{samples}", n=1)
    coldstart.run(settings)
    moved = [
        msgspec.structs.replace(sample, windows=make_sample(windows=[(20.0, 25.0)]).windows)
        for sample in read_samples(samples)
    ]
    write_samples(Path(samples), moved)
    assert coldstart.run(settings).traces > 20


def test_a_command_that_fails_leaves_an_earlier_result_as_it_is(samples, tmp_path):
    good = difficulty.Settings(samples=samples, out=str(tmp_path / "out"), model=f"scripted:{samples}", n=1)
    difficulty.run(good)
    with pytest.raises(VtgError):
        difficulty.run(msgspec.structs.replace(good, model="scripted:nowhere.parquet"))
    assert difficulty.run(good).up_to_date


def test_unlabelled_samples_are_counted_and_not_asked(tmp_path):
    path = tmp_path / "samples.parquet"
    write_samples(path, [make_sample("a"), make_sample("b", windows=[], labelled=False)])
    summary = difficulty.run(difficulty.Settings(samples=str(path), out=str(tmp_path / "o"), model=f"scripted:{path}"))
    assert (summary.samples, summary.n_unlabelled, summary.rollouts) == (1, 1, 8)


@pytest.mark.parametrize(
    ("model", "word"),
    [
        ("scripted:foo=1", "foo"),
        ("scripted:samples=x,errors=abc", "number"),
        ("scripted:samples=[", "no value"),
        ("os.path:x", "connect"),
        ("..x:y", "dotted"),
    ],
)
def test_a_wrong_model_says_what_is_wrong(samples, tmp_path, model, word):
    with pytest.raises(VtgError, match=word):
        difficulty.run(difficulty.Settings(samples=samples, out=str(tmp_path / "o"), model=model))
    assert not (tmp_path / "o").exists()


def test_a_folder_with_somebody_elses_meta_is_left_alone(samples, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/meta.json").write_text('{"my": "notes"}')
    with pytest.raises(Conflict):
        difficulty.run(difficulty.Settings(samples=samples, out=str(tmp_path / "mine"), model=f"scripted:{samples}"))
    assert (tmp_path / "mine/meta.json").read_text() == '{"my": "notes"}'


def test_adaptive_answers_stop_once_places_are_decided_and_a_second_run_asks_nothing(samples, tmp_path):
    # Every second label is another moment than the model answers with: a pool of right and wrong ones.
    wrong = make_sample(windows=[(20.0, 25.0)]).windows
    mixed = [
        msgspec.structs.replace(sample, windows=wrong) if i % 2 else sample
        for i, sample in enumerate(read_samples(samples))
    ]
    write_samples(tmp_path / "mixed.parquet", mixed)
    settings = difficulty.Settings(
        samples=str(tmp_path / "mixed.parquet"),
        out=str(tmp_path / "out"),
        model=f"scripted:samples={samples},errors=0.5",
        n=4,
        max_n=24,
        adaptive="mean_iou:0.2:0.7:0.02",
    )
    summary = difficulty.run(settings)
    rates = [r for r in read_parquet(tmp_path / "out/pass_rates.parquet") if r["measure"] == "mean_iou"]
    assert all(4 <= rate["n"] <= 24 and rate["low"] <= rate["value"] <= rate["high"] for rate in rates)
    assert 40 * 4 < summary.rollouts == sum(rate["n"] for rate in rates) < 40 * 24
    assert 0 <= summary.expected_misplaced < 0.5
    assert sum(summary.places.values()) == 40
    assert all(rate["place"] and rate["decided"] is not None and 0 < rate["posterior_mean"] < 1 for rate in rates)
    path = str(tmp_path / "out/pass_rates.parquet")
    chosen = select.run(select.Settings(pass_rates=path, out=str(tmp_path / "rows"), size=5))
    assert chosen.rows == min(5, sum(0.2 <= rate["value"] <= 0.8 for rate in rates))
    before = (tmp_path / "out/rollouts.parquet").read_bytes()
    (tmp_path / "out/meta.json").unlink()
    difficulty.run(settings)
    assert (tmp_path / "out/rollouts.parquet").read_bytes() == before


def test_a_measure_that_is_not_stored_cannot_decide(samples, tmp_path):
    settings = difficulty.Settings(
        samples=samples, out=str(tmp_path / "o"), model=f"scripted:{samples}", adaptive="iou>=0.7:0.2:0.8:0.1"
    )
    with pytest.raises(VtgError, match="--measures"):
        difficulty.run(settings)


def test_pass_rates_without_places_are_still_chosen_from(samples, tmp_path):
    difficulty.run(difficulty.Settings(samples=samples, out=str(tmp_path / "out"), model=f"scripted:{samples}"))
    rates = read_parquet(tmp_path / "out/pass_rates.parquet")
    write_parquet(tmp_path / "old.parquet", rates, PASS_RATES)
    chosen = [
        select.run(select.Settings(pass_rates=str(path), out=str(tmp_path / f"rows-{path.stem}"), size=9)).rows
        for path in (tmp_path / "out/pass_rates.parquet", tmp_path / "old.parquet")
    ]
    assert chosen[0] == chosen[1] > 0
