"""Seconds without a packet in a video whose frames come evenly elsewhere: frames that were lost, or a pause.

A recorder that pauses, and an encoder that leaves out what does not move, write such gaps too. What tells them apart is
how the frames behind a gap were made. If frames are lost, the first key frame behind the gap comes when it is due with
them counted. Where key frames have no rhythm, what builds on lost frames goes wrong, and the key frame sets it right
with a jump of the picture.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from vtgdata.records import Finding
from vtgdata.video.survey.seen import Seen

GAP_SECONDS, GAP_STEPS = 1.0, 8.0
"""A step of so many seconds, and of so many times the others, is a gap."""
EVEN_SHARE = 0.97
"""Least share of the other steps that are like the middle one, for frames that come evenly."""
MOST_GAPS = 3
"""With more gaps, the frames do not come evenly: that is how it was recorded."""
LEAST_GROUP, LEAST_GROUPS = 4, 3
"""Fewest frames from key frame to key frame, and so many such steps, that make a rhythm."""
JUMP, MORE = 3.0, 1.5
"""The picture jumps where it changes so many times as much as in the middle, and as in the twentieth part of its frames
that changes most."""

Span = tuple[float, float]


def lost(seen: Seen) -> Iterator[Span]:
    """Gaps in which frames are lost; seconds on the file's clock."""
    return (span for span in _gaps(seen) if _is_lost(seen, span[1]))


def pauses(seen: Seen) -> Iterator[Finding]:
    """Gaps that nothing shows to be a loss."""
    for start, end in _gaps(seen):
        if not _is_lost(seen, end):
            detail = "no frame comes, though they come evenly elsewhere: it paused, or frames were cut out"
            yield Finding(kind="pause", start=start - seen.origin, end=end - seen.origin, detail=detail)


def _gaps(seen: Seen) -> list[Span]:
    step = seen.step
    steps = [(before.start + step, after.start) for before, after in pairwise(seen.shown)]
    least = max(GAP_SECONDS, GAP_STEPS * step)
    gaps = [(start, end) for start, end in steps if end - start + step >= least]
    like = sum(0.5 * step <= end - start + step <= 1.6 * step for start, end in steps)
    even = len(gaps) <= MOST_GAPS and like >= EVEN_SHARE * (len(steps) - len(gaps)) and like >= len(gaps)
    return gaps if even else []


def _is_lost(seen: Seen, end: float) -> bool:
    """Whether the frames of the gap that ends there are lost."""
    keys = [number for number, packet in enumerate(seen.packets) if packet.key]
    first = bisect_left([packet.start for packet in seen.packets], end - 0.5 * seen.step)
    behind = bisect_left(keys, first)
    if behind == 0:
        return False
    whole = keys[behind] if behind < len(keys) else None
    if whole is None:
        return False
    # Frames from the last key frame before the gap to the first behind it, and those that the gap would have.
    counted = whole - keys[behind - 1]
    missing = round((seen.packets[first].start - seen.packets[first - 1].start) / seen.step) - 1
    group = _group([after - before for before, after in pairwise(keys) if after != whole])
    aligned = whole == first
    if group is None:
        return not aligned and _jumps(seen, seen.packets[whole].start)
    due = (counted + missing) % group == 0
    return due and (aligned or counted % group != 0)


def _group(steps: list[int]) -> int | None:
    """Frames from key frame to key frame, if they come in a rhythm."""
    (group, times), *_ = Counter(steps).most_common(1) or [(0, 0)]
    return group if group >= LEAST_GROUP and times >= max(LEAST_GROUPS, 0.5 * len(steps)) else None


def _jumps(seen: Seen, start: float) -> bool:
    """Whether the picture jumps in the frame that starts then."""
    starts = [shown.start for shown in seen.shown]
    place = bisect_right(starts, start + 0.5 * seen.step) - 1
    changes = sorted(shown.change for shown in seen.shown)
    middle, large = changes[len(changes) // 2], changes[int(0.95 * len(changes))]
    return seen.shown[place].change > max(JUMP * middle, MORE * large) > 0
