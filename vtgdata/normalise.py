"""From a raw row to a Sample or a Drop: one ordered list of pure steps that every corpus's rows go through.

Each step changes one thing and notes it as a repair (code, old, new), or gives the reason for a drop. Where two reasons
hold, the first in `STEPS` is given. Rules: the page of formats this project follows; published practice (2D-TAN,
Lighthouse) clamps ends and drops reversed pairs.
"""

import hashlib
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import msgspec

from vtgdata.records import Corpus, Drop, RawRow, Repair, Sample, Video, Window

TOLERANCE = 1e-6
"""Seconds; less past the end is float noise, not an annotation."""

Check = Callable[[float, float], bool]
Probed = Callable[[str], tuple[float | None, str | None]]

DISAGREEMENT = 1.0
"""Seconds by which a probed duration may differ from the published one unmentioned: mirrors of one corpus differ."""

SLIP_SECONDS, SLIP_SHARE = 5.0, 0.2
"""An end past the video by more than both is likely a slip of units, not of the hand: repaired, and flagged."""


class Draft(msgspec.Struct):
    """A row on its way; steps change it in place."""

    row: RawRow
    query: str
    windows: list[tuple[float, float]]
    benchmark: bool
    probed: float | None
    """Duration of the file, in seconds, where it was there to be probed."""
    duration: float | None
    """What windows are clamped to."""
    repairs: list[Repair]
    source_start: float | None = None
    whole_source: bool = False
    """The file turned out to hold all of the source, of which the row means a part."""
    drop: tuple[str, str] | None = None

    def repair(self, code: str, old: object, new: object) -> None:
        """Note a change."""
        self.repairs.append(Repair(code, str(old), str(new)))


def readable(draft: Draft) -> None:
    """A row that its reader could not read is dropped with the reader's reason; so is one that names no video file."""
    row = draft.row
    draft.drop = row.problem
    if draft.drop is None and (not row.video_id.strip() or not row.file.strip() or re.search(r"[/\\\0]", row.file)):
        draft.drop = ("unreadable_row", f"{row.file!r} is no name of a video file")


def query_characters(draft: Draft) -> None:
    """Halves of a character (lone surrogates, left by a broken escape) cannot be written: each becomes U+FFFD."""
    whole = _SURROGATE.sub("\ufffd", draft.query)
    if whole != draft.query:
        draft.repair("query_characters", repr(draft.query), repr(whole))
        draft.query = whole


def known_duration(draft: Draft) -> None:
    """A duration that is no positive number is unknown; the file's own goes before the published one.

    A file may hold the whole source of a row that means a part of it; then the part's length stays the limit here, and
    `part_of_file` puts the windows where they lie in the file.
    """
    published, probed = draft.row.duration, draft.probed
    if published is not None and not 0 < published < math.inf:
        draft.repair("bad_duration", published, "unknown")
        published = None
    draft.duration = published if probed is None else probed
    if probed is None or published is None:
        return
    start = draft.source_start
    beyond = probed > published + DISAGREEMENT
    if draft.row.read_in_place and start is not None and beyond and probed > start + published - DISAGREEMENT:
        draft.whole_source = True
        draft.duration = min(published, probed - start)
    elif abs(probed - published) > DISAGREEMENT:
        draft.repair("duration_disagrees", published, probed)


def query_blanks(draft: Draft) -> None:
    """Edge blanks, newlines and runs of blanks become single blanks."""
    tidy = " ".join(draft.query.split())
    if tidy != draft.query:
        draft.repair("query_blanks", repr(draft.query), repr(tidy))
        draft.query = tidy


def query_present(draft: Draft) -> None:
    """A row without a query is dropped."""
    if not draft.query:
        draft.drop = ("empty_query", "the query is empty")


def finite(draft: Draft) -> None:
    """NaN and infinite bounds are no window."""
    _unusable(draft, "not_finite", lambda start, end: not (math.isfinite(start) and math.isfinite(end)))


def reversed_window(draft: Draft) -> None:
    """A start after the end is no window: after a swap most such rows would still lie outside the video."""
    _unusable(draft, "reversed", lambda start, end: start > end)


def zero_length(draft: Draft) -> None:
    """A point has no IoU."""
    _unusable(draft, "zero_length", lambda start, end: start == end)


def starts_past_end(draft: Draft) -> None:
    """Nothing is left of a window that starts at or past the end of the video."""
    duration = draft.duration
    if duration is not None:
        _unusable(draft, "starts_past_end", lambda start, _: start >= duration - TOLERANCE)


def negative_start(draft: Draft) -> None:
    """A start below zero becomes zero; a window that ends there as well is none."""
    _unusable(draft, "ends_before_start_of_video", lambda _, end: end <= 0)
    for i, (start, end) in enumerate(draft.windows):
        if start < 0:
            draft.repair("start_below_zero", start, 0.0)
            draft.windows[i] = (0.0, end)


def end_past_video(draft: Draft) -> None:
    """An end past the video is clamped to its duration; a wide one is flagged as a likely slip of units."""
    if draft.duration is None:
        return
    for i, (start, end) in enumerate(draft.windows):
        over = end - draft.duration
        if over > TOLERANCE:
            slip = over > SLIP_SECONDS and over > SLIP_SHARE * draft.duration
            draft.repair("end_far_past_video" if slip else "end_past_video", end, draft.duration)
            draft.windows[i] = (start, draft.duration)


def sort_windows(draft: Draft) -> None:
    """Several windows are kept in order of time; overlaps are left, scores merge them."""
    if draft.windows != sorted(draft.windows):
        old, draft.windows = draft.windows, sorted(draft.windows)
        draft.repair("windows_sorted", old, draft.windows)


def part_of_file(draft: Draft) -> None:
    """Windows counted from the start of a part are counted from the start of the file, where it holds the whole."""
    start = draft.source_start
    if draft.whole_source and start is not None:
        old = draft.windows
        draft.windows = [(start + first, start + last) for first, last in old]
        draft.repair("part_of_file", _text(old), _text(draft.windows))
        draft.duration, draft.source_start = draft.probed, 0.0


STEPS = (
    readable, query_characters, query_blanks, query_present, known_duration, finite, reversed_window, zero_length,
    starts_past_end, negative_start, end_past_video, sort_windows, part_of_file,
    zero_length,  # again: on the clock of a long source a tiny window can round to a point
)  # fmt: skip
_SURROGATE = re.compile("[\ud800-\udfff]")


def _unusable(draft: Draft, code: str, wrong: Check) -> None:
    """Take wrong windows out; a row left without any is dropped, or kept without windows in a benchmark."""
    bad = [window for window in draft.windows if wrong(*window)]
    if not bad:
        return
    draft.windows = [window for window in draft.windows if not wrong(*window)]
    if draft.windows or draft.benchmark:
        draft.repair(code, _text(bad), "removed")
    else:
        duration = "unknown" if draft.duration is None else f"{draft.duration:g} s"
        draft.drop = (code, f"window {_text(bad)}, video of {duration}")


def _text(windows: list[tuple[float, float]]) -> str:
    return ", ".join(f"[{start:g}, {end:g}]" for start, end in windows)


def normalise(rows: Iterable[RawRow], corpus: Corpus, probed: Probed | None = None) -> Iterator[Sample | Drop]:
    """Turn raw rows into samples and drops: exactly one for each row, in order; no two samples share an id.

    Args:
        rows: what a corpus's reader yields.
        corpus: its facts; a benchmark split's rows stay even without a usable window.
        probed: (duration in seconds or None, status) of a video file, by the row's file name; the probed duration
            goes before the corpus's.
    """
    occurrences: Counter[tuple[str, str, str]] = Counter()
    uses: Counter[str] = Counter()
    first_with: dict[tuple[str, str, tuple[tuple[float, float], ...]], str] = {}
    for row in rows:
        occurrence = (row.annotation_set, row.video_id, row.query)
        occurrences[occurrence] += 1
        published = identify(corpus.name, row, occurrences[occurrence])
        sample_id = _unused(published, uses)
        outcome = _one(row, corpus, sample_id, probed)
        if isinstance(outcome, Sample) and sample_id != published:
            outcome = _noted(outcome, Repair("repeated_id", published, sample_id))
        if isinstance(outcome, Sample) and outcome.windows:
            same = (row.video_id, outcome.query.casefold(), tuple((w.start, w.end) for w in outcome.windows))
            first = first_with.setdefault(same, sample_id)
            if first != sample_id:
                # Kept: a benchmark's denominator is published, and curation may drop it where it trains.
                outcome = _noted(outcome, Repair("duplicate", first, "kept"))
        yield outcome


def _unused(sample_id: str, uses: Counter[str]) -> str:
    """The id itself at its first use, then with its occurrence: `x`, `x~2`, `x~3`."""
    candidate = sample_id
    while uses[candidate]:
        uses[sample_id] += 1
        candidate = f"{sample_id}~{uses[sample_id]}"
    uses[candidate] = 1
    return candidate


def _noted(sample: Sample, repair: Repair) -> Sample:
    return msgspec.structs.replace(sample, repairs=(*sample.repairs, repair))


def _one(row: RawRow, corpus: Corpus, sample_id: str, probed: Probed | None) -> Sample | Drop:
    draft = Draft(
        row=row,
        query=row.query,
        windows=list(row.windows),
        benchmark=corpus.benchmark(row.split),
        probed=None,
        duration=None,
        repairs=[],
        source_start=row.source_start,
    )
    status = None
    if row.problem is None and probed is not None:
        draft.probed, status = probed(row.file)
    for step in STEPS:
        step(draft)
        if draft.drop is not None:
            return _dropped(row, corpus, *draft.drop)
    if not draft.windows and row.labelled and not draft.benchmark:
        return _dropped(row, corpus, "no_window", "no window given")
    sample = Sample(
        sample_id=sample_id,
        corpus=corpus.name,
        split=row.split,
        video=Video(
            video_id=row.video_id,
            file=row.file,
            duration=draft.duration,
            source_id=row.source_id,
            source_start=draft.source_start,
            status=status,
        ),
        query=draft.query,
        windows=tuple(Window(start, end) for start, end in draft.windows),
        labelled=row.labelled,
        task=row.task,
        options=row.options,
        answer=row.answer,
        label_version=row.label_version,
        license=corpus.license,
        origin=row.origin,
        repairs=tuple(draft.repairs),
        extra=row.extra,
    )
    try:
        msgspec.json.encode(sample)
    except (UnicodeEncodeError, TypeError, RecursionError) as error:
        # Half a character in an id or in what the corpus adds: the row could not be written to any file.
        return _dropped(row, corpus, "unreadable_row", f"cannot be written as text: {error}")
    return sample


def _dropped(row: RawRow, corpus: Corpus, reason: str, detail: str) -> Drop:
    origin, detail, raw = (_SURROGATE.sub("\ufffd", text) for text in (row.origin, detail, row.raw))
    return Drop(corpus=corpus.name, origin=origin, reason=reason, detail=detail, raw=raw)


def identify(corpus: str, row: RawRow, occurrence: int) -> str:
    """A sample's id: the corpus and its published id, else a hash of annotation set, video, raw query and occurrence.

    Never of split, windows or row number, so that it outlives repairs.
    """
    if row.published_id is not None:
        return f"{corpus}:{row.published_id}"
    parts = (row.annotation_set, row.video_id, row.query, str(occurrence))
    digest = hashlib.sha256("\x00".join(parts).encode(errors="surrogatepass")).hexdigest()
    return f"{corpus}:{digest[:16]}"
