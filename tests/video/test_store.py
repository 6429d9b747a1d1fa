import io
import json
import os
from concurrent.futures import ThreadPoolExecutor

import msgspec
import numpy as np
import pytest
from PIL import Image

from support.drawn_videos import draw, number, real
from vtgdata.errors import VtgError
from vtgdata.plugins.decoders import pyav
from vtgdata.records import FrameSampling, Video
from vtgdata.video import decode as decode_file
from vtgdata.video import store
from vtgdata.video.decode import jpeg
from vtgdata.video.frame_source import FrameSource
from vtgdata.video.parallel import warm
from vtgdata.video.store import FrameStore

EIGHT = FrameSampling(frames=8)


def video(name="a", **more):
    return Video(video_id=name, file=f"{name}.mp4", **more)


def pixels(image):
    return np.asarray(Image.open(io.BytesIO(image)))


def stored(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock")


def counting(monkeypatch):
    """Calls of the decoder, while it works as ever."""
    calls = []
    decode = pyav.frames
    monkeypatch.setattr(pyav, "frames", lambda path, times: calls.append(path.name) or decode(path, times))
    return calls


def test_frames_come_with_their_true_times(tmp_path):
    draw(tmp_path / "videos/a.mp4", 30, 3)
    found = FrameStore(tmp_path / "videos", EIGHT, tmp_path / "frames").frames(video())
    assert (found.status, found.duration) == ("ok", 10.0)
    assert [number(pixels(image)) for image in found.images] == [0, 3, 7, 11, 15, 18, 22, 26]
    assert found.times == pytest.approx([0, 1, 7 / 3, 11 / 3, 5, 6, 22 / 3, 26 / 3])


def test_the_probed_duration_counts_not_the_one_of_the_annotation(tmp_path):
    draw(tmp_path / "videos/a.mp4", 30, 3)
    frames = FrameStore(tmp_path / "videos", EIGHT, tmp_path / "frames")
    assert frames.frames(video(duration=99.0)) == frames.frames(video(duration=None))


def test_a_video_is_decoded_once_for_all_queries_threads_and_runs(tmp_path, monkeypatch):
    for name in "abc":
        draw(tmp_path / f"videos/{name}.mp4", 10 + ord(name) % 3)
    calls = counting(monkeypatch)
    first = FrameStore(tmp_path / "videos", EIGHT, tmp_path / "frames", isolated=False)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda k: first.frames(video("abc"[k % 3])), range(48)))
    assert len({frames.frames_id for frames in found}) == 3
    again = FrameStore(tmp_path / "videos", EIGHT, tmp_path / "frames", isolated=False)
    assert [again.frames(video(name)) for name in "abc"] == found[:3]
    assert sorted(calls) == ["a.mp4", "b.mp4", "c.mp4"]


def test_other_bytes_another_sampling_or_decoder_is_another_id(tmp_path):
    draw(tmp_path / "videos/a.mp4", 10)
    draw(tmp_path / "videos/b.mp4", 11)
    (tmp_path / "videos/copy.mp4").write_bytes((tmp_path / "videos/a.mp4").read_bytes())
    one = FrameStore(tmp_path / "videos", EIGHT, tmp_path / "frames")
    two = FrameStore(tmp_path / "videos", FrameSampling(frames=8, midpoint=True), tmp_path / "frames")
    ids = [one.frames(video(name)).frames_id for name in ("a", "b", "copy")]
    assert ids[0] == ids[2] != ids[1]
    assert two.frames(video()).frames_id not in ids
    by_path = FrameStore(tmp_path / "videos", EIGHT, tmp_path / "frames", decoder="vtgdata.plugins.decoders.pyav")
    assert by_path.frames(video()).frames_id not in ids


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content[: len(content) // 2],
        lambda content: b"",
        lambda content: b"PAR1" * 100,
        lambda content: content[:-1] + bytes([content[-1] ^ 1]),
    ],
    ids=["torn", "empty", "foreign", "one bit"],
)
def test_an_entry_that_is_not_whole_is_made_again(spoil, tmp_path):
    draw(tmp_path / "videos/a.mp4", 10)
    good = FrameStore(tmp_path / "videos", EIGHT, tmp_path / "frames").frames(video())
    (path,) = stored(tmp_path / "frames")
    content = path.read_bytes()
    path.write_bytes(spoil(content))
    assert FrameStore(tmp_path / "videos", EIGHT, tmp_path / "frames").frames(video()) == good
    assert path.read_bytes() == content


@pytest.mark.parametrize("content", [b"", b"PAR1" * 100, b"torn"], ids=["empty", "foreign", "torn"])
def test_times_of_an_entry_that_cannot_be_read_come_from_the_video(content, tmp_path):
    draw(tmp_path / "videos/a.mp4", 10)
    good = FrameStore(tmp_path / "videos", EIGHT, tmp_path / "frames").frames(video())
    (path,) = stored(tmp_path / "frames")
    path.write_bytes(content)
    assert FrameStore(tmp_path / "videos", EIGHT, tmp_path / "frames").times(video()) == good


def test_times_are_had_without_the_images_once_these_are_stored(tmp_path, monkeypatch):
    draw(tmp_path / "videos/a.mp4", 10)
    calls = counting(monkeypatch)
    whole = FrameStore(tmp_path / "videos", EIGHT, tmp_path / "frames", isolated=False).times(video())
    again = FrameStore(tmp_path / "videos", EIGHT, tmp_path / "frames", isolated=False)
    for _ in range(2):
        assert again.times(video()) == msgspec.structs.replace(whole, images=())
    assert again.frames(video()) == again.times(video()) == whole
    assert again.times(video("x")).status == "missing"
    assert calls == ["a.mp4"]


def test_an_entry_under_another_videos_name_is_not_believed(tmp_path):
    draw(tmp_path / "videos/a.mp4", 10)
    draw(tmp_path / "videos/b.mp4", 20)
    frames = FrameStore(tmp_path / "videos", EIGHT, tmp_path / "frames")
    own, _ = frames.frames(video("a")), frames.frames(video("b"))
    one, two = stored(tmp_path / "frames")
    swap = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(swap)
    assert FrameStore(tmp_path / "videos", EIGHT, tmp_path / "frames").frames(video("a")) == own


def test_a_missing_or_unreadable_video_has_a_status_and_no_frames(tmp_path):
    draw(tmp_path / "videos/a.mp4", 10)
    (tmp_path / "videos/b.mp4").write_text("<html>")
    (tmp_path / "videos/c.mp4").touch()
    frames = FrameStore(tmp_path / "videos", EIGHT, tmp_path / "frames")
    for name, status in (
        ("x", "missing"),
        ("b", "not a video (an HTML page)"),
        ("c", "not a video (an empty file)"),
    ):
        found = frames.frames(video(name))
        assert found.status == status
        assert (found.times, found.images, found.frames_id) == ((), (), "")
        assert str(tmp_path) not in found.status
    assert stored(tmp_path / "frames") == []


def test_the_short_side_is_reduced_and_never_enlarged(tmp_path):
    draw(tmp_path / "videos/wide.mp4", 3, size=(256, 144))
    draw(tmp_path / "videos/tall.mp4", 3, size=(144, 256))
    for short_side, sizes in ((72, [(128, 72), (72, 128)]), (336, [(256, 144), (144, 256)])):
        sampling = FrameSampling(frames=1, short_side=short_side)
        frames = FrameStore(tmp_path / "videos", sampling, tmp_path / "frames")
        found = [Image.open(io.BytesIO(frames.frames(video(name)).images[0])) for name in ("wide", "tall")]
        assert [image.size for image in found] == sizes
        assert {image.format for image in found} == {"JPEG"}


def test_halving_gives_each_2_by_2_blocks_mean_in_full_colour():
    checks = np.zeros((16, 16, 3), np.uint8)
    checks[::2, ::2] = (200, 0, 0)
    checks[1::2, 1::2] = (0, 0, 200)
    assert np.abs(pixels(jpeg(checks, 8)).astype(int) - (50, 0, 50)).max() <= 3
    fine = np.random.default_rng(1).integers(0, 2, (8, 8, 1)) * np.array([200, 40, 40]) + np.array([20, 60, 60])
    assert np.abs(pixels(jpeg(fine.astype(np.uint8), 8)).astype(int) - fine).mean() < 4


def test_the_demo_sees_what_it_was_trained_on(tmp_path):
    draw_module = pytest.importorskip("vtgdata.demo.draw")
    from fractions import Fraction

    rng = np.random.default_rng(3)
    scenes = [(rng.integers(0, 255, (28, 28, 3), dtype=np.uint8), 4) for _ in range(5)]
    file = io.BytesIO(draw_module.encode(scenes, Fraction(4)))
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos/a.mp4").write_bytes(file.getvalue())
    sampling = FrameSampling(frames=5, short_side=28)
    found = FrameStore(tmp_path / "videos", sampling, tmp_path / "frames").frames(video())
    assert found.times == (0.0, 1.0, 2.0, 3.0, 4.0)
    assert (np.stack([pixels(image) for image in found.images]) == draw_module.as_seen(file, range(0, 20, 4))).all()


def test_few_raw_frames_are_held_at_a_time(tmp_path, monkeypatch):
    draw(tmp_path / "videos/a.mp4", 30)
    whole = FrameStore(tmp_path / "videos", EIGHT, tmp_path / "one").frames(video())
    monkeypatch.setattr(decode_file, "DECODED_BYTES", 3 * 64 * 64 * 3)
    calls = counting(monkeypatch)
    assert FrameStore(tmp_path / "videos", EIGHT, tmp_path / "two", isolated=False).frames(video()) == whole
    assert len(calls) == 3


def test_memory_keeps_the_latest_videos_up_to_its_size(tmp_path, monkeypatch):
    for name in "abc":
        draw(tmp_path / f"videos/{name}.mp4", 10 + ord(name) % 3)
    frames = FrameStore(tmp_path / "videos", EIGHT, tmp_path / "frames")
    size = sum(len(image) for image in frames.frames(video("a")).images)
    monkeypatch.setattr(store, "MEMORY_BYTES", size * 5 // 2)
    kept = {name: frames.frames(video(name)) for name in "abc"}
    assert frames.frames(video("c")) is kept["c"]
    assert frames.frames(video("a")) is not kept["a"]
    assert frames.frames(video("a")) == kept["a"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    draw(tmp_path / "videos/a.mp4", 10)
    (tmp_path / "frames").touch()
    with pytest.raises(VtgError, match="--frames"):
        FrameStore(tmp_path / "videos", EIGHT, tmp_path / "frames").frames(video())


def test_frames_lie_in_the_users_cache_unless_a_folder_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("VTGDATA_CACHE", str(tmp_path / "cache"))
    draw(tmp_path / "videos/a.mp4", 10)
    FrameStore(tmp_path / "videos", EIGHT).frames(video())
    assert len(stored(tmp_path / "cache/frames")) == 1


def test_trainers_get_times_and_pictures_of_a_release_row(tmp_path):
    draw(tmp_path / "videos/a.mp4", 40, 5)
    source = FrameSource(str(tmp_path / "videos"), str(tmp_path / "frames"))
    row = {"sample_id": "s", "video_id": "a", "frame_sampling": json.dumps({"frames": 4, "short_side": 32})}
    times, images = source(row)
    assert times == (0.0, 2.0, 4.0, 6.0)
    assert [image.size for image in images] == [(32, 32)] * 4
    with pytest.raises(VtgError, match=r"'b'.*missing"):
        source(row | {"video_id": "b"})


def test_real_videos_are_seen_upright_and_whole(tmp_path):
    frames = FrameStore(real("OHOFG.mp4").parent, FrameSampling(frames=4, short_side=112), tmp_path / "frames")
    charades = frames.frames(Video(video_id="OHOFG", file="OHOFG.mp4", duration=35.04))
    assert (charades.status, charades.duration, len(charades.images)) == ("ok", 35.1415, 4)
    assert Image.open(io.BytesIO(charades.images[0])).size == (199, 112)
    turned = frames.frames(Video(video_id="v_GGSY1Qvo990_rot90meta", file="v_GGSY1Qvo990_rot90meta.mp4"))
    assert Image.open(io.BytesIO(turned.images[0])).size == (112, 149)
    assert frames.frames(Video(video_id="zero_bytes", file="zero_bytes.mp4")).status == "not a video (an empty file)"


def test_an_entry_is_a_parquet_file_that_others_can_read(tmp_path):
    import polars as pl

    draw(tmp_path / "videos/a.mp4", 30, 3)
    found = FrameStore(tmp_path / "videos", EIGHT, tmp_path / "frames").frames(video())
    (path,) = stored(tmp_path / "frames")
    table = pl.read_parquet(path)
    assert table["time"].to_list() == list(found.times)
    assert table["jpeg"].to_list() == list(found.images)


def test_what_was_not_used_for_longest_goes_when_the_folder_is_full(tmp_path):
    for place, name in enumerate("abcd"):
        draw(tmp_path / f"videos/{name}.mp4", 10 + place)
    frames = FrameStore(tmp_path / "videos", EIGHT, tmp_path / "frames")
    size = 0
    for place, name in enumerate("abc"):
        frames.frames(video(name))
        for path in stored(tmp_path / "frames"):
            size = max(size, path.stat().st_size)
            if path.stat().st_mtime > 1000:
                os.utime(path, (place + 1, place + 1))
    FrameStore(tmp_path / "videos", EIGHT, tmp_path / "frames").frames(video("a"))  # used again
    small = FrameStore(tmp_path / "videos", EIGHT, tmp_path / "frames", limit=int(size * 3.5))
    small.frames(video("d"))
    left = {path.stem for path in stored(tmp_path / "frames")}
    ids = {
        name: FrameStore(tmp_path / "videos", EIGHT, tmp_path / "x").frames(video(name)).frames_id for name in "abcd"
    }
    assert left == {ids["c"], ids["a"], ids["d"]}


def test_the_size_is_taken_from_the_environment_and_must_be_one(tmp_path, monkeypatch):
    draw(tmp_path / "videos/a.mp4", 10)
    monkeypatch.setenv("VTGDATA_FRAMES_GB", "much")
    with pytest.raises(VtgError, match="VTGDATA_FRAMES_GB"):
        FrameStore(tmp_path / "videos", EIGHT, tmp_path / "frames")


def test_a_truncated_video_is_never_seen_in_part(tmp_path):
    (tmp_path / "videos").mkdir()
    content = real("v_GGSY1Qvo990.mp4").read_bytes()
    (tmp_path / "videos/a.mp4").write_bytes(content[: len(content) // 2])
    assert FrameStore(tmp_path / "videos", EIGHT, tmp_path / "frames").frames(video()).status == "truncated at 9.1 s"


def test_a_video_that_two_files_match_has_a_status_and_does_not_end_the_pool(tmp_path):
    for name in ("x/twice", "y/twice", "once"):
        draw(tmp_path / f"videos/{name}.mp4", 30, 4)
    frames = FrameStore(tmp_path / "videos", EIGHT, tmp_path / "frames")
    found = {each.video_id: status for each, status in warm(frames, [video("twice"), video("once")])}
    assert found == {"twice": "ambiguous: two files match it", "once": "ok"}
    assert frames.times(video("twice")).status == "ambiguous: two files match it"
