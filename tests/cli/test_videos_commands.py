"""`vtgdata videos` on real files, as a user types it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from builders import make_sample
from drawn_videos import draw
from vtgdata import tables
from vtgdata.records import Sample


def vtgdata(*arguments: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "vtgdata", *map(str, arguments)]
    named = os.environ | {"VTGDATA_CACHE": str(cwd / "cache")} | environment
    return subprocess.run(command, cwd=cwd, env=named, capture_output=True, text=True, check=False)


def summary(done: subprocess.CompletedProcess[str], code: int = 0) -> dict:
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def samples(folder: Path, *rows: Sample) -> Path:
    path = folder / "samples.parquet"
    tables.write_samples(path, rows)
    return path


def on(video_id: str, duration: float | None = 4.0, number: int = 1) -> Sample:
    windows = [(0.5, 1.5)]
    return make_sample(f"test:{video_id}:{number}", video_id=video_id, duration=duration, windows=windows)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """Samples on videos of which one is whole."""
    root = tmp_path / "videos"
    whole = draw(root / "deep/whole.mp4", 20)
    shutil.copy(whole, root / "longer.mp4")
    shutil.copy(draw(root / "cut.mkv", 100), root / "rest.mkv")
    (root / "cut.mkv").write_bytes((root / "rest.mkv").read_bytes()[:-2000])
    (root / "page.mp4").write_text("<!doctype html><p>Video unavailable")
    for name in ("one", "two"):
        (root / name).mkdir()
        shutil.copy(whole, root / name / "double.mp4")
    names = ["whole", "longer", "cut", "page", "gone", "double"]
    samples(tmp_path, *(on(name, 9.0 if name == "longer" else None if name == "cut" else 4.0) for name in names))
    return tmp_path


VERIFY = ("videos", "verify", "--samples", "samples.parquet", "--videos", "videos", "--out", "o")


def test_verify_counts_every_kind_and_lists_what_to_fetch(broken):
    found = summary(vtgdata(*VERIFY, "--json", cwd=broken), 3)
    assert found["statuses"] == {
        "ok": 1, "disagrees": 1, "truncated": 1, "not a video": 1, "missing": 1, "ambiguous": 1,
    }  # fmt: skip
    assert (broken / "o/fetch.txt").read_text().split() == ["cut.mp4", "double.mp4", "gone.mp4", "page.mp4"]
    rows = {row["video_id"]: row for row in tables.read_parquet(broken / "o/verified.parquet")}
    assert rows["whole"]["status"] == "ok" and rows["whole"]["path"] == "deep/whole.mp4"
    assert (rows["whole"]["duration"], rows["whole"]["difference"]) == (4.0, 0.0)
    assert rows["longer"]["status"] == "disagrees" and rows["longer"]["difference"] == -5.0
    assert rows["cut"]["status"].startswith("truncated at ")
    assert json.loads((broken / "o/meta.json").read_text())["complete"] is False


def test_verify_says_it_to_people_and_what_to_do(broken):
    done = vtgdata(*VERIFY, "-q", cwd=broken)
    assert done.returncode == 3
    assert "  longer.mp4: lasts 4.0 s, annotated 9.0 s" in done.stdout.splitlines()
    assert "  page.mp4: not a video (an HTML page)" in done.stdout.splitlines()
    assert "4 files to fetch, listed in o/fetch.txt" in done.stdout
    assert "5 of 6 videos failed" in done.stderr and "--max-failed" in done.stderr


def test_verify_passes_what_is_allowed_and_then_has_nothing_to_do(broken):
    allowed = (*VERIFY, "--json", "--max-failed", 0.84, "--tolerance", 5)
    assert summary(vtgdata(*allowed, cwd=broken))["statuses"]["ok"] == 2
    assert summary(vtgdata(*allowed, cwd=broken))["up_to_date"]
    draw(broken / "videos/gone.mp4", 20)
    found = summary(vtgdata(*allowed, cwd=broken))
    assert "up_to_date" not in found and found["statuses"]["ok"] == 3
