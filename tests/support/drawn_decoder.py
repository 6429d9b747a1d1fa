"""A decoder of files that only state how many pictures they have and at which rate: it draws them.

What rests on it rests on no decoder plug-in.
"""

import json
from pathlib import Path

import pytest

from support.drawn_videos import SIDE, picture
from vtgdata.records import VideoFacts
from vtgdata.stages import export
from vtgdata.video import store


def write(path: Path, count: int, rate: float) -> Path:
    """A file of `count` pictures at `rate` a second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"count": count, "rate": rate}))
    return path


def used(patch: pytest.MonkeyPatch) -> None:
    """Let this be the decoder of the frame store and of exports, here and in decoding processes."""
    patch.syspath_prepend(Path(__file__).parents[1])
    patch.setattr(store, "DECODER", "support.drawn_decoder")
    patch.setattr(export, "DECODER", "support.drawn_decoder")


def probe(path):
    said = json.loads(path.read_text())
    return VideoFacts(
        duration=said["count"] / said["rate"],
        fps=said["rate"],
        start_time=0.0,
        width=SIDE,
        height=SIDE,
        rotation=0,
        codec="drawn",
        n_frames=said["count"],
    )


def frames(path, times):
    said = json.loads(path.read_text())
    numbers = [min(int(time * said["rate"] + 1e-9), said["count"] - 1) for time in times]
    return [picture(number) for number in numbers], [number / said["rate"] for number in numbers]
