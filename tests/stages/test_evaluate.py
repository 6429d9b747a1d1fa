"""evaluate on files of predictions: whatever is wrong with a file is named with its count, and n stays what it is."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from support import qvhighlights_files
from support.builders import make_sample
from support.published import published
from vtgdata.errors import RowsFailed, VtgError
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import write_samples
from vtgdata.files.step import json_values
from vtgdata.stages import evaluate

N = 8


@pytest.fixture
def samples(tmp_path: Path) -> str:
    rows = [
        make_sample(
            f"test:{i}",
            video_id=f"v{i // 2}",
            windows=[(2.0 * i, 2.0 * i + 6)],
            extra={"kind": "odd" if i % 2 else "even"},
        )
        for i in range(N)
    ]
    write_samples(tmp_path / "samples.parquet", rows)
    return str(tmp_path / "samples.parquet")


def right(i: int, **more: Any) -> str:
    return json.dumps({"sample_id": f"test:{i}", "windows": [[2.0 * i, 2.0 * i + 6]]} | more)


def score(tmp_path: Path, samples: str, lines: list[str], **settings: Any) -> dict[str, Any]:
    """The summary of an evaluation as JSON values, whether or not it ends in exit code 3, and why it did."""
    path = tmp_path / "p.jsonl"
    path.write_text("\n".join(lines))
    chosen = evaluate.Settings(samples=samples, predictions=str(path), out=str(tmp_path / "out"), **settings)
    try:
        return json_values(evaluate.run(chosen)) | {"failure": None}
    except RowsFailed as error:
        return json_values(error.summary) | {"failure": str(error)}


GOOD = [right(i) for i in range(N)]
NAN = json.dumps({"sample_id": "test:0", "windows": [[float("nan"), 5.0]]})
CASES = {
    "missing rows": (GOOD[:6], {"n_missing": 2, "n_failed": 2}, 6, ["2 of 8 samples have no prediction"]),
    "extra rows": ([*GOOD, '{"sample_id": "other", "windows": []}'], {"n_extra": 1}, 8, None),
    "a duplicate id": (
        [*GOOD, right(0, windows=[[20, 25]])],
        {"n_duplicate": 1, "n_rows": 9},
        8,
        ["1 row(s) answer a sample twice", "p.jsonl:9 (test:0)"],
    ),
    "NaN": ([NAN, *GOOD[1:]], {"n_unparsed": 1, "n_wrong_windows": 1}, 7, None),
    "infinity": ([NAN.replace("NaN", "-Infinity"), *GOOD[1:]], {"n_unparsed": 1, "n_wrong_windows": 1}, 7, None),
    "a reversed window": ([right(0, windows=[[6, 0]]), *GOOD[1:]], {"n_unparsed": 1, "n_wrong_windows": 1}, 7, None),
    "a window past the end": ([*GOOD[:7], right(7, windows=[[14, 38]])], {"n_past_end": 1, "n_outside": 0}, 7.25, None),
    "a window outside": ([*GOOD[:7], right(7, windows=[[31, 38]])], {"n_past_end": 1, "n_outside": 1}, 7, None),
    "a window before the start": ([right(0, windows=[[-2, 6]]), *GOOD[1:]], {"n_before_start": 1}, 7.75, None),
    "no window": ([right(0, windows=[]), *GOOD[1:]], {"n_unparsed": 1}, 7, None),
    "a broken line": (
        [*GOOD[:7], GOOD[7][:20]],
        {"n_broken": 1, "n_missing": 1},
        7,
        ["1 of 8 samples have no prediction", "1 row(s) cannot be read", "p.jsonl:8"],
    ),
    "an error": (
        [*GOOD[:7], '{"sample_id": "test:7", "error": "timeout"}'],
        {"n_failed": 1, "n_missing": 0},
        7,
        ["error"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_named_with_its_count_and_the_denominator_stays(samples, tmp_path, case):
    lines, expected, total, failure = CASES[case]
    found = score(tmp_path, samples, lines)
    assert found["n"] == N
    assert {name: found[name] for name in expected} == expected
    assert found["metrics"]["mIoU"] == pytest.approx(total / N)
    if failure is None:
        assert found["failure"] is None
    else:
        assert all(words in found["failure"] for words in failure), found["failure"]
        allowed = score(tmp_path, samples, lines, max_failed=0.25)
        assert allowed["failure"] is None and allowed["metrics"] == found["metrics"]
    assert found["problems"] and all(problem["n"] >= len(problem["first"]) > 0 for problem in found["problems"])
    assert score(tmp_path, samples, GOOD)["problems"] == []


def test_an_empty_file_is_an_error_and_leaves_nothing(samples, tmp_path):
    with pytest.raises(VtgError, match="empty and holds no prediction, so every sample would score 0"):
        score(tmp_path, samples, [])
    assert not (tmp_path / "out").exists()


def test_everything_wrong_at_once_adds_up(samples, tmp_path):
    lines = [
        NAN,
        right(1, windows=[[9, 3]]),
        *GOOD[2:6],
        right(2),
        '{"sample_id": "x"}',
        "torn {",
        right(6, windows=[]),
    ]
    found = score(tmp_path, samples, lines)
    assert (found["n"], found["n_rows"]) == (8, 10)
    told = {problem["what"].split(" (")[0]: problem["n"] for problem in found["problems"]}
    assert told == {
        "samples without a prediction": 1,
        "rows that answer no scored sample": 1,
        "rows that answer a sample twice": 1,
        "rows that cannot be read": 1,
        "answers without a window": 3,
        "answers with a window that is none": 2,
    }
    assert found["metrics"]["R1@0.7"] == 4 / 8
    assert found["parse_status"] == {"no_answer": 1, "not_a_number": 1, "ok": 4, "reversed": 1}


def test_saliency_without_windows_is_an_answer_and_an_empty_list_of_windows_is_none(tmp_path):
    write_samples(tmp_path / "s.parquet", [make_sample("qvhighlights:1"), make_sample("qvhighlights:2")])
    lines = [
        '{"qid": 1, "pred_saliency_scores": [0.5]}',
        '{"qid": 2, "pred_saliency_scores": [0.5], "pred_relevant_windows": []}',
    ]
    found = score(tmp_path, str(tmp_path / "s.parquet"), lines)
    assert found["parse_status"] == {"no_answer": 1, "ok": 1} and found["n_unparsed"] == 1


def test_a_wrong_window_keeps_its_rank(samples, tmp_path):
    ranked = [right(0, windows=[[float("nan"), 5, 0.9], [0, 6, 0.5]]), *(right(i) for i in range(1, N))]
    found = score(tmp_path, samples, ranked, metrics="ranked")
    assert found["metrics"]["R1@0.5"] == 7 / 8 and found["metrics"]["R5@0.5"] == 1.0
    assert [row["iou"] for row in read_parquet(tmp_path / "out/rollouts.parquet")] == [0.0] + [1.0] * 7


def test_the_report_has_files_for_programs_and_for_tables(samples, tmp_path):
    found = score(tmp_path, samples, GOOD[:6], max_failed=1.0, by=["kind"], thresholds=[0.9, 0.1])
    written = json.loads((tmp_path / "out/evaluation.json").read_text())
    assert written["metrics"] == found["metrics"] and list(found["metrics"]) == ["mIoU", "R1@0.1", "R1@0.9"]
    assert written["benchmark"] == [{"corpus": "test", "split": "train", "label_version": "original", "n": 8}]
    parts = written["models"][0]["breakdown"]
    assert set(parts) == {"position", "kind"}
    for part in ("even", "odd"):
        bounds = parts["kind"][part].pop("intervals")
        assert list(bounds) == ["mIoU", "R1@0.1", "R1@0.9"] and bounds["mIoU"][0] < 0.75 < bounds["mIoU"][1]
        metrics = {"mIoU": 0.75, "R1@0.1": 0.75, "R1@0.9": 0.75}
        assert parts["kind"][part] == {"n": 4, "n_sources": 4, "metrics": metrics}
    assert sum(part["n"] for part in parts["position"].values()) == 8
    with (tmp_path / "out/evaluation.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    ours = [row for row in rows if row["seeing"] == "sighted" and not row["group"] and row["metric"] == "mIoU"]
    assert [float(row["value"]) for row in ours] == [0.75] and float(ours[0]["low"]) <= 0.75 <= float(ours[0]["high"])
    assert {row["name"] for row in rows if row["seeing"] == "nothing"} == {
        "best_constant", "best_constant_by_duration", "training_mean", "whole_video", "query_words",
    }  # fmt: skip
    assert [row["text"] for row in read_parquet(tmp_path / "out/rollouts.parquet")] == [None] * 8


def test_two_files_are_compared_sample_by_sample(samples, tmp_path):
    other = tmp_path / "other.jsonl"
    other.write_text("\n".join([*GOOD[:4], *(right(i, windows=[[0, 1]]) for i in range(4, N))]))
    against = score(tmp_path, samples, GOOD, against=str(other))["models"][0]["against"]
    difference = against["differences"]["mIoU"]
    assert difference["difference"] == pytest.approx(0.5) and difference["n"] == 8
    assert difference["low"] < 0.5 < difference["high"]
    same = score(tmp_path, samples, GOOD, against=str(tmp_path / "p.jsonl"))["models"][0]["against"]
    # Four videos on which two files agree do not show that they always do, and give no p.
    mine = same["differences"]["mIoU"]
    assert (mine["difference"], mine["p"], mine["n"], mine["sources"]) == (0.0, None, 8, 4)
    assert mine["low"] < 0 < mine["high"]
    assert set(same["sources"]) == {"v0", "v1", "v2", "v3"} and same["sources"]["v0"]["n"] == 2


def test_a_model_is_compared_with_a_file_too(samples, tmp_path):
    other = tmp_path / "other.jsonl"
    other.write_text("\n".join(right(i, windows=[[0, 1]]) for i in range(N)))
    settings = evaluate.Settings(
        samples=samples,
        model=[f"scripted:samples={samples},errors=0,noise=0"],
        against=str(other),
        out=str(tmp_path / "out"),
        metrics="multi",
    )
    report = evaluate.run(settings).models[0]
    assert report.sighted["metrics"]["F1-time"] == pytest.approx(1.0, abs=0.05)
    assert 0 < report.against["differences"]["F1-time"]["low"] < 0.5, "four videos without a failure are not many"
    assert report.breakdown["position"] and report.official is None


def test_what_is_wrong_with_the_other_file_is_said_too(samples, tmp_path):
    other = tmp_path / "other.jsonl"
    other.write_text("\n".join(GOOD[:5]))
    found = score(tmp_path, samples, GOOD, against=str(other))
    assert found["models"][0]["against"]["n_missing"] == 3
    assert "other.jsonl: 3 of 8 samples have no prediction" in found["failure"]


def test_text_goes_before_windows_unless_told_otherwise(samples, tmp_path):
    lines = [right(i, text="no idea") for i in range(N)]
    assert score(tmp_path, samples, lines)["metrics"]["mIoU"] == 0.0
    assert score(tmp_path, samples, lines, prefer="windows")["metrics"]["mIoU"] == 1.0


def test_answers_are_written_in_the_forms_of_others(samples, tmp_path):
    score(tmp_path, samples, GOOD, write_predictions=["timelens", "qvhighlights"])
    again = evaluate.Settings(
        samples=samples, predictions=str(tmp_path / "out/predictions.timelens.jsonl"), out=str(tmp_path / "again")
    )
    assert evaluate.run(again).metrics["mIoU"] == 1.0


def test_duplicate_samples_keep_their_own_rows(tmp_path):
    rows = [make_sample(f"test:{i}") for i in range(3)]
    write_samples(tmp_path / "samples.parquet", rows)
    key = "v1.mp4>>>a dog jumps>>>[3.0, 9.0]"
    found = score(tmp_path, str(tmp_path / "samples.parquet"), [json.dumps({key: {"timestamps": [[3, 9]]}})])
    assert (found["n"], found["n_missing"], found["metrics"]["mIoU"]) == (3, 0, 1.0)


def test_grounded_answers_lie_in_two_files(tmp_path):
    rows = [
        make_sample(f"nextgqa:v_{i}", corpus="nextgqa", windows=[(2, 8)], options=("a", "b"), answer="B", duration=40.0)
        for i in range(4)
    ]
    write_samples(tmp_path / "samples.parquet", rows)
    (tmp_path / "answers.json").write_text(
        json.dumps({f"v_{i}": {"prediction": int(i < 2), "answer": 1} for i in range(3)})
    )
    spans = json.dumps({"v_0": [3, 4], "v_1": [20, 30], "v_2": [2, 8], "v_3": [2, 8]})
    settings = {"answers": str(tmp_path / "answers.json")}
    found = score(tmp_path, str(tmp_path / "samples.parquet"), [spans], **settings)
    assert found["metric_set"] == "nextgqa"
    shown = {name: found["metrics"][name] for name in ("Acc@QA", "Acc@GQA", "Acc@IoU>=0.5", "mIoP", "mIoU")}
    assert shown == pytest.approx(
        {"Acc@QA": 0.5, "Acc@GQA": 0.25, "Acc@IoU>=0.5": 0.0, "mIoP": 0.75, "mIoU": (1 / 6 + 0 + 2) / 4}
    )


def test_fractions_of_the_duration_are_read_where_the_format_says_so(tmp_path):
    write_samples(tmp_path / "s.parquet", [make_sample("nextgqa:v_0", windows=[(3, 9)])])
    found = score(tmp_path, str(tmp_path / "s.parquet"), ['{"v_0": [0.1, 0.3]}'], format="nextgqa_relative")
    assert found["metrics"]["mIoU"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"metrics": "moment"}, "moments"),
        ({"write_predictions": ["timelen"]}, "timelens"),
        ({"format": "qvh"}, "qvhighlights"),
    ],
)
def test_a_wrong_name_says_which_there_are(samples, tmp_path, settings, word):
    with pytest.raises(VtgError, match=word):
        score(tmp_path, samples, GOOD, **settings)
    assert not (tmp_path / "out").exists()


def test_a_published_submission_gives_the_official_numbers_through_the_whole_stage(tmp_path):
    write_samples(tmp_path / "samples.parquet", qvhighlights_files.samples())
    folder = published(*qvhighlights_files.FOLDER, "qd_detr_onlyclip")
    found = evaluate.run(
        evaluate.Settings(
            samples=str(tmp_path / "samples.parquet"),
            predictions=str(folder / "hl_val_submission.jsonl"),
            out=str(tmp_path / "out"),
        )
    )
    report = json.loads((tmp_path / "out/evaluation.json").read_text())["models"][0]
    assert report["official"] == json.loads((folder / "hl_val_submission_metrics.json").read_text())
    # 22 of its windows are points: no window, as in the official count, where they overlap nothing.
    assert (found.metric_set, found.n, found.n_wrong_windows, found.n_past_end) == (
        "qvhighlights",
        1550,
        22,
        2,
    )


def test_the_caller_says_what_the_numbers_of_texts_are(tmp_path):
    sample = make_sample("s", duration=200.0, windows=[(30.0, 70.0)])
    write_samples(tmp_path / "s.parquet", [sample])
    (tmp_path / "p.jsonl").write_text('{"sample_id": "s", "text": "From 15 to 35."}\n')
    given = {"samples": str(tmp_path / "s.parquet"), "predictions": str(tmp_path / "p.jsonl")}
    for answers_in, iou in ((None, 5 / 55), ("percent", 1.0), ("thousandths", 0.0)):
        out = str(tmp_path / f"o{answers_in}")
        summary = evaluate.run(evaluate.Settings(**given, out=out, answers_in=answers_in))
        assert summary.metrics["mIoU"] == pytest.approx(iou)
    with pytest.raises(VtgError, match="answers_in: percent"):
        evaluate.run(evaluate.Settings(samples="s", model=["scripted:x"], out="o", answers_in="percent"))
