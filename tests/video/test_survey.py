"""What is wrong with a video although it opens: from and to; and what only looks wrong.

All are drawn by PyAV, so that they need no other program; `test_forty_spoilt` has those that ffmpeg makes.
"""

import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from support.drawn_videos import draw, encoded, picture, real, repacked
from vtgdata.errors import VideoUnreadable
from vtgdata.video.survey import belied, survey

STEP = 0.1
"""Seconds from frame to frame of the videos here; they have 100 frames, and a key frame every 12."""


@pytest.fixture(params=["a.mp4", "a.mkv"])
def video(request, tmp_path: Path) -> Path:
    return draw(tmp_path / request.param, 100, 10)


def kinds(path: Path) -> list[str]:
    return [finding.kind for finding in survey(path)]


def overwritten(path: Path, fill: Callable[[int], bytes], start: float = 4.0, end: float = 6.0) -> Path:
    """The bytes of the packets between two times, written over."""
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    begin = min(packet.pos for packet in packets if packet.pts * packet.time_base >= start)
    stop = max(packet.pos for packet in packets if packet.pts * packet.time_base < end)
    with path.open("r+b") as file:
        file.seek(begin)
        file.write(fill(stop - begin))
    return path


def rewritten(source: Path, target: Path, *, without: tuple[float, float]) -> Path:
    """The same packets in another file, without those between two times."""
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(video=0):
            if not packet.size or without[0] <= packet.pts * packet.time_base < without[1]:
                continue
            packet.dts = packet.dts if packet.dts is not None else packet.pts - round(0.3 / packet.time_base)
            packet.stream = stream
            new.mux(packet)
    return target


@pytest.mark.parametrize("fill", [bytes, np.random.default_rng(3).bytes], ids=["zeros", "noise"])
def test_a_hole_in_the_middle_is_told_from_and_to(video, fill):
    found = [each for each in survey(overwritten(video, fill)) if each.kind in ("hole", "repeats")]
    assert found
    # It begins at the first lost frame, and ends at the next key frame: what comes before builds on it. So small
    # a Matroska file is one piece, of which nothing behind the hole can be read.
    assert found[0].start == pytest.approx(4.0, abs=4 * STEP)
    assert found[-1].end == pytest.approx(6.0 if video.suffix == ".mp4" else 10.0, abs=1.3)
    assert "decoded" in found[0].detail or "damaged" in found[0].detail


def test_frames_that_were_left_out_are_a_hole_though_all_others_decode(video, tmp_path):
    (found,) = survey(rewritten(video, tmp_path / f"gap{video.suffix}", without=(4.05, 6.0)))
    assert found.kind == "hole"
    assert (found.start, found.end) == (pytest.approx(4.1, abs=2 * STEP), pytest.approx(6.0, abs=1.3))


def test_a_recording_that_paused_is_told_and_not_wrong(tmp_path):
    times = [number * STEP for number in range(40)] + [8.0 + number * STEP for number in range(60)]
    (found,) = survey(draw(tmp_path / "a.mp4", 100, 10, times=times))
    assert (found.kind, found.start, found.end) == ("pause", pytest.approx(4.0), pytest.approx(8.0))


def test_a_size_that_changes_is_told_from_and_to(tmp_path):
    parts = [draw(tmp_path / f"{side}.mpg", 50, 25, codec="mpeg1video", size=(side, 64)) for side in (64, 96, 64)]
    path = tmp_path / "a.mpg"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    sizes = [each for each in survey(path) if each.kind == "size"]
    assert sizes and "96 x 64 pixels instead of 64 x 64" in sizes[0].detail
    assert sizes[0].end - sizes[0].start == pytest.approx(2.0, abs=0.2)


@pytest.mark.parametrize("box", [b"mvhd", b"tkhd", b"mdhd"])
@pytest.mark.parametrize("factor", [0.5, 2])
def test_a_duration_that_its_frames_do_not_have(box, factor, tmp_path):
    path = draw(tmp_path / "a.mp4", 100, 10)
    raw = bytearray(path.read_bytes())
    place = raw.find(box) + 4 + (20 if box == b"tkhd" else 16)
    raw[place : place + 4] = int(int.from_bytes(raw[place : place + 4], "big") * factor).to_bytes(4, "big")
    path.write_bytes(raw)
    (found,) = survey(path)
    assert found.kind == "duration" and "has 10.00 s" in found.detail


def test_a_second_video_stream_is_told(tmp_path):
    first, second = draw(tmp_path / "a.mkv", 20, 10), draw(tmp_path / "b.mkv", 100, 10)
    with av.open(str(first)) as a, av.open(str(second)) as b, av.open(str(tmp_path / "c.mkv"), "w") as new:
        streams = [new.add_stream_from_template(old.streams.video[0]) for old in (a, b)]
        for old, stream in zip((a, b), streams, strict=True):
            for packet in old.demux(video=0):
                if packet.dts is not None:
                    packet.stream = stream
                    new.mux(packet)
    assert "streams" in kinds(tmp_path / "c.mkv")


def test_a_label_of_another_codec_is_told(tmp_path):
    path = draw(tmp_path / "a.mp4", 30, 10, codec="mpeg4")
    path.write_bytes(path.read_bytes().replace(b"mp4v", b"avc1"))
    assert kinds(path) == ["codec"]


@pytest.mark.parametrize(
    ("name", "kind", "codec", "said"),
    [
        ("a.mp4", "matroska", "vp9", "inside is matroska with vp9"), ("a.webm", "matroska", "h264", "inside is h264"),
        ("a.avi", "mov", "mpeg4", "inside is mov with mpeg4"), ("A.MP4", "mov", "h264", None),
        ("a", "avi", "mpeg4", None), ("a.video", "avi", "mpeg4", None), ("a.webm", "matroska", "libdav1d", None),
        ("a.mp4", "mov", "theora", "inside is theora"),
    ],
)  # fmt: skip
def test_what_the_ending_of_a_name_hides(name, kind, codec, said):
    found = belied(name, kind, codec)
    assert found is None if said is None else said in found


def test_no_frame_at_all_is_unreadable(tmp_path):
    path = overwritten(draw(tmp_path / "a.mp4", 40, 10), bytes, 0, 10)
    with pytest.raises(VideoUnreadable):
        survey(path)


GOOD: dict[str, Callable[[Path], Path]] = {
    "uneven steps": lambda folder: draw(
        folder / "a.mp4", 60, 10, times=np.cumsum(np.random.default_rng(1).choice([0.04, 0.1, 2.5], 60)).tolist()
    ),
    "a picture every 5 s": lambda folder: draw(folder / "a.mkv", 12, "1/5"),
    "a slide for 20 s": lambda folder: _still(folder / "a.mp4"),
    "a clock that starts late": lambda folder: draw(folder / "a.mkv", 50, 10, start=3600),
    "broadcast": lambda folder: repacked(draw(folder / "a.mp4", 50, 10), folder / "a.ts", 7),
    "broadcast that was joined late": lambda folder: _late(folder),
    "avi": lambda folder: draw(folder / "a.avi", 50, 10, codec="mpeg4"),
    "one frame": lambda folder: draw(folder / "a.mp4", 1, 10),
    "two frames": lambda folder: draw(folder / "a.mkv", 2, 10),
    "one key frame": lambda folder: draw(folder / "a.mp4", 100, 10, gop=1000),
    "key frames alone": lambda folder: draw(folder / "a.mp4", 40, 10, gop=1),
    "webm": lambda folder: encoded(draw(folder / "a.mp4", 50, 10), folder / "a.webm", "null", codec="libvpx-vp9"),
    "turned": lambda folder: encoded(draw(folder / "b.mp4", 50, 10), folder / "a.mp4", "transpose=1"),
    "bytes behind the end": lambda folder: _longer(draw(folder / "a.mp4", 50, 10)),
}


def _still(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"threads": "1"})
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for _ in range(500):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture(5), format="rgb24")))
        container.mux(stream.encode())
    return path


def _late(folder: Path) -> Path:
    path = repacked(draw(folder / "b.mp4", 100, 10), folder / "a.ts", 7)
    raw = path.read_bytes()
    path.write_bytes(raw[188 * (len(raw) // 188 // 3) :])
    return path


def _longer(path: Path) -> Path:
    with path.open("ab") as file:
        file.write(bytes(9000))
    return path


@pytest.mark.parametrize("name", GOOD)
def test_what_only_looks_odd_is_right(name, tmp_path):
    assert survey(GOOD[name](tmp_path)) == ()


def test_two_holes_are_two_findings(tmp_path):
    video = overwritten(draw(tmp_path / "a.mp4", 100, 10), bytes, 2, 3)
    found = [each for each in survey(overwritten(video, bytes, 6, 7)) if each.kind in ("hole", "repeats")]
    assert len(found) == 2
    assert all(before.end <= after.start for before, after in pairwise(found))
    assert found[0].start >= 0 and found[-1].end <= 10.01


REAL = ("OHOFG.mp4", "v_SoccerJuggling_g23_c01.avi", "webm.webm", "unordered.mov", "h264_10bits.mp4", "video_90.mov")


@pytest.mark.parametrize("name", REAL)
def test_nothing_is_wrong_with_real_videos(name, tmp_path):
    path = real(name) if real(name).exists() else real(f"small/{name}")
    assert survey(path) == ()


def test_a_real_video_with_a_hole(tmp_path):
    path = Path(shutil.copy(real("v_GGSY1Qvo990.mp4"), tmp_path / "a.mp4"))
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2)
        file.write(bytes(size // 10))
    (found,) = survey(path)
    assert found.kind in ("hole", "repeats") and 5 < found.start < found.end < 16
