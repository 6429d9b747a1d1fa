"""Where nothing, or nothing right, can be decoded of a video: from and to."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

from vtgdata.records import Finding
from vtgdata.video.survey.gaps import GAP_SECONDS, lost
from vtgdata.video.survey.seen import Seen, Shown

LEAST_SECONDS = 0.12
"""Shorter damage is left out: a frame or two that a player glosses over."""
JOINED_SECONDS = 1.0
"""Damage with less between it is one finding."""
UNREAD_SHARE = 0.03
"""Share of a file that is more than an index at its end."""
_STATED = frozenset(("matroska", "flv", "asf", "mpegts", "mpeg"))
"""Containers whose length is known without reading them, and which have nothing but an index behind the last packet."""
LOST_PACKETS = 2
"""From so many packets in a gap that show no frame on, frames are missing there; fewer are frames that are never shown,
as VP8 and AV1 have them."""
Span = tuple[float, float]


def holes(seen: Seen) -> list[Finding]:
    """The holes, in order; each ends at the next frame that does not build on what is damaged."""
    spans = _joined([*seen.lost, *_broken(seen), *_unseen(seen), *lost(seen), *_tail(seen), *_head(seen)])
    found: list[Finding] = []
    for start, end in _joined([(start, _mended(seen, end)) for start, end in spans]):
        # What comes before the first frame, as where a broadcast was joined midway, is no part of the video.
        if end - max(start, seen.origin) >= LEAST_SECONDS:
            found.append(_finding(seen, start, end))
    if seen.lost and found:
        early = sum(end - start for start, end in seen.lost)
        start, end = found[0].end, seen.end - seen.origin
        if early >= LEAST_SECONDS and end > start:
            detail = f"frames come up to {early:.2f} s too early, since others before them are lost"
            found.append(Finding(kind="shift", start=start, end=end, detail=detail))
    return found


def _broken(seen: Seen) -> Iterator[Span]:
    """Packets that do not decode, and frames that the decoder made up."""
    for packet in seen.packets:
        if packet.broken:
            yield packet.start, packet.start + max(packet.length, seen.step)
    for shown in seen.shown:
        if shown.broken:
            yield shown.start, shown.start + seen.step


def _unseen(seen: Seen) -> Iterator[Span]:
    """Long steps between frames in which packets show nothing."""
    step = seen.step
    starts = [packet.start for packet in seen.packets]
    for before, after in pairwise(seen.shown):
        if after.start - before.start > 2.5 * step:
            low, high = bisect_right(starts, before.start + 0.5 * step), bisect_left(starts, after.start - 0.5 * step)
            if high - low >= LOST_PACKETS:
                yield before.start + step, after.start


def _tail(seen: Seen) -> Iterator[Span]:
    """The end, where packets show no frame."""
    last = seen.shown[-1].start
    if not seen.lost and sum(packet.start > last + 0.5 * seen.step for packet in seen.packets) >= LOST_PACKETS:
        yield last + seen.step, seen.end
    if not seen.lost and rest_unread(seen):
        yield seen.end, _stated_end(seen)


def rest_unread(seen: Seen) -> bool:
    """Whether reading ended before the stated end, with much of the file behind it: its structure is broken there."""
    return seen.kind in _STATED and seen.unread >= UNREAD_SHARE and _stated_end(seen) > seen.end + GAP_SECONDS


def _stated_end(seen: Seen) -> float:
    """The end on the file's clock; the length of a broadcast counts from its first packet."""
    return seen.stated + (seen.first if seen.kind in ("mpegts", "mpeg") else 0.0)


def _head(seen: Seen) -> Iterator[Span]:
    """The beginning, where packets show no frame; a broadcast that was joined midway begins so, and is whole.

    An AVI's first frame may be late by what its decoder holds back.
    """
    first = seen.shown[0].start
    early = [packet for packet in seen.packets if packet.start < first - 0.5 * seen.step]
    if len(early) >= LOST_PACKETS and seen.kind not in ("mpegts", "mpeg", "avi"):
        yield first, first + (first - early[0].start)


def _mended(seen: Seen, end: float) -> float:
    """Start of the first key frame at or after a time, since what comes before builds on what is damaged."""
    whole = (packet.start for packet in seen.packets if packet.key and not packet.broken)
    return next((start for start in whole if start >= end - 0.5 * seen.step), max(end, seen.end))


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Spans in order, those with little between them as one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start - found[-1][1] < JOINED_SECONDS:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _finding(seen: Seen, start: float, end: float) -> Finding:
    within = [shown for shown in seen.shown if start - seen.step / 2 <= shown.start < end - seen.step / 2]
    wanted = max(1.0, (end - start) / seen.step) if seen.step else 1.0
    repeats = _repeated(seen, within)
    if within and repeats >= 0.5 * len(within):
        kind, detail = "repeats", "the same picture is repeated, since nothing else can be decoded"
    elif len(within) < 0.3 * wanted:
        kind, detail = "hole", "no frame can be decoded"
    else:
        kind, detail = "hole", "frames are damaged or missing"
    return Finding(kind=kind, start=max(0.0, start - seen.origin), end=end - seen.origin, detail=detail)


def _repeated(seen: Seen, within: Sequence[Shown]) -> int:
    """How many of these frames show the same as the frame before them."""
    looks = {after.start: after.look == before.look for before, after in pairwise(seen.shown)}
    return sum(looks.get(shown.start, False) for shown in within)
