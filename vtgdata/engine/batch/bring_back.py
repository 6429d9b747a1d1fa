"""Imports batch results: lines of a provider's batch API or `vllm run-batch` become attempts in the journal.

Lines may come in any order and in several files, and some may be errors. A line that cannot be read is left out and
reported with its file and line number. Answers that the journal has already stay as they are.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from vtgdata.engine.batch.export import NAME, Batch, BatchModelEntry, read_keys
from vtgdata.engine.journal.journal import Attempt, Journal
from vtgdata.engine.money import prices
from vtgdata.engine.money.prices import Price, dollars
from vtgdata.errors import VtgError
from vtgdata.files import json_document, outside, plugins
from vtgdata.files.claims import JOURNAL
from vtgdata.records import ReadsReplies, Reply

SHOWN = 20
"""Maximum number of broken lines that a summary names."""
AT_ONCE = 500
"""Attempts that are written to the journal at a time."""


class _Response(msgspec.Struct):
    status_code: int | None = None
    body: msgspec.Raw = msgspec.Raw(b"null")


class _Error(msgspec.Struct):
    code: str | int | None = None
    message: str | None = None


class _Line(msgspec.Struct):
    custom_id: str
    response: _Response | None = None
    error: _Error | None = None


class _Counts(msgspec.Struct):
    answers: int = 0
    failed: int = 0
    duplicates: int = 0
    """Lines for answers that the journal or an earlier line had already."""
    unknown: int = 0
    """Lines whose custom_id is not in this batch."""
    broken: list[str] = []
    n_broken: int = 0


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the result files of a batch."""

    batch: str
    """Folder of the batch."""
    answers: int
    """Taken into the journal."""
    failed: int
    """Failures taken into the journal."""
    duplicates: int
    """Lines about answers that the journal had, or that came before."""
    unknown: int
    """Lines whose custom_id is none of this batch."""
    n_broken: int
    """Lines that cannot be read."""
    broken: list[str]
    """The first of them: file, number and why."""
    missing: int
    """Requests of the batch that no line is about."""
    out: str
    """Output folder of the step, whose journal was given the answers."""


def take(folder: Path, files: Sequence[Path], *, table: str = "", out: str = "") -> Imported:
    """Import the answers of a batch into the journal of its step.

    Args:
        folder: of the batch, as `--batch` wrote it.
        files: with results, in the format of OpenAI's batch API.
        table: file of prices; without it costs are unknown, since batches have prices of their own.
        out: output folder of the step, if it was moved; empty for the folder that the batch names.

    Raises VtgError when the folder holds no batch, the output folder is gone, or a file cannot be read at all.
    """
    batch = _read(folder)
    known = {key: (sample_id, index, number) for key, sample_id, index, number in read_keys(folder)}
    readers = [_Reader(entry, table) for entry in batch.entries]
    counts, place = _Counts(), Path(out or batch.out)
    if not place.is_dir():
        raise VtgError(f"{place}: there is no such output folder any more. Name it with --out.")
    with Journal(place / JOURNAL) as journal:
        seen: set[str] = set()
        pending: list[tuple[int, Attempt]] = []
        for line in _lines(files, counts):
            if line.custom_id not in known:
                counts.unknown += 1
            elif line.custom_id in seen:
                counts.duplicates += 1
            else:
                seen.add(line.custom_id)
                sample_id, index, number = known[line.custom_id]
                reply = readers[number].reply(line)
                pending.append((number, Attempt(key=line.custom_id, sample_id=sample_id, index=index, reply=reply)))
            if len(pending) == AT_ONCE:
                _record(journal, batch, pending, counts)
                pending = []
        _record(journal, batch, pending, counts)
    return Imported(
        batch=str(folder),
        answers=counts.answers,
        failed=counts.failed,
        duplicates=counts.duplicates,
        unknown=counts.unknown,
        n_broken=counts.n_broken,
        broken=counts.broken,
        missing=len(known) - len(seen),
        out=str(place),
    )


def _read(folder: Path) -> Batch:
    try:
        return json_document.decode(outside.read_bytes(folder / NAME), type=Batch)
    except (OSError, msgspec.DecodeError) as error:
        raise VtgError(f"{folder / NAME}: no batch of ours ({error}). Name the folder that --batch wrote.") from error


def _lines(files: Sequence[Path], counts: _Counts) -> Iterator[_Line]:
    """The lines of all files; unreadable ones are counted and named in `counts`."""
    decode = msgspec.json.Decoder(_Line).decode
    for path in files:
        try:
            with outside.opened(path) as file:
                for number, text in enumerate(file, start=1):
                    if not text.strip():
                        continue
                    try:
                        yield decode(text)
                    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                        counts.n_broken += 1
                        if len(counts.broken) < SHOWN:
                            counts.broken.append(f"{path}:{number}: {error}")
        except OSError as error:
            raise VtgError(f"{path}: cannot be read ({error.strerror}).") from error


def _record(journal: Journal, batch: Batch, pending: Sequence[tuple[int, Attempt]], counts: _Counts) -> None:
    """Record attempts, except for keys that have an answer, and failures equal to the key's latest one."""
    held = journal.holds(attempt.key for _, attempt in pending)
    failures = journal.failures(attempt.key for _, attempt in pending)
    for number, entry in enumerate(batch.entries):
        new = [
            attempt
            for of, attempt in pending
            if of == number and attempt.key not in held and failures.get(attempt.key) != attempt.reply
        ]
        journal.answers_id = entry.answers_id
        if new:
            journal.record(new)
        failed = sum(attempt.reply.error is not None for attempt in new)
        counts.answers, counts.failed = counts.answers + len(new) - failed, counts.failed + failed
        counts.duplicates += sum(of == number for of, _ in pending) - len(new)


class _Reader:
    """Reads the lines of one model, and prices their answers."""

    def __init__(self, entry: BatchModelEntry, table: str) -> None:
        module = plugins.load("models", plugins.parse_spec(entry.spec).name)
        if not isinstance(module, ReadsReplies):
            raise VtgError(f"{entry.spec}: its plug-in reads no results of a batch: it lacks reply_of. Add it.")
        self._reply_of, self._entry = module.reply_of, entry
        found = [price for price in prices.load(Path(table)) if price.holds_for(entry.model, [])] if table else []
        self._price: Price | None = found[0] if found else None

    def reply(self, line: _Line) -> Reply:
        """The reply in a line; a failed one if the line holds no answer."""
        response = line.response
        if line.error is not None or response is None or bytes(response.body) == b"null":
            detail = line.error.message if line.error is not None else None
            return Reply(text=None, finish_reason="error", error=_code(line.error), detail=detail)
        if response.status_code not in (None, 200):
            refused = self._reply_of(bytes(response.body))
            if refused.error is None and refused.finish_reason == "content_filter":
                return refused
            words = bytes(response.body).decode(errors="replace")[:300]
            return Reply(text=None, finish_reason="error", error=f"HTTP {response.status_code}", detail=words)
        entry = self._entry
        reply = self._reply_of(bytes(response.body), asked=entry.model, answers_as=entry.answers_as)
        if self._price is None or reply.tokens_in is None or reply.tokens_out is None:
            return reply
        cost = self._price.cost(max(0, reply.tokens_in), max(0, reply.tokens_out))
        return msgspec.structs.replace(reply, cost=dollars(cost))


def _code(error: _Error | None) -> str:
    """The batch API's own error (`batch_expired`) as text that is the same in every run."""
    code = error.code if error is not None else None
    return f"batch: {code}" if isinstance(code, str) and code.isidentifier() else "batch: no response"


def words(summary: Imported) -> list[str]:
    """Summary of an import, as lines for people."""
    lines = [f"{summary.answers:,} answers and {summary.failed:,} failures taken into {summary.out}"]
    for count, said in (
        (summary.duplicates, "lines about what was there or came twice: left out"),
        (summary.unknown, "lines with an id that is none of this batch: left out"),
        (summary.n_broken, "lines that cannot be read: " + "; ".join(summary.broken[:3])),
        (summary.missing, "requests of the batch have no line"),
    ):
        lines += [f"{count:,} {said}"] if count else []
    return [*lines, "the same command as before, without --batch, asks what is missing and writes the tables"]
