"""A step keeps its summary in meta.json and gives it back as a record, or is done again."""

import errno
import json
import math
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from vtgdata.errors import RowsFailed
from vtgdata.files.meta import read_meta
from vtgdata.files.step import Step, StepSummary, json_values
from vtgdata.files.whole import write_text

BEFORE = Path(__file__).parents[1] / "whole/before/metas"
"""meta.json of folders that commands of commit ab94893 made, when a summary was a dict."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    out: str


class Part(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    window: tuple[float, float]


class Summary(StepSummary, frozen=True, kw_only=True):
    rows: int
    score: float | None
    parts: list[Part]


DONE = Summary(rows=3, score=0.5, parts=[Part(name="a", window=(0.0, 1.5))])


def step(folder: Path, kind: type[StepSummary] = Summary) -> Step[Any]:
    return Step("select", Settings(out=str(folder)), kind, code=[])


def done(folder: Path, summary: StepSummary = DONE, **more: Any) -> Any:
    begun = step(folder, type(summary))
    write_text(begun.start() / "rows.txt", "rows")
    return begun.finish(summary, ["rows.txt"], **more)


def edit(folder: Path, change: Any) -> None:
    """Change the summary that a folder's meta.json holds."""
    meta = json.loads((folder / "meta.json").read_text())
    change(meta["summary"])
    (folder / "meta.json").write_text(json.dumps(meta))


def test_a_step_that_is_up_to_date_gives_the_record_back_and_says_so(tmp_path):
    assert done(tmp_path) is DONE and not DONE.up_to_date
    again = step(tmp_path).up_to_date()
    assert again == msgspec.structs.replace(DONE, up_to_date=True)
    assert json_values(again) == {**json_values(DONE), "up_to_date": True}
    assert list(json_values(again)) == ["rows", "score", "parts", "up_to_date"], "the last key, and only then"


def test_a_step_that_names_all_that_lies_in_its_folder_is_up_to_date(tmp_path):
    begun = step(tmp_path)
    write_text(begun.start() / "weights", "0.5")
    begun.finish(DONE, begun.written())
    assert step(tmp_path).up_to_date() is not None


def test_meta_json_holds_plain_values_in_the_order_of_the_fields(tmp_path):
    done(tmp_path)
    kept = read_meta(tmp_path)
    assert kept is not None
    assert kept.summary == {"rows": 3, "score": 0.5, "parts": [{"name": "a", "window": [0.0, 1.5]}]}
    assert list(kept.summary) == ["rows", "score", "parts"]


def test_nan_is_null_in_json_and_none_in_the_record_that_comes_back(tmp_path):
    done(tmp_path, msgspec.structs.replace(DONE, score=math.nan))
    again = step(tmp_path).up_to_date()
    assert again is not None and again.score is None


@pytest.mark.parametrize(
    "change",
    [
        lambda summary: summary.pop("rows"),
        lambda summary: summary.update(rows="three"),
        lambda summary: summary.update(parts={"a": [0.0, 1.5]}),
        lambda summary: summary["parts"][0].pop("window"),
        lambda summary: summary.update(more=1),
        lambda summary: summary.clear(),
    ],
)
def test_a_summary_of_another_shape_counts_as_not_up_to_date_and_the_step_is_done_again(tmp_path, change):
    done(tmp_path)
    edit(tmp_path, change)
    assert step(tmp_path).up_to_date() is None
    assert done(tmp_path) is DONE
    assert step(tmp_path).up_to_date() is not None


def test_the_record_goes_with_the_error_that_rows_failed(tmp_path):
    with pytest.raises(RowsFailed) as caught:
        done(tmp_path, failed="2 rows failed")
    assert caught.value.summary is DONE and step(tmp_path).up_to_date() is None


@pytest.mark.parametrize("path", sorted(BEFORE.glob("*.json")), ids=lambda path: path.stem)
def test_a_meta_json_of_before_is_read_and_its_step_done_again(path, tmp_path):
    shutil.copy(path, tmp_path / "meta.json")
    known = read_meta(tmp_path)
    assert known is not None and known.summary, "status, retry and push read it"
    begun = Step(known.command, Settings(out=str(tmp_path)), Summary, code=[])
    assert begun.up_to_date() is None
    begun.start()
    begun.finish(DONE, [])
    assert Step(known.command, Settings(out=str(tmp_path)), Summary, code=[]).up_to_date() is not None


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        ValueError("Error while serializing: I/O error: No space left on device (os error 28)"),
        Exception("No space left on device (os error 28)"),
        RuntimeError("write(): fd 3 failed with No space left on device"),
        RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 576 vs 534"),
    ],
)
def test_a_full_disk_is_an_error_of_the_folder_whichever_library_met_it(tmp_path, error):
    """The words of safetensors, tokenizers and torch, as they say it on a disk that is full."""
    with pytest.raises(OSError, match="No space left on device") as raised, step(tmp_path / "out"):
        raise error
    assert (raised.value.errno, raised.value.filename) == (errno.ENOSPC, str(tmp_path / "out"))


def test_another_error_in_a_step_stays_what_it_is(tmp_path):
    with pytest.raises(RuntimeError, match="position 28 is wrong"), step(tmp_path / "out"):
        raise RuntimeError("position 28 is wrong")
