"""The sources of samples that are in columns: which longest known video each row shows a part of (`video_keys`).

A name is read once for each video, not for each row.
"""

from typing import Any

from vtgdata.annotations import video_keys
from vtgdata.records import Sample, Video

VIDEO = ["corpus", "video_id", "source_id", "duration"]
"""The columns that say which video a row shows; `video_of` gives them without nulls."""


def video_of(frame: Any) -> Any:
    """The columns VIDEO of a Polars frame of samples, nulls as an empty text or as a duration of -1."""
    import polars as pl

    texts = [pl.col(name).fill_null("") for name in VIDEO[:-1]]
    return frame.select(*texts, pl.col("duration").fill_null(-1.0))


def named(videos: Any) -> Any:
    """Videos with their keys: a frame of the different rows of `videos`, and the columns `source` and `own` (text).

    Args:
        videos: a frame with the columns VIDEO, as `video_of` gives them.
    """
    import polars as pl

    found = videos.select(VIDEO).unique(maintain_order=True)
    samples = [_sample(*row) for row in found.iter_rows()]
    sources, own = (
        pl.Series(name, list(map(key, samples)), dtype=pl.String)
        for name, key in (("source", video_keys.source), ("own", video_keys.own))
    )
    return found.with_columns(sources, own)


def _sample(corpus: str, video_id: str, source_id: str, duration: float) -> Sample:
    """A sample of which only the video is known."""
    known = duration if duration > 0 else None
    video = Video(video_id=video_id, file=video_id, source_id=source_id or None, duration=known)
    return Sample(sample_id="", corpus=corpus, split="", video=video, query="", windows=())
