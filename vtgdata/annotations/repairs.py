"""The ordered list of repair steps, `STEPS`, and the steps for durations, units and windows.

Each step changes one thing and notes it as a repair (code, old, new), or gives the reason for a drop. If two reasons
apply, the first in `STEPS` is given. Published practice (2D-TAN, Lighthouse) clamps ends and drops reversed pairs.
"""

import math
from collections.abc import Callable, Iterable

from vtgdata.annotations.draft import Draft
from vtgdata.annotations.query_repairs import query_controls, query_present, query_text, readable
from vtgdata.records import Bound, Window
from vtgdata.records.times import parse_time
from vtgdata.records.windows import tiou

TOLERANCE = 1e-6
"""Seconds; a bound less than this past the end is float noise, not an annotation."""


Check = Callable[[float, float], bool]


DISAGREEMENT = 1.0
"""Seconds by which a probed duration may differ from the published one without a note: mirrors of a corpus differ."""


SLIP_SECONDS, SLIP_SHARE = 5.0, 0.2
"""Seconds and share of the duration: an end past the video by more than both is repaired and flagged as a wrong
unit."""


CHUNK, CLIP = 5.0, 2.0
"""Seconds of a chunk (DiDeMo) and of a clip (QVHighlights)."""


def known_duration(draft: Draft) -> None:
    """Set the duration: the file's own if it was probed, else the published one.

    A duration that is not a positive number is unknown, and so is a start in the source that is not a number from 0 on.

    A file may hold a whole source of which the row means a part; then the part's length stays the limit here, and
    `part_of_file` moves the windows to their place in the file.
    """
    published, probed, start = draft.row.duration, draft.probed, draft.source_start
    if start is not None and not 0 <= start < math.inf:
        draft.repair("bad_source_start", start, "unknown")
        start = draft.source_start = None
    if published is not None and not 0 < published < math.inf:
        draft.repair("bad_duration", published, "unknown")
        published = None
    draft.duration = published if probed is None else probed
    if probed is None or published is None:
        return
    beyond = probed > published + DISAGREEMENT
    if draft.row.read_in_place and start is not None and beyond and probed > start + published - DISAGREEMENT:
        draft.whole_source = True
        draft.duration = min(published, probed - start)
    elif abs(probed - published) > DISAGREEMENT:
        draft.repair("duration_disagrees", published, probed)


def hidden_labels(draft: Draft) -> None:
    """Remove placeholder windows where the labels are hidden."""
    if not draft.row.labelled and draft.row.windows:
        draft.repair("placeholder_window", _text(draft.row.windows), "removed")


def to_seconds(draft: Draft) -> None:
    """Convert bounds in another unit, or on the clock of the source, to seconds from the start of the file."""
    row = draft.row
    if not row.labelled:
        return
    published = row.opinions or row.windows
    try:
        found = [(_number(start), _number(end)) for start, end in published]
    except ValueError as error:
        draft.drop = ("unreadable_row", str(error))
        return
    written = sum(isinstance(bound, str) for pair in published for bound in pair)
    if written:
        draft.repair("clock_to_seconds", _text(published), _text(found))
    if row.unit != "seconds" and 0 < written < 2 * len(published):
        draft.drop = ("unreadable_row", f"{_text(published)} mixes times and numbers of {row.unit}")
        return
    if row.unit != "seconds" and not written:  # a time that says its unit is in seconds, whatever numbers are in
        if (missing := _lacks(draft)) is not None:
            draft.drop = (f"no_{missing}", f"bounds are in {row.unit}, and the row has no {missing}")
            return
        old, found = found, [_converted(start, end, draft) for start, end in found]
        draft.repair(f"{row.unit}_to_seconds", _text(old), _text(found))
    if row.source_clock and row.source_start:
        old, found = found, [(start - row.source_start, end - row.source_start) for start, end in found]
        draft.repair("source_clock_to_file", _text(old), _text(found))
    if row.opinions:
        draft.opinions = found
    else:
        draft.windows = found


def _number(bound: Bound) -> float:
    return parse_time(bound) if isinstance(bound, str) else bound


def _lacks(draft: Draft) -> str | None:
    """What the conversion of the row's unit needs and the row lacks; None when nothing."""
    if draft.row.unit == "frames" and not (draft.row.fps and 0 < draft.row.fps < math.inf):
        return "frame_rate"
    return "duration" if draft.row.unit == "fraction" and draft.duration is None else None


def _converted(start: float, end: float, draft: Draft) -> tuple[float, float]:
    unit = draft.row.unit
    if unit == "frames":
        fps = draft.row.fps or 1.0
        return start / fps, end / fps
    if unit == "chunks":
        # A reversed pair of inclusive chunks stays reversed.
        return (CHUNK * start, CHUNK * (end + 1)) if start <= end else (CHUNK * (start + 1), CHUNK * end)
    scale = {"milliseconds": 1e-3, "clips": CLIP, "fraction": draft.duration or 1.0}[unit]
    return start * scale, end * scale


def several_annotators(draft: Draft) -> None:
    """Take the most frequent of several annotators' windows; never average them: nobody annotated the mean.

    A tie goes to the window with the largest mean IoU to all, then to the earliest. All of them stay in `extra`.
    """
    opinions = draft.opinions
    if not opinions:
        return
    usable = [pair for pair in opinions if 0 <= pair[0] < pair[1] < math.inf] or opinions
    counts = {pair: usable.count(pair) for pair in usable}
    most = [pair for pair, count in counts.items() if count == max(counts.values())]
    chosen = most[0] if len(most) == 1 else min(most, key=lambda pair: (-_agreement(pair, usable), pair))
    draft.windows = [chosen]
    if len(set(opinions)) > 1:
        code = "annotators_disagree" if len(most) == 1 else "annotators_tied"
        draft.repair(code, _text(opinions), _text([chosen]))


def _agreement(pair: tuple[float, float], others: list[tuple[float, float]]) -> float:
    try:
        return math.fsum(tiou(Window(*pair), Window(*other)) for other in others)
    except ValueError:
        return 0.0


def finite(draft: Draft) -> None:
    """Remove windows with NaN or infinite bounds."""
    _unusable(draft, "not_finite", lambda start, end: not (math.isfinite(start) and math.isfinite(end)))


def reversed_window(draft: Draft) -> None:
    """Remove windows whose start is after the end: even swapped, most of them would lie outside the video.

    If the user wants the swap nevertheless, it is made and noted.
    """
    if draft.swap and any(start > end for start, end in draft.windows):
        old, draft.windows = draft.windows, [(min(pair), max(pair)) for pair in draft.windows]
        draft.repair("reversed_swapped", _text(old), _text(draft.windows))
    _unusable(draft, "reversed", lambda start, end: start > end)


def points(draft: Draft) -> None:
    """Turn points, whose start is their end, into windows of the length that the user gave, if any."""
    if draft.points_as is None or not any(start == end for start, end in draft.windows):
        return
    half, old = draft.points_as / 2, draft.windows
    draft.windows = [(start - half, end + half) if start == end else (start, end) for start, end in old]
    draft.repair("point_to_window", _text(old), _text(draft.windows))


def zero_length(draft: Draft) -> None:
    """Remove windows whose start equals the end: a point has no IoU."""
    _unusable(draft, "zero_length", lambda start, end: start == end)


def starts_past_end(draft: Draft) -> None:
    """Remove windows that start at or after the end of the video, float noise aside."""
    if draft.duration is not None:
        late = last_start(draft.duration)
        _unusable(draft, "starts_past_end", lambda start, _: start >= late)


def last_start(duration: float) -> float:
    """Earliest start that counts as the end of a video: TOLERANCE seconds before it, or that share of a short video."""
    return duration - TOLERANCE * min(1.0, duration)


def negative_start(draft: Draft) -> None:
    """Set a start below zero to zero; remove a window that also ends at or below zero."""
    _unusable(draft, "ends_before_start_of_video", lambda _, end: end <= 0)
    for i, (start, end) in enumerate(draft.windows):
        if start < 0:
            draft.repair("start_below_zero", start, 0.0)
            draft.windows[i] = (0.0, end)


def end_past_video(draft: Draft) -> None:
    """Clamp an end past the video to its duration; flag one that is far past it as a likely wrong unit."""
    if draft.duration is None:
        return
    for i, (start, end) in enumerate(draft.windows):
        over = end - draft.duration
        if over > TOLERANCE:
            slip = over > SLIP_SECONDS and over > SLIP_SHARE * draft.duration
            draft.repair("end_far_past_video" if slip else "end_past_video", end, draft.duration)
            if slip and start < end / 60 <= 2 * draft.duration:
                # Minutes taken for hours (3:57 as 14,220 s)? Nobody can be sure, so it is clamped like the rest.
                draft.repair("likely_factor_60", end, end / 60)
            draft.windows[i] = (start, draft.duration)


def order_windows(draft: Draft) -> None:
    """Sort several windows by time, each once; note overlaps and contacts, but keep them: scores merge windows."""
    if len(draft.windows) < 2:
        return
    old, found = draft.windows, sorted(draft.windows)
    if found != old:
        draft.repair("windows_sorted", _text(old), _text(found))
    once = list(dict.fromkeys(found))
    if once != found:
        draft.repair("windows_repeated", _text(found), _text(once))
    draft.windows = once
    ends = [max(end for _, end in once[: i + 1]) for i in range(len(once) - 1)]
    for code, holds in (("windows_overlap", float.__gt__), ("windows_touch", float.__eq__)):
        if any(holds(float(end), float(start)) for end, (start, _) in zip(ends, once[1:], strict=True)):
            draft.repair(code, _text(once), "kept")


def part_of_file(draft: Draft) -> None:
    """Count windows from the start of the file instead of the part, where the file holds the whole source."""
    start = draft.source_start
    if draft.whole_source and start is not None:
        old = draft.windows
        draft.windows = [(start + first, start + last) for first, last in old]
        draft.repair("part_of_file", _text(old), _text(draft.windows))
        draft.duration, draft.source_start = draft.probed, 0.0


STEPS = (
    readable, query_text, query_present, query_controls, known_duration, hidden_labels, to_seconds, several_annotators,
    finite, reversed_window, points, zero_length, starts_past_end, negative_start, end_past_video, order_windows,
    part_of_file,
    zero_length,  # again: on the clock of a long source a tiny window can round to a point
)  # fmt: skip


def _unusable(draft: Draft, code: str, wrong: Check) -> None:
    """Remove wrong windows; a row left without any is dropped, or kept without windows in a benchmark."""
    bad = [window for window in draft.windows if wrong(*window)]
    if not bad:
        return
    draft.windows = [window for window in draft.windows if not wrong(*window)]
    if draft.windows or draft.benchmark(draft.row.split):
        draft.repair(code, _text(bad), "removed")
    else:
        duration = "unknown" if draft.duration is None else f"{draft.duration:g} s"
        draft.drop = (code, f"window {_text(bad)}, video of {duration}")


def _text(windows: Iterable[tuple[Bound, Bound]]) -> str:
    return ", ".join(f"[{_short(start)}, {_short(end)}]" for start, end in windows)


def _short(bound: Bound) -> str:
    return bound if isinstance(bound, str) else f"{bound:.10g}"
