"""Several processes and one store: nothing torn, nothing decoded twice but what a kill interrupted."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from support import forked
from support.drawn_videos import draw
from vtgdata.records import FrameSampling, Video
from vtgdata.video.store import FrameStore

COUNT = 40
FILL = """
import random, sys
from pathlib import Path
from vtgdata.records import FrameSampling, Video
from vtgdata.video.store import FrameStore
root, folder, seed, isolated = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "isolated"
store = FrameStore(root, FrameSampling(frames=4), folder, "support.counting_decoder", isolated=isolated)
names = [path.stem for path in sorted(root.iterdir())]
random.Random(seed).shuffle(names)
for name in names:
    assert store.frames(Video(video_id=name, file=name + ".mp4")).status == "ok"
    print(name, flush=True)
"""


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    root = tmp_path_factory.mktemp("videos")
    for k in range(COUNT):
        draw(root / f"v{k:02}.mp4", 10 + k)
    return root


def fill(videos, tmp_path, seed, how="here"):
    path = os.pathsep.join([str(Path(__file__).parents[1]), *(entry for entry in sys.path if entry)])
    given = os.environ | {"PYTHONPATH": path, "VTGDATA_CACHE": str(tmp_path)}
    arguments = ["-c", FILL, videos, tmp_path / "frames", seed, how]
    return forked.start(arguments, env=given, stdout=subprocess.PIPE, text=True)


def decoded(tmp_path):
    lines = (tmp_path / "decoded.txt").read_text().split("\n")[:-1]
    return Counter(line for line in lines if line.startswith("begin")), lines


def all_whole(videos, folder):
    """Every entry is read as it is, by a store that would notice if it had to make one."""
    before = {path: path.stat().st_ino for path in folder.rglob("*.parquet")}
    store = FrameStore(videos, FrameSampling(frames=4), folder, "support.counting_decoder", isolated=False)
    for path in sorted(videos.iterdir()):
        assert store.frames(Video(video_id=path.stem, file=path.name)).status == "ok"
    return before == {path: path.stat().st_ino for path in folder.rglob("*.parquet")} and len(before) == COUNT


@pytest.mark.parametrize("how", ["here", "isolated"])
def test_two_processes_that_fill_one_store_decode_each_video_once(videos, tmp_path, how):
    both = [fill(videos, tmp_path, seed, how) for seed in (1, 2)]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    for process in both:
        process.stdout.close()
    begun, _ = decoded(tmp_path)
    assert set(begun.values()) == {1} and len(begun) == COUNT
    assert all_whole(videos, tmp_path / "frames")


@pytest.mark.parametrize("seed", range(4))
def test_a_kill_costs_no_more_than_what_was_in_flight(videos, tmp_path, seed):
    one, two = fill(videos, tmp_path, seed), fill(videos, tmp_path, seed + 100)
    one.stdout.readline()
    time.sleep(random.Random(seed).uniform(0.0, 0.5))
    one.send_signal(signal.SIGKILL)
    two.wait(timeout=120)
    one.wait()
    again = fill(videos, tmp_path, seed)
    assert [two.returncode, again.wait(timeout=120)] == [0, 0]
    for process in (one, two, again):
        process.stdout.close()
    begun, _ = decoded(tmp_path)
    assert len(begun) == COUNT
    # The one process that was killed had at most one video in the making.
    assert sum(begun.values()) <= COUNT + 1
    assert all_whole(videos, tmp_path / "frames")
