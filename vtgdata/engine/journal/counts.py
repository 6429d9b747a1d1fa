"""Counts of what a journal holds: answers of one id, failures, cost, and the mean tokens, time and size of an answer.

Counting changes nothing: `peek` reads a journal that nobody has open, takes no lock and leaves no file beside it.
"""

import math
import sqlite3
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from vtgdata.engine.journal.journal import Journal
from vtgdata.engine.journal.statements import APPLICATION_ID
from vtgdata.engine.money.prices import PICO, Price
from vtgdata.engine.money.tokens import Range
from vtgdata.errors import Locked, VtgError
from vtgdata.files import outside, temporary
from vtgdata.files.owners import holder, locked
from vtgdata.records import Sample

Select = Callable[[str, Sequence[Any]], Iterable[tuple[Any, ...]]]
"""Runs a SELECT on the table `attempt`: `Journal.select`, or the function that `peek` gives."""

_OURS = "(about = ? OR about IS NULL OR about = '')"
_FIELDS = """
SELECT sample_id, status, about, seconds, length(reply) AS size, json_extract(CAST(reply AS TEXT), '$.cost') AS cost,
json_extract(CAST(reply AS TEXT), '$.tokens_in') AS given, json_extract(CAST(reply AS TEXT), '$.tokens_out') AS said
FROM attempt
"""


@contextmanager
def peek(path: Path) -> Generator[Select]:
    """Read a journal without opening it for writing: no lock is taken and nothing is written beside it.

    Raises Locked when a living process holds it, and VtgError when it is not a journal. If a killed process left a log
    (`-wal`) beside it, copies of both are read.
    """
    if (named := holder(path)) is not None:
        raise Locked(locked(path, named))
    outside.regular(path)
    log = path.with_name(f"{path.name}-wal")
    with temporary.folder() as folder:
        if log.exists() and log.stat().st_size:
            for file in (path, log):
                outside.copy(file, folder / file.name)
            address = str(folder / path.name)
        else:
            address = f"{outside.resolved(path).as_uri()}?mode=ro&immutable=1"
        try:
            with closing(sqlite3.connect(address, uri=address.startswith("file:"))) as db:
                _prepare(db, path)
                yield db.execute
        except sqlite3.DatabaseError as error:
            raise VtgError(f"{path}: not a readable journal ({error}). Move it away to ask anew.") from error


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    if db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise VtgError(f"{path}: no journal of ours. Move it away, or choose another --out.")
    if not any(row[1] == "about" for row in db.execute("PRAGMA table_info(attempt)")):
        # A journal of version 1: give it the column that opening it would add.
        db.execute("CREATE TEMP VIEW attempt AS SELECT *, NULL AS about FROM main.attempt")


def fold(path: Path) -> None:
    """Merge the log that a killed process left beside a journal into it, so that `peek` needs no copies."""
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        Journal(path).close()


def journals(folder: Path, name: str) -> list[Path]:
    """The existing journals of an output folder: its own, and those of its shards."""
    return [path for path in (folder / name, *sorted(folder.glob(f"shard-*-of-*/{name}"))) if path.exists()]


class Answers(msgspec.Struct, kw_only=True):
    """Which answers of one id exist."""

    masks: dict[str, int] = {}
    """For each sample, a bit mask: bit i is set if answer i exists."""
    exact: bool = True
    """False when some come from a journal that did not record `about` yet: they may be answers to other questions."""

    def count(self, sample_id: str, n: int) -> int:
        """How many of the first n answers to a sample exist."""
        return (self.masks.get(sample_id, 0) & ((1 << n) - 1)).bit_count()


def answers(select: Select, answers_id: str, into: Answers) -> None:
    """Add a journal's answers of one id (see `work_keys.answers_id`) to `into`."""
    query = f"SELECT sample_id, idx, about FROM attempt WHERE status = 'answer' AND {_OURS}"
    for sample_id, index, found in select(query, (answers_id,)):
        into.masks[sample_id] = into.masks.get(sample_id, 0) | 1 << index
        into.exact = into.exact and bool(found)


def outdated(selects: Iterable[Select], former_id: str, answers_id: str, samples: Iterable[Sample], n: int) -> int:
    """How many of the first n answers to each sample are there under an earlier id alone, and are asked again."""
    there, former = Answers(), Answers()
    for select in selects:
        answers(select, answers_id, there)
        answers(select, former_id, former)
    return sum(max(0, former.count(one.sample_id, n) - there.count(one.sample_id, n)) for one in samples)


def failures(select: Select, answers_id: str | None = None) -> list[str]:
    """The latest error of each answer that failed and was not given since: of one id, or of all."""
    query = f"""
    SELECT json_extract(CAST(reply AS TEXT), '$.error'), max(id) FROM attempt AS a WHERE status = 'failed'
    {"" if answers_id is None else f"AND {_OURS}"}
    AND NOT EXISTS (SELECT 1 FROM attempt AS b WHERE b.key = a.key AND b.status = 'answer') GROUP BY key
    """
    return [error for error, _ in select(query, () if answers_id is None else (answers_id,))]


def varied(select: Select, answers_id: str) -> bool:
    """Whether some answers of one id were computed in batches of any size, so that they may differ the next time."""
    # Inside a JSON string the quotes would be escaped, so the text of an answer cannot hold these characters.
    marked = "instr(CAST(reply AS TEXT), '\"varies\":true')"
    query = f"SELECT 1 FROM attempt WHERE status = 'answer' AND {_OURS} AND {marked} LIMIT 1"
    return any(True for _ in select(query, (answers_id,)))


class Spend(NamedTuple):
    """Cost of all attempts in a journal."""

    picodollars: int
    uncounted: int
    """Answers of unknown cost: no server reported their tokens, or their price is unknown."""

    def plus(self, other: "Spend") -> "Spend":
        """The sum of both."""
        return Spend(self.picodollars + other.picodollars, self.uncounted + other.uncounted)


def spend(select: Select, price: Price | None, *, only_failed: bool = False, answers_id: str | None = None) -> Spend:
    """Cost of a journal's attempts, failed ones included.

    Args:
        select: of a journal.
        price: for attempts whose price was unknown when they were made; None leaves them uncounted.
        only_failed: count only failed attempts, not answers.
        answers_id: count only attempts of this id (see `work_keys.answers_id`); None for all.
    """
    wanted = ["status = 'failed'"] * only_failed + ["about = ?"] * (answers_id is not None)
    where = f"WHERE {' AND '.join(wanted)}" if wanted else ""
    known, uncounted = 0, 0
    query = f"""
    SELECT cost IS NULL, sum(CAST(round(cost * {PICO}) AS INTEGER)), given, said, status, count(*) FROM ({_FIELDS})
    {where} GROUP BY cost IS NULL, CASE WHEN cost IS NULL THEN given END, CASE WHEN cost IS NULL THEN said END, status
    """
    for unknown, total, given, said, status, count in select(query, () if answers_id is None else (answers_id,)):
        if not unknown:
            known += total
        elif price is not None and (given is not None or said is not None):
            known += price.cost(given or 0, said or 0) * count
        elif status == "answer":
            uncounted += count
    return Spend(known, uncounted)


def spend_in(paths: Sequence[Path], price: Price | None, answers_id: str) -> Spend:
    """Cost of the attempts of one id in a folder's journals, as `journals` lists them."""
    found = Spend(0, 0)
    # The answers of the shards were copied into the first journal; their failed attempts were not.
    for number, path in enumerate(paths):
        with peek(path) as select:
            found = found.plus(spend(select, price, only_failed=number > 0, answers_id=answers_id))
    return found


def spend_by_sample(select: Select, price: Price, answers_id: str) -> dict[str, int]:
    """{sample: picodollars of its attempts of one id}; a sample without any is not in it."""
    query = f"SELECT sample_id, cost, given, said FROM ({_FIELDS}) WHERE about = ?"
    found: dict[str, int] = {}
    for sample_id, cost, given, said in select(query, (answers_id,)):
        paid = price.cost(given or 0, said or 0) if cost is None else round(cost * PICO)
        found[sample_id] = found.get(sample_id, 0) + paid
    return found


class Means(NamedTuple):
    """Means over the answers of one id, each with three standard errors to both sides."""

    n: int
    """Number of answers with known tokens and seconds."""
    tokens_in: Range
    tokens_out: Range
    seconds: Range
    size: Range
    """Bytes of a reply in the journal."""


def means(select: Select, answers_id: str) -> Means | None:
    """Means over the answers of one id; None when fewer than two have known tokens and seconds."""
    columns = ("given", "said", "seconds", "size")
    sums = ", ".join(f"sum({name}), sum(1.0 * {name} * {name})" for name in columns)
    told = "status = 'answer' AND given IS NOT NULL AND said IS NOT NULL AND seconds IS NOT NULL"
    query = f"SELECT count(*), {sums} FROM ({_FIELDS}) WHERE about = ? AND {told}"
    n, *found = next(iter(select(query, (answers_id,))))
    if n < 2:
        return None
    return Means(n, *(_around(n, total, squares) for total, squares in zip(found[::2], found[1::2], strict=True)))


class PerSample(NamedTuple):
    """Mean tokens of the answers to one sample."""

    n: int
    """Number of answers with known tokens."""
    tokens_in: float
    tokens_out: float


def per_sample(select: Select, answers_ids: Sequence[str]) -> dict[str, PerSample]:
    """{sample: mean tokens of its answers} over the answers of some ids."""
    marks = ",".join("?" * len(answers_ids))
    query = f"""
    SELECT sample_id, count(*), avg(given), avg(said) FROM ({_FIELDS}) WHERE about IN ({marks}) AND status = 'answer'
    AND given IS NOT NULL AND said IS NOT NULL GROUP BY sample_id
    """
    return {sample_id: PerSample(*found) for sample_id, *found in select(query, answers_ids)}


def _around(n: int, total: float, squares: float) -> Range:
    mean = total / n
    error = math.sqrt(max(0.0, squares / n - mean * mean) / (n - 1))
    return Range(max(0.0, mean - 3 * error), mean + 3 * error)
