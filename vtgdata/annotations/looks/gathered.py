"""What the looks need of an ingest: bounds, durations, queries and drops of all rows, as arrays.

Rows are taken in pieces, and of a long file some blocks in all its parts, so that a million rows cost little time.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from vtgdata.annotations.repairs import CHUNK, CLIP
from vtgdata.records import Bound, Drop, RawRow, Sample
from vtgdata.records.times import parse_time

PIECE = 1_024
ALL, BLOCK, ONE_IN = 4_096, 256, 8
"""The first rows are all looked at, and of the others one block in so many: a look costs as much as an ingest may."""
WORDS = 8_000
"""Number of a group's first rows whose queries are searched for words that say when."""
TEXTS = 2_000
"""Number of a group's first rows whose texts are kept: enough for an example, and for looks that read words."""

_ID = re.compile(r"[\w@:./\\-]*(?:\d[\w@:./\\-]*|\.[a-z]\w{1,3})\Z", re.ASCII)
"""A word with a figure in it, or with the ending of a file: an id, a number or a file's name, and no sentence."""
REPEATS = ("repeated_id", "duplicate")
"""Repairs that are counted."""

_WHEN = (
    "first", "initial", "beginning", "opening", "intro", "s with", "title",
    "final", "last", "the end", "ends ", "ending", "closing", "credits", "conclu",
)  # fmt: skip
"""Parts of the words below; most queries have none, and to look for parts is fast."""
_EARLY = re.compile(
    r"\b(?:at first|first(?:ly)?|initially|beginning|opening|intro\w*|(?:begins|starts) with|title)\b", re.I
)
_LATE = re.compile(
    r"\b(?:finally|last(?:ly)?|(?:at|in) the end|ends (?:with|by|up|as)|ending|closing|credits|conclu\w+)\b", re.I
)
"""English words for the first and for the last part of a video."""
_NO_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffd\ue000-\uf8ff\ufdd0-\ufdef\ufffe\uffff]")
FILE = re.compile(r"([^#]*?)(?::\d+)?(?:#.*)?\Z", re.DOTALL)


class Key(NamedTuple):
    """What the rows of one group have in common."""

    corpus: str
    split: str
    source_corpus: str
    """The corpus from which a collection took the rows."""
    unit: str
    file: str


class Tally:
    """Rows of one file, and reasons of its drops: an unreadable row may not tell to which group it belongs."""

    def __init__(self) -> None:
        self.rows = 0
        self.reasons: Counter[str] = Counter()


class Group:
    """The rows of one file (and split, and corpus), as arrays over its windows (w) and over its rows (r)."""

    def __init__(self, key: Key, file: Tally, *, first: bool) -> None:
        self.key, self.file = key, file
        self.is_first = first
        """Whether it is the first group of its file, whose looks tell of the file."""
        self.rows = self.labelled = 0
        self.controls = self.id_queries = self.lined = self.bad_durations = self.steps = self.back = 0
        self.repairs: Counter[str] = Counter()
        self.clip_ids = self.other_clips = 0
        """Rows with `relevant_clip_ids`, and those of them whose clips are not the ones of their windows."""
        self.early: list[float] = []
        """For queries with words such as `first`: the middle of the window, as a share of the duration."""
        self.late: list[float] = []
        """The same for words such as `finally`."""
        self.texts: dict[int, str] = {}
        """Hash of a query -> the query, for the first rows."""
        self._pieces: list[_Piece] = []

    def add(self, rows: Sequence[RawRow], outcomes: Sequence[Sample | Drop]) -> None:
        """Take a piece of the rows, and what each became."""
        for outcome in outcomes:
            if isinstance(outcome, Sample):
                for repair in outcome.repairs:
                    if repair.code in REPEATS:
                        self.repairs[repair.code] += 1
            else:
                self.file.reasons[outcome.reason] += 1
        readable = [row for row in rows if row.problem is None]
        self.rows += len(rows)
        self.file.rows += len(rows)
        if not readable:
            return
        queries = list(map(attrgetter("query"), readable))
        hashes = list(map(hash, queries))
        self.labelled += sum(map(attrgetter("labelled"), readable))
        odd = [text for text in queries if not text.isprintable() or "\ufffd" in text]
        self.controls += sum(bool(_NO_TEXT.search(text)) for text in odd)
        self.lined += sum(text.strip().count("\n") > 1 for text in odd)
        self.id_queries += sum(bool(_ID.match(text)) for text in queries if " " not in text)
        self.bad_durations += sum(row.duration is not None and not 0 < row.duration < math.inf for row in readable)
        if len(self.texts) < TEXTS:
            self.texts.update(zip(hashes[:TEXTS], queries[:TEXTS], strict=True))
        piece = _piece(readable, hashes, self.key.unit)
        if self.rows <= WORDS:
            self._words(queries, piece)
        if "/" in readable[0].origin.partition("#")[2]:
            self._order(readable, piece)
        if "relevant_clip_ids" in readable[0].extra:
            self._clips(readable)
        self._pieces.append(piece)

    def _words(self, queries: Sequence[str], piece: "_Piece") -> None:
        middles: list[float] = ((piece.starts + piece.ends) / 2 / piece.durations[piece.owner]).tolist()
        owners: list[int] = piece.owner.tolist()
        telling = [any(part in query for part in _WHEN) for query in map(str.lower, queries)]
        for row, middle in zip(owners, middles, strict=True):
            if not telling[row] or not middle > 0:
                continue
            early, late = _EARLY.search(queries[row]), _LATE.search(queries[row])
            if (early is None) != (late is None):
                (self.early if early else self.late).append(middle)

    def _order(self, rows: Sequence[RawRow], piece: "_Piece") -> None:
        """Count the steps from one event of a list to the next, and those of them that go back in time."""
        lists = np.fromiter((hash(row.origin.rpartition("/")[0]) for row in rows), np.int64, len(rows))[piece.owner]
        same = (lists[1:] == lists[:-1]) & (piece.owner[1:] != piece.owner[:-1])
        self.steps += int(same.sum())
        self.back += int((piece.starts[1:] < piece.starts[:-1])[same].sum())

    def _clips(self, rows: Sequence[RawRow]) -> None:
        for row in rows[:TEXTS]:
            listed = row.extra.get("relevant_clip_ids")
            clips = cast("list[int]", listed) if isinstance(listed, list) else []
            if not clips or not all(type(clip) is int for clip in clips):
                continue
            self.clip_ids += 1
            middles = [CLIP * (clip + 0.5) for clip in clips]
            windows = [(_seconds(start), _seconds(end)) for start, end in row.windows]
            inside = sum(any(start <= middle < end for start, end in windows) for middle in middles)
            self.other_clips += inside < len(middles) / 2

    def whole(self) -> "Columns":
        """The arrays of all pieces."""
        if not self._pieces:
            return _piece([], [], "seconds").columns(0)
        shifted: list[Columns] = []
        rows = 0
        for piece in self._pieces:
            shifted.append(piece.columns(rows))
            rows += len(piece.durations)
        return Columns(*(np.concatenate(parts) for parts in zip(*shifted, strict=True)))


class Columns(NamedTuple):
    """Arrays over all windows (w) and all rows (r) of a group: seconds before any clamp; NaN for what is unknown."""

    starts: NDArray[np.float64]
    """(w,) Seconds."""
    ends: NDArray[np.float64]
    """(w,) Seconds."""
    published: NDArray[np.float64]
    """(w,) Ends in the row's own unit."""
    owner: NDArray[np.int64]
    """(w,) Number of the row."""
    durations: NDArray[np.float64]
    """(r,) Seconds, as stated."""
    queries: NDArray[np.int64]
    """(r,) Hash of the query."""
    videos: NDArray[np.int64]
    """(r,) Hash of the file's name."""


class _Piece(NamedTuple):
    starts: NDArray[np.float64]
    ends: NDArray[np.float64]
    published: NDArray[np.float64]
    owner: NDArray[np.int64]
    durations: NDArray[np.float64]
    queries: NDArray[np.int64]
    videos: NDArray[np.int64]

    def columns(self, rows: int) -> Columns:
        return Columns(*self)._replace(owner=self.owner + rows)


def _piece(rows: Sequence[RawRow], hashes: Sequence[int], unit: str) -> _Piece:
    shown = [(row.windows or row.opinions[:1]) if row.labelled else () for row in rows]
    pairs = [pair for windows in shown for pair in windows]
    owner = np.repeat(np.arange(len(rows)), np.fromiter(map(len, shown), np.int64, len(rows)))
    said = None
    try:
        bounds = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    except ValueError:  # times with a unit of their own among them
        bounds = np.array([[_seconds(start), _seconds(end)] for start, end in pairs], dtype=np.float64).reshape(-1, 2)
        said = np.array([[isinstance(start, str), isinstance(end, str)] for start, end in pairs])
    durations = np.array([math.nan if row.duration is None else row.duration for row in rows], dtype=np.float64)
    durations[~((durations > 0) & (durations < math.inf))] = math.nan
    published = bounds[:, 1]
    if unit != "seconds":
        last = CHUNK if unit == "chunks" else 0.0  # the last chunk is inclusive
        scaled = bounds * _scale(rows, unit, durations)[owner, None] + [0.0, last]
        bounds = scaled if said is None else np.where(said, bounds, scaled)
    if any(map(attrgetter("source_clock"), rows)):
        starts = [row.source_start or 0.0 if row.source_clock else 0.0 for row in rows]
        bounds = bounds - np.array(starts, dtype=np.float64)[owner, None]
    videos = np.fromiter((hash(row.file) for row in rows), np.int64, len(rows))
    return _Piece(
        bounds[:, 0], bounds[:, 1], published, owner, durations, np.fromiter(hashes, np.int64, len(rows)), videos
    )


def _seconds(bound: Bound) -> float:
    try:
        return parse_time(bound) if isinstance(bound, str) else bound
    except ValueError:
        return math.nan


def _scale(rows: Sequence[RawRow], unit: str, durations: NDArray[np.float64]) -> NDArray[np.float64]:
    """(r,) Seconds of one unit."""
    if unit == "fraction":
        return durations
    if unit == "frames":
        return np.array([1 / row.fps if row.fps and row.fps > 0 else math.nan for row in rows])
    return np.full(len(rows), {"milliseconds": 1e-3, "clips": CLIP, "chunks": CHUNK}[unit])
