"""Damaged videos as a user meets them: told by `videos verify`, and their rows left out by `curate`."""

import json
from pathlib import Path

import pytest

from support.builders import make_sample
from support.drawn_videos import draw
from support.videos_command import on, samples, summary, vtgdata
from vtgdata.files.parquet import read_parquet

VERIFY = ("videos", "verify", "--samples", "samples.parquet", "--videos", "videos", "--out", "v")


@pytest.fixture
def hole(tmp_path: Path) -> Path:
    """A video of 20 s with a hole in the middle, a cut one, and a whole one; rows before, in and behind the hole."""
    path = draw(tmp_path / "videos/hole.mp4", 200, 10)
    raw = bytearray(path.read_bytes())
    start, size = raw.find(b"mdat") + 4, int.from_bytes(raw[raw.find(b"mdat") - 4 : raw.find(b"mdat")], "big")
    raw[start + size // 2 : start + size // 2 + size // 8] = bytes(size // 8)
    path.write_bytes(raw)
    draw(tmp_path / "videos/whole.mp4", 20)
    cut = draw(tmp_path / "videos/cut.mkv", 100)
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    spans = {"before": (1, 5), "within": (11, 11.5), "behind": (17, 19), "reaching": (3, 12)}
    rows = [make_sample(f"test:{name}", video_id="hole", duration=20.0, windows=[span]) for name, span in spans.items()]
    late = make_sample("test:late", video_id="cut", duration=20.0, windows=[(17, 19)])
    early = make_sample("test:early", video_id="cut", duration=20.0, windows=[(0, 1)])
    samples(tmp_path, *rows, late, early, on("whole"), on("gone"))
    return tmp_path


def test_a_hole_is_told_with_from_and_to_and_so_are_the_rows_in_it(hole):
    found = summary(vtgdata(*VERIFY, "--json", cwd=hole), 3)
    assert found["statuses"] == {"hole": 1, "truncated": 1, "ok": 1, "missing": 1}
    assert found["findings"] == {"hole": 1, "cut": 1} and found["samples_spoilt"] == 3
    (row,) = [each for each in read_parquet(hole / "v/findings.parquet") if each["kind"] == "hole"]
    assert row["file"] == "hole.mp4" and 8 < row["start"] < 11 and 11.5 < row["end"] < 15
    spoilt = {each["sample_id"]: each["kind"] for each in read_parquet(hole / "v/spoilt.parquet")}
    assert spoilt == {"test:within": "hole", "test:reaching": "hole", "test:late": "cut"}
    # To fetch it again may help.
    assert (hole / "v/fetch.txt").read_text().split() == ["cut.mp4", "gone.mp4", "hole.mp4"]


def test_it_is_said_to_people(hole):
    done = vtgdata(*VERIFY, "-q", cwd=hole)
    assert done.returncode == 3
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("  hole.mp4: ")]
    assert "hole (" in line and " s: " in line
    assert "3 samples have windows where pictures are lost, listed in v/spoilt.parquet" in done.stdout


def test_curate_drops_the_rows_in_holes_and_of_unreadable_videos_and_keeps_the_others(hole):
    vtgdata(*VERIFY, cwd=hole)
    curate = ("curate", "samples.parquet", "--filter", "damaged_video:verified=v", "--out", "c", "--json")
    found = summary(vtgdata(*curate, cwd=hole))
    assert found["reasons"] == {"window_in_hole": 2, "window_in_cut": 1, "video_unreadable": 1}
    kept = {row["sample_id"] for row in read_parquet(hole / "c/samples.parquet")}
    assert kept == {"test:before", "test:behind", "test:early", "test:whole:1"}


def test_curate_says_what_it_needs(hole):
    for filters, said in (
        ("damaged_video", "verified=work/verified"),
        ("damaged_video:verified=videos", "has no verified.parquet"),
    ):
        done = vtgdata("curate", "samples.parquet", "--filter", filters, "--out", "c", "--json", cwd=hole)
        assert done.returncode == 1 and said in json.loads(done.stderr.splitlines()[-1])["error"]


def test_without_decoding_only_headers_are_looked_at(hole):
    found = summary(vtgdata(*VERIFY, "--no-decode", "--json", cwd=hole), 3)
    assert found["statuses"] == {"ok": 2, "truncated": 1, "missing": 1} and found["findings"] == {"cut": 1}


def test_a_kind_of_finding_may_be_allowed(tmp_path):
    draw(tmp_path / "videos/a.mkv", 20).rename(tmp_path / "videos/a.mp4")
    samples(tmp_path, on("a"))
    found = summary(vtgdata(*VERIFY, "--json", cwd=tmp_path), 3)
    assert found["statuses"] == {"codec": 1} and found["to_fetch"] == 0
    found = summary(vtgdata(*VERIFY, "--allow", "codec", "--json", cwd=tmp_path))
    assert found["statuses"] == {"ok": 1} and found["findings"] == {"codec": 1}


def test_a_file_in_another_container_under_its_own_ending_is_right(tmp_path):
    draw(tmp_path / "videos/a.mkv", 20)
    samples(tmp_path, on("a"))  # the samples call it a.mp4
    assert summary(vtgdata(*VERIFY, "--json", cwd=tmp_path))["statuses"] == {"ok": 1}
