import json

import numpy as np
import pytest
from PIL import Image

from support.drawn_videos import number, picture
from vtgdata.errors import VideoUnreadable
from vtgdata.records import FrameSampling, Video
from vtgdata.video import picture_folders
from vtgdata.video.probe import Prober
from vtgdata.video.store import FrameStore


def folder_of(root, count=4, **listed):
    root.mkdir(parents=True)
    for k in range(count):
        Image.fromarray(picture(k)).save(root / f"{k:04}.png")
    (root / "times.json").write_text(json.dumps(listed))
    return root


def test_a_folder_of_frames_is_a_video_with_their_times(tmp_path):
    folder_of(tmp_path / "videos/abc", times=[0.0, 0.5, 3.0, 3.5], duration=5.0)
    assert Prober(tmp_path / "videos")("abc.mp4") == (5.0, "ok")
    store = FrameStore(tmp_path / "videos", FrameSampling(frames=5), tmp_path / "frames")
    found = store.frames(Video(video_id="abc", file="abc.mp4"))
    assert (found.status, found.duration, found.times) == ("ok", 5.0, (0.0, 0.5, 0.5, 3.0, 3.5))


def test_the_picture_at_a_time_is_the_last_shown_at_or_before_it(tmp_path):
    images, times = picture_folders.frames(folder_of(tmp_path / "a", times=[0, 0.5, 3, 3.5]), [3.2, 0.5, 0.49, 99, -1])
    assert [number(np.asarray(image)) for image in images] == [2, 1, 0, 3, 0]
    assert times == [3.0, 0.5, 0.0, 3.5, 0.0]


def test_files_may_be_named_and_the_last_then_lasts_as_long_as_the_one_before(tmp_path):
    path = folder_of(tmp_path / "a", times=[0, 2], files=["0003.png", "0001.png"])
    assert picture_folders.probe(path).duration == 4.0
    assert [number(image) for image in picture_folders.frames(path, [0, 2])[0]] == [3, 1]


@pytest.mark.parametrize(
    "listed",
    [
        {},
        {"times": []},
        {"times": [0, 1]},
        {"times": [0, 2, 1, 3]},
        {"times": [1, 2, 3, 4]},
        {"times": [0, 1, 2, 3], "duration": 2},
        {"times": [0], "files": ["../../secret.png"]},
        {"times": "soon"},
    ],
)
def test_a_wrong_list_is_a_status(listed, tmp_path):
    folder_of(tmp_path / "videos/abc", **listed)
    assert Prober(tmp_path / "videos")("abc")[1].startswith("unreadable: ")


def test_a_picture_that_is_none_is_named(tmp_path):
    path = folder_of(tmp_path / "a", times=[0, 1, 2, 3])
    (path / "0002.png").write_text("<html>")
    with pytest.raises(VideoUnreadable, match=r"0002\.png is no readable picture"):
        picture_folders.frames(path, [2.0])
