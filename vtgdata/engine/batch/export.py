"""Batch files: the missing requests in OpenAI's batch format, for provider batch APIs and `vllm run-batch`.

A request's `custom_id` is its work key, and its body is what the model's plug-in would send. Beside the request files
lie `keys.parquet` (which answer each key stands for) and, written last, `batch.json` (which step they belong to).
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, cast

import msgspec

from vtgdata.conversation.prompt import load_prompt
from vtgdata.engine import failures
from vtgdata.engine.journal.journal import Journal
from vtgdata.engine.metering import take_shards
from vtgdata.engine.models import answers_id, asked_model, told_by
from vtgdata.engine.questions import frame_store, questions
from vtgdata.engine.settings import AskSettings
from vtgdata.engine.work_keys import Question, seed_of, work_keys
from vtgdata.errors import VtgError
from vtgdata.files import fingerprint, outside, temporary
from vtgdata.files.claims import JOURNAL
from vtgdata.files.parquet import parquet_writer, read_frame
from vtgdata.files.whole import Replacement, write_json
from vtgdata.records import BatchModel, Model, NamedModel, Request, Sample

NAME, KEYS = "batch.json", "keys.parquet"
COLUMNS = {"key": "text", "sample_id": "text", "index": "count", "asked": "count"}
URL = "/v1/chat/completions"


class Batchable(Model, BatchModel, Protocol):
    """A model whose requests can be written down and answered by somebody else."""


class BatchModelEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one model is asked under one condition."""

    spec: str
    model: str
    """Its name on servers."""
    answers_id: str = msgspec.field(name="about")
    """See `work_keys.answers_id`."""
    answers_as: list[str] = []
    """Names of other models of which the answers count, or `*` for any."""


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """What `batch.json` says."""

    out: str
    """Output folder of the step, absolute: its journal gets the answers."""
    entries: list[BatchModelEntry] = msgspec.field(name="asked")
    requests: int
    files: list[str]


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """What was written down to be asked: the summary of a command that asks, with --batch."""

    batch: str
    """Folder of the batch."""
    requests: int
    cached: int
    """Answers that the journal holds."""
    n_problems: int
    """Answers that cannot be asked for, as of a video that is not there."""
    batch_files: list[str]
    """Names of the request files in the folder."""
    out: str
    """Output folder of the step."""


def export(settings: AskSettings, samples: Sequence[Sample], asks: Sequence[tuple[str, str]]) -> Exported:
    """Write the requests for all answers that the journal lacks; nothing is sent.

    Args:
        settings: of the step; `batch` is the folder to write to, which must be new or empty, or hold this very batch.
        samples: to ask about.
        asks: a model's spec and what it sees, for each time that the step asks.

    The folder appears whole or not at all. Raises VtgError where it holds something else, or a model's plug-in cannot
    write its requests down.
    """
    folder = Path(settings.batch)
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not outside.is_file(folder / NAME))):
        raise _held(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with temporary.folder(folder) as draft:
        exported = _export(draft, settings, samples, asks)
        if folder.is_dir() and any(folder.iterdir()):
            if not _same(draft, folder):
                raise _held(folder)
        else:
            draft.rename(folder)
    return exported


def _held(folder: Path) -> VtgError:
    return VtgError(f"--batch {folder}: holds something already, perhaps a batch under way. Name a new folder.")


def _same(one: Path, other: Path) -> bool:
    """Whether two folders hold the same batch: then a run was killed after it had written it."""
    return fingerprint.of_path(one) == fingerprint.of_path(other)


def _export(
    folder: Path, settings: AskSettings, samples: Sequence[Sample], asks: Sequence[tuple[str, str]]
) -> Exported:
    out, prompt, store = Path(settings.out), load_prompt(settings.prompt), frame_store(settings)
    models = [(_batchable(spec, settings, condition), spec, condition) for spec, condition in asks]
    entries: list[BatchModelEntry] = []
    cached = problems = 0
    with (
        Journal(out / JOURNAL) as journal,
        parquet_writer(folder / KEYS, COLUMNS) as keys,
        _files(folder, settings.batch_requests, round(settings.batch_megabytes * 1e6)) as files,
    ):
        take_shards(journal, out)
        journal.again = failures.chosen(settings.only)
        for number, (model, spec, condition) in enumerate(models):
            name = model.model if isinstance(model, NamedModel) else spec
            entries.append(
                BatchModelEntry(
                    spec=spec,
                    model=name,
                    answers_id=answers_id(settings, prompt, model, condition),
                    answers_as=settings.answers_as,
                )
            )
            told = told_by(model, settings)
            for question in questions(samples, prompt, store, settings, condition, told):
                found = _missing(question, model, settings, journal)
                cached += settings.n - len(found.keys) if found.question.problem is None else 0
                problems += settings.n if found.question.problem is not None else 0
                _write(found, model, settings, files)
                for index, key in found.keys:
                    keys.write({"key": key, "sample_id": question.sample_id, "index": index, "asked": number})
            # One file is one model's: providers refuse others.
            files.close()
    batch = Batch(out=str(out.absolute()), entries=entries, requests=files.requests, files=files.names)
    write_json(folder / NAME, batch)
    return Exported(
        batch=settings.batch,
        requests=files.requests,
        cached=cached,
        n_problems=problems,
        batch_files=files.names,
        out=settings.out,
    )


def words(summary: Exported) -> list[str]:
    """What was exported, for people."""
    where, names = summary.batch, summary.batch_files
    cannot = f", {summary.n_problems:,} cannot be asked" if summary.n_problems else ""
    return [
        f"{summary.requests:,} requests in {len(names)} files in {where}, {summary.cached:,} there{cannot}",
        f"have each answered, as by `vllm run-batch -i {where}/{names[0] if names else 'FILE'} -o RESULTS ...`,",
        f"then: vtgdata batch-import {where} RESULTS...",
    ]


def _batchable(spec: str, settings: AskSettings, condition: str) -> Batchable:
    model = asked_model(spec, settings, condition)
    if not isinstance(model, BatchModel):
        raise VtgError(f"--batch: {spec} asks no server, so it has no requests to write down. Leave out --batch.")
    if settings.video_server == "gemini":
        raise VtgError(
            "--batch: --video-server gemini asks in Gemini's own form, and batch files are in OpenAI's. Leave out "
            "--batch, or take --as frames."
        )
    return cast(Batchable, model)


class _Missing(msgspec.Struct, frozen=True):
    """A question (with its pixels if answers are missing), and index and key of each missing answer."""

    question: Question
    keys: list[tuple[int, str]]


def _missing(question: Question, model: Model, settings: AskSettings, journal: Journal) -> _Missing:
    while True:
        keys = work_keys(question, model.id, settings.sampling(), settings.n, settings.seed)
        settled = journal.settled(keys) if question.problem is None else set(keys)
        missing = [(index, key) for index, key in enumerate(keys) if key not in settled]
        if not missing or question.look is None:
            return _Missing(question, missing)
        # What the pixels are may have changed since the keys were made from times alone.
        question = question.look()


def _write(found: _Missing, model: Batchable, settings: AskSettings, files: "_Files") -> None:
    if not found.keys:
        return
    request = Request(
        sample_id=found.question.sample_id,
        messages=found.question.messages,
        sampling=settings.sampling(),
        seeds=tuple(seed_of(key) for _, key in found.keys),
    )
    for (_, key), body in zip(found.keys, model.bodies(request), strict=True):
        files.write({"custom_id": key, "method": "POST", "url": URL, "body": body}, request.sample_id)


class _Files:
    """Writes request files of limited numbers of requests and bytes; each file appears complete or not at all."""

    def __init__(self, folder: Path, most_requests: int, most_bytes: int) -> None:
        self.folder, self.most_requests, self.most_bytes = folder, most_requests, most_bytes
        self.names: list[str] = []
        self.requests = self.count = self.size = 0
        self.file: Replacement | None = None

    def write(self, request: dict[str, Any], sample_id: str) -> None:
        line = msgspec.json.encode(request) + b"\n"
        if len(line) > self.most_bytes:
            raise VtgError(
                f"{sample_id!r}: its request has {len(line):,} bytes, more than a file may have ({self.most_bytes:,}). "
                "Show fewer or smaller frames, or raise --batch-megabytes."
            )
        if self.count == self.most_requests or self.size + len(line) > self.most_bytes:
            self.close()
        if self.file is None:
            self.names.append(f"requests-{len(self.names):05}.jsonl")
            self.file = Replacement(self.folder / self.names[-1])
        self.file.file.write(line)
        self.count, self.size, self.requests = self.count + 1, self.size + len(line), self.requests + 1

    def close(self) -> None:
        """Put the file that is being written in its place."""
        if self.file is not None:
            self.file.commit()
        self.file, self.count, self.size = None, 0, 0


@contextmanager
def _files(folder: Path, most_requests: int, most_bytes: int) -> Generator[_Files]:
    files = _Files(folder, most_requests, most_bytes)
    try:
        yield files
        files.close()
    finally:
        if files.file is not None:
            files.file.abandon()


def read_keys(folder: Path) -> Iterator[tuple[str, str, int, int]]:
    """Key, sample, index and number in `Batch.entries` of every request of a batch."""
    frame = read_frame(folder / KEYS, needs=COLUMNS)
    return frame.select(*COLUMNS).iter_rows()
