"""What a file says of itself against what is inside: its duration, its ending, the order of its streams."""

from collections.abc import Iterator
from pathlib import PurePath

from vtgdata.records import Finding, FindingKind
from vtgdata.video.survey.boxes import durations
from vtgdata.video.survey.holes import rest_unread
from vtgdata.video.survey.seen import Seen

LEAST_SECONDS, LEAST_SHARE = 0.5, 0.03
"""A stated duration is wrong from so many seconds, and such a share of the true one, on."""
_ESTIMATED = frozenset(("mpegts", "mpeg", "mpegvideo", "ogg", "gif", "ivf", "dv", "rm"))
"""Containers that state no duration: what is read of them is an estimate."""
_OF_WEBM = frozenset(("vp8", "vp9", "av1", "libvpx", "libvpx-vp9", "libdav1d", "libaom-av1"))
_ANYTHING = frozenset[str](), frozenset[str]()
_INSIDE = {
    (".mp4", ".m4v", ".mov", ".qt", ".3gp", ".3g2"): (frozenset(("mov",)), frozenset[str]()),
    (".webm",): (frozenset(("matroska",)), _OF_WEBM),
    (".mkv", ".mk3d"): (frozenset(("matroska",)), frozenset[str]()),
    (".avi",): (frozenset(("avi",)), frozenset[str]()),
    (".ts", ".m2ts", ".mts", ".m2t"): (frozenset(("mpegts",)), frozenset[str]()),
    (".mpg", ".mpeg", ".vob", ".m2v", ".m1v"): (frozenset(("mpeg", "mpegvideo", "mpegts")), frozenset[str]()),
    (".flv",): (frozenset(("flv",)), frozenset[str]()),
    (".wmv", ".asf"): (frozenset(("asf",)), frozenset[str]()),
    (".ogv", ".ogg", ".ogm"): (frozenset(("ogg",)), frozenset[str]()),
    (".gif",): (frozenset(("gif",)), frozenset(("gif",))),
}
"""{endings of names: (containers that may be inside, codecs that may be; none named is any)}."""
_LABELS = {
    **dict.fromkeys(("avc1", "avc3", "H264", "h264", "X264", "x264"), ("h264",)),
    **dict.fromkeys(("hvc1", "hev1", "HEVC", "H265"), ("hevc",)),
    **dict.fromkeys(("FMP4", "XVID", "xvid", "DIVX", "divx", "DX50"), ("mpeg4",)),
    **dict.fromkeys(("vp08", "VP80"), ("vp8",)),
    **dict.fromkeys(("vp09", "VP90"), ("vp9",)),
    **dict.fromkeys(("av01", "AV01"), ("av1",)),
}
"""{label of a container: the codecs that it stands for}; labels of several codecs (mp4v) are left out."""
_NEVER_IN_MP4 = frozenset(("vp8", "theora", "flv1", "wmv1", "wmv2", "wmv3", "msmpeg4v2", "msmpeg4v3", "vp6f", "gif"))


def statements(seen: Seen) -> Iterator[Finding]:
    """Findings about the whole file."""
    length = max(seen.end - seen.origin, 1e-3)
    for kind, detail in (*_duration(seen), *_label(seen), *_streams(seen)):
        yield Finding(kind=kind, start=0.0, end=length, detail=detail)


def _differs(stated: float, true: float) -> bool:
    return bool(stated) and abs(stated - true) > max(LEAST_SECONDS, LEAST_SHARE * true)


def _duration(seen: Seen) -> Iterator[tuple[FindingKind, str]]:
    if seen.kind in _ESTIMATED or seen.stopped or rest_unread(seen) or len(seen.shown) < 2:
        return
    shown, whole = seen.end - seen.origin, seen.last - seen.first
    if seen.kind == "mov":
        for what, stated, true in durations(seen.path):
            if _differs(stated, true):
                yield "duration", f"{what} states {stated:.2f} s, and has {true:.2f} s"
                return
    # Some writers count the container's duration from the clock's zero, some from its first packet.
    elif all(_differs(seen.stated, true) for true in (shown, whole, seen.last, seen.end)):
        yield "duration", f"the container states {seen.stated:.2f} s, and has {whole:.2f} s"
    elif seen.kind == "avi" and _differs(seen.stated_stream, shown):
        yield "duration", f"the video stream states {seen.stated_stream:.2f} s, and has {shown:.2f} s"


def _label(seen: Seen) -> Iterator[tuple[FindingKind, str]]:
    if seen.codec not in _LABELS.get(seen.label, (seen.codec,)):
        yield "codec", f"the container calls the frames {seen.label}, and they are {seen.codec}"


def belied(name: str, kind: str, codec: str) -> str | None:
    """What the ending of a file's name hides; None if it fits, or is none that promises anything.

    Args:
        name: of the file, with its ending.
        kind: its container, as `containers.check` names it.
        codec: of its frames, or the decoder that read them.
    """
    suffix = PurePath(name).suffix.lower()
    boxes, codecs = next((given for names, given in _INSIDE.items() if suffix in names), _ANYTHING)
    if boxes and kind not in boxes:
        return f"the name ends in {suffix}, and inside is {kind} with {codec}"
    if (codecs and codec not in codecs) or (kind == "mov" and codec in _NEVER_IN_MP4):
        return f"the name ends in {suffix}, and inside is {codec}"
    return None


def _streams(seen: Seen) -> Iterator[tuple[FindingKind, str]]:
    videos = [place for place, kind in enumerate(seen.streams) if kind == "video"]
    if "picture" in seen.streams[: seen.index]:
        yield "streams", "a cover picture comes before the video: other readers take it for the video"
    elif len(videos) > 1:
        yield "streams", f"{len(videos)} video streams: the first is read here, other readers take another one"
