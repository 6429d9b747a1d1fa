import json
from pathlib import Path

import polars as pl
import pytest
from msgspec import structs

from support import labelled
from vtgdata.errors import Conflict, VtgError
from vtgdata.files.label_reviews import read_decisions
from vtgdata.stages import exchange

LINES = [
    {"sample_id": "l:0", "decision": "fix", "windows": [[1.234, 2.718], [30.0, 41.077]], "who": "ab",
     "when": "2026-11-29T10:00:00Z", "note": "begins with the hand"},
    {"sample_id": "l:1", "decision": "none", "who": "ab", "when": "2026-11-29"},
    {"sample_id": "l:2", "decision": "accept", "who": "cd", "when": "2026-11-29"},
]  # fmt: skip


def there(tmp_path: Path, tool: str, lines=LINES) -> Path:
    labelled.write(tmp_path / "labels")
    (tmp_path / "decisions.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    out = tmp_path / "there.json"
    exchange.run(
        exchange.Settings(
            queue=str(tmp_path / "labels"), tool=tool, out=str(out), decisions=str(tmp_path / "decisions.jsonl")
        )
    )
    return out


def back(tmp_path: Path, tool: str, file: Path, **more) -> list:
    out = tmp_path / "back.jsonl"
    exchange.run(
        exchange.Settings(queue=str(tmp_path / "labels"), tool=tool, back=str(file), out=str(out), replace=True, **more)
    )
    return [decision for _, decision in read_decisions(str(out))]


@pytest.mark.parametrize("tool", ["label_studio", "fiftyone"])
def test_nothing_is_lost_there_and_back(tool, tmp_path):
    made = back(tmp_path, tool, there(tmp_path, tool))
    told = [(d.sample_id, d.decision, d.windows, d.who, d.when, d.note) for d in made]
    assert told == [
        (e["sample_id"], e["decision"], e.get("windows"), e["who"], e["when"], e.get("note", "")) for e in LINES
    ]


@pytest.mark.parametrize("tool", ["label_studio", "fiftyone"])
def test_a_part_of_a_file_is_refused_since_tools_count_from_where_the_file_begins(tool, tmp_path):
    labelled.write(tmp_path / "labels")
    path = tmp_path / "labels/review.parquet"
    rows = pl.read_parquet(path).with_columns(pl.lit("game.mp4#t=60,90").alias("video_file"))
    rows.write_parquet(path)
    with pytest.raises(VtgError, match="is a part of a file"):
        exchange.run(exchange.Settings(queue=str(path), tool=tool, out=str(tmp_path / "o.json")))
    assert not (tmp_path / "o.json").exists()


def test_an_edge_that_was_moved_there_is_that_of_its_frame(tmp_path):
    file = there(tmp_path, "label_studio")
    tasks = json.loads(file.read_text())
    tasks[0]["annotations"][0]["result"][0]["value"]["ranges"] = [{"start": 51, "end": 100}]
    tasks[0]["annotations"][0] |= {"updated_at": "2026-11-30", "completed_by": {"email": "ab@example.org"}}
    file.write_text(json.dumps(tasks))
    assert back(tmp_path, "label_studio", file)[0].windows == [[2.0, 4.0], [30.0, 41.077]]


def test_a_task_has_the_documented_form(tmp_path):
    task = json.loads(there(tmp_path, "label_studio").read_text())[0]
    (label,) = task["predictions"][0]["result"]
    assert label["type"] == "timelinelabels" and label["to_name"] == "video" and label["from_name"] == "moment"
    assert set(label["value"]) == {"ranges", "timelinelabels"} and set(label["value"]["ranges"][0]) == {"start", "end"}
    dataset = json.loads(there(tmp_path / "other", "fiftyone").read_text())
    (found,) = dataset["samples"][0]["annotation"]["detections"]
    assert found["_cls"] == "TemporalDetection" and all(type(frame) is int for frame in found["support"])
    assert set(dataset) == {"name", "media_type", "sample_fields", "frame_fields", "samples"}


@pytest.mark.parametrize(
    "text", ["{", "[1]", '{"samples": 1}', '[{"data": {"sample_id": "x"}, "annotations": [{}]}]', "[]x"]
)
@pytest.mark.parametrize("tool", ["label_studio", "fiftyone"])
def test_another_form_is_refused(text, tool, tmp_path):
    labelled.write(tmp_path / "labels")
    (tmp_path / "other.json").write_text(text)
    with pytest.raises(VtgError, match=r"other\.json"):
        back(tmp_path, tool, tmp_path / "other.json")


def test_nobody_named_is_asked_for(tmp_path):
    file = there(tmp_path, "label_studio")
    tasks = json.loads(file.read_text())
    del tasks[0]["data"]["decided"]
    tasks[0]["annotations"][0] |= {"updated_at": "2026-11-30", "completed_by": None}
    file.write_text(json.dumps(tasks))
    with pytest.raises(VtgError, match="--who"):
        back(tmp_path, "label_studio", file)
    assert back(tmp_path, "label_studio", file, who="ef")[0].who == "ef"


@pytest.mark.parametrize("tool", ["label_studio", "fiftyone"])
def test_windows_come_back_by_the_frame_rate_that_they_were_written_with(tool, tmp_path):
    labelled.write(tmp_path / "labels")
    (tmp_path / "decisions.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in LINES))
    out = tmp_path / "there.json"
    exchange.run(
        exchange.Settings(
            queue=str(tmp_path / "labels"), tool=tool, out=str(out), decisions=str(tmp_path / "decisions.jsonl"), fps=30
        )
    )
    made = back(tmp_path, tool, out)  # nobody says the rate once more
    assert [(d.decision, d.windows) for d in made] == [(e["decision"], e.get("windows")) for e in LINES]


def test_decisions_that_are_there_stay_and_tasks_are_written_anew(tmp_path):
    file = there(tmp_path, "label_studio")
    there(tmp_path, "label_studio")
    exported = tmp_path / "export.json"
    exported.write_text(json.dumps(json.loads(file.read_text())))
    own = (tmp_path / "decisions.jsonl").read_text()
    settings = exchange.Settings(queue=str(tmp_path / "labels"), tool="label_studio", back=str(exported), out="")
    with pytest.raises(Conflict, match="--replace"):
        exchange.run(structs.replace(settings, out=str(tmp_path / "decisions.jsonl")))
    assert (tmp_path / "decisions.jsonl").read_text() == own
    for _ in range(2):  # the same decisions once more are no loss
        exchange.run(structs.replace(settings, out=str(tmp_path / "new.jsonl")))
    with pytest.raises(Conflict, match="--replace"):  # nor is what the tool exported written over
        exchange.run(structs.replace(settings, back="", out=str(exported)))


def test_what_two_people_said_of_a_label_is_not_taken_for_one_decision(tmp_path):
    file = there(tmp_path, "label_studio")
    tasks = json.loads(file.read_text())
    tasks[1]["annotations"] *= 2
    file.write_text(json.dumps(tasks))
    with pytest.raises(VtgError, match=r"task 2: has 2 annotations"):
        back(tmp_path, "label_studio", file)
    tasks[1]["annotations"][0] = {"was_cancelled": True}
    file.write_text(json.dumps(tasks))
    assert len(back(tmp_path, "label_studio", file)) == 3


def test_a_verdict_in_other_words_is_refused(tmp_path):
    file = there(tmp_path, "fiftyone")
    dataset = json.loads(file.read_text())
    dataset["samples"][1]["verdict"] = "none"
    file.write_text(json.dumps(dataset))
    with pytest.raises(VtgError, match=r"sample 2: verdict 'none'"):
        back(tmp_path, "fiftyone", file)


def test_a_time_that_is_missing_is_asked_for_where_it_belongs(tmp_path):
    file = there(tmp_path, "fiftyone")
    dataset = json.loads(file.read_text())
    del dataset["samples"][1]["when"]
    file.write_text(json.dumps(dataset))
    with pytest.raises(VtgError, match=r"'l:1': no time is given. Fill in its field `when`"):
        back(tmp_path, "fiftyone", file)


def test_who_decided_comes_back_though_label_studio_says_who_loaded_the_file(tmp_path):
    """It takes no name of somebody without an account, and sets the time of what is loaded itself."""
    file = there(tmp_path, "label_studio")
    tasks = json.loads(file.read_text())
    for task in tasks[:3]:
        (made,) = task["annotations"]
        assert set(made) == {"result"}
        made |= {"completed_by": 7, "updated_at": "2026-12-01T00:00:00Z"}
    file.write_text(json.dumps(tasks))
    assert [(d.who, d.when) for d in back(tmp_path, "label_studio", file)] == [(e["who"], e["when"]) for e in LINES]
    tasks[1]["annotations"][0]["result"][0]["value"]["choices"] = ["drop"]  # somebody else decides once more
    file.write_text(json.dumps(tasks))
    again = back(tmp_path, "label_studio", file)[1]
    assert (again.decision, again.who, again.when) == ("drop", "7", "2026-12-01T00:00:00Z")


def test_a_label_without_window_and_verdict_is_said_to_be_undecided(tmp_path, caplog):
    file = there(tmp_path, "label_studio")
    tasks = json.loads(file.read_text())
    tasks[1]["annotations"][0]["result"] = []
    file.write_text(json.dumps(tasks))
    assert [d.sample_id for d in back(tmp_path, "label_studio", file)] == ["l:0", "l:2"]
    assert "1 labels have neither a window nor a verdict" in caplog.text and "'l:1'" in caplog.text


DATES = {
    "2026-11-30T08:00:00Z": "2026-11-30T08:00:00Z", 1796025600000: "2026-11-30T08:00:00+00:00",
    '{"$numberLong": "1796025600000"}': "2026-11-30T08:00:00+00:00",
}  # fmt: skip


@pytest.mark.parametrize("date", DATES)
def test_a_decision_of_fiftyone_is_dated_by_the_sample_s_last_change_where_nothing_else_is_said(date, tmp_path):
    file = there(tmp_path, "fiftyone")
    dataset = json.loads(file.read_text())
    told = json.loads(date) if isinstance(date, str) and date.startswith("{") else date
    dataset["samples"][0] |= {"when": None, "who": "", "last_modified_at": {"$date": told}}
    del dataset["samples"][1]["when"]
    file.write_text(json.dumps(dataset))
    with pytest.raises(VtgError, match="no time is given"):
        back(tmp_path, "fiftyone", file, who="ef")
    dataset["samples"][1]["last_modified_at"] = {"$date": told}
    file.write_text(json.dumps(dataset))
    first = back(tmp_path, "fiftyone", file, who="ef")[0]
    assert (first.who, first.when) == ("ef", DATES[date])
