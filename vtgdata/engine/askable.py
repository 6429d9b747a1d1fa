"""Which samples can be asked about, found without opening a video: what is missing needs no answers and no money."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from vtgdata.engine.settings import AskSettings
from vtgdata.errors import VideoAmbiguous, VideoChanged
from vtgdata.records import Sample
from vtgdata.video.find import find

Told = tuple[str, bool]
"""Why a sample cannot be asked about, and whether that is sure."""


def obstacles(settings: AskSettings) -> Callable[[Sample], Told | None]:
    """A function that tells why a sample cannot be asked about; None if nothing is known to be in the way.

    A video that no file under --videos matches is surely missing. One whose file is there, but could not be read when
    the samples were made or verified, may have been replaced since. Raises VtgError when the folder holds no video.
    """
    if not settings.videos:
        return lambda sample: ("video of unknown duration", True) if sample.video.duration is None else None
    videos = find(Path(settings.videos))

    @cache
    def missing(file: str, video_id: str) -> str | None:
        try:
            return None if videos.place(file, video_id) is not None else "video missing"
        except VideoChanged:
            return "the video's file changed since it was bound"
        except VideoAmbiguous:
            return "two files match the video"

    def told(sample: Sample) -> Told | None:
        video = sample.video
        if gone := missing(video.file, video.video_id):
            return gone, True
        return None if video.status in (None, "ok", "missing") else ("video unreadable", False)

    return told
