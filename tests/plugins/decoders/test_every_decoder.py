"""What every decoder plug-in must do; a new one is picked up by its file."""

import random
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from support.drawn_videos import draw, number, real
from vtgdata.errors import VideoUnreadable
from vtgdata.files import plugins

pytestmark = pytest.mark.parametrize("decoder", [plugins.load("decoders", name) for name in plugins.names("decoders")])

RATES = ["2/3", "1", "5", "25/2", "30000/1001"]
BROKEN = [
    "derived/zero_bytes.mp4",
    "derived/html_error_page.mp4",
    "small/FlashVideo.flv",
    "small/AudioVideoInterleave.avi",
]
SOUND_ONLY = ["pinknoise-vorbis.mkv", "small/mp4-with-audio.mp4", "small/Mpeg4.mp4"]
# name: (duration, fps, width, height as shown, rotation), read with ffprobe
FACTS = {
    "OHOFG.mp4": (35.1415, 9.533, 640, 360, 0),
    "v_GGSY1Qvo990.mp4": (18.044, 19.62, 320, 240, 0),
    "derived/v_GGSY1Qvo990_rot90meta.mp4": (18.044, 19.67, 240, 320, 90),
    "video_0.mov": (0.1, 30, 568, 320, 0),
    "video_90.mov": (0.1, 30, 320, 568, 270),
    "video_180.mov": (0.1, 30, 568, 320, 180),
    "unordered.mov": (0.125, 32, 50, 50, 0),
    "-video-with-dash-.mp4": (5.0, 1, 1, 1, 0),
    "av1_video.mkv": (5.0, 25, 640, 360, 0),
    "derived/OHOFG_fragmented.mp4": (35.1415, 9.533, 640, 360, 0),
    "demo1.mp4": (30.664, 29.97, 640, 480, 0),
    "big_buck_bunny_0_30.webm": (30.0, 24, 1280, 720, 0),
    "h265_video.mp4": (1.0, 10, 128, 128, 0),
}


def shown(rate: str, count: int) -> list[float]:
    return [float(k / Fraction(rate)) for k in range(count)]


@pytest.mark.parametrize("rate", RATES)
def test_n_frames_at_f_a_second_last_n_over_f_seconds(decoder, rate, tmp_path):
    for count in (1, 2, 30):
        facts = decoder.probe(draw(tmp_path / f"{count}.mp4", count, rate))
        assert facts.duration == float(count / Fraction(rate))
        assert (facts.n_frames, facts.width, facts.height) == (count, 64, 64)
        assert facts.fps == pytest.approx(float(Fraction(rate)))


@pytest.mark.parametrize("rate", RATES)
def test_the_time_of_a_frame_gives_that_frame(decoder, rate, tmp_path):
    images, times = decoder.frames(draw(tmp_path / "a.mp4", 40, rate), shown(rate, 40))
    assert [number(image) for image in images] == list(range(40))
    assert times == pytest.approx(shown(rate, 40), abs=1e-6)
    assert all(image.dtype == np.uint8 and image.shape == (64, 64, 3) for image in images)


def test_between_two_frames_the_earlier_is_on_show(decoder, tmp_path):
    images, times = decoder.frames(draw(tmp_path / "a.mp4", 40, 5), [4.0, 3.9999, 4.0001, 4.1999, 4.2])
    assert [number(image) for image in images] == [20, 19, 20, 20, 21]
    assert times == pytest.approx([4.0, 3.8, 4.0, 4.0, 4.2])


def test_rounding_of_evenly_spaced_times_never_gives_the_frame_before(decoder, tmp_path):
    path = draw(tmp_path / "a.mp4", 300, 10)
    for count in (3, 7, 30, 49, 300):
        wanted = [k * 30.0 / count for k in range(count)]
        images, _ = decoder.frames(path, wanted)
        assert [number(image) for image in images] == [k * 300 // count for k in range(count)]


def test_before_the_start_is_the_first_frame_and_past_the_end_the_last(decoder, tmp_path):
    images, times = decoder.frames(draw(tmp_path / "a.mp4", 10, 5), [-1.0, 0.0, 2.0, 1e6])
    assert [number(image) for image in images] == [0, 0, 9, 9]
    assert times == pytest.approx([0.0, 0.0, 1.8, 1.8])


def test_no_times_give_no_frames(decoder, tmp_path):
    assert decoder.frames(draw(tmp_path / "a.mp4", 2), []) == ([], [])


@pytest.mark.parametrize("name", ["a.mp4", "a.ts", "a.mkv", "a.mov", "a.flv"])
def test_sorted_shuffled_and_repeated_times_agree_whatever_the_start_of_the_clock(decoder, name, tmp_path):
    path = draw(tmp_path / name, 750, 25, start=6, gop=250)
    facts = decoder.probe(path)
    assert facts.duration == pytest.approx(30.0, abs=0.001)
    wanted = [k * 30.0 / 32 for k in range(32)] * 2 + [k / 25 for k in range(0, 750, 47)] + [29.99, 31.0, 60.0]
    random.Random(4).shuffle(wanted)
    expected = [min(749, int(time * 25 + 1e-6)) for time in wanted]
    for order in (wanted, sorted(wanted), sorted(wanted, reverse=True), wanted[:1], [28.0], [3.0, 28.0]):
        places = [expected[wanted.index(time)] if time in wanted else int(time * 25) for time in order]
        images, times = decoder.frames(path, order)
        assert [number(image) for image in images] == places
        assert times == pytest.approx([place / 25 for place in places], abs=0.0011)


def test_frames_of_uneven_length_are_told_apart(decoder, tmp_path):
    starts = [0.0, 0.5, 0.75, 3.0, 3.04, 3.08, 9.0, 9.5]
    path = draw(tmp_path / "a.mp4", len(starts), 25, times=starts)
    images, times = decoder.frames(path, [0.49, 0.5, 0.74, 2.99, 3.06, 8.99, 9.2, 20.0])
    assert [number(image) for image in images] == [0, 1, 1, 2, 4, 5, 6, 7]
    assert times == pytest.approx([0.0, 0.5, 0.5, 0.75, 3.04, 3.08, 9.0, 9.5])


def test_avi_with_b_frames_gives_each_frame_once_and_in_order(decoder, tmp_path):
    images, _ = decoder.frames(draw(tmp_path / "a.avi", 60, 10), shown("10", 60))
    assert [number(image) for image in images] == list(range(60))


@pytest.mark.parametrize("name", FACTS)
def test_real_files_have_the_facts_that_ffprobe_gives(decoder, name):
    facts = decoder.probe(real(name))
    duration, fps, *shape = FACTS[name]
    assert facts.duration == pytest.approx(duration, abs=0.001)
    assert facts.fps == pytest.approx(fps, abs=0.01)
    assert [facts.width, facts.height, facts.rotation] == shape


def test_the_clock_of_a_file_starts_at_its_first_frame(decoder):
    assert decoder.probe(real("derived/OHOFG_fragmented.mp4")).start_time == pytest.approx(0.2098)
    wanted = [0.0, 4.3, 11.0, 13.0]
    images, times = decoder.frames(real("OHOFG.mp4"), wanted)
    others, other_times = decoder.frames(real("derived/OHOFG_fragmented.mp4"), wanted)
    assert times == other_times
    assert all((image == other).all() for image, other in zip(images, others, strict=True))


@pytest.mark.parametrize("name", ["video_90.mov", "video_180.mov", "derived/v_GGSY1Qvo990_rot90meta.mp4"])
def test_a_rotated_file_is_shown_upright(decoder, name):
    facts = decoder.probe(real(name))
    (image,), _ = decoder.frames(real(name), [0.0])
    assert image.shape == (facts.height, facts.width, 3)
    if name.startswith("derived"):
        (stored,), _ = decoder.frames(real("v_GGSY1Qvo990.mp4"), [0.0])
        assert (image == np.rot90(stored)).all()


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_named_with_what_to_do(decoder, name):
    for ask in (decoder.probe, lambda path: decoder.frames(path, [0.0])):
        with pytest.raises(VideoUnreadable, match=r"Fetch the file again") as caught:
            ask(real(name))
        assert name in str(caught.value)
        assert name not in caught.value.reason


@pytest.mark.parametrize("name", SOUND_ONLY)
def test_a_file_without_pictures_is_unreadable(decoder, name):
    with pytest.raises(VideoUnreadable, match="no video stream"):
        decoder.probe(real(name))


def test_a_missing_file_is_unreadable(decoder, tmp_path):
    with pytest.raises(VideoUnreadable, match="no such file"):
        decoder.frames(tmp_path / "a.mp4", [0.0])


@pytest.mark.parametrize(
    "playlist",
    ["ffconcat version 1.0\nfile secret.mp4\n", "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nsecret.mp4\n"],
)
def test_a_playlist_in_disguise_opens_no_other_file(decoder, playlist, tmp_path):
    draw(tmp_path / "secret.mp4", 5)
    (tmp_path / "a.mp4").write_text(playlist)
    with pytest.raises(VideoUnreadable):
        decoder.probe(tmp_path / "a.mp4")


def test_a_name_that_looks_like_an_option_or_an_address_is_a_name(decoder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    draw(tmp_path / "a.mp4", 5)
    for name in ("-i.mp4", "http:a:0.0:1.5.mp4", "%03d.mp4", "é ü.mp4"):
        shutil.copy(tmp_path / "a.mp4", tmp_path / name)
        assert decoder.probe(Path(name)).n_frames == 5


def test_a_file_that_is_cut_off_ends_where_it_is_cut(decoder, tmp_path):
    content = real("v_GGSY1Qvo990.mp4").read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(content[: len(content) // 2])
    assert decoder.probe(cut).duration == pytest.approx(9.07, abs=0.05)
    assert decoder.frames(cut, [4.0, 17.0])[1] == pytest.approx([3.976, 8.970], abs=0.001)


@pytest.mark.program("ffprobe")
@pytest.mark.parametrize("name", ["OHOFG.mp4", "v_GGSY1Qvo990.mp4", "unordered.mov", "mmaction2/test.avi", "demo1.mp4"])
def test_frame_times_are_those_of_ffprobe(decoder, name):
    # An AVI has no presentation times: where ffprobe knows none, the order of decoding gives them.
    entries = ["-select_streams", "v:0", "-show_entries", "frame=best_effort_timestamp_time,pkt_dts_time"]
    command = ["ffprobe", "-v", "error", *entries, "-of", "csv=p=0", real(name)]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    stamps = ([stamp for stamp in line.split(",") if stamp not in ("N/A", "")] for line in said.stdout.split())
    known = [float(times[0]) for times in stamps if times]
    known = [time - known[0] for time in known]
    # ffprobe rounds to microseconds: ask a little later.
    assert decoder.frames(real(name), [time + 2e-6 for time in known][:120])[1] == pytest.approx(known[:120], abs=2e-6)
