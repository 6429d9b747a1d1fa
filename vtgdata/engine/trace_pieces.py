"""Traces of many samples, piece by piece: a piece is some whole samples, of whose answers two tables are made.

Stored answers wait for nobody, so that their pieces are spread over processes (`files.working_processes`): each scores,
verifies and chooses among the answers of its samples, and gives back what is new about them. The tables are put
together here, in order, so that they are the same for any number of processes.
"""

import io
import pickle
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from vtgdata.engine.collect import Collected
from vtgdata.engine.given import CHUNK, GivenAnswers, Scorer, Stored
from vtgdata.engine.kept import Outcome, outcome
from vtgdata.engine.traced import OWN, Tracer
from vtgdata.engine.verification import Chain
from vtgdata.files import cluster, plugins, working_processes
from vtgdata.files.parquet import arrow_schema, pyarrow, table_of
from vtgdata.files.schemas import ROLLOUTS, Row
from vtgdata.files.working_processes import Work
from vtgdata.records import Sample

LEAST = 8_192
"""Answers for each process, at the least: a process takes as long to start as some thousand answers do."""
_KEPT = (
    "key", "sample_id", "model_id", "prompt_id", "sampling_id", "frames_id", "frame_times", "index",
)  # fmt: skip
"""Columns of a stored answer that stay, whatever is read anew."""
_SCORED = ("iou", "scores")


class Piece(NamedTuple):
    """What was made of some samples."""

    samples: Sequence[Sample]
    outcomes: Sequence[Outcome]
    """Of each."""
    rollouts: Any
    """Arrow table with the columns of rollouts.parquet."""
    traces: Any
    """Arrow table with the columns of traces.parquet."""


class _Made(NamedTuple):
    """What is new about the answers to some samples."""

    rollouts: Any
    """Arrow table with those columns of rollouts that are not as they were stored."""
    own: Any
    """Arrow table with the columns of `traced.OWN`."""
    outcomes: list[Outcome]


class Maker(NamedTuple):
    """Makes pieces; all that it needs can be sent to another process, unless the chain looks at videos."""

    tracer: Tracer
    most: int
    """Traces to keep of a sample, 0 for all."""
    best_by: str
    """Score by which the best are chosen."""
    scorer: Scorer | None = None
    """Of stored answers."""

    def stored(self, stored: Stored) -> _Made:
        """What is new about stored answers."""
        assert self.scorer is not None
        rows, held = self.scorer.rows(stored)
        new = _SCORED if held else [name for name in ROLLOUTS if name not in _KEPT]
        return self.rows(stored.samples, stored.counts, rows, new)

    def rows(self, samples: Sequence[Sample], counts: Sequence[int], rows: list[Row], new: Iterable[str]) -> _Made:
        """What is new about the rows of samples. Args: counts: rows of each sample; new: columns that are."""
        traces: list[Row] = []
        outcomes: list[Outcome] = []
        each = iter(rows)
        for sample, count in zip(samples, counts, strict=True):
            made = self.tracer.traces(list(islice(each, count)), sample, self.most, self.best_by)
            traces += made
            outcomes.append(outcome(sample, made))
        return _Made(table_of(rows, {name: ROLLOUTS[name] for name in new}), table_of(traces, OWN), outcomes)

    def piece(self, stored: Stored, made: _Made) -> Piece:
        """The tables of some samples, from their answers as they were stored and what is new about them."""
        columns = [
            made.rollouts[name] if name in made.rollouts.column_names else stored.table[name] for name in ROLLOUTS
        ]
        whole = pyarrow().Table.from_arrays(columns, schema=arrow_schema(ROLLOUTS))
        return Piece(stored.samples, made.outcomes, whole, self.tracer.table(whole, made.own))


def pieces(collected: Collected, maker: Maker, workers: int, executor: str = "") -> Iterator[Piece]:
    """The pieces of all samples, in order.

    Args:
        collected: their answers.
        maker: without a scorer.
        workers: most processes for stored answers.
        executor: `ray`, for tasks of a Ray cluster in their place, however few answers there are.
    """
    given = collected.given
    if given is None:
        yield from _asked(collected, maker)
        return
    maker = maker._replace(scorer=given.scorer)
    for stored, made in _stored(given, collected.samples, maker, workers, executor):
        piece = maker.piece(stored, made)
        for sample, found in zip(piece.samples, piece.outcomes, strict=True):
            collected.note(sample, found.failed)
        yield piece


def _asked(collected: Collected, maker: Maker) -> Iterator[Piece]:
    """Pieces of answers that were just asked for."""
    each = collected.by_sample()
    while chunk := list(islice(each, CHUNK)):
        rows = [row for _, answers in chunk for row in answers]
        samples, counts = [sample for sample, _ in chunk], [len(answers) for _, answers in chunk]
        made = maker.rows(samples, counts, rows, ROLLOUTS)
        yield Piece(samples, made.outcomes, made.rollouts, maker.tracer.table(made.rollouts, made.own))


def splits(chain: Chain, scores: Iterable[str]) -> bool:
    """Whether stored answers may be verified by a chain in several processes, and scored."""
    return chain.splits and all(map(plugins.is_ours, scores))


def _stored(
    given: GivenAnswers, samples: Sequence[Sample], maker: Maker, workers: int, executor: str
) -> Iterator[tuple[Stored, _Made]]:
    count = min(workers, len(samples) * given.settings.n // LEAST)
    if not splits(maker.tracer.chain, given.scores) or (count < 2 and not executor):
        for stored in given.stored(samples):
            yield stored, maker.stored(stored)
        return
    work = Work(f"{__name__}:working", pickle.dumps(maker))
    if executor:
        each = cluster.in_order(work, given.stored(samples), _packed, workers)
    else:
        each = working_processes.in_order(work, given.stored(samples), _packed, count)
    for stored, said in each:
        yield stored, maker.stored(stored) if said is None else _unpacked(said)


class _Answer(msgspec.Struct, frozen=True, array_like=True):
    """What a process gives back: `_Made`, its tables as bytes."""

    rollouts: bytes
    own: bytes
    outcomes: list[Outcome]


_decode = msgspec.msgpack.Decoder(_Answer).decode


def working(state: bytes) -> Any:
    """In a process of its own: the function from the bytes of a piece to those of what is new about it."""
    maker: Maker = pickle.loads(state)

    def do(packed: bytes) -> bytes:
        samples, counts, same, table = pickle.loads(packed)
        made = maker.stored(Stored(samples, counts, same, _table(table)))
        return msgspec.msgpack.encode(_Answer(_bytes(made.rollouts), _bytes(made.own), made.outcomes))

    return do


def _packed(stored: Stored) -> bytes:
    return pickle.dumps((*stored[:-1], _bytes(stored.table)))


def _unpacked(said: bytes) -> _Made:
    answer = _decode(said)
    return _Made(_table(answer.rollouts), _table(answer.own), answer.outcomes)


def _bytes(table: Any) -> bytes:
    file = io.BytesIO()
    with pyarrow().ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table)
    return file.getvalue()


def _table(packed: bytes) -> Any:
    return pyarrow().ipc.open_stream(packed).read_all()
