"""Frames as published systems take them, named by a setting: from the command line to what a model is trained on."""

import json
import subprocess
from pathlib import Path

import pytest

from support import forked
from support.builders import make_sample
from support.drawn_videos import draw
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import write_samples
from vtgdata.train import data
from vtgdata.video.frame_source import FrameSource


def vtgdata(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return forked.vtgdata(*arguments, cwd=cwd, VTGDATA_CACHE=str(cwd / "cache"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    draw(tmp_path / "videos/v1.mp4", 40, size=(640, 360))
    rows = [make_sample("test:1", duration=8.0, windows=[(1.0, 3.0)], license="MIT")]
    write_samples(tmp_path / "s.parquet", rows)
    return tmp_path


ASK = ("build-coldstart", "--samples", "s.parquet", "--model", "scripted:s.parquet", "--videos", "videos", "--n", 1)


@pytest.mark.parametrize(
    ("name", "count", "size"),
    [
        # The video has 40 frames, and a preset of a published system takes no frame twice.
        ("tvg_r1", 40, (364, 196)),
        pytest.param("timelens", 16, (644, 364), marks=pytest.mark.slow),
        pytest.param("timelens_qwen3_vl", 16, (640, 352), marks=pytest.mark.slow),
        pytest.param("frames_64", 64, (597, 336), marks=pytest.mark.slow),
    ],
)
def test_what_a_preset_shows_is_recorded_and_is_what_a_model_is_trained_on(folder, name, count, size):
    if name != "frames_64":  # a preset as a recipe names it
        step = {"command": "build-coldstart", "samples": "s.parquet", "model": "scripted:s.parquet", "n": 1}
        step |= {"id": "t", "videos": "videos", "preset": name, "keep": {}}
        (folder / "r.yaml").write_text(json.dumps({"out": ".", "steps": [step]}))
        done = vtgdata("run", "r.yaml", cwd=folder)
    else:
        done = vtgdata(*ASK, "--preset", name, "--keep", "tiou=0", "--out", "t", cwd=folder)
    assert done.returncode == 0, done.stderr
    (trace,) = read_parquet(folder / "t/traces.parquet")
    assert trace["kept"] and len(trace["frame_times"]) == count
    done = vtgdata(
        "release", "--version", "1.0.0", "--samples", "s.parquet", "--coldstart", "t/traces.parquet", "--out", "r",
        cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (row,), _ = data.open_rows(str(folder / "r"), ["coldstart"])
    assert row["frame_sampling"] == trace["frame_sampling"]
    times, images = FrameSource(str(folder / "videos"), str(folder / "other store"))(row)
    assert list(times) == trace["frame_times"]
    assert {image.size for image in images} == {size}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--preset", "tvg_r1", "--num-frames", 32], "leave out --num-frames"),
        (["--preset", "tvg_r1", "--fps", 2, "--short-side", 336], "leave out --fps and --short-side"),
        (["--preset", "timelense"], "did you mean 'timelens'"),
    ],
)
def test_frames_are_asked_for_in_one_way(folder, given, words):
    before = sorted(folder.rglob("*"))
    done = vtgdata(*ASK, *given, "--out", "t", cwd=folder)
    assert done.returncode == 1 and words in done.stderr, done.stderr
    assert sorted(folder.rglob("*")) == before


def test_filters_that_look_take_a_preset_too(folder):
    curate = ("curate", "s.parquet", "--filter", "near_duplicate_video", "--videos", "videos", "--out", "c")
    assert vtgdata(*curate, "--preset", "tvg_r1", cwd=folder).returncode == 0
    (entry,) = (folder / "cache/frames").glob("*/*/*.parquet")
    assert len(read_parquet(entry)) == 40
    done = vtgdata(*curate, "--preset", "tvg_r1", "--fps", 2, cwd=folder)
    assert done.returncode == 1 and "leave out --fps" in done.stderr
