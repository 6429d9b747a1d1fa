"""Turns a raw row into a Sample or a Drop: every corpus's rows go through the same repairs, in the same order."""

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from vtgdata.annotations import licences
from vtgdata.annotations.draft import Draft
from vtgdata.annotations.query_repairs import SURROGATE, bad_name, plain
from vtgdata.annotations.repairs import STEPS, last_start
from vtgdata.annotations.repeats import Seen
from vtgdata.annotations.text import MAX_RAW, dumped
from vtgdata.files.outside_text import values_without_logins, without_logins
from vtgdata.records import Corpus, Drop, RawRow, Repair, Sample, Video, Window

DurationProbe = Callable[[str], tuple[float | None, str | None]]


MAX_SECONDS = 1e9
"""Largest bound, in seconds, for which `_plain` is used where no duration is known."""


def normalise(
    rows: Iterable[RawRow],
    corpus: Corpus,
    probed: DurationProbe | None = None,
    *,
    licence_of: Callable[[str], str] | None = None,
    swap_reversed: bool = False,
    points_as: float | None = None,
) -> Iterator[Sample | Drop]:
    """Turn raw rows into samples and drops: exactly one for each row, in order; no two samples share an id.

    Args:
        rows: what a corpus's reader yields.
        corpus: its facts; rows of a benchmark split are kept even without a usable window.
        probed: (duration in seconds or None, status) of a video file, by the row's file name; the probed duration
            takes precedence over the corpus's.
        licence_of: the licence of another corpus, by name, for rows that a collection took from it.
        swap_reversed: turn reversed windows round instead of dropping them.
        points_as: length in seconds of the window to make of a point, which is its middle; None drops points.
    """
    given = Given(corpus, probed, licence_of, swap=swap_reversed, points_as=points_as)
    for row in rows:
        yield given.outcome(row)


class Given:
    """What is the same for all rows, what earlier rows had, and caches."""

    def __init__(
        self,
        corpus: Corpus,
        probed: DurationProbe | None,
        licence_of: Callable[[str], str] | None,
        *,
        swap: bool = False,
        points_as: float | None = None,
    ) -> None:
        """Set what `normalise` is given."""
        self.seen = Seen()
        self.corpus, self.probed, self.swap, self._licence_of = corpus, probed, swap, licence_of
        self.points_as = points_as
        self.common: dict[str, Any] = {}
        """Split -> a table with what most of its rows have in common (`block_outcomes`)."""
        self._licences: dict[tuple[str, str], str] = {}
        self._named: tuple[str, str] | None = None
        """Id and file of the last video whose names passed `well_named`: rows of one video come together."""

    def outcome(self, row: RawRow) -> Sample | Drop:
        """What the next row becomes."""
        published = self.published(row)
        sample_id = self.seen.unused(published)
        outcome = self.alone(row, published, sample_id)
        if isinstance(outcome, Sample) and self.may_repeat(outcome) and (notes := self.seen.repeats(row, outcome)):
            return noted(outcome, notes)
        return outcome

    def published(self, row: RawRow) -> str:
        """The id of the next row, which an earlier one may have too."""
        occurrence = 1 if row.published_id is not None else self.seen.occurrence(row)
        return identify(row.corpus or self.corpus.name, row, occurrence)

    def alone(self, row: RawRow, published: str, sample_id: str) -> Sample | Drop:
        """What a row becomes, whatever else is in the file. Args: sample_id: its id where that is not the published."""
        outcome = _plain(row, sample_id, self) or _stepwise(row, sample_id, self)
        if sample_id != published and isinstance(outcome, Sample):
            return noted(outcome, [Repair("repeated_id", published, sample_id)])
        return outcome

    def may_repeat(self, sample: Sample) -> bool:
        """Whether a sample is looked for among earlier ones."""
        return bool(sample.windows) and self.corpus.family != "samples"

    def licence(self, row: RawRow) -> str:
        """A row's licence: its own or its corpus's, joined with that of the corpus that a collection took it from."""
        key = (row.license, row.source_corpus)
        if key not in self._licences:
            own = row.license or self.corpus.license
            source = self._licence_of(row.source_corpus) if self._licence_of and row.source_corpus else ""
            self._licences[key] = licences.joined((own, source))
        return self._licences[key]

    def well_named(self, row: RawRow) -> bool:
        """Whether a row's video id and file name pass the check of `readable`."""
        named = (row.video_id, row.file)
        if named != self._named:
            if bad_name(*named) is not None:
                return False
            self._named = named
        return True


def noted(sample: Sample, notes: Sequence[Repair]) -> Sample:
    """A sample with more repairs."""
    return msgspec.structs.replace(sample, repairs=(*sample.repairs, *notes)) if notes else sample


def _plain(row: RawRow, sample_id: str, given: Given) -> Sample | Drop | None:
    """The result of all steps for a row that needs no repair but blanks; None for a row that may need others.

    Most rows need none, and files are long.
    """
    if len(row.windows) != 1 or row.unit != "seconds" or row.opinions or row.source_clock or not row.labelled:
        return None
    if row.problem is not None or given.probed is not None or row.repairs:
        return None
    if row.source_start is not None and not 0 <= row.source_start < math.inf:
        return None
    start, end = row.windows[0]
    query = " ".join(row.query.split())
    if not query or not query.isascii() or query.endswith((" .", "..")) or not plain(query):
        return None
    if isinstance(start, str) or isinstance(end, str):
        return None
    duration = row.duration
    limit = MAX_SECONDS if duration is None else duration
    if not (0 <= start < end <= limit < math.inf) or start >= last_start(limit) or not given.well_named(row):
        return None
    repairs = () if query == row.query else (Repair("query_blanks", repr(row.query), repr(query)),)
    known = _Known(query, (Window(start, end),), duration, row.source_start, row.video_status, repairs, _extra(row))
    return _made(row, sample_id, given, known)


def _stepwise(row: RawRow, sample_id: str, given: Given) -> Sample | Drop:
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
        points_as=given.points_as,
    )
    status = row.video_status
    if row.problem is None and probed is not None:
        draft.probed, status = probed(row.file)
    for step in STEPS:
        step(draft)
        if draft.drop is not None:
            return _dropped(row, corpus, *draft.drop)
    if not draft.windows and row.labelled and not (row.none_is_right or corpus.benchmark(row.split)):
        return _dropped(row, corpus, "no_window", "no window given")
    windows = tuple(Window(start, end) for start, end in draft.windows)
    repairs, extra = tuple(draft.repairs), _extra(row, draft.opinions)
    known = _Known(draft.query, windows, draft.duration, draft.source_start, status, repairs, extra)
    return _made(row, sample_id, given, known)


class _Known(msgspec.Struct, frozen=True, gc=False):
    """A row's values after its repairs."""

    query: str
    windows: tuple[Window, ...]
    duration: float | None
    source_start: float | None
    video_status: str | None
    repairs: tuple[Repair, ...]
    extra: dict[str, Any]


def _made(row: RawRow, sample_id: str, given: Given, known: _Known) -> Sample | Drop:
    """The sample; a drop if it could not be written to a file."""
    sample = Sample(
        sample_id=sample_id,
        corpus=row.corpus or given.corpus.name,
        split=row.split,
        video=Video(
            video_id=row.video_id,
            file=row.file,
            duration=known.duration,
            source_id=row.source_id,
            source_start=known.source_start,
            status=known.video_status,
        ),
        query=without_logins(known.query),
        windows=known.windows,
        labelled=row.labelled,
        none_is_right=row.none_is_right,
        task=row.task,
        options=row.options,
        answer=row.answer,
        label_version=row.label_version,
        license=given.licence(row),
        origin=row.origin,
        repairs=known.repairs,
        # A raw file may have links that only its owner may follow.
        extra=values_without_logins(known.extra) if known.extra and "://" in str(known.extra) else known.extra,
    )
    if not (known.extra or row.options or row.answer or row.repairs or row.corpus or row.license):
        sources = (row.source_id or "", row.source_corpus)
        named = (sample_id, row.origin, row.video_id, row.file, row.split, row.label_version, *sources)
        if "".join(named).isascii():
            return sample  # the other fields are ours, or repaired
    try:
        msgspec.json.encode(sample)
    except (UnicodeEncodeError, TypeError, ValueError, RecursionError) as error:
        # Half a character (a lone surrogate) in an id or in `extra`: the row could not be written to any file.
        return _dropped(row, given.corpus, "unreadable_row", f"cannot be written as text: {error}")
    return sample


def _extra(row: RawRow, opinions: Sequence[tuple[float, float]] = ()) -> dict[str, Any]:
    """The corpus's additional fields, and those that normalisation adds."""
    added: dict[str, Any] = {}
    if opinions:
        added["annotators"] = [list(pair) for pair in opinions]
    if row.source_corpus:
        added["source_corpus"] = row.source_corpus
    return {**row.extra, **added} if added else row.extra


def _dropped(row: RawRow, corpus: Corpus, reason: str, detail: str) -> Drop:
    raw = (row.raw if isinstance(row.raw, str) else dumped(row.raw))[:MAX_RAW]
    named = (row.corpus or corpus.name, row.origin, without_logins(detail), without_logins(raw))
    owner, origin, detail, raw = (SURROGATE.sub("\ufffd", part) for part in named)
    return Drop(corpus=owner, origin=origin, reason=reason, detail=detail, raw=raw)


def identify(corpus: str, row: RawRow, occurrence: int) -> str:
    """A sample's id: the corpus and its published id, else a hash of annotation set, video, raw query and occurrence.

    Split, windows and row number are not part of it, so that it outlives repairs.
    """
    if row.published_id is not None:
        return f"{corpus}:{row.published_id}"
    parts = (row.annotation_set, row.video_id, row.query, str(occurrence))
    digest = hashlib.sha256("\x00".join(parts).encode(errors="surrogatepass")).hexdigest()
    return f"{corpus}:{digest[:16]}"
