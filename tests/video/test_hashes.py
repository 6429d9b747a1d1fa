from pathlib import Path

import numpy as np
import pytest

from support.published import published
from vtgdata.files import plugins
from vtgdata.video import hashes as hashes

PYAV = plugins.load("decoders", "pyav")


def picture(seed: int) -> np.ndarray:
    """Soft blobs of light, as real frames have them."""
    chance = np.random.default_rng(seed)
    coarse = chance.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return np.asarray(hashes.Image.fromarray(coarse).resize((160, 120), hashes.Image.Resampling.BICUBIC))


def test_scale_and_brightness_leave_a_hash_nearly_as_it_is() -> None:
    image = picture(1)
    smaller = np.asarray(hashes.Image.fromarray(image).resize((80, 60)))
    darker = (image * 0.7).astype(np.uint8)
    for changed in (smaller, darker):
        assert (hashes.of_image(image) ^ hashes.of_image(changed)).bit_count() <= hashes.NEAR_BITS


def test_other_pictures_are_far() -> None:
    far = [(hashes.of_image(picture(i)) ^ hashes.of_image(picture(i + 1))).bit_count() for i in range(20)]
    assert min(far) > hashes.NEAR_BITS


def test_a_picture_that_shows_nothing_is_like_no_other() -> None:
    blank = np.zeros(hashes.FRAMES, dtype=np.uint64)
    assert not hashes.alike(blank, blank)


def test_a_file_that_cannot_be_read_has_no_hash(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_text("<html>")
    assert hashes.of_video(tmp_path / "x.mp4", PYAV) is None


def test_re_encodes_of_a_real_video_are_found_and_no_other_is() -> None:
    folder = published("videos")
    names = ["v_GGSY1Qvo990.mp4", "derived/v_GGSY1Qvo990_vp9.webm", "derived/v_GGSY1Qvo990_mpeg4.avi",
             "women_long_jump.mp4", "OHOFG.mp4", "charades.mp4", "yoga.mp4", "bikes.mp4", "demo.mp4"]  # fmt: skip
    found = hashes.of_videos([(name, folder / name) for name in names], PYAV)
    assert set(found) == set(names)
    pairs = {frozenset(pair) for pair in hashes.near_copies(found, found) if pair[0] != pair[1]}
    assert pairs == {
        frozenset(pair) for i, one in enumerate(names[:3]) for pair in [(one, other) for other in names[:i]]
    }


@pytest.mark.parametrize("empty", [({}, {}), ({"a": np.zeros(8, dtype=np.uint64)}, {})])
def test_nothing_has_no_copies(empty: tuple) -> None:
    assert hashes.near_copies(*empty) == []
