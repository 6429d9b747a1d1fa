"""Which samples can be asked about, told from names of files alone."""

import msgspec
import pytest

from support.builders import draw_video, make_sample
from vtgdata.engine.askable import obstacles
from vtgdata.stages.difficulty import Settings


@pytest.mark.parametrize(
    ("video_id", "status", "told"),
    [
        ("here", None, None), ("here", "ok", None), ("here", "missing", None),
        ("here", "unreadable: truncated", ("video unreadable", False)), ("gone", "ok", ("video missing", True)),
        ("gone", "missing", ("video missing", True)), ("twice", None, ("two files match the video", True)),
    ],
)  # fmt: skip
def test_a_file_that_is_there_can_be_asked_about_whatever_was_said_of_it_before(tmp_path, video_id, status, told):
    for name in ("here", "a/twice", "b/twice"):
        draw_video(tmp_path / f"{name}.mp4")
    sample = make_sample(video_id=video_id)
    sample = msgspec.structs.replace(sample, video=msgspec.structs.replace(sample.video, status=status))
    assert obstacles(Settings(samples="s", out="o", model="m", videos=str(tmp_path)))(sample) == told


def test_without_videos_only_the_duration_is_needed():
    told = obstacles(Settings(samples="s", out="o", model="m"))
    assert told(make_sample()) is None
    assert told(make_sample(duration=None)) == ("video of unknown duration", True)
