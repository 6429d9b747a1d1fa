"""Parts of files, read in place: their frames, on their own clock, and without what lies before them."""

import io
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from support import counting_decoder
from support.builders import make_sample
from support.drawn_videos import draw, number
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import write_samples
from vtgdata.records import Finding, FrameSampling, Video
from vtgdata.stages.videos import bind, verify, warm
from vtgdata.video import damage, find
from vtgdata.video.frame_source import FrameSource
from vtgdata.video.probe import Prober
from vtgdata.video.store import FrameStore

FOUR = FrameSampling(frames=4)
PART = Video(video_id="v_60.00_100.00", file="v.mp4#t=60,100", duration=40.0)


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """1000 frames, one a second, a key frame every 20."""
    return draw(tmp_path_factory.mktemp("videos") / "v.mp4", 1000, 1, gop=20).parent


def numbers(frames):
    return [number(np.asarray(Image.open(io.BytesIO(image)))) for image in frames.images]


@pytest.mark.parametrize("isolated", [False, True])
def test_its_frames_are_those_of_its_time_on_its_own_clock(videos, tmp_path, isolated):
    store = FrameStore(videos, FOUR, tmp_path, isolated=isolated)
    found = store.frames(PART)
    assert (found.status, found.duration, found.times) == ("ok", 40.0, (0.0, 10.0, 20.0, 30.0))
    assert numbers(found) == [60, 70, 80, 90]
    assert store.times(PART).frames_id == found.frames_id != store.frames(Video(video_id="v", file="v.mp4")).frames_id
    late = store.frames(Video(video_id="x", file="v.mp4#t=60.5,61.5"))
    assert late.times == (0.0, 0.0, 0.5, 0.5), "the frame on screen when it begins, then the next one"


def test_what_lies_before_it_is_not_decoded(videos, tmp_path, monkeypatch):
    monkeypatch.setenv("VTGDATA_CACHE", str(tmp_path))
    store = FrameStore(videos, FOUR, tmp_path / "frames", "support.counting_decoder", isolated=False)
    found = store.frames(Video(video_id="v", file="v.mp4#t=900,940"))
    assert numbers(found) == [900, 910, 920, 930]
    before = counting_decoder.total()
    assert 4 <= before <= 80, "not the 900 frames before it"
    store.frames(Video(video_id="v", file="v.mp4#t=940,980"))
    assert counting_decoder.total() - before <= 60, "the file is probed once"


def test_a_part_that_the_file_does_not_have_is_unreadable(videos, tmp_path):
    store = FrameStore(videos, FOUR, tmp_path, isolated=False)
    for part in ("990,1010", "1000,1001", "5000,5040"):
        found = store.frames(Video(video_id="v", file=f"v.mp4#t={part}"))
        assert "it ends at 1000.0 s, before its part" in found.status and not found.images
    assert store.frames(Video(video_id="v", file="v.mp4#t=990,1000.5")).duration == 10.0
    assert store.frames(Video(video_id="x", file="v.mp4#t=60,50")).status == "missing", "no part, and no such file"


def test_a_file_that_is_called_so_is_itself(tmp_path):
    draw(tmp_path / "v.mp4", 30, 1)
    draw(tmp_path / "v#t=5,9.mp4", 12, 1)
    videos = find.find(tmp_path)
    assert videos.path("v#t=5,9") == videos.path("v#t=5,9.mp4") == tmp_path / "v#t=5,9.mp4"
    assert videos.whole("v#t=5,9") == ("v#t=5,9", None)
    assert videos.path("v#t=5,8") == videos.path("v.mp4#t=5,8") == tmp_path / "v.mp4"
    assert videos.path("other.mp4#t=5,8", "v_5.00_8.00") == tmp_path / "v.mp4", "by the id of the whole"


def test_its_duration_is_its_own(videos):
    assert Prober(videos, isolated=False)("v.mp4#t=60,100") == (40.0, "ok")
    duration, status = Prober(videos, isolated=False)("v.mp4#t=990,1100")
    assert duration is None and "it ends at 1000.0 s" in str(status)


def test_a_release_of_parts_is_trained_on_parts(videos, tmp_path):
    row = {"frame_sampling": msgspec.json.encode(FOUR).decode(), "video_id": PART.video_id, "video_file": PART.file}
    times, pictures = FrameSource(str(videos), str(tmp_path))(row)
    assert [number(np.asarray(picture)) for picture in pictures] == [60, 70, 80, 90] and times == (
        0.0,
        10.0,
        20.0,
        30.0,
    )


def test_commands_on_videos_see_the_file_of_a_part_once(videos, tmp_path):
    parts = [(f"v.mp4#t={a},{a + 40}", f"v_{a}.00_{a + 40}.00") for a in (0, 60, 120)]
    samples = [
        msgspec.structs.replace(make_sample(f"s{n}"), video=Video(video_id=video_id, file=file, duration=40.0))
        for n, (file, video_id) in enumerate(parts)
    ]
    write_samples(tmp_path / "samples.parquet", samples)
    given = {"samples": str(tmp_path / "samples.parquet"), "videos": str(tmp_path / "videos")}
    (tmp_path / "videos").mkdir()
    Path(tmp_path / "videos/v.mp4").write_bytes((videos / "v.mp4").read_bytes())
    seen = verify.run(verify.Settings(**given, decode=False, out=str(tmp_path / "verified")))
    (row,) = read_parquet(tmp_path / "verified/verified.parquet")
    assert (seen.statuses, row["file"], row["samples"], row["last_end"]) == ({"ok": 1}, "v.mp4", 3, 129.0)
    bound = bind.run(bind.Settings(**given, out=str(tmp_path / "bound")))
    assert bound.statuses == {"ok": 1}
    filled = warm.run(warm.Settings(**given, num_frames=4, frames=str(tmp_path / "frames"), out=str(tmp_path / "warm")))
    assert (filled.videos, filled.frames, filled.decoded) == (3, 12, 3)


def test_what_spoils_a_window_of_a_part_is_told_on_its_clock():
    sample = make_sample("s", duration=40.0, windows=[(3.0, 9.0)])
    sample = msgspec.structs.replace(sample, video=PART)
    holes = [Finding(kind="hole", start=start, end=end, detail="") for start, end in ((58.0, 64.0), (3.0, 9.0))]
    (row,) = damage.spoilt([sample], {("v.mp4", "v"): holes})
    assert (row["window_start"], row["window_end"], row["start"], row["end"]) == (3.0, 9.0, 0.0, 4.0)
