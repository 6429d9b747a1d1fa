"""Copies of videos: their frames, times and length, and what is said where none can be made."""

import os
from pathlib import Path

import av
import numpy as np
import pytest

from support.drawn_videos import SIDE, draw, number
from vtgdata.errors import VideoUnreadable, VtgError
from vtgdata.plugins.decoders import pyav
from vtgdata.video import encode
from vtgdata.video.encode import Copy
from vtgdata.video.workers import Workers


def copied(source: Path, duration: float, **more: float) -> Path:
    target = source.with_name("copy.mp4")
    given = {"width": SIDE, "height": SIDE, "fps": None, "quality": 23} | more
    encode.write("pyav", source, Copy(target=os.fsencode(target), duration=duration, **given))
    return target


def shown(path: Path) -> list[tuple[int, float]]:
    """The number on each frame and when it is shown."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    return [
        (number(frame.to_ndarray(format="rgb24")), round(float(frame.pts * frame.time_base), 4)) for frame in frames
    ]


def test_the_last_frame_is_shown_as_long_as_in_the_source(tmp_path):
    times = [0.0, 0.5, 0.75, 3.0, 3.04]
    source = draw(tmp_path / "a.mp4", len(times), 25, times=times)
    copy = copied(source, pyav.probe(source).duration)
    assert shown(copy) == list(enumerate(times))
    assert pyav.probe(copy).duration == pytest.approx(3.08, abs=1e-4)


def test_a_piece_lasts_as_long_as_it_should_though_it_ends_within_a_frame(tmp_path):
    source = draw(tmp_path / "a.mkv", 100, 5, start=7)
    copy = copied(source, 2.0, start=10.1, ends=True)
    assert shown(copy) == [(50, 0.0), *((50 + k, round(k / 5 - 0.1, 4)) for k in range(1, 11))]
    assert pyav.probe(copy).duration == pytest.approx(2.0, abs=1e-4)


def test_with_a_rate_each_time_shows_what_was_on_show(tmp_path):
    source = draw(tmp_path / "a.mp4", 6, 25, times=[0.0, 0.5, 0.75, 3.0, 3.04, 3.08])
    copy = copied(source, pyav.probe(source).duration, fps=2.0)
    assert shown(copy) == [(0, 0.0), (1, 0.5), (2, 1.0), (2, 1.5), (2, 2.0), (2, 2.5), (3, 3.0)]
    assert pyav.probe(copy).duration == pytest.approx(3.12, abs=1e-4)


@pytest.mark.parametrize(("fps", "frames"), [(0.0001, 1), pytest.param(1e9, 3600, marks=pytest.mark.slow)])
def test_a_rate_beyond_all_reason_gives_a_copy_as_long_as_it_should_be(tmp_path, fps, frames):
    copy = copied(draw(tmp_path / "a.mp4", 1, 25), 0.04, fps=fps)
    assert len(shown(copy)) == frames and pyav.probe(copy).duration == pytest.approx(0.04, abs=1e-4)


def test_key_frames_of_the_source_are_not_forced_on_its_copy(tmp_path):
    source = draw(tmp_path / "a.mp4", 40, 5, gop=1)
    with av.open(str(copied(source, 8.0))) as container:
        keys = [packet.is_keyframe for packet in container.demux(video=0) if packet.size]
    assert len(keys) == 40 and sum(keys) < 20


@pytest.mark.parametrize(("pixels", "codec", "name"), [("rgb24", "png", "a.mov"), ("yuvj420p", "mjpeg", "a.avi")])
def test_colours_stay_what_they_are_whatever_the_pixels(tmp_path, pixels, codec, name):
    colours = [(220, 30, 40), (20, 200, 60), (30, 40, 210), (128, 128, 128), (250, 250, 250)]
    with av.open(str(tmp_path / name), "w") as container:
        stream = container.add_stream(codec, rate=5)
        stream.width = stream.height = SIDE
        stream.pix_fmt = pixels
        for colour in colours:
            image = np.full((SIDE, SIDE, 3), colour, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image).reformat(format=pixels)))
        container.mux(stream.encode())
    images, _ = pyav.frames(copied(tmp_path / name, 1.0), [k / 5 for k in range(len(colours))])
    for image, colour in zip(images, colours, strict=True):
        assert np.abs(image.mean(axis=(0, 1)) - colour).max() < 8, colour


def test_a_video_that_changes_its_size_is_one_size_in_the_copy(tmp_path):
    for name, size in (("a.ts", (64, 64)), ("b.ts", (128, 64))):
        draw(tmp_path / name, 10, 5, size=size, start=0 if name == "a.ts" else 2)
    # Parts of a broadcast follow each other as bytes.
    (tmp_path / "c.ts").write_bytes((tmp_path / "a.ts").read_bytes() + (tmp_path / "b.ts").read_bytes())
    with av.open(str(copied(tmp_path / "c.ts", 4.0))) as container:
        sizes = {(frame.width, frame.height) for frame in container.decode(video=0)}
    assert sizes == {(SIDE, SIDE)}


def test_a_decoder_that_crashes_while_a_copy_is_written_is_a_status(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[1])
    source = draw(tmp_path / "crash.mp4", 10)
    copy = Copy(target=os.fsencode(tmp_path / "b.mp4"), width=64, height=64, fps=None, quality=23, duration=2.0)
    pool = Workers(1)
    try:
        with pytest.raises(VideoUnreadable, match="the decoder crashes on it"):
            pool.copy("support.failing_decoders", source, copy, 10.0)
        assert pool.copy("pyav", source, copy, 10.0).duration == pytest.approx(2.0)
    finally:
        pool.close()


def test_what_cannot_be_written_says_why(tmp_path):
    source = draw(tmp_path / "a.mp4", 10)
    copy = Copy(target=os.fsencode(tmp_path / "no/b.mp4"), width=64, height=64, fps=None, quality=23, duration=2.0)
    with pytest.raises(VideoUnreadable, match="no copy of it can be written \\(No such file or directory\\)"):
        encode.write("pyav", source, copy)


def test_a_pyav_without_h264_says_what_to_install(monkeypatch):
    monkeypatch.setattr(av, "codecs_available", {"mpeg4"})
    with pytest.raises(VtgError, match=r"no encoder libx264.*pip install --force-reinstall"):
        encode.ready()
