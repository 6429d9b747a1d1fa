"""Sorts the rows of an ingest into the groups that looks are of, as they pass by."""

from collections.abc import Iterator, Sequence
from operator import attrgetter

from vtgdata.annotations.looks.gathered import ALL, BLOCK, FILE, ONE_IN, PIECE, Group, Key, Tally
from vtgdata.records import Drop, RawRow, Sample


class Gathering:
    """Takes each row with what it became, and sorts them into groups."""

    def __init__(self) -> None:
        self._rows: list[RawRow] = []
        self._outcomes: list[Sample | Drop] = []
        self._groups: dict[Key, Group] = {}
        self._files: dict[str, Tally] = {}
        self._count = 0
        self.is_part = False
        """Whether rows were passed over."""

    def add(self, row: RawRow, outcome: Sample | Drop) -> None:
        """Take a row and what it became; of a long file, most blocks of rows are passed over."""
        self._count = count = self._count + 1
        if count > ALL and (count // BLOCK) % ONE_IN:
            self.is_part = True
            return
        self.take(row, outcome)

    def take(self, row: RawRow, outcome: Sample | Drop) -> None:
        """Take a row that is not passed over."""
        rows = self._rows
        rows.append(row)
        self._outcomes.append(outcome)
        if len(rows) >= PIECE:
            self._sort()

    def taken(self, rows: int) -> list[int]:
        """Which of the next so many rows, counted from 0, are to be given to `take`."""
        counts = range(self._count + 1, self._count + rows + 1)
        found = [at for at, count in enumerate(counts) if count <= ALL or not (count // BLOCK) % ONE_IN]
        self._count += rows
        self.is_part = self.is_part or len(found) < rows
        return found

    def groups(self) -> Iterator[Group]:
        """The groups so far, in the order of their first rows."""
        self._sort()
        yield from self._groups.values()

    def _sort(self) -> None:
        rows, outcomes = self._rows, self._outcomes
        self._rows, self._outcomes = [], []
        if rows and self._alike(rows, outcomes):
            self._group(self._key(rows[0], outcomes[0])).add(rows, outcomes)
            return
        sorted_: dict[Key, tuple[list[RawRow], list[Sample | Drop]]] = {}
        for row, outcome in zip(rows, outcomes, strict=True):
            own = sorted_.setdefault(self._key(row, outcome), ([], []))
            own[0].append(row)
            own[1].append(outcome)
        for key, (some, theirs) in sorted_.items():
            self._group(key).add(some, theirs)

    def _alike(self, rows: Sequence[RawRow], outcomes: Sequence[Sample | Drop]) -> bool:
        """Whether all rows are surely of one group: most files are one."""
        file = self._key(rows[0], outcomes[0]).file
        ends = {f"{file}#", f"{file}:"}
        return (
            len(set(map(attrgetter("corpus"), outcomes))) == 1
            and len(set(map(attrgetter("split", "source_corpus", "unit"), rows))) == 1
            and {row.origin[: len(file) + 1] for row in rows} <= ends
        )

    def _key(self, row: RawRow, outcome: Sample | Drop) -> Key:
        file = FILE.match(row.origin)
        return Key(outcome.corpus, row.split, row.source_corpus, row.unit, file[1] if file else "")

    def _group(self, key: Key) -> Group:
        if key not in self._groups:
            first = key.file not in self._files
            self._groups[key] = Group(key, self._files.setdefault(key.file, Tally()), first=first)
        return self._groups[key]
