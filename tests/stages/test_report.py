import base64
import hashlib
import json
import re
from pathlib import Path

import pytest

from support import labelled
from support.builders import draw_video, make_sample
from vtgdata.errors import VtgError
from vtgdata.files.samples import write_samples
from vtgdata.stages import audit, report


def page_of(path: Path, tmp_path: Path, **more) -> str:
    report.run(report.Settings(path=str(path), out=str(tmp_path / "page.html"), **more))
    return (tmp_path / "page.html").read_text(encoding="utf-8")


def script(page: str, name: str) -> str:
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return found[1]


def test_a_page_has_every_sample_and_needs_nothing_else(tmp_path):
    labelled.write(tmp_path / "labels")
    page = page_of(tmp_path / "labels", tmp_path)
    table = json.loads(script(page, "table"))
    assert sorted(table["ids"]) == sorted(f"l:{number}" for number in range(60))
    assert len(table["answers"][0]) == 6 and len(table["annotation"][0]) == 2
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:|//)""", page)
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    assert "default-src &#39;none&#39;" in policy and "unsafe" not in policy and "http" not in policy
    for tag in ("style", "script"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() in policy


def test_answers_alone_take_their_queries_from_the_samples_that_their_command_read(tmp_path):
    labelled.write(tmp_path / "labels")
    (tmp_path / "answers").mkdir()
    (tmp_path / "labels/rollouts.parquet").rename(tmp_path / "answers/rollouts.parquet")
    with pytest.raises(VtgError, match="--samples"):
        page_of(tmp_path / "answers", tmp_path)
    page = page_of(tmp_path / "answers", tmp_path, samples=str(tmp_path / "labels/samples.parquet"))
    assert "a dog jumps" in script(page, "table")


def test_the_strips_show_the_frames_of_the_store_with_their_true_times(tmp_path, monkeypatch):
    monkeypatch.setenv("VTGDATA_CACHE", str(tmp_path / "cache"))
    draw_video(tmp_path / "videos/v1.mp4")
    write_samples(tmp_path / "samples.parquet", [make_sample("a", duration=4.0, windows=[(1.0, 2.0)])])
    page = page_of(tmp_path / "samples.parquet", tmp_path, videos=str(tmp_path / "videos"), num_frames=3)
    status, times, images = json.loads(script(page, "details"))["frames"]
    assert status == "ok" and times == [0.6, 2.0, 3.2]  # five frames a second: the frame shown at 0.67, 2 and 3.33 s
    assert all(base64.b64decode(image).startswith(b"\xff\xd8") for image in images)


def test_the_queue_comes_first_where_not_all_samples_can_have_frames(tmp_path):
    labelled.write(tmp_path / "labels")
    audit.run(
        audit.Settings(
            samples=str(tmp_path / "labels/samples.parquet"), rollouts=[str(tmp_path / "labels/rollouts.parquet")],
            out=str(tmp_path / "audit"), size=10,
        )
    )  # fmt: skip
    page = page_of(tmp_path / "audit", tmp_path, samples=str(tmp_path / "labels/samples.parquet"), detailed=12)
    facts, table = json.loads(script(page, "facts")), json.loads(script(page, "table"))
    assert len(facts["detailed"]) == 12
    assert [table["data"]["place"][row] for row in facts["detailed"][:10]] == list(range(10))


def test_a_file_that_would_be_too_large_has_fewer_frames_and_then_is_refused(tmp_path):
    samples = [make_sample(f"s{number}", query="word " * 60 + str(number)) for number in range(3000)]
    write_samples(tmp_path / "samples.parquet", samples)
    page = page_of(tmp_path / "samples.parquet", tmp_path, megabytes=2, detailed=3000)
    assert len(page.encode()) <= 2_000_000 and 0 < len(json.loads(script(page, "facts"))["detailed"]) < 3000
    with pytest.raises(VtgError, match="view"):
        page_of(tmp_path / "samples.parquet", tmp_path, megabytes=1)


def test_two_paths_are_compared_sample_by_sample(tmp_path):
    before = [make_sample("a"), make_sample("b"), make_sample("c")]
    after = [make_sample("a"), make_sample("b", windows=[(1.0, 2.0)], query="a cat"), make_sample("d")]
    write_samples(tmp_path / "before/samples.parquet", before)
    write_samples(tmp_path / "after/samples.parquet", after)
    page = page_of(tmp_path / "after", tmp_path, against=str(tmp_path / "before"))
    table = json.loads(script(page, "table"))
    change = table["data"]["change"]
    assert [change["values"][code] for code in change["codes"]] == ["same", "query, windows", "added"]
    (plot,) = json.loads(script(page, "facts"))["sections"][0]["plots"]
    assert {row["label"]: row["count"] for row in plot["rows"]} == {
        "same": 1, "query, windows": 1, "added": 1, "removed": 1,
    }  # fmt: skip


def test_a_label_that_becomes_no_such_moment_is_a_change(tmp_path):
    before, after = make_sample("a", windows=[], labelled=False), make_sample("a", windows=[])
    write_samples(tmp_path / "before/samples.parquet", [before])
    write_samples(tmp_path / "after/samples.parquet", [after, make_sample("b")])
    page = page_of(tmp_path / "after", tmp_path, against=str(tmp_path / "before"))
    change = json.loads(script(page, "table"))["data"]["change"]
    assert [change["values"][code] for code in change["codes"]] == ["kind of label", "added"]


def test_what_holds_nothing_to_show_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(VtgError, match="nothing that can be shown"):
        page_of(tmp_path / "empty", tmp_path)
    with pytest.raises(VtgError, match="no such file"):
        page_of(tmp_path / "none", tmp_path)
