"""What is told of the frames of rows before a training decodes a video."""

import logging

import msgspec
import pytest

from vtgdata.records import FrameSampling
from vtgdata.train.frames import tell_frames, words
from vtgdata.video import sampling
from vtgdata.video.presets import PRESETS


def rows(*names: str, durations=(10.0, 30.0)):
    return [
        {"frame_sampling": msgspec.json.encode(PRESETS[name]).decode(), "duration": duration}
        for name in names
        for duration in durations
    ]


@pytest.mark.parametrize(("name", "patch"), [("timelens_qwen2_5_vl", 28), ("timelens_qwen3_vl", 32)])
def test_the_visual_tokens_of_a_row_are_told(name, patch, caplog):
    most = sampling.frame_size(1920, 1080, 20, PRESETS[name])
    with caplog.at_level(logging.INFO, "vtgdata"):
        tell_frames(rows(name, durations=(10.0,)), "model")
    (line,) = caplog.messages
    tokens = most[0] * most[1] // patch**2
    assert f" to {20 * tokens:,} as images" in line and f" to {10 * tokens:,} as a video" in line
    assert f"for 20 frames in patches of {patch} pixels" in line


def test_rows_of_two_samplings_have_a_line_each_and_plain_frames_none():
    assert len(words(rows("timelens_qwen3_vl", "tvg_r1", "frames_64"), "model")) == 2
    plain = [{"frame_sampling": msgspec.json.encode(FrameSampling()).decode(), "duration": None}]
    assert words(plain, "Qwen/Qwen3-VL-8B-Instruct") == []


def test_patches_of_another_size_than_the_models_are_told():
    told, wrong = words(rows("tvg_r1"), "Qwen/Qwen3-VL-8B-Instruct")
    assert "patches of 28 pixels" in told and "has patches of 32" in wrong
