"""Files of predictions as systems and challenges write them, each under its own keys, and what users saw of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from support.builders import make_sample
from vtgdata.conversation.answer import Form
from vtgdata.errors import VtgError
from vtgdata.metrics.judging import judge_predictions
from vtgdata.metrics.predictions.formats import FORMATS
from vtgdata.metrics.predictions.join import Joined, join
from vtgdata.metrics.predictions.read import read_predictions
from vtgdata.records import Sample

N = range(1, 6)
SAMPLES = [
    make_sample(
        f"mine:{i}", video_id=f"K7QZ{i}", query=f"person does thing {i}.", duration=60.0,
        windows=[(10.0 + i, 20.0 + i)] if i < 5 else [(10, 20), (30, 50)],
    )
    for i in N
]  # fmt: skip
SAID = {i: f"From {10 + i} to {20 + i} seconds." for i in N}
GOLD = {i: [10 + i, 20 + i] if i < 5 else [10, 20] for i in N}
WINDOWS = {f"mine:{i}": [[10.0 + i, 20.0 + i]] for i in N}


def lines(rows: list[Any]) -> str:
    return "\n".join(json.dumps(row) for row in rows)


def table(separator: str, rows: list[list[Any]]) -> str:
    return "\n".join(separator.join(str(cell) for cell in row) for row in rows)


def query(i: int) -> str:
    return f"person does thing {i}."


FILES = {
    "lmms-eval submission": ({f"K7QZ{i}.mp4>>>{query(i)}>>>{GOLD[i]}": SAID[i] for i in N}, "lmms_eval"),
    "lmms-eval submission of windows": (
        {f"K7QZ{i}.mp4>>>{query(i)}>>>{GOLD[i]}": [10 + i, 20 + i] for i in N}, "timelens",
    ),
    "lmms-eval log of samples": (
        lines([
            {"doc_id": i + 6, "doc": {"video": f"K7QZ{i}.mp4", "caption": query(i), "timestamp": GOLD[i]},
             "target": str(GOLD[i]), "resps": [[SAID[i]]], "filtered_resps": [SAID[i]], "mIOU": 0.5}
            for i in N
        ]),
        "rows",
    ),
    "qid and windows": (lines([{"qid": i, "windows": [[10 + i, 20 + i]]} for i in N]), "rows"),
    "qid and one window": (lines([{"qid": i, "pred_window": [10 + i, 20 + i]} for i in N]), "rows"),
    "qid and response": (lines([{"qid": i, "response": SAID[i]} for i in N]), "rows"),
    "qid and clock times": (
        lines([{"qid": i, "windows": [[f"00:{10 + i}", f"00:00:{20 + i}.0"]]} for i in N]), "rows",
    ),
    "windows as objects": (
        lines([{"question_id": i, "prediction": {"start": 10 + i, "end": f"0:{20 + i}"}} for i in N]), "rows",
    ),
    "the truth beside the answer": (
        lines([{"qid": i, "timestamp": GOLD[5], "answer": "from 1 to 2 s", "model_output": SAID[i]} for i in N]),
        "rows",
    ),
    "sample ids and another key": (lines([{"sample_id": f"mine:{i}", "response": SAID[i]} for i in N]), "own"),
    "TimeChat": (
        [{"vname": f"K7QZ{i}.mp4", "generated_cap": SAID[i], "query": query(i), "id": i - 1, "prompt": "<Video> .."}
         for i in N],
        "rows",
    ),
    "TimeChat after its parser": (
        {str(i - 1): {"timestamp": [[10 + i, 20 + i]], "query": query(i), "vid": f"K7QZ{i}.mp4"} for i in N}, "rows",
    ),
    "ms-swift": (
        lines([{"video": f"clips/K7QZ{i}.mp4", "prompt": f"<video>When: '{query(i)}' Answer.", "response": SAID[i]}
               for i in N]),
        "rows",
    ),
    "ids to texts": ({str(i): SAID[i] for i in N}, "rows"),
    "ids to windows": ({str(i): [[10 + i, 20 + i]] for i in N}, "rows"),
    "Ego4D NLQ": (
        {"version": "1.0", "challenge": "ego4d_nlq_challenge", "results": [
            {"clip_uid": f"K7QZ{i}", "annotation_uid": "a", "query_idx": i,
             "predicted_times": [[10 + i, 20 + i], [1, 2]]} for i in N]},
        "ego4d_nlq",
    ),
    "ActivityNet": (
        {"version": "VERSION 1.0", "external_data": {}, "results": {
            f"K7QZ{i}": [{"sentence": query(i), "timestamp": [10 + i, 20 + i]}] for i in N}},
        "rows",
    ),
    "ActivityNet proposals": (
        {"version": "1", "results": {
            f"K7QZ{i}": [{"label": query(i), "segment": [1, 2], "score": 0.1},
                         {"label": query(i), "segment": [10 + i, 20 + i], "score": 0.9}] for i in N}},
        "rows",
    ),
    "csv": (
        table(",", [["index", "video", "question", "prediction"]]
              + [[i - 1, f"K7QZ{i}", query(i), SAID[i]] for i in N]),
        "rows",
    ),
    "csv of bounds": (
        table(",", [["qid", "pred_start", "pred_end", "start", "end"]] + [[i, 10 + i, 20 + i, 0, 1] for i in N]),
        "rows",
    ),
    "tsv of windows": (
        table("\t", [["qid", "pred_windows"]] + [[i, f"[({10 + i}, {20 + i})]"] for i in N]), "rows",
    ),
}  # fmt: skip


def joined(tmp_path: Path, content: Any, samples: list[Sample] = SAMPLES, **more: Any) -> Joined:
    path = tmp_path / "p.txt"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return join(read_predictions(path), samples, **more)


def scored(found: Joined, samples: list[Sample] = SAMPLES) -> dict[str, Any]:
    judged = judge_predictions(found.found, samples, Form())
    return {row["sample_id"]: answer.said.tolist() for row, answer in zip(judged.rows, judged.answers, strict=True)}


@pytest.mark.parametrize("name", FILES)
def test_the_windows_of_a_published_form_are_read_in_order(tmp_path, name):
    content, form = FILES[name]
    found = joined(tmp_path, content)
    assert scored(found) == WINDOWS
    assert not found.extra and not found.duplicates
    assert read_predictions(tmp_path / "p.txt").format == form


@pytest.mark.parametrize("name", FILES)
def test_a_form_read_by_its_name_gives_the_same(tmp_path, name):
    content, form = FILES[name]
    found = joined(tmp_path, content)
    assert read_predictions(tmp_path / "p.txt", form).predictions == read_predictions(tmp_path / "p.txt").predictions
    assert form in FORMATS and found.found


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"qid": 1, "foo": 1}, ["no answer", "'qid', 'foo'"]),
        ({"windows": [[1, 2]]}, ["no id", "sample_id", "'windows'"]),
        ({"sample_id": "mine:1", "comment": "none"}, ["no answer", "'sample_id', 'comment'"]),
        ({"qid": 1, "response": "a", "model_output": "b"}, ["'response', 'model_output'", "which"]),
        ({"annotation_uid": "a", "query_idx": 1, "predicted_times": [[1, 2]]}, ["no clip_uid", "'query_idx'"]),
        ({"qid": 1, "windows": [[1, 2], [3, 4, 0.5]]}, ["a score", "windows"]),
        ({"qid": 1, "pred_windows": [{"from": 1}]}, ["'from'"]),
    ],
)
def test_a_record_that_cannot_be_read_is_an_error_with_its_keys(tmp_path, row, said):
    with pytest.raises(VtgError) as caught:
        joined(tmp_path, lines([row]))
    assert all(word in str(caught.value) for word in said), caught.value


def test_a_position_in_a_file_is_no_id_where_the_record_names_another_question(tmp_path):
    rows = [{"index": i - 1, "video": f"K7QZ{i}", "question": query(i), "prediction": SAID[i]} for i in N]
    assert scored(joined(tmp_path, lines(rows))) == WINDOWS
    wrong = {"qid": 1, "video": "K7QZ2", "prediction": SAID[1]}
    found = joined(tmp_path, lines([wrong]))
    assert not found.found and len(found.extra) == 1


def test_a_question_asked_twice_is_answered_in_order_or_once_for_both(tmp_path):
    twice = [make_sample(f"mine:{i}", query="a dog jumps", windows=[(i, i + 1)]) for i in range(2)]
    row = {"video": "v1.mp4", "query": "A dog jumps."}
    found = joined(tmp_path, lines([row | {"response": f"from {i} to 9 s"} for i in range(2)]), twice)
    assert scored(found, twice) == {"mine:0": [[0, 9]], "mine:1": [[1, 9]]}
    assert len(joined(tmp_path, lines([row | {"response": "from 1 to 9 s"}]), twice).found) == 2
    with pytest.raises(VtgError, match="several samples"):
        joined(tmp_path, lines([row | {"response": "from 1 to 9 s"}] * 3), twice)


@pytest.mark.parametrize(
    ("unit", "scale", "duration"), [("fraction", 1 / 60, 60.0), ("milliseconds", 1000.0, 60.0), ("percent", 0.1, 1000)]
)
def test_windows_that_cannot_be_seconds_are_an_error_until_the_user_says_what_they_are(tmp_path, unit, scale, duration):
    count = 30 if unit == "percent" else 5
    samples = [make_sample(f"mine:{i}", duration=duration) for i in range(count)]
    seconds = {f"mine:{i}": [[i + 1.0, duration * (i + 1) / count * 0.95]] for i in range(count)}
    rows = [{"sample_id": key, "windows": [[a * scale, b * scale]]} for key, [[a, b]] in seconds.items()]
    with pytest.raises(VtgError, match=f"--windows-in {unit}"):
        joined(tmp_path, lines(rows), samples)
    said = scored(joined(tmp_path, lines(rows), samples, unit=unit), samples)
    assert {key: pytest.approx(windows[0]) for key, windows in seconds.items()} == {k: w[0] for k, w in said.items()}


def test_short_windows_of_one_model_that_always_says_the_same_are_seconds(tmp_path):
    rows = [{"qid": i, "windows": [[0, 1]]} for i in N]
    assert len(joined(tmp_path, lines(rows)).found) == 5
