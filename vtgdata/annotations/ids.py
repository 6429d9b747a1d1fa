"""What a video's key says: its file, the longer video it was cut from, and where the cut begins.

Ids are text: they may start with `-` and hold `_`, `@`, `:` or `.`; a YouTube id always has 11 characters, and
is not simply the part before an underscore. Eleven characters alone say nothing: `camera_0012` has as many. They are
YouTube's where the corpus says so (`Corpus.youtube`), and in a link.
"""

import re
from typing import NamedTuple

_YOUTUBE = r"[A-Za-z0-9_-]{11}"
_YOUTUBE_ID = re.compile(rf"(?:v_)?({_YOUTUBE})\Z", re.ASCII)
_NUMBER = r"((?:0|[1-9]\d*)(?:\.\d+)?)"
_CUT = re.compile(rf"(?:v_)?({_YOUTUBE})_{_NUMBER}_{_NUMBER}\Z", re.ASCII)
_CLOCK_CUT = re.compile(
    rf"({_YOUTUBE})_(\d\d):(\d\d):(\d\d)[:.](\d{{1,3}})_(\d\d):(\d\d):(\d\d)[:.](\d{{1,3}})\Z", re.ASCII
)
_KITCHEN = re.compile(r"(s\d{2,3}-d\d{2,3})(?:-cam-\d+)?\Z", re.ASCII)
_HOST = r"(?:[\w-]+\.)*(?:youtube(?:-nocookie)?|ytimg)\.com/"
_LINK = re.compile(rf"[a-z][a-z0-9+.-]*://|(?://)?(?:{_HOST}|(?:www\.)?youtu\.be/)|/?watch\?", re.IGNORECASE)
_YOUTUBE_LINK = re.compile(
    rf"(?:(?:https?:)?//)?(?:(?:{_HOST}|/)?watch/?\?(?:.*&)?v=|{_HOST}(?:embed|shorts|live|vi?|e)/|(?:www\.)?youtu\.be/)"
    rf"({_YOUTUBE})(?![A-Za-z0-9_-])",
    re.IGNORECASE,
)
_EXTENSION = re.compile(r"\.(?:[A-Za-z][A-Za-z0-9]{1,4}|3gp|3g2)?\Z", re.ASCII)


class Named(NamedTuple):
    """What a key stands for."""

    video_id: str
    file: str
    source_id: str | None = None
    source_start: float | None = None
    """Where the video begins in its source, in seconds."""


def is_link(key: str) -> bool:
    """Whether a key is an address: `https://...`, or one of YouTube's without it.

    >>> is_link("https://youtu.be/aB3_dE-6hIj"), is_link("videos/K7QZ2.mp4")
    (True, False)
    """
    return _LINK.match(key) is not None


def of_link(link: str) -> Named:
    """The video of a link: YouTube's id, else the last part of the address that is a name.

    >>> of_link("https://www.youtube.com/watch?v=aB3_dE-6hIj&t=30s")
    Named(video_id='aB3_dE-6hIj', file='aB3_dE-6hIj.mp4', source_id='aB3_dE-6hIj', source_start=None)
    >>> of_link("https://cdn.example.org/clips/K7QZ2.webm?token=1#t=3")[:2]
    ('K7QZ2', 'K7QZ2.webm')
    """
    found = _YOUTUBE_LINK.match(link)
    if found:
        return Named(found[1], f"{found[1]}.mp4", found[1])
    path = base(re.split("[?#]", link.partition("://")[2] or link)[0])
    return Named(stem(path), path if _EXTENSION.search(path) and not path.endswith(".") else f"{stem(path)}.mp4")


def base(path: str) -> str:
    """The last part of a path as annotations write it, with slashes of either kind.

    >>> base("./videos/a/K7QZ2.mp4")
    'K7QZ2.mp4'
    """
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2]


def stem(path: str) -> str:
    """A file's name without folders and without its extension, if it has one (a bare `.` at the end counts as one).

    >>> stem("videos/1_2@N00.mov"), stem("aB3.5_clip"), stem("1_2@N00.")
    ('1_2@N00', 'aB3.5_clip', '1_2@N00')
    """
    return _EXTENSION.sub("", base(path))


def youtube_id(key: str) -> str | None:
    """The YouTube id in a key of a corpus that has such ids, which may begin with `v_`; None when it has another form.

    >>> youtube_id("v_Qx81-kLm_0A"), youtube_id("v_abcdefghi"), youtube_id("K7QZ2")
    ('Qx81-kLm_0A', 'v_abcdefghi', None)
    """
    found = _YOUTUBE_ID.match(key)
    return found[1] if found else None


def cut(key: str) -> tuple[str, float, float] | None:
    """(id of eleven characters, start, end in seconds) of a key that names a cut; None when it names none.

    Whole numbers have no zeros before them: `video_frame_0001_0002` is no cut.

    >>> cut("aB3_dE-6hIj_60.0_210.0")
    ('aB3_dE-6hIj', 60.0, 210.0)
    >>> cut("aB3_dE-6hIj_00:03:22:400_00:04:00:000")
    ('aB3_dE-6hIj', 202.4, 240.0)
    """
    found = _CUT.match(key)
    if found and float(found[2]) < float(found[3]):
        return found[1], float(found[2]), float(found[3])
    found = _CLOCK_CUT.match(key)
    if found is None:
        return None
    return found[1], _seconds(*found.groups()[1:5]), _seconds(*found.groups()[5:9])


def _seconds(hours: str, minutes: str, seconds: str, fraction: str) -> float:
    return int(hours) * 3600 + int(minutes) * 60 + float(f"{seconds}.{fraction}")


def named(key: str, file: str | None = None, *, youtube: bool = False) -> Named:
    """What a key of any corpus stands for, judged by its form: a cut, a link, a kitchen of TACoS, or a plain id.

    Args:
        key: a video id, a file's name, a path or a link.
        file: the video's file name, if it is neither the key's own nor `<id>.mp4`.
        youtube: whether the corpus says that eleven characters are a YouTube id (`Corpus.youtube`).

    >>> named("aB3_dE-6hIj").source_id, named("aB3_dE-6hIj", youtube=True).source_id
    (None, 'aB3_dE-6hIj')
    >>> named("videos/aB3_dE-6hIj_41_198.mp4")
    Named(video_id='aB3_dE-6hIj_41_198', file='aB3_dE-6hIj_41_198.mp4', source_id='aB3_dE-6hIj', source_start=41.0)
    >>> named("s99-d01-cam-002.avi").video_id
    's99-d01'
    """
    if _LINK.match(key):
        found = of_link(key)
        return found._replace(file=file) if file else found
    video_id = stem(key)
    name = file or (base(key) if _EXTENSION.search(key) and not key.endswith(".") else f"{video_id}.mp4")
    part = cut(video_id)
    if part is not None:
        return Named(video_id, name, part[0], part[1])
    kitchen = _KITCHEN.match(video_id)
    return Named(kitchen[1] if kitchen else video_id, name, youtube_id(video_id) if youtube else None)
