"""Looking for every video of a run before its first step: a missing one is said then, not after hours."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from vtgdata.errors import VtgError
from vtgdata.train.settings import TrainSettings

if TYPE_CHECKING:
    from vtgdata.video.frame_source import FrameSource

log = logging.getLogger("vtgdata")
Row = dict[str, Any]


def with_video(rows: Sequence[Row], frames: FrameSource, settings: TrainSettings) -> tuple[list[Row], dict[str, int]]:
    """The rows whose video is there and can be decoded, and {reason: number of the others}.

    Raises VtgError when more rows than `max_failed` have none, with the first of them, or when no row is left.
    """
    keys = list(dict.fromkeys(frames.key(row) for row in rows))
    with ThreadPoolExecutor(2) as pool:
        status = dict(zip(keys, pool.map(frames.status, keys), strict=True))
    lost = [row for row in rows if status[frames.key(row)] != "ok"]
    reasons = dict(sorted(Counter(status[frames.key(row)] for row in lost).items()))
    if lost:
        first = lost[0]
        words = ", ".join(f"{number} {reason}" for reason, number in reasons.items())
        said = f"{settings.videos}: {len(lost)} of {len(rows)} rows have no video to see ({words}); the first is "
        said += f"{first.get('video_file') or first['video_id']!r} of {first['sample_id']!r}"
        if len(lost) > settings.max_failed * len(rows) or len(lost) == len(rows):
            raise VtgError(f"{said}. Put them there, or leave such rows out with --max-failed SHARE.")
        log.warning("%s. They are left out.", said)
    return [row for row in rows if status[frames.key(row)] == "ok"], reasons
