"""The names of a sample's video, so that one video is recognised in files of different corpora.

Two samples show the same video, or parts of the same longer one, when they share a key. A key has a kind and a name:
`youtube:<id>` wherever a name holds a YouTube id, else `video:<name>`.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from vtgdata.annotations import ids
from vtgdata.records import Sample

_DESCRIBED = re.compile(r"video-([A-Za-z0-9_-]{11})\Z", re.ASCII)
_NUMBERED = re.compile(r"(?:(?:[a-z]+[ _-]?)\d{1,6}|\d{1,4})\Z", re.ASCII)
"""`video_0012`, `v0001` or `12`, but neither `05124` nor `LEOL6`, which are Charades's own."""


def keys(sample: Sample) -> set[str]:
    """The names of a sample's video: of its id, its file and the longer video that it was cut from.

    A cut has the name of its source too, so that any two cuts of one video share a key.
    """
    video = sample.video
    named = (video.video_id, video.file, video.source_id or "")
    return {key for name in named if name for key in _of_name(name, sample.corpus)}


def by_key(samples: Iterable[Sample]) -> dict[str, list[Sample]]:
    """The samples of each video, under each of its keys."""
    found: dict[str, list[Sample]] = {}
    for sample in samples:
        for key in keys(sample):
            found.setdefault(key, []).append(sample)
    return found


def of_name(name: str, corpus: str = "") -> set[str]:
    """The keys of one name: a video's id, a file's name or a path.

    A YouTube id, bare, with `v_` (ActivityNet) or `video-` (QuerYD) before it, or with a cut's times behind it:

    >>> of_name("videos/v_aB3_dE-6hIj.mp4") == of_name("aB3_dE-6hIj.webm") == of_name("video-aB3_dE-6hIj")
    True
    >>> sorted(of_name("aB3_dE-6hIj_60.0_210.0"))
    ['video:aB3_dE-6hIj_60_210', 'youtube:aB3_dE-6hIj']
    >>> of_name("v_aB3_dE-6hIj_60_210.mp4") == of_name("aB3_dE-6hIj_00:01:00:000_00:03:30:000.mp4")
    True

    A kitchen of TACoS, from any of its cameras:

    >>> of_name("s99-d01-cam-002.mp4") == of_name("s99-d01.avi") == {"video:s99-d01"}
    True

    Any other name is the file's name without its extension. A name that only numbers the videos of a corpus means
    nothing elsewhere, so the corpus is added:

    >>> of_name("Charades/K7QZ2.mp4"), of_name("video_0012.mp4", "shapes")
    ({'video:K7QZ2'}, {'video:shapes/video_0012'})
    """
    return set(_of_name(name, corpus))


@lru_cache(maxsize=1 << 16)
def _of_name(name: str, corpus: str) -> tuple[str, ...]:
    video = ids.named(name)
    described = _DESCRIBED.match(video.video_id)
    youtube = described[1] if described else video.source_id
    # Eleven digits are an id of VidOR: only one YouTube id in about 10^9 has digits alone.
    return tuple(_keys(video.video_id, None if youtube and youtube.isdigit() else youtube, corpus))


def _keys(name: str, youtube: str | None, corpus: str) -> Iterator[str]:
    if youtube is None:
        yield f"video:{corpus}/{name}" if corpus and _NUMBERED.match(name) else f"video:{name}"
        return
    yield f"youtube:{youtube}"
    part = ids.cut(name)
    if part is not None:
        yield f"video:{youtube}_{part[1]:g}_{part[2]:g}"
