"""Many answers as columns: they are scored in many rounds, and a million objects with arrays would not fit anywhere."""

from array import array
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vtgdata.files.packed import Packed
from vtgdata.files.read_anew import ReadAnew
from vtgdata.metrics.answered import Answered
from vtgdata.metrics.flat import Flat, Index
from vtgdata.records import Answer
from vtgdata.records.windows import Array


class Ragged(NamedTuple):
    """An array (k,) or (k, 2), or none, for each of n answers."""

    values: Array
    ends: Index
    """(n + 1,) where each answer's values end, after a 0."""
    given: NDArray[np.bool_]
    """(n,) False for none."""

    def at(self, i: int) -> Array | None:
        """The array of one answer."""
        return self.values[self.ends[i] : self.ends[i + 1]] if self.given[i] else None

    def where(self, kept: NDArray[np.bool_]) -> "Ragged":
        """Without the arrays of answers that are not kept."""
        return self._replace(given=self.given & kept)


class AnswerColumns(NamedTuple):
    """The fields of n answers; None for a field that no answer has."""

    windows: Flat
    raw: Ragged | None
    """None also where all windows are as a file gives them."""
    confidence: Ragged | None
    saliency: Ragged | None
    ranked: NDArray[np.bool_]
    says_none: NDArray[np.bool_]
    option: list[str | None] | None
    read: tuple[Packed[Answer], Index] | None
    """The answers that were read, and for each answer which of them is its own; -1 for none."""


class Answers(ReadAnew[Answered]):
    """n answers; each reading of one makes a new, equal object."""

    def __init__(self, columns: AnswerColumns) -> None:
        """Of columns; `answers_of` and `of_windows` make them."""
        self._columns = columns

    def __len__(self) -> int:
        return len(self._columns.ranked)

    def _at(self, i: int) -> Answered:
        of, (first, last) = self._columns, self._ends[i : i + 2].tolist()
        return Answered(
            windows=of.windows.windows[first:last],
            confidence=of.confidence and of.confidence.at(i),
            ranked=bool(of.ranked[i]),
            option=None if of.option is None else of.option[i],
            saliency=of.saliency and of.saliency.at(i),
            read=self._read(i),
            says_none=bool(of.says_none[i]),
            raw=of.raw and of.raw.at(i),
        )

    def _read(self, i: int) -> Answer | None:
        read = self._columns.read
        return None if read is None or read[1][i] < 0 else read[0][int(read[1][i])]

    @cached_property
    def _ends(self) -> Index:
        return np.concatenate([[0], np.cumsum(self._columns.windows.sizes)])

    @property
    def windows(self) -> Flat:
        """All windows of the answers, guesses included."""
        return self._columns.windows

    @property
    def are_read(self) -> bool:
        """Whether any of them was read from a text."""
        return self._columns.read is not None

    @property
    def have_saliency(self) -> bool:
        """Whether any of them has scores of clips."""
        return self._columns.saliency is not None

    @property
    def says_none(self) -> NDArray[np.bool_]:
        """(n,) whether each says that there is no such moment."""
        return self._columns.says_none

    @cached_property
    def said(self) -> Flat:
        """The windows that are the answers; see `Answered.said`."""
        flat, ranked = self._columns.windows, self._columns.ranked
        if not (ranked & (flat.sizes > 1)).any():
            return flat
        kept = ~ranked[flat.row] | (np.arange(len(flat.row)) == flat.first[flat.row])
        return Flat(flat.windows[kept], flat.row[kept], np.where(ranked, np.minimum(flat.sizes, 1), flat.sizes))

    @cached_property
    def refused(self) -> NDArray[np.bool_]:
        """(n,) whether each says that there is no such moment, and names no window."""
        return self._columns.says_none & (self._columns.windows.sizes == 0)

    @cached_property
    def as_ranked(self) -> "Answers":
        """The answers with several windows read as guesses, best first."""
        if self._columns.ranked.all():
            return self
        return Answers(self._columns._replace(ranked=np.ones(len(self), dtype=bool)))

    @cached_property
    def without_saliency(self) -> "Answers":
        """The answers without scores of clips."""
        return self if self._columns.saliency is None else Answers(self._columns._replace(saliency=None))

    def only(self, kept: NDArray[np.bool_]) -> "Answers":
        """The answers, with those that are not kept replaced by the empty one. Args: kept: (n,)."""
        of, flat = self._columns, self._columns.windows
        inside = kept[flat.row]
        return Answers(
            AnswerColumns(
                windows=Flat(flat.windows[inside], flat.row[inside], np.where(kept, flat.sizes, 0)),
                raw=of.raw and of.raw.where(kept),
                confidence=of.confidence and of.confidence.where(kept),
                saliency=of.saliency and of.saliency.where(kept),
                ranked=of.ranked & kept,
                says_none=of.says_none & kept,
                option=of.option and [each if keep else None for each, keep in zip(of.option, kept, strict=True)],
                read=of.read and (of.read[0], np.where(kept, of.read[1], -1)),
            )
        )


class Growing:
    """A `Ragged` that is made answer by answer."""

    def __init__(self, width: int = 1) -> None:
        self._width, self._values = width, array("d")
        self._ends, self._given = array("q", [0]), bytearray()

    def add(self, values: Array | None) -> None:
        """Add an answer's values."""
        if values is not None and len(values):
            self._values.frombytes(np.ascontiguousarray(values, dtype=np.float64).tobytes())
        self._end(values is not None)

    def extend(self, values: Iterable[float]) -> None:
        """Add an answer's values as numbers."""
        self._values.extend(values)
        self._end(True)

    def _end(self, given: bool) -> None:
        self._ends.append(len(self._values) // self._width)
        self._given.append(given)

    def made(self) -> Ragged | None:
        """The same; None where no answer has any."""
        return self.whole() if any(self._given) else None

    def whole(self) -> Ragged:
        """All that were added."""
        values = np.frombuffer(self._values, dtype=np.float64) if self._values else np.empty(0)
        shaped = values if self._width == 1 else values.reshape(-1, self._width)
        return Ragged(shaped, np.array(self._ends, dtype=np.intp), np.array(self._given, dtype=bool))


class AnswersMade:
    """Answers that are added one by one, and kept as columns."""

    def __init__(self) -> None:
        self._windows, self._raw = Growing(2), Growing(2)
        self._confidence, self._saliency = Growing(), Growing()
        self._ranked, self._says_none = bytearray(), bytearray()
        self._options: list[str | None] = []
        self._same: dict[str, str] = {}
        self._texts, self._read = Packed(Answer), array("q")

    def add(self, answer: Answered) -> None:
        """Add an answer."""
        self._windows.add(answer.windows)
        self._raw.add(answer.windows if answer.raw is None else answer.raw)
        self._confidence.add(answer.confidence)
        self._saliency.add(answer.saliency)
        self._ranked.append(answer.ranked)
        self._says_none.append(answer.says_none)
        self._options.append(answer.option and self._same.setdefault(answer.option, answer.option))
        self._read.append(-1 if answer.read is None else len(self._texts))
        if answer.read is not None:
            self._texts.append(answer.read)

    def made(self) -> Answers:
        """All answers that were added."""
        windows, raw = self._windows.whole(), self._raw.whole()
        sizes = np.diff(windows.ends)
        as_given = len(raw.values) == len(windows.values) and np.array_equal(raw.values, windows.values)
        return Answers(
            AnswerColumns(
                windows=Flat(windows.values, np.repeat(np.arange(len(sizes)), sizes), sizes),
                raw=None if as_given else raw,
                confidence=self._confidence.made(),
                saliency=self._saliency.made(),
                ranked=np.array(self._ranked, dtype=bool),
                says_none=np.array(self._says_none, dtype=bool),
                option=self._options if any(each is not None for each in self._options) else None,
                read=(self._texts, np.array(self._read, dtype=np.intp)) if len(self._texts) else None,
            )
        )


def of_windows(windows: Array, answered: NDArray[np.bool_]) -> Answers:
    """Answers of one window each. Args: windows: (n, 2); answered: (n,) False for an empty answer."""
    return of_flat(Flat(windows[answered], np.flatnonzero(answered), answered.astype(np.intp)))


def of_flat(
    windows: Flat, *, option: list[str | None] | None = None, says_none: NDArray[np.bool_] | None = None
) -> Answers:  # fmt: skip
    """Answers of these windows. Args: option: the letter of each; says_none: (n,)."""
    no = np.zeros(len(windows.sizes), dtype=bool)
    return Answers(AnswerColumns(windows, None, None, None, no, no if says_none is None else says_none, option, None))


def joined(first: NDArray[np.bool_], one: Answers, other: Answers) -> Answers:
    """Answers of one window or none each, out of two. Args: first: (n,) which of n are those of `one`, in order."""
    windows, answered = np.zeros((len(first), 2)), np.zeros(len(first), dtype=bool)
    for mask, its in ((first, one), (~first, other)):
        places = np.flatnonzero(mask)
        windows[places[its.windows.row]] = its.windows.windows
        answered[places] = its.windows.sizes > 0
    return of_windows(windows, answered)


def answers_of(answers: Iterable[Answered]) -> Answers:
    """Answers as columns."""
    made = AnswersMade()
    for answer in answers:
        made.add(answer)
    return made.made()


def as_answers(answers: Sequence[Answered]) -> Answers:
    """Answers with their columns, which are made anew unless the answers have them."""
    return answers if isinstance(answers, Answers) else answers_of(answers)
