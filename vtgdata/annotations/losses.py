"""Compares the rows that a reader gave with an independent count of its files' records, so that no row is lost."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from vtgdata.annotations import conversations, record_count
from vtgdata.annotations.blocks import Block
from vtgdata.annotations.items import Stated
from vtgdata.annotations.keys import LISTS
from vtgdata.annotations.text import LACKING, UNREADABLE
from vtgdata.errors import VtgError
from vtgdata.records import Corpus, RawRow


class _Read(msgspec.Struct):
    """What a reader gave of one file, or of all files of one name."""

    rows: int = 0
    windows: int = 0
    """Of all rows; a row without any counts as one."""
    unread: set[str] = msgspec.field(default_factory=set[str])
    """Places at which the reader could read nothing."""


class Kept(msgspec.Struct, frozen=True):
    """Records of all files, beside their rows."""

    records: int | None
    """None where no file's records could be counted."""
    why: str
    """Why rows are not as many, in the corpus's words; empty where they are."""


class Losses:
    """Counts the rows of each file as they pass by, and compares them with the files' records at the end."""

    def __init__(self, given: Sequence[Path], files: Sequence[Path]) -> None:
        """Set the files and folders that the user gave, and all files that the reader may open.

        Rows say by their origin which of these they are from.
        """
        self._names = sorted({path.name for path in files}, key=len, reverse=True)
        self._given, self._files = set(given), files
        self._read: dict[str, _Read] = {}
        self._last = ""
        self._starts: tuple[str, ...] = ("\0",)
        """How places in the last row's file begin."""
        self._of_last = _Read()

    def watched(self, rows: Iterable[RawRow | Block]) -> Iterator[RawRow | Block]:
        """Pass rows on, and count them."""
        for row in rows:
            if isinstance(row, Block):
                self._see_all(row)
            else:
                self._see(row)
            yield row

    def _see(self, row: RawRow) -> None:
        place = row.read_at or row.origin
        if not place.startswith(self._starts):
            self._turn_to(place)
        read = self._of_last
        read.rows += 1
        read.windows += len(row.windows) or 1
        if row.problem is not None and row.problem[0] in (UNREADABLE, LACKING):
            self._of_last.unread.add(place[len(self._last) + 1 :])

    def _see_all(self, block: Block) -> None:
        self._see(block.row(0))
        self._of_last.rows += len(block.places) - 1
        self._of_last.windows += len(block.places) - 1
        for row in block.odd.values():
            self._see(row)

    def _turn_to(self, place: str) -> None:
        """Count for the file that a place is in; for none of the files where it names another."""
        near = (name for name in self._names if place.startswith(name) and place[len(name) : len(name) + 1] in "#:")
        self._last = next(near, "")
        self._starts = (f"{self._last}#", f"{self._last}:") if self._last else ("\0",)
        self._of_last = self._read.setdefault(self._last, _Read())

    def checked(self, corpus: Corpus, options: Mapping[str, Any], *, whole: bool) -> Kept:
        """The records of all files that gave rows.

        Args:
            corpus: says what the records of its files are, and where rows are not as many.
            options: what the user says of the files' form, as a general reader takes it.
            whole: whether all rows of the files were read, not those of one split, or the first few.

        Raises VtgError when a file has more or fewer rows than its records should give.
        """
        said = Stated(**{name: options[name] for name in ("sep", "quote", "records") if name in options})
        names = {field: ",".join(keys) for field, keys in LISTS.items()} | dict(options.get("map", {}))

        def count(path: Path, unread: set[str]) -> record_count.Counted | None:
            # A reader of any corpus hands conversations on to the reader of those.
            spoken = corpus.family == "moments" and conversations.holds(path)
            known = msgspec.structs.replace(corpus, records=(conversations.RECORDS,)) if spoken else corpus
            return record_count.of_file(
                path, known, unread, names=names, sep=said.separator, quote=said.quote_sign, under=said.records
            )

        total, reasons = 0, dict[str, None]()
        counted = False
        for name, read in self._read.items():
            named = [path for path in self._files if path.name == name]
            asked = [path for path in named if path in self._given or path.parent in self._given]
            found = [count(path, read.unread) for path in asked or named]
            known = [each for each in found if each is not None]
            if not known or len(known) < len(found):
                continue
            records, counted = sum(each.records for each in known), True
            _compare(name, read, records, known[0].of.rows, whole=whole)
            total += records
            reasons |= dict.fromkeys(each.of.why for each in known if each.of.why)
        return Kept(total if counted else None, "; ".join(reasons))


def _compare(name: str, read: _Read, records: int, relation: str, *, whole: bool) -> None:
    """Raise VtgError where a file's rows do not stand in the stated relation to its records."""
    rows = read.windows if relation == "windows" else read.rows
    more = rows > records and relation != "at least"
    fewer = rows < records and relation != "at most" and whole
    if more or fewer:
        what = "windows" if relation == "windows" else "rows"
        raise VtgError(
            f"{name}: it has {records:,} records, and {rows:,} {what} were read of it, so that "
            f"{abs(rows - records):,} {'are lost' if fewer else 'came from nowhere'}. Nothing is written. If the file "
            "is a table, say how its cells are written (--sep, --quote); if not, this is a fault of the reader: please "
            "report it with the file."
        )
