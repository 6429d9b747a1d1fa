"""Stored frames as a user meets them: pictures in a folder instead of a file, and a store that stays below its size."""

import json
import os
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image

from support import forked
from support.builders import draw_video, make_sample
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import write_samples
from vtgdata.records import Video


def vtgdata(cwd: Path, *words: object, **environment: str) -> dict:
    done = forked.vtgdata(*words, "--json", "-q", cwd=cwd, **environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def samples(folder: Path, *videos: Video) -> None:
    rows = [msgspec.structs.replace(make_sample(f"t:{number}"), video=video) for number, video in enumerate(videos)]
    write_samples(folder / "s.parquet", rows)


ASK = ("--samples", "s.parquet", "--videos", "videos", "--frames", "store")


def test_a_folder_of_pictures_is_verified_and_shown_at_its_own_times(tmp_path):
    folder = tmp_path / "videos" / "v1"
    folder.mkdir(parents=True)
    times = [0.0, 0.5, 1.5, 4.0, 9.0]
    for number in range(len(times)):
        Image.fromarray(np.full((48, 64, 3), 40 * number, np.uint8)).save(folder / f"{number:05d}.png")
    (folder / "times.json").write_text(json.dumps({"times": times, "duration": 12.0}))
    samples(tmp_path, Video(video_id="v1", file="v1.mp4", duration=12.0))
    checked = vtgdata(tmp_path, "videos", "verify", *ASK[:4], "--out", "seen")
    assert checked["statuses"] == {"ok": 1}
    vtgdata(
        tmp_path, "build-coldstart", *ASK, "--model", "scripted:s.parquet", "--num-frames", 6, "--n", 1, "--out", "t"
    )
    (row,) = read_parquet(tmp_path / "t/rollouts.parquet")
    # Asked at 0, 2, 4, ... 10 s: the picture on show then, and since when.
    assert row["frame_times"] == [0.0, 1.5, 4.0, 4.0, 4.0, 9.0]


def test_the_store_stays_below_its_size_and_what_was_used_last_stays(tmp_path):
    names = [f"v{number}" for number in range(4)]
    for number, name in enumerate(names):
        draw_video(tmp_path / "videos" / f"{name}.mp4", grey=30 + 20 * number)
    samples(tmp_path, *(Video(video_id=name, file=f"{name}.mp4") for name in names))
    warm = ("videos", "warm", *ASK, "--num-frames", 8, "--out", "w")
    assert vtgdata(tmp_path, *warm)["decoded"] == 4
    entries = sorted((tmp_path / "store").glob("*/*/*.parquet"))
    sizes = [path.stat().st_size for path in entries]
    assert len(entries) == 4
    # Long ago, all of them; then one is used again, and another sampling needs room for one more.
    for path in entries:
        os.utime(path, (1e9, 1e9))
    first = (*warm, "--where", "video_id = 'v0'")
    assert vtgdata(tmp_path, *first)["decoded"] == 0
    (used,) = [path for path in entries if path.stat().st_mtime != 1e9]
    room = str(2.5 * max(sizes) / 1e9)
    assert vtgdata(tmp_path, *first, "--midpoint", VTGDATA_FRAMES_GB=room)["decoded"] == 1
    left = list((tmp_path / "store").glob("*/*/*.parquet"))
    assert used in left and len(left) == 2
    assert sum(path.stat().st_size for path in left) <= 2.5 * max(sizes)
    assert vtgdata(tmp_path, *warm)["decoded"] == 3
