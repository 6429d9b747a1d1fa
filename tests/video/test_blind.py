import io
import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from support.builders import make_sample
from support.drawn_videos import draw
from vtgdata.errors import VtgError
from vtgdata.records import Frames, FrameSampling, Video
from vtgdata.video.blind import blinded, donors, other_queries
from vtgdata.video.store import FrameStore


def make_videos(*sources):
    return [Video(video_id=f"v{k}", file=f"v{k}.mp4", source_id=source) for k, source in enumerate(sources)]


def make_frames(frames_id="own", count=4, duration=8.0, status="ok", shade=0):
    images = tuple(_jpeg(shade + k) for k in range(count))
    times = tuple(k * duration / count for k in range(count))
    return Frames(frames_id=frames_id, times=times, images=images, duration=duration, status=status)


def _jpeg(shade):
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), (shade, shade, shade)).save(buffer, "JPEG")
    return buffer.getvalue()


@given(st.lists(st.sampled_from("abcdef") | st.none(), min_size=2, max_size=40), st.integers(0, 99))
def test_every_video_gets_a_donor_of_another_source(sources, seed):
    videos = make_videos(*sources)
    source = {video.video_id: video.source_id or video.video_id for video in videos}
    if len(set(source.values())) < 2:
        return
    found = donors(videos, seed)
    assert set(found) == set(source)
    assert all(source[key] != source[donor.video_id] for key, donor in found.items())
    if max(Counter(source.values()).values()) * 2 <= len(videos):
        assert len({donor.video_id for donor in found.values()}) == len(videos)


@given(st.integers(0, 99), st.randoms())
def test_the_order_of_the_input_does_not_matter(seed, order):
    videos = make_videos(*"aabbbcdefg")
    shuffled = videos + videos[:3]
    order.shuffle(shuffled)
    assert donors(shuffled, seed) == donors(videos, seed)


def test_another_seed_gives_other_donors():
    videos = make_videos(*([None] * 30))
    assert donors(videos, 1) != donors(videos, 2)


def test_all_videos_of_one_source_are_refused():
    with pytest.raises(VtgError, match=r"two sources.*--blind-frames blank"):
        donors(make_videos("a", "a", "a"), 0)
    assert donors([], 0) == {}


def test_only_the_pixels_are_the_donors():
    own, donor = make_frames(), make_frames("other", shade=100, duration=99.0)
    seen = blinded(own, donor)
    assert (seen.times, seen.duration, seen.status) == (own.times, own.duration, "ok")
    assert seen.images == donor.images
    assert seen.frames_id == "blind:other"


@pytest.mark.parametrize(("count", "places"), [(2, [0, 0, 1, 1]), (8, [0, 2, 4, 6]), (3, [0, 0, 1, 2])])
def test_a_donor_with_another_count_gives_by_relative_position(count, places):
    donor = make_frames("other", count=count)
    assert blinded(make_frames(), donor).images == tuple(donor.images[k] for k in places)


def test_blank_frames_are_grey_and_of_the_same_size():
    seen = blinded(make_frames(), None)
    assert (len(seen.images), seen.times, seen.frames_id) == (4, make_frames().times, "blank")
    for image in seen.images:
        shown = np.asarray(Image.open(io.BytesIO(image)))
        assert shown.shape == (30, 40, 3)
        assert np.abs(shown.astype(int) - 128).max() <= 1


def test_a_video_or_donor_that_cannot_be_seen_says_so():
    missing = Frames(frames_id="", times=(), images=(), duration=0.0, status="missing")
    assert blinded(missing, make_frames()) == missing
    seen = blinded(make_frames(), missing)
    assert (seen.status, seen.images, seen.times) == ("blind: donor missing", (), ())


def test_other_queries_come_from_other_sources():
    samples = [make_sample(f"s{k}", video_id=f"v{k // 3}", query=f"query {k}") for k in range(30)]
    found = other_queries(random.Random(1).sample(samples, 30), 5)
    assert found == other_queries(samples, 5)
    assert set(found) == {sample.sample_id for sample in samples}
    assert all(int(found[f"s{k}"].split()[1]) // 3 != k // 3 for k in range(30))


def test_stored_frames_of_real_files_swap_pixels(tmp_path):
    draw(tmp_path / "videos/v0.mp4", 30)
    draw(tmp_path / "videos/v1.mp4", 31)
    frames = FrameStore(tmp_path / "videos", FrameSampling(frames=4), tmp_path / "frames")
    one, two = make_videos(None, None)
    found = donors([one, two], 0)
    assert found == {"v0": two, "v1": one}
    seen = blinded(frames.frames(one), frames.frames(found["v0"]))
    assert seen.times == frames.frames(one).times
    assert seen.images == frames.frames(two).images
