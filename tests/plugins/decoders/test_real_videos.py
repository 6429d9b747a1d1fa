"""All real videos: facts and times against ffprobe, pictures against ffmpeg's own decode of the same frames."""

import json
import os
import random
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vtgdata.errors import VideoUnreadable
from vtgdata.files import plugins

SIDE = 64
FOLDER = Path(os.environ.get("VTGDATA_TEST_DATA", "absent")) / "videos"
SHOWN = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.*")) if FOLDER.is_dir() else []
NOTHING_TO_SEE = {
    "derived/html_error_page.mp4": "not a video (an HTML page)",
    "derived/zero_bytes.mp4": "not a video (an empty file)",
    "pinknoise-vorbis.mkv": "no video stream",
    "small/mp4-with-audio.mp4": "no video stream",
    "small/Mpeg4.mp4": "no video stream",
    "small/FlashVideo.flv": "no video stream",
    "small/AudioVideoInterleave.avi": "unreadable: no frame decodes",
}
ONE_FRAME = "small/webm.webm"
"""Its one packet has no length: the container's duration of 1 s is all that is known."""
NAMES = [name for name in SHOWN if name not in NOTHING_TO_SEE]

pytestmark = [
    pytest.mark.skipif(not SHOWN, reason="needs the folder of real videos: set VTGDATA_TEST_DATA"),
    pytest.mark.program("ffprobe"),
    pytest.mark.program("ffmpeg"),
    pytest.mark.parametrize("decoder", [plugins.load("decoders", name) for name in plugins.names("decoders")]),
]


@cache
def probed(name):
    """What ffprobe says of the first video stream, and of each of its frames."""
    entries = "stream=duration,start_time,nb_frames,width,height,avg_frame_rate:stream_side_data=rotation"
    command = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-of", "json"]
    frames = "frame=best_effort_timestamp_time,pkt_dts_time,pkt_duration_time"
    said = subprocess.run(
        [*command, "-show_entries", f"{entries}:{frames}", FOLDER / name], capture_output=True, check=True
    )
    found = json.loads(said.stdout)
    # An AVI has no presentation times: where ffprobe knows none, the order of decoding gives them.
    times = []
    for frame in found["frames"]:
        stamp = frame.get("best_effort_timestamp_time", frame.get("pkt_dts_time"))
        # The frame that a decoder of AVI still holds at the end has none: it follows the one before.
        times.append(float(stamp) if stamp is not None else times[-1] + float(frame["pkt_duration_time"]))
    return found["streams"][0], np.array(times), found["frames"]


@cache
def decoded(name):
    """(n, SIDE, SIDE, 3): every frame as ffmpeg decodes it, turned upright, then reduced."""
    stream, *_ = probed(name)
    width, height = int(stream["width"]), int(stream["height"])
    if rotation_of(stream) in (90, 270):
        width, height = height, width
    command = ["ffmpeg", "-v", "error", "-nostdin", "-i", f"file:{FOLDER / name}", "-map", "0:v:0"]
    picture = ["-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:"]
    found = []
    with subprocess.Popen([*command, *picture], stdout=subprocess.PIPE) as process:
        while raw := process.stdout.read(width * height * 3):
            found.append(reduced(np.frombuffer(raw, np.uint8).reshape(height, width, 3)))
    return np.stack(found)


def reduced(image):
    return np.asarray(Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BOX), np.int16)


def rotation_of(stream):
    return (
        round(float(next((each["rotation"] for each in stream.get("side_data_list", []) if "rotation" in each), 0)))
        % 360
    )


@pytest.mark.parametrize("name", NAMES)
def test_facts_are_those_of_ffprobe(decoder, name):
    facts = decoder.probe(FOLDER / name)
    stream, times, frames = probed(name)
    turned = rotation_of(stream)
    shape = (int(stream["width"]), int(stream["height"]))
    assert (facts.width, facts.height) == (shape[::-1] if turned in (90, 270) else shape)
    assert facts.rotation == turned
    assert facts.start_time == pytest.approx(times[0], abs=0.001)
    count = stream.get("nb_frames")
    assert facts.n_frames in (None, len(times), *([int(count)] if count else []))
    top, bottom = map(int, stream["avg_frame_rate"].split("/"))
    if bottom and facts.fps is not None:
        assert facts.fps == pytest.approx(top / bottom, abs=0.01)
    if "duration" in stream:
        # An AVI's header counts frames that do not decode; the time of those is shown by nothing.
        assert facts.duration == pytest.approx(float(stream["duration"]), abs=0.001)
    elif name == ONE_FRAME:
        assert facts.duration == 1.0
    else:
        last = times[-1] - times[0] + float(frames[-1].get("pkt_duration_time", 0))
        assert facts.duration == pytest.approx(last, abs=0.005)
        assert facts.read_from["duration"] in ("container", "scan", "index")


@pytest.mark.parametrize("name", NAMES)
def test_50_random_times_give_the_frame_on_show(decoder, name):
    _, stamps, _ = probed(name)
    starts, pictures = stamps - stamps[0], decoded(name)
    assert len(starts) == len(pictures)
    chance = random.Random(name)
    times = [chance.uniform(0, float(starts[-1]) + 0.2) for _ in range(50)]
    # ffprobe rounds to microseconds: a time that close to a frame's could be either's.
    error = getattr(decoder, "TIME_ERROR", 2e-6)
    times = [time for time in times if np.abs(starts - time).min() > error]
    images, shown = decoder.frames(FOLDER / name, times)
    places = np.searchsorted(starts, times, side="right") - 1
    assert shown == pytest.approx(starts[places], abs=error)
    for image, place in zip(images, places, strict=True):
        far = np.abs(reduced(image) - pictures[max(0, place - 2) : place + 3]).mean(axis=(1, 2, 3))
        own = far[min(place, 2)]
        assert own < 3
        assert own <= far.min() + 0.05


@pytest.mark.parametrize("name", [name for name in SHOWN if name in NOTHING_TO_SEE])
def test_what_shows_nothing_says_why(decoder, name):
    with pytest.raises(VideoUnreadable) as caught:
        decoder.probe(FOLDER / name)
    assert caught.value.status == NOTHING_TO_SEE[name]
