"""decord 0.6.0: reads frames by their number; exact on plain files, wrong on the ones that `KNOWN_WRONG` lists.

Kept for those whose earlier results were made with it. It is unmaintained, its FFmpeg is of version 4 (no AV1), and it
hides where a file's clock starts. Never `decord2`, which takes its place and gives wrong frames without an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vtgdata import containers
from vtgdata.errors import VideoUnreadable, VtgError
from vtgdata.records import VideoFacts

if TYPE_CHECKING:
    import numpy as np

NEEDS = "decord"
KNOWN_WRONG: dict[str, str] = {}
"""Test or file that it gets wrong: what it does there."""
_NOISE_SECONDS = 2e-5
"""Its times are 32-bit floats."""


def probe(path: Path) -> VideoFacts:
    """Facts of a video file from decord's table of frames; start and rotation are hidden from us.

    Raises VideoUnreadable when decord cannot open it.
    """
    reader, table = _opened(path)
    height, width = reader[0].shape[:2]
    steps = table[1:, 0] - table[:-1, 0]
    containers.check_duration(path, float(table[-1, 1] - table[0, 0]))
    return VideoFacts(
        duration=round(float(table[-1, 1] - table[0, 0]), 4),
        fps=float(reader.get_avg_fps()) or None,
        start_time=0.0,
        width=int(width),
        height=int(height),
        rotation=0,
        codec="unknown",
        n_frames=len(reader),
        variable=bool(len(steps) and steps.max() - steps.min() > 0.0015),
        read_from=dict.fromkeys(("duration", "fps", "n_frames", "variable"), "index"),
    )


def frames(path: Path, times: Sequence[float]) -> tuple[list[np.ndarray], list[float]]:
    """The frames shown at the given times and their true times; as `decoders.pyav.frames`."""
    import numpy as np

    reader, table = _opened(path)
    starts = table[:, 0] - table[0, 0]
    places = np.clip(np.searchsorted(starts, np.asarray(times) + _NOISE_SECONDS, side="right") - 1, 0, None)
    wanted = sorted({int(place) for place in places})
    try:
        images = dict(zip(wanted, reader.get_batch(wanted).asnumpy(), strict=True)) if wanted else {}
    except _library().DECORDError as error:
        raise VideoUnreadable(path, "decord cannot read its frames") from error
    return [images[int(place)] for place in places], [float(starts[place]) for place in places]


def _library() -> Any:
    try:
        import decord
    except ModuleNotFoundError as error:
        raise VtgError("the decoder decord needs its library: pip install 'vtgdata[decord]'") from error
    return decord


def _opened(path: Path) -> tuple[Any, Any]:
    """A reader, and the (n, 2) table of start and end of its frames in seconds."""
    library = _library()
    containers.check(path)
    try:
        reader = library.VideoReader(containers.local(path), num_threads=1)
        if not len(reader):
            raise VideoUnreadable(path, "no frame decodes")
        table = reader.get_frame_timestamp(range(len(reader)))
    except (library.DECORDError, RuntimeError, IndexError) as error:
        kind = "no video stream" if "video stream" in str(error) else "decord cannot open it"
        raise VideoUnreadable(path, kind) from error
    height, width = reader[0].shape[:2]
    containers.check_size(path, width, height)
    return reader, table.astype("float64")
