"""What a library does to itself must not reach the run."""

import os
import signal
import subprocess
import sys
import threading
import time
from importlib import metadata
from pathlib import Path

import pytest

from support.drawn_videos import draw
from vtgdata.errors import VideoUnreadable, VtgError
from vtgdata.files import limits
from vtgdata.plugins.decoders import pyav
from vtgdata.records import FrameSampling, Video
from vtgdata.video import workers
from vtgdata.video.store import FrameStore
from vtgdata.video.workers import Here, Workers

TWO = FrameSampling(frames=2)
FAILING = "support.failing_decoders"


@pytest.fixture
def failing(monkeypatch):
    """The decoder of failing_decoders.py, by a name that a worker can import too."""
    monkeypatch.syspath_prepend(Path(__file__).parents[1])
    return FAILING


@pytest.fixture
def pool(failing):
    found = Workers(2, seconds=1.0)
    yield found
    found.close()


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("hang", "unreadable: the decoder hangs on it (over 1 s)"),
        ("wait", "unreadable: the decoder hangs on it (over 1 s)"),
        ("crash", "unreadable: the decoder crashes on it"),
        ("greed", "unreadable: it takes more memory than a decoder may have"),
        ("bug", "unreadable: the decoder fails: ZeroDivisionError"),
        (
            "speaks",
            "unreadable: the decoder fails: AttributeError: speaks.mp4: <Stream> has no attribute 'index_entries'",
        ),
    ],
)
def test_a_library_that_fails_is_a_status_and_the_next_video_is_read(pool, name, status, tmp_path):
    good = draw(tmp_path / "good.mp4", 10)
    bad = draw(tmp_path / f"{name}.mp4", 10)
    began = time.monotonic()
    with pytest.raises(VideoUnreadable) as caught:
        pool.look(FAILING, bad, TWO)
    assert caught.value.status == status
    assert time.monotonic() - began < 10
    assert pool.look(FAILING, good, TWO).times == (0.0, 1.0)


def test_a_package_that_is_not_there_ends_the_run_and_no_video_is_blamed(pool, tmp_path):
    with pytest.raises(VtgError) as caught:
        pool.look(FAILING, draw(tmp_path / "absent.mp4", 10), TWO)
    assert not isinstance(caught.value, VideoUnreadable)
    said = f"cannot import name 'Index' from 'av.index' (av {metadata.version('av')} is installed)"
    assert said in str(caught.value) and "pip install -U" in str(caught.value)


@pytest.mark.parametrize("name", ["pickle", "endless", "foreign"])
def test_a_library_that_was_taken_over_cannot_make_the_run_do_anything(pool, name, tmp_path):
    bad = draw(tmp_path / f"{name}.mp4", 10)
    with pytest.raises(VideoUnreadable, match="the decoder crashes on it"):
        pool.look(FAILING, bad, TWO)
    assert [path.name for path in tmp_path.iterdir()] == [bad.name]
    assert pool.look(FAILING, draw(tmp_path / "good.mp4", 10), TWO).times == (0.0, 1.0)


def test_a_file_whose_name_is_not_utf8_is_read(pool, tmp_path):
    path = draw(tmp_path / "a.mp4", 10).rename(tmp_path / "caf\udce9.mp4")
    assert pool.look("pyav", path, TWO) == Here().look("pyav", path, TWO)


def test_a_relative_path_is_found_from_where_the_run_is_now(pool, tmp_path, monkeypatch):
    for name in ("one", "two"):
        draw(tmp_path / name / "a.mp4", 10)
        monkeypatch.chdir(tmp_path / name)
        assert pool.look("pyav", Path("a.mp4"), TWO).times == (0.0, 1.0)


def test_raw_pictures_come_as_they_are(pool, tmp_path):
    path = draw(tmp_path / "a.mp4", 10)
    pictures, times = pool.frames("pyav", path, [0.0, 1.0])
    own, own_times = pyav.frames(path, [0.0, 1.0])
    assert times == own_times
    assert all((a == b).all() and a.dtype == b.dtype for a, b in zip(pictures, own, strict=True))


def test_the_limit_of_a_real_run_is_below_10_s():
    assert limits.PROBE_SECONDS.default < 10


def test_a_run_goes_on_over_videos_that_hang_and_crash(failing, tmp_path, monkeypatch):
    quick = Workers(2, seconds=1.0)
    monkeypatch.setattr(workers, "shared", lambda: quick)
    for count, name in enumerate(("a", "hang", "crash", "z"), 10):
        draw(tmp_path / f"videos/{name}.mp4", count)
    store = FrameStore(tmp_path / "videos", TWO, tmp_path / "frames", FAILING)
    videos = [Video(video_id=name, file=f"{name}.mp4") for name in ("a", "hang", "crash", "z")]
    found = {video.video_id: store.frames(video).status for video in videos}
    assert [found["a"], found["z"]] == ["ok", "ok"]
    assert "hangs" in found["hang"] and "crashes" in found["crash"]


def test_a_worker_shows_what_this_process_would(pool, tmp_path):
    path = draw(tmp_path / "a.mp4", 30)
    assert pool.look("pyav", path, TWO) == Here().look("pyav", path, TWO)
    assert pool.probe("pyav", path) == Here().probe("pyav", path)


def test_an_error_for_the_user_comes_through_as_it_is(pool, tmp_path):
    (tmp_path / "a.mp4").write_text("<html>")
    with pytest.raises(VideoUnreadable, match="an HTML page"):
        pool.probe("pyav", tmp_path / "a.mp4")
    with pytest.raises(VtgError, match="decoders plug-in 'pyaw'"):
        pool.probe("pyaw", tmp_path / "a.mp4")


def test_threads_share_few_processes(pool, tmp_path):
    path = draw(tmp_path / "a.mp4", 30)
    threads = [threading.Thread(target=pool.probe, args=("pyav", path)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= len(pool._idle) <= 2


def test_no_worker_outlives_a_run_that_is_killed(tmp_path):
    path = draw(tmp_path / "a.mp4", 10)
    program = (
        "import os, signal, sys; from pathlib import Path; from vtgdata.video.workers import Workers\n"
        "pool = Workers(1)\n"
        "pool.probe('pyav', Path(sys.argv[1])); print(pool._idle[0]._process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    for _ in range(100):
        try:
            os.kill(int(done.stdout), 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{int(done.stdout)}/stat").read_text().split()[2] == "Z":
            return
        time.sleep(0.1)
    pytest.fail("the worker is still there")
