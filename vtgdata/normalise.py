"""From a raw row to a Sample or a Drop: one ordered list of pure steps that every corpus's rows go through.

Each step changes one thing and notes it as a repair (code, old, new), or gives the reason for a drop. Where two reasons
hold, the first in `STEPS` is given. Rules: the page of formats this project follows; published practice (2D-TAN,
Lighthouse) clamps ends and drops reversed pairs.
"""

import hashlib
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from vtgdata.readers import text
from vtgdata.records import Bound, Corpus, Drop, RawRow, Repair, Sample, Video, Window
from vtgdata.timecode import parse_time
from vtgdata.windows import tiou

TOLERANCE = 1e-6
"""Seconds; less past the end is float noise, not an annotation."""

Check = Callable[[float, float], bool]
Probed = Callable[[str], tuple[float | None, str | None]]

DISAGREEMENT = 1.0
"""Seconds by which a probed duration may differ from the published one unmentioned: mirrors of one corpus differ."""

SLIP_SECONDS, SLIP_SHARE = 5.0, 0.2
"""An end past the video by more than both is likely a slip of units, not of the hand: repaired, and flagged."""

MAX_SECONDS = 1e9
"""Seconds beyond which a bound is looked at step by step, where no duration is known."""

CHUNK, CLIP = 5.0, 2.0
"""Seconds of a chunk (DiDeMo) and of a clip (QVHighlights)."""

MAX_NAME = 255
"""Bytes of a file's name; no file system that videos lie on takes more."""


class Draft(msgspec.Struct, gc=False):
    """A row on its way; steps change it in place."""

    row: RawRow
    query: str
    windows: list[tuple[float, float]]
    opinions: list[tuple[float, float]]
    """Each annotator's window, where one moment has several."""
    benchmark: Callable[[str], bool]
    """Whether papers report scores on a split."""
    probed: float | None
    """Duration of the file, in seconds, where it was there to be probed."""
    duration: float | None
    """What windows are clamped to."""
    repairs: list[Repair]
    source_start: float | None = None
    whole_source: bool = False
    """The file turned out to hold all of the source, of which the row means a part."""
    swap: bool = False
    """Turn reversed windows round rather than drop them."""
    drop: tuple[str, str] | None = None

    def repair(self, code: str, old: object, new: object) -> None:
        """Note a change, unless the row came with it: our own files are read again."""
        note = Repair(code, str(old), str(new))
        if note not in self.row.repairs:
            self.repairs.append(note)


def readable(draft: Draft) -> None:
    """A row that its reader could not read is dropped with the reader's reason; so is one that names no video file."""
    draft.drop = draft.row.problem
    if draft.drop is None and (wrong := bad_name(draft.row)) is not None:
        draft.drop = (text.UNREADABLE, wrong)


def bad_name(row: RawRow) -> str | None:
    """What is wrong with a row's names of its video, None when nothing is."""
    if not row.video_id or row.video_id.isspace() or _NO_FILE.search(row.file):
        return f"{row.file[:MAX_NAME]!r} is no name of a video file"
    if _NO_ID.search(row.video_id) or len(row.file.encode(errors="replace")) > MAX_NAME:
        return f"{row.video_id[:MAX_NAME]!r} is no id of a video"
    return None


def query_characters(draft: Draft) -> None:
    """Halves of a character (lone surrogates, left by a broken escape) cannot be written: each becomes U+FFFD."""
    if draft.query.isascii():
        return
    whole = SURROGATE.sub("\ufffd", draft.query)
    if whole != draft.query:
        draft.repair("query_characters", repr(draft.query), repr(whole))
        draft.query = whole


def query_mojibake(draft: Draft) -> None:
    """UTF-8 that was read as another encoding and written again becomes what it was."""
    if draft.query.isascii():
        return
    # Loaded only for rows that need it.
    import ftfy

    mended = ftfy.fix_encoding(draft.query)
    if mended != draft.query:
        draft.repair("query_mojibake", repr(draft.query), repr(mended))
        draft.query = mended


def query_blanks(draft: Draft) -> None:
    """Edge blanks, newlines and runs of blanks become single blanks."""
    tidy = " ".join(draft.query.split())
    if tidy != draft.query:
        draft.repair("query_blanks", repr(draft.query), repr(tidy))
        draft.query = tidy


def query_dots(draft: Draft) -> None:
    """Dots at the end that are more than one, or stand apart, become one: `a man runs ..` ends like a sentence."""
    query = draft.query
    if query.endswith((" .", "..")):
        bare = query.rstrip(". ")
        tidy = f"{bare}." if bare else ""
        draft.repair("query_dots", repr(query), repr(tidy))
        draft.query = tidy


def query_present(draft: Draft) -> None:
    """A row without a query is dropped."""
    if not draft.query:
        draft.drop = ("empty_query", "the query is empty")


def known_duration(draft: Draft) -> None:
    """A duration that is no positive number is unknown, and so is a start in the source that is none from 0 on.

    The file's own duration goes before the published one.

    A file may hold the whole source of a row that means a part of it; then the part's length stays the limit here, and
    `part_of_file` puts the windows where they lie in the file.
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
    """Where the labels are hidden, a window that stands in their place is none."""
    if not draft.row.labelled and draft.row.windows:
        draft.repair("placeholder_window", _text(draft.row.windows), "removed")


def to_seconds(draft: Draft) -> None:
    """Bounds in another unit, or on the clock of the source, become seconds from the start of the file."""
    row = draft.row
    if not row.labelled:
        return
    published = row.opinions or row.windows
    try:
        found = [(_number(start), _number(end)) for start, end in published]
    except ValueError as error:
        draft.drop = ("unreadable_row", str(error))
        return
    if any(isinstance(bound, str) for pair in published for bound in pair):
        draft.repair("clock_to_seconds", _text(published), _text(found))
    if row.unit != "seconds":
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
    """What a conversion of the row's unit needs and the row has not."""
    if draft.row.unit == "frames" and not (draft.row.fps and 0 < draft.row.fps < math.inf):
        return "frame_rate"
    return "duration" if draft.row.unit == "fraction" and draft.duration is None else None


def _converted(start: float, end: float, draft: Draft) -> tuple[float, float]:
    unit = draft.row.unit
    if unit == "frames":
        fps = draft.row.fps or 1.0
        return start / fps, end / fps
    if unit == "chunks":
        # A reversed pair of inclusive chunks stays one.
        return (CHUNK * start, CHUNK * (end + 1)) if start <= end else (CHUNK * (start + 1), CHUNK * end)
    scale = {"milliseconds": 1e-3, "clips": CLIP, "fraction": draft.duration or 1.0}[unit]
    return start * scale, end * scale


def several_annotators(draft: Draft) -> None:
    """Of several annotators' windows the most frequent is taken; they are never averaged: nobody gave the mean.

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
    """NaN and infinite bounds are no window."""
    _unusable(draft, "not_finite", lambda start, end: not (math.isfinite(start) and math.isfinite(end)))


def reversed_window(draft: Draft) -> None:
    """A start after the end is no window: after a swap most such rows would still lie outside the video.

    Where the user wants the swap nevertheless, it is made and noted.
    """
    if draft.swap and any(start > end for start, end in draft.windows):
        old, draft.windows = draft.windows, [(min(pair), max(pair)) for pair in draft.windows]
        draft.repair("reversed_swapped", _text(old), _text(draft.windows))
    _unusable(draft, "reversed", lambda start, end: start > end)


def zero_length(draft: Draft) -> None:
    """A start that is the end is no window: a point has no IoU."""
    _unusable(draft, "zero_length", lambda start, end: start == end)


def starts_past_end(draft: Draft) -> None:
    """Nothing is left of a window that starts at or after the end of the video, but for float noise."""
    if draft.duration is not None:
        late = last_start(draft.duration)
        _unusable(draft, "starts_past_end", lambda start, _: start >= late)


def last_start(duration: float) -> float:
    """From when on a start is at the end of a video: tolerance in seconds, or for a tiny video its share."""
    return duration - TOLERANCE * min(1.0, duration)


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
            if slip and start < end / 60 <= 2 * draft.duration:
                # Minutes taken for hours (3:57 as 14,220 s): clamped like the rest, for nobody can be sure.
                draft.repair("likely_factor_60", end, end / 60)
            draft.windows[i] = (start, draft.duration)


def order_windows(draft: Draft) -> None:
    """Several windows are kept in order of time, each once; overlaps and contacts are noted and left: scores merge."""
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
    """Windows counted from the start of a part are counted from the start of the file, where it holds the whole."""
    start = draft.source_start
    if draft.whole_source and start is not None:
        old = draft.windows
        draft.windows = [(start + first, start + last) for first, last in old]
        draft.repair("part_of_file", _text(old), _text(draft.windows))
        draft.duration, draft.source_start = draft.probed, 0.0


STEPS = (
    readable, query_characters, query_mojibake, query_blanks, query_dots, query_present, known_duration, hidden_labels,
    to_seconds, several_annotators, finite, reversed_window, zero_length, starts_past_end, negative_start,
    end_past_video, order_windows, part_of_file,
    zero_length,  # again: on the clock of a long source a tiny window can round to a point
)  # fmt: skip
SURROGATE = re.compile("[\ud800-\udfff]")
_NO_FILE = re.compile(r"[/\\\0]|\A\s*\Z|\A\.{1,2}\Z")
_NO_ID = re.compile(r"\0|(?:\A|[/\\])\.\.(?:[/\\]|\Z)|\A[/\\]")


def _unusable(draft: Draft, code: str, wrong: Check) -> None:
    """Take wrong windows out; a row left without any is dropped, or kept without windows in a benchmark."""
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


class _First(msgspec.Struct, frozen=True, gc=False):
    """The first sample with a query, or with a query and windows."""

    sample_id: str
    queries: set[int]
    """Hashes, of this process only, of the raw queries that came with it."""
    windows: tuple[Window, ...]


class Seen:
    """What the rows before had, for ids that are unique and for repeats: little of each, so that millions fit."""

    def __init__(self) -> None:
        self.queries: dict[bytes, int] = {}
        """Occurrences of (annotation set, video, raw query)."""
        self.ids: dict[str, int] = {}
        self.asked: dict[str, _First] = {}
        """Video and tidy query without case -> the first sample."""
        self.again: dict[str, dict[tuple[Window, ...], _First]] = {}
        """The same for queries that came again, by windows."""

    def occurrence(self, row: RawRow) -> int:
        """How often a raw query was asked of its video so far, this time included."""
        key = _hash(row.annotation_set, row.video_id, row.query)
        count = self.queries[key] = self.queries.get(key, 0) + 1
        return count

    def unused(self, sample_id: str) -> str:
        """The id itself at its first use, then with its occurrence: `x`, `x~2`, `x~3`."""
        candidate = sample_id
        while candidate in self.ids:
            self.ids[sample_id] += 1
            candidate = f"{sample_id}~{self.ids[sample_id]}"
        self.ids[candidate] = 1
        return candidate

    def repeats(self, row: RawRow, sample: Sample) -> list[Repair]:
        """What the sample shares with an earlier one; all of it is kept: a benchmark's denominator is published."""
        key = f"{row.video_id}\0{sample.query.casefold()}"
        raw = hash(row.query)
        this = _First(sample.sample_id, {raw}, sample.windows)
        earlier = self.asked.setdefault(key, this)
        if earlier is this:
            return []
        same = self.again.setdefault(key, {earlier.windows: earlier}).setdefault(sample.windows, this)
        if same is this:
            return [Repair("query_ambiguous", earlier.sample_id, "kept")]
        code = "duplicate" if raw in same.queries else "duplicate_but_for_case_and_blanks"
        same.queries.add(raw)
        return [Repair(code, same.sample_id, "kept")]


def _hash(*parts: str) -> bytes:
    return hashlib.blake2b("\0".join(parts).encode(errors="surrogatepass"), digest_size=12).digest()


def normalise(
    rows: Iterable[RawRow],
    corpus: Corpus,
    probed: Probed | None = None,
    *,
    licence_of: Callable[[str], str] | None = None,
    swap_reversed: bool = False,
) -> Iterator[Sample | Drop]:
    """Turn raw rows into samples and drops: exactly one for each row, in order; no two samples share an id.

    Args:
        rows: what a corpus's reader yields.
        corpus: its facts; a benchmark split's rows stay even without a usable window.
        probed: (duration in seconds or None, status) of a video file, by the row's file name; the probed duration
            goes before the corpus's.
        licence_of: the licence of another corpus, by name, for rows that a collection took from it.
        swap_reversed: turn reversed windows round rather than drop them.
    """
    seen, given = Seen(), _Given(corpus, probed, licence_of, swap=swap_reversed)
    for row in rows:
        published = identify(
            row.corpus or corpus.name, row, 1 if row.published_id is not None else seen.occurrence(row)
        )
        sample_id = seen.unused(published)
        outcome = _one(row, sample_id, given)
        if isinstance(outcome, Sample):
            notes = [Repair("repeated_id", published, sample_id)] if sample_id != published else []
            if outcome.windows and corpus.family != "samples":
                notes.extend(seen.repeats(row, outcome))
            if notes:
                outcome = msgspec.structs.replace(outcome, repairs=(*outcome.repairs, *notes))
        yield outcome


class _Given:
    """What holds for all rows."""

    def __init__(
        self, corpus: Corpus, probed: Probed | None, licence_of: Callable[[str], str] | None, *, swap: bool
    ) -> None:
        self.corpus, self.probed, self.swap, self._licence_of = corpus, probed, swap, licence_of
        self._licences: dict[tuple[str, str], str] = {}
        self._named: tuple[str, str] | None = None
        """The id and the file of the last video that was found to be named well: rows of one video come together."""

    def licence(self, row: RawRow) -> str:
        """A row's licence: its own, or its corpus's, and that of the corpus that a collection took it from."""
        key = (row.license, row.source_corpus)
        if key not in self._licences:
            own = row.license or self.corpus.license
            source = self._licence_of(row.source_corpus) if self._licence_of and row.source_corpus else ""
            both = dict.fromkeys(part for text in (own, source) for part in text.split(" AND ") if part)
            self._licences[key] = " AND ".join(both)
        return self._licences[key]

    def well_named(self, row: RawRow) -> bool:
        """Whether a row names a video as `readable` wants it."""
        named = (row.video_id, row.file)
        if named != self._named:
            if bad_name(row) is not None:
                return False
            self._named = named
        return True


def _one(row: RawRow, sample_id: str, given: _Given) -> Sample | Drop:
    return _plain(row, sample_id, given) or _stepwise(row, sample_id, given)


def _plain(row: RawRow, sample_id: str, given: _Given) -> Sample | Drop | None:
    """What the steps would make of a row of which only the blanks may need a repair; None where more may.

    Most rows are such, and files are long.
    """
    if len(row.windows) != 1 or row.unit != "seconds" or row.opinions or row.source_clock or not row.labelled:
        return None
    if row.problem is not None or given.probed is not None or row.repairs:
        return None
    if row.source_start is not None and not 0 <= row.source_start < math.inf:
        return None
    start, end = row.windows[0]
    query = " ".join(row.query.split())
    if not query or not query.isascii() or query.endswith((" .", "..")):
        return None
    if isinstance(start, str) or isinstance(end, str):
        return None
    duration = row.duration
    limit = MAX_SECONDS if duration is None else duration
    if not (0 <= start < end <= limit < math.inf) or start >= last_start(limit) or not given.well_named(row):
        return None
    repairs = () if query == row.query else (Repair("query_blanks", repr(row.query), repr(query)),)
    windows = (Window(start, end),)
    start, status, extra = row.source_start, row.video_status, _extra(row)
    return _made(row, sample_id, given, query, windows, duration, start, status, repairs, extra)


def _stepwise(row: RawRow, sample_id: str, given: _Given) -> Sample | Drop:
    corpus, probed = given.corpus, given.probed
    draft = Draft(
        row=row,
        query=row.query,
        windows=[],
        opinions=[],
        probed=None,
        duration=None,
        repairs=list(row.repairs),
        source_start=row.source_start,
        benchmark=corpus.benchmark,
        swap=given.swap,
    )
    status = row.video_status
    if row.problem is None and probed is not None:
        draft.probed, status = probed(row.file)
    for step in STEPS:
        step(draft)
        if draft.drop is not None:
            return _dropped(row, corpus, *draft.drop)
    if not draft.windows and row.labelled and not corpus.benchmark(row.split):
        return _dropped(row, corpus, "no_window", "no window given")
    windows = tuple(Window(start, end) for start, end in draft.windows)
    repairs, start, extra = tuple(draft.repairs), draft.source_start, _extra(row, draft.opinions)
    return _made(row, sample_id, given, draft.query, windows, draft.duration, start, status, repairs, extra)


def _made(
    row: RawRow,
    sample_id: str,
    given: _Given,
    query: str,
    windows: tuple[Window, ...],
    duration: float | None,
    source_start: float | None,
    status: str | None,
    repairs: tuple[Repair, ...],
    extra: dict[str, Any],
) -> Sample | Drop:
    """The sample, or the drop of one that could not be written to any file."""
    sample = Sample(
        sample_id=sample_id,
        corpus=row.corpus or given.corpus.name,
        split=row.split,
        video=Video(
            video_id=row.video_id,
            file=row.file,
            duration=duration,
            source_id=row.source_id,
            source_start=source_start,
            status=status,
        ),
        query=query,
        windows=windows,
        labelled=row.labelled,
        task=row.task,
        options=row.options,
        answer=row.answer,
        label_version=row.label_version,
        license=given.licence(row),
        origin=row.origin,
        repairs=repairs,
        extra=extra,
    )
    if not (extra or row.options or row.answer or row.repairs or row.corpus or row.license):
        sources = (row.source_id or "", row.source_corpus)
        named = (sample_id, row.origin, row.video_id, row.file, row.split, row.label_version, *sources)
        if "".join(named).isascii():
            return sample  # what else it holds is ours, or mended
    try:
        msgspec.json.encode(sample)
    except (UnicodeEncodeError, TypeError, ValueError, RecursionError) as error:
        # Half a character in an id or in what the corpus adds: the row could not be written to any file.
        return _dropped(row, given.corpus, "unreadable_row", f"cannot be written as text: {error}")
    return sample


def _extra(row: RawRow, opinions: Sequence[tuple[float, float]] = ()) -> dict[str, Any]:
    """What the corpus adds, and what normalisation keeps beside it."""
    added: dict[str, Any] = {}
    if opinions:
        added["annotators"] = [list(pair) for pair in opinions]
    if row.source_corpus:
        added["source_corpus"] = row.source_corpus
    return {**row.extra, **added} if added else row.extra


def _dropped(row: RawRow, corpus: Corpus, reason: str, detail: str) -> Drop:
    raw = (row.raw if isinstance(row.raw, str) else text.dumped(row.raw))[: text.MAX_RAW]
    named = (row.corpus or corpus.name, row.origin, detail, raw)
    owner, origin, detail, raw = (SURROGATE.sub("\ufffd", part) for part in named)
    return Drop(corpus=owner, origin=origin, reason=reason, detail=detail, raw=raw)


def identify(corpus: str, row: RawRow, occurrence: int) -> str:
    """A sample's id: the corpus and its published id, else a hash of annotation set, video, raw query and occurrence.

    Never of split, windows or row number, so that it outlives repairs.
    """
    if row.published_id is not None:
        return f"{corpus}:{row.published_id}"
    parts = (row.annotation_set, row.video_id, row.query, str(occurrence))
    digest = hashlib.sha256("\x00".join(parts).encode(errors="surrogatepass")).hexdigest()
    return f"{corpus}:{digest[:16]}"
