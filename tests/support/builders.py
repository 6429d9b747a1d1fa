"""Small builders for tests: a sample, an answer, a video file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vtgdata.records import Answer, Sample, Video, Window


def make_sample(
    sample_id: str = "test:1",
    *,
    video_id: str = "v1",
    duration: float | None = 30.0,
    query: str = "a dog jumps",
    windows: Sequence[tuple[float, float]] = ((3.0, 9.0),),
    split: str = "train",
    **more: Any,
) -> Sample:
    """A valid sample; say only what the test is about."""
    return Sample(
        sample_id=sample_id,
        corpus=more.pop("corpus", "test"),
        split=split,
        video=Video(video_id=video_id, file=f"{video_id}.mp4", duration=duration),
        query=query,
        windows=tuple(Window(start, end) for start, end in windows),
        **more,
    )


def make_answer(
    *windows: tuple[float, float],
    strict_ok: bool = True,
    option: str | None = None,
    reasoning: str = "",
    status: str | None = None,
    says_none: bool = False,
) -> Answer:
    """An answer with these windows; none gives an unparsable one."""
    return Answer(
        windows=tuple(Window(start, end) for start, end in windows),
        option=option,
        parse_status=status or ("ok" if windows else "unparsable"),
        strict_ok=strict_ok and bool(windows),
        reasoning=reasoning,
        has_reasoning=bool(reasoning),
        says_none=says_none,
    )


def draw_video(path: Path, seconds: float = 4.0, fps: int = 5, size: int = 32, grey: int = 90) -> Path:
    """Write a small H.264 file whose brightness grows with time."""
    import av

    path.parent.mkdir(parents=True, exist_ok=True)
    count = round(seconds * fps)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width = stream.height = size
        stream.pix_fmt = "yuv420p"
        for i in range(count):
            value = min(255, grey + 100 * i // count)
            image = np.full((size, size, 3), value, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return path
