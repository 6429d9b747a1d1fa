"""The names of a sample's video, so that one video is recognised in files of different corpora.

Two samples show the same video, or parts of the same longer one, when they share a key: `video:<name>`. The name is
that of the file without its extension, the id in a link, or the path where videos of one name lie in several folders.
What packagings put before an id of eleven characters (`v_`, `video-`) is no part of it. Eleven characters are a YouTube
id only where the corpus said so, and its reader noted it (`Video.source_id`).
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from vtgdata.annotations import folders, ids
from vtgdata.records import Sample
from vtgdata.records.file_parts import parted
from vtgdata.records.times import TIME, parse_time

_DECORATED = re.compile(r"(?:v_|video-)([A-Za-z0-9_-]{11})\Z", re.ASCII)
_NUMBERED = re.compile(r"(?:[a-z]+[ _-]?\d{1,6}|\d{1,4})\Z", re.ASCII)
"""`video_0012`, `v0001` or `12`, but neither `05124` nor `LEOL6`, which are Charades's own."""
_PART = re.compile(rf"(.+?)(?:_(?:from_)?|#t=|@)({TIME})(?:[_,]|_?-_?|_to_)({TIME})\Z", re.ASCII)
"""A name with the start and the end of a cut behind it: `K7QZ2_12.5_40.0`, `K7QZ2_00:12-00:40`, `K7QZ2#t=12,40`."""
_SURE = re.compile(r"[.:]|#t=")
"""Marks of times, without which two numbers behind a name may be anything."""
_MILLISECONDS = re.compile(r"(:\d\d):(?=\d{3}(?:\D|\Z))", re.ASCII)
"""The colon before the thousandths of a clock, as InternVid writes them."""
_WHOLE = re.compile(r"\D(?:0|[1-9]\d*)\D+(?:0|[1-9]\d*)\Z", re.ASCII)
_NEAR, _SHORTEST = 1.5, 10.0
"""Seconds by which a video's duration may differ from the length of the cut that its name states in whole numbers, and
the least such length: two small numbers behind a name may be a season and an episode."""


class Name(NamedTuple):
    """What one name of a video says."""

    own: str
    """The key of this very video, be it a cut."""
    source: str
    """The key of the longer video that it is a part of; `own` where its name states no cut."""
    start: float = 0.0
    """Where in the source it begins, in seconds."""


def keys(sample: Sample) -> set[str]:
    """The names of a sample's video: of its id, its file and the longer video that it was cut from.

    A cut has the name of its source too, so that any two cuts of one video share a key.
    """
    video = sample.video
    named = (video.video_id, parted(video.file)[0], video.source_id)
    return {key for name in named if name for key in _of(name, sample)[:2]}


def own(sample: Sample) -> str:
    """The key of a sample's very video: a cut and its source have two."""
    return _of(sample.video.video_id, sample).own


def source(sample: Sample) -> str:
    """The key of the longest known video that a sample shows a part of: its source's, else its own."""
    return _of(sample.video.source_id or sample.video.video_id, sample).source


def source_start(sample: Sample) -> float:
    """Where a sample's video begins in its `source`, in seconds: as its corpus says, or as its name does."""
    video = sample.video
    if video.source_start is not None or video.source_id:
        return video.source_start or 0.0
    return _of(video.video_id, sample).start


def youtube(sample: Sample) -> bool:
    """Whether a sample's corpus says that its video is, or is a part of, one on YouTube."""
    said = sample.video.source_id
    return bool(said) and ids.youtube_id(said) == said


def by_key(samples: Iterable[Sample]) -> dict[str, list[Sample]]:
    """The samples of each video, under each of its keys."""
    found: dict[str, list[Sample]] = {}
    for sample in samples:
        for key in keys(sample):
            found.setdefault(key, []).append(sample)
    return found


def of_name(name: str, corpus: str = "") -> set[str]:
    """The keys of one name: a video's id, a file's name, a path or a link.

    An id, bare, with `v_` (ActivityNet) or `video-` (QuerYD) before it, in a link, or with a cut's times behind it:

    >>> of_name("videos/v_aB3_dE-6hIj.mp4") == of_name("aB3_dE-6hIj.webm") == of_name("video-aB3_dE-6hIj")
    True
    >>> of_name("https://youtu.be/aB3_dE-6hIj?t=3")
    {'video:aB3_dE-6hIj'}
    >>> sorted(of_name("aB3_dE-6hIj_60.0_210.0"))
    ['video:aB3_dE-6hIj', 'video:aB3_dE-6hIj_60_210']
    >>> of_name("v_aB3_dE-6hIj_60_210.mp4") == of_name("aB3_dE-6hIj_00:01:00:000_00:03:30:000.mp4")
    True

    A cut of any other video, where its times can be nothing else:

    >>> sorted(of_name("K7QZ2_12.50_40.00")), of_name("P01_05_10")
    (['video:K7QZ2', 'video:K7QZ2_12.5_40'], {'video:P01_05_10'})

    A kitchen of TACoS, from any of its cameras:

    >>> of_name("s99-d01-cam-002.mp4") == of_name("s99-d01.avi") == {"video:s99-d01"}
    True

    Any other name is the file's name without its extension. A name that only numbers the videos of a corpus means
    nothing elsewhere, so the corpus is added:

    >>> of_name("Charades/K7QZ2.mp4"), of_name("video_0012.mp4", "shapes")
    ({'video:K7QZ2'}, {'video:shapes/video_0012'})
    """
    return set(_read(name, corpus)[:2])


def _of(name: str, sample: Sample) -> Name:
    video = sample.video
    placed = "/" in video.video_id and not ids.is_link(video.video_id)
    said = video.source_id if youtube(sample) else ""
    return _read(name, sample.corpus, said or "", video.duration, placed)


@lru_cache(maxsize=1 << 16)
def _read(name: str, corpus: str, said: str = "", duration: float | None = None, placed: bool = False) -> Name:
    """What a name says.

    Args:
        name: an id, a file's name, a path or a link.
        corpus: added to names that only number its videos.
        said: what the corpus says is a YouTube id, and so no mere number.
        duration: the video's, in seconds.
        placed: whether folders tell videos of one name apart.
    """
    path = folders.path(name) if placed else ""
    bare = path if "/" in path else ids.named(name).video_id
    part = _part(bare, duration)
    if part is None:
        plain = _DECORATED.match(bare)
        key = _scoped(plain[1] if plain else bare, corpus, said)
        return Name(key, key)
    longer = _scoped(part[0], corpus, said)
    return Name(f"{longer}_{part[1]:g}_{part[2]:g}", longer, part[1])


def _scoped(name: str, corpus: str, said: str) -> str:
    numbered = corpus and name != said and _NUMBERED.match(name.rpartition("/")[2])
    return f"video:{corpus}/{name}" if numbered else f"video:{name}"


def _part(name: str, duration: float | None) -> tuple[str, float, float] | None:
    """(name of the source, start, end in seconds) of a cut's name; None where it names none.

    Two whole numbers behind a name are the times of a cut only where that is as long as the video.
    """
    found = ids.cut(name)
    if found is not None:
        return found
    match = _PART.match(_MILLISECONDS.sub(r"\1.", name))
    if match is None:
        return None
    try:
        start, end = parse_time(match[2]), parse_time(match[3])
    except ValueError:
        return None
    behind, length = name[match.end(1) :], end - start
    as_long = duration is not None and length >= _SHORTEST and abs(length - duration) <= _NEAR
    sure = _SURE.search(behind) or (as_long and _WHOLE.match(behind))
    return (match[1], start, end) if start < end and sure else None
