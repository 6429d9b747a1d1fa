"""Rows about a part of a file: `video_start` and `video_end`, as Time-R1 and its followers write them."""

import math
from collections.abc import Mapping
from typing import Any

from vtgdata.annotations import ids
from vtgdata.annotations.text import pair
from vtgdata.records.file_parts import FilePart


def of_record(item: Mapping[str, Any]) -> tuple[float, float] | None:
    """Start and end, in seconds, of the part of the file that a record is about; None if it is about the whole file.

    Raises ValueError where they are no part of a file.
    """
    if item.get("video_start") is None or item.get("video_end") is None:
        return None
    start, end = pair([item["video_start"], item["video_end"]])
    if not 0 <= start < end < math.inf:
        raise ValueError(f"video_start {start:g} and video_end {end:g} are no part of a file")
    return start, end


def video_id(named: ids.Named, part: tuple[float, float] | None) -> str:
    """The id of the video: a part of a whole file is a video of its own, unless the file is named after the part.

    >>> video_id(ids.named("aB3_dE-6hIj.mp4"), (120.5, 131.0))
    'aB3_dE-6hIj_120.50_131.00'
    """
    if part is None or named.source_start is not None:
        return named.video_id
    return named.video_id + FilePart(*part).suffix
