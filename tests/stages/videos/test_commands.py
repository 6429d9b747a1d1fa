"""`vtgdata videos` on real files, as a user types it."""

import json
import shutil
from pathlib import Path

import pytest

from support.drawn_videos import draw
from support.videos_command import on, samples, summary, vtgdata
from vtgdata.files.parquet import read_parquet


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
    done = vtgdata(*VERIFY, "--json", cwd=broken)
    found = summary(done, 3)
    assert "o/fetch.txt lists the files to fetch" in done.stderr
    assert found["statuses"] == {
        "ok": 1, "disagrees": 1, "truncated": 1, "not a video": 1, "missing": 1, "ambiguous": 1,
    }  # fmt: skip
    assert (broken / "o/fetch.txt").read_text().split() == ["cut.mp4", "double.mp4", "gone.mp4", "page.mp4"]
    rows = {row["video_id"]: row for row in read_parquet(broken / "o/verified.parquet")}
    assert rows["whole"]["status"] == "ok" and rows["whole"]["path"] == "deep/whole.mp4"
    assert (rows["whole"]["duration"], rows["whole"]["difference"]) == (4.0, 0.0)
    assert rows["longer"]["status"] == "disagrees" and rows["longer"]["difference"] == -5.0
    assert rows["cut"]["status"].startswith("truncated at ")
    assert json.loads((broken / "o/meta.json").read_text())["complete"] is False


@pytest.mark.slow
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


WARM = ("videos", "warm", "--samples", "samples.parquet", "--videos", "videos", "--out", "w", "--json")


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    names = ["a", "b", "c", "d"]
    for number, name in enumerate(names):
        draw(tmp_path / f"videos/{name}.mp4", 20 + number)
    samples(tmp_path, *(on(name, number=number) for name in names for number in (1, 2)))
    return tmp_path


def stored(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_ino for path in folder.glob("*/*/*.parquet")}


def test_warm_fills_the_store_that_other_commands_then_find_full(whole):
    done = vtgdata(*WARM, "--num-frames", 5, cwd=whole)
    found = summary(done)
    assert (found["videos"], found["frames"], found["decoded"]) == (4, 20, 4)
    assert "warm: 4 of 4 videos" in done.stderr
    filled = stored(whole / "cache/frames")
    assert len(filled) == 4
    ask = ("build-coldstart", "--samples", "samples.parquet", "--model", "scripted:samples.parquet")
    done = vtgdata(*ask, "--videos", "videos", "--num-frames", 5, "--out", "t", cwd=whole)
    assert done.returncode == 0, done.stderr
    assert stored(whole / "cache/frames") == filled
    asked = {row["frames_id"] for row in read_parquet(whole / "t/rollouts.parquet")}
    assert asked == {row["frames_id"] for row in read_parquet(whole / "w/warmed.parquet")}


def test_warm_looks_again_and_decodes_only_what_had_to_go(whole):
    again = (*WARM, "--frames", "store", "--preset", "tvg_r1")
    assert summary(vtgdata(*again, cwd=whole))["decoded"] == 4
    found = summary(vtgdata(*again, cwd=whole))
    assert found["up_to_date"] and found["decoded"] == 0
    next((whole / "store").glob("*/*/*.parquet")).unlink()
    assert summary(vtgdata(*again, cwd=whole))["decoded"] == 1


def test_warm_says_which_videos_cannot_be_seen(broken):
    found = summary(vtgdata(*WARM, cwd=broken), 3)
    assert found["statuses"] == {"ok": 2, "ambiguous": 1, "truncated": 1, "missing": 1, "not a video": 1}
    assert summary(vtgdata(*WARM, "--max-failed", 0.7, cwd=broken))["decoded"] == 0


@pytest.mark.slow
def test_shards_warm_disjoint_parts_and_together_all(whole):
    parts = [summary(vtgdata(*WARM, "--shard", f"{index}/2", cwd=whole)) for index in (0, 1)]
    assert sum(part["decoded"] for part in parts) == sum(part["videos"] for part in parts) == 4
    assert summary(vtgdata(*WARM, cwd=whole))["decoded"] == 0


@pytest.mark.slow
def test_warm_on_ray_decodes_each_video_once_in_its_tasks(whole):
    pytest.importorskip("ray", reason="the extra `ray` is not installed")
    found = summary(vtgdata(*WARM, "--executor", "ray", "--shards", 3, cwd=whole))
    assert (found["videos"], found["decoded"]) == (4, 0)
    parts = [json.loads(path.read_text())["summary"] for path in (whole / "w").glob("shard-*-of-3/meta.json")]
    assert [sum(part[name] for part in parts) for name in ("videos", "decoded")] == [4, 4]


LAST_LINES = {
    "verify": "written to run/last",
    "bind": "written to run/last and videos/vtgdata-bindings.json",
    "warm": "written to run/last",
}


@pytest.mark.parametrize("command", LAST_LINES)
def test_a_recipe_may_end_with_it(command, tmp_path):
    draw(tmp_path / "videos/a.mp4", 20)
    samples(tmp_path, on("a"))
    step = f"command: videos {command}, samples: samples.parquet, videos: videos"
    (tmp_path / "r.yaml").write_text(f"out: run\nsteps:\n  - {{id: last, {step}}}\n")
    done = vtgdata("run", "r.yaml", "-q", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == LAST_LINES[command]
    assert summary(vtgdata("run", "r.yaml", "--json", cwd=tmp_path))["videos"] == 1
