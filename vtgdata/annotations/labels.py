"""What a record says of its windows: some, none, that they are hidden, or nothing, which is never taken for hidden.

"Hidden" (the labels of a test split that only its authors have) is what a corpus's page or the user states. A record
without any key for windows is a row that lacks its labels; a key with an empty value means what was stated, or nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple, cast

import msgspec

from vtgdata.annotations import text
from vtgdata.annotations.blocks import Block
from vtgdata.annotations.json_text import parse_json
from vtgdata.annotations.keys import Keys
from vtgdata.annotations.text import LACKING, bound
from vtgdata.errors import VtgError
from vtgdata.records import Bound, Corpus, RawRow

Meaning = Literal["none", "unlabelled", "error"]
"""What an empty value means: there is no such moment, the labels are hidden, or a fault."""

Hidden = Literal["", "lacking", "all"]
"""Which labels are hidden, as stated: none; those of records that have no windows; all, so that any windows are
placeholders."""

MOST_LACKING = 0.05
"""Share of a training split's rows from which on rows without labels are a wrong key, not faults of single rows."""

_PLACEHOLDERS = 5
"""Videos of a benchmark split that must all have one window before it is taken for a placeholder."""

_NOWHERE = {(0.0, 0.0), (-1.0, -1.0)}
"""Windows that stand for no window (NA-VMR: `[[0, 0]]`), where the user says what an empty value means."""

_NUMBERS = (float, int)
_LIST: Any = list
"""Without a type, so that a list needs no `cast`: a call for each value of a long file."""
_EMPTY_WORDS = frozenset(("", "none", "null", "nan", "n/a", "na", "-", "hidden", "unknown", "[]", "{}"))


class Labels(msgspec.Struct, frozen=True, gc=False):
    """The windows of a record, and whether they are its labels."""

    windows: list[tuple[Bound, Bound]]
    labelled: bool
    none: bool = False
    """Whether it is stated that there is no such moment."""


class Stated(NamedTuple):
    """What is stated of the labels of a file."""

    hidden: Hidden = ""
    empty_means: Meaning | None = None
    """None where nobody says: `[]` is then no moment, and any other empty value makes the row unreadable."""


def of_record(fields: Mapping[str, Any], keys: Keys, found: Mapping[str, str], stated: Stated, origin: str) -> Labels:
    """The windows of a record.

    Args:
        fields: the record.
        keys: the known names of fields, for the error.
        found: our name of each field that the record has -> its key.
        stated: what the corpus's page or the user states.
        origin: of the record, for the error.

    Raises text.Lacking where no key of the record holds windows, ValueError where they cannot be read, VtgError where
    they are empty and the user must say what that means.
    """
    given = [fields[found["windows"]]] if "windows" in found else []
    if given and stated.empty_means in (None, "error") and not stated.hidden and _one_pair(given[0]):
        return Labels([text.bounds(given[0][0])], True)  # by far the most common case
    if given and not stated.hidden and not empty(given[0]):
        told = windows(given[0])
        if stated.empty_means in ("none", "unlabelled") and set(told) <= _NOWHERE:
            return _nothing(none=stated.empty_means == "none")
        return Labels(told, True)
    pair = [fields[found[name]] for name in ("start", "end") if name in found]
    if stated.hidden == "all":
        return Labels(_placeholder(given, pair), False)
    if given and not empty(given[0]):
        return Labels(windows(given[0]), True)
    if len(pair) == 2 and not all(map(empty, pair)):
        if any(map(empty, pair)):
            raise ValueError("there is a start or an end alone")
        return Labels([(bound(pair[0]), bound(pair[1]))], True)
    if stated.hidden:
        return Labels([], False)
    if not given and len(pair) < 2:
        raise text.Lacking(str(keys.missing("windows", fields)) + _other_half(found))
    name = found["windows"] if given else found["start"]
    labelled = meant(given[0] if given else None, name, stated.empty_means, origin)
    return _nothing(none=True) if stated.empty_means == "none" else Labels([], labelled)


def _nothing(*, none: bool) -> Labels:
    """No windows, because there is no such moment, or else because the labels are hidden."""
    return Labels([], none, none)


def _one_pair(value: Any) -> bool:
    """Whether a value is `[[1.5, 3.0]]`."""
    return isinstance(value, _LIST) and len(value) == 1 and is_pair(value[0])


def is_pair(value: Any) -> bool:
    """Whether a value is `[1.5, 3.0]`, as far as its first number tells."""
    return isinstance(value, _LIST) and len(value) == 2 and type(value[0]) in _NUMBERS and value[0] == value[0]


def meant(value: Any, name: str, empty_means: Meaning | None, origin: str) -> bool:
    """Whether an empty value stands for a label, namely that there is no such moment.

    Raises ValueError where a corpus's page does not say what it stands for, VtgError where the user should.
    """
    if empty_means is None:
        if value != []:
            raise ValueError(f"{name} is {text.shown(value)}, and the corpus's page does not say what that means")
        return True
    if empty_means == "error":
        raise VtgError(
            f"{origin}: {name} is {text.shown(value)}. Say what an empty value means with --empty-means none (there is "
            "no such moment) or --empty-means unlabelled (the labels are hidden)."
        )
    return empty_means == "none"


def empty(value: Any, depth: int = 3) -> bool:
    """Whether a value stands for nothing: null, NaN, a text such as `None`, or lists of such values, so deep at most.

    >>> empty([[]]), empty(float("nan")), empty("NaN"), empty([0, 0])
    (True, True, True, False)
    """
    if isinstance(value, float):
        return value != value
    if isinstance(value, list):
        each = cast(list[Any], value)
        return depth > 0 and all(empty(inner, depth - 1) for inner in each)
    if isinstance(value, str):
        return value.strip().lower() in _EMPTY_WORDS
    return value is None or value == {}


def windows(value: Any) -> list[tuple[Bound, Bound]]:
    """Windows from JSON or from a cell of a table; a single time is a point, a window without length."""
    if isinstance(value, str):
        if value.lstrip().startswith(("[", "{")):
            return text.windows(parse_json(value))
        value = value.split("-", 1) if "-" in value.strip()[1:] else value
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return [(bound(value), bound(value))]
    return text.windows(value)


def says_more(value: Any) -> bool:
    """Whether windows are objects that have more than a start and an end, which a window cannot keep."""
    if isinstance(value, _LIST) and value and isinstance(value[0], _LIST):
        return False  # by far the most common case
    each = cast(list[Any], value) if isinstance(value, list) else [value]
    return any(isinstance(window, dict) and len(cast(dict[str, Any], window)) > 2 for window in each)


def _placeholder(given: list[Any], pair: list[Any]) -> list[tuple[Bound, Bound]]:
    """What stands where hidden labels would be, as far as it can be read; it is noted as removed."""
    try:
        if given and not empty(given[0]):
            return windows(given[0])
        return [] if len(pair) < 2 or any(map(empty, pair)) else [(bound(pair[0]), bound(pair[1]))]
    except ValueError:
        return []


def _other_half(found: Mapping[str, str]) -> str:
    for name, other in (("start", "end"), ("end", "start")):
        if name in found:
            return f"; there is no {other} beside {found[name]!r}: --map {other}=KEY"
    return ""


def checked(rows: Iterable[RawRow | Block], corpus: Corpus) -> Iterator[RawRow | Block]:
    """Pass rows on, of whatever reader, and look at the labels of each split when all have passed.

    Raises VtgError when too many rows of a training split lack their labels, or when all rows of a benchmark split have
    one window, as files do whose labels are hidden.
    """
    splits: dict[str, _Split] = {}
    last, split = None, _Split()
    for row in rows:
        if row.split != last:
            last = row.split
            split = splits.setdefault(last, _Split())
        if isinstance(row, Block):
            split.add_all(row)
        else:
            split.rows += 1
            if split.window is not False or row.problem is not None:
                split.add(row)
        yield row
    for name, split in splits.items():
        split.check(name, benchmark=corpus.benchmark(name))


class _Split:
    """The labels of one split's rows."""

    def __init__(self) -> None:
        self.rows = self.lacking = 0
        self.first: RawRow | None = None
        """The first row that lacks its labels."""
        self.window: Any = None
        """The windows of the first labelled row, while all others have the same; False from the first other one on."""
        self.videos: set[str] = set()
        """Videos of rows with that window."""

    def add(self, row: RawRow) -> None:
        """Look at a row that lacks its labels, or whose window may be that of all others."""
        if row.problem is not None:
            if row.problem[0] == LACKING:
                self.lacking += 1
                self.first = self.first or row
        elif self.window is not False and row.labelled:
            own = (*row.windows, *row.opinions)
            self.window = own if self.window in (None, own) else False
            self.videos.add(row.video_id)

    def add_all(self, block: Block) -> None:
        """Count the rows of a block, and look at those that `add` is for."""
        self.rows += len(block)
        looked = 0
        if self.window is not False:
            for row in block:
                self.add(row)
                looked += 1
                if self.window is False:
                    break
        for place, row in block.odd.items():
            if place >= looked and row.problem is not None:
                self.add(row)

    def check(self, name: str, *, benchmark: bool) -> None:
        """Raise VtgError where the labels of the split are not what they seem."""
        if self.first is not None and self.lacking >= MOST_LACKING * self.rows and not benchmark:
            why = self.first.problem[1] if self.first.problem else ""
            raise VtgError(
                f"{self.first.origin}: {why}. It is one of {self.lacking:,} such rows among {self.rows:,} of split "
                f"{name!r}: more than single faults. Name the key, or state that the labels are hidden."
            )
        if benchmark and self.window and len(self.videos) >= _PLACEHOLDERS:
            raise VtgError(
                f"All {self.rows:,} rows of split {name!r} have one window, {list(self.window)}: a placeholder, where "
                "labels are hidden, or no moment is. Say --unlabelled or --empty-means none, or give the labelled file."
            )
