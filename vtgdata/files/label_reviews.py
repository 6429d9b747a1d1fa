"""Labels under review: the fingerprint of a label, the queue of those to look at, and the decisions about them."""

import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec

from vtgdata.errors import VtgError
from vtgdata.files import fingerprint, limits, outside
from vtgdata.files.parquet import read_parquet
from vtgdata.files.schemas import Row
from vtgdata.records import Sample
from vtgdata.records.windows import as_pairs

QUEUE = "review.parquet"
CONTROLS = "controls.parquet"
"""Beside a queue: which of its rows were drawn at random, and of how many. Who looks need not know."""
QUEUE_COLUMNS = {
    "place": "count", "sample_id": "text", "corpus": "text", "split": "text", "video_file": "text",
    "duration": "number", "query": "text", "windows": "windows", "proposed": "windows", "low": "windows",
    "high": "windows", "agree": "number", "answers": "count", "label": "text",
}  # fmt: skip
"""Of a queue: the label's windows, the window that the answers propose, with the window of the lower and of the upper
ends of its interval, the share of the answers that agree on it, and the label's fingerprint."""
CONTROL_COLUMNS = {"sample_id": "text", "pool": "count"}
"""Of the rows drawn at random, and the number of samples that they were drawn from."""
Decided = Literal["accept", "fix", "none", "drop"]


class Decision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person decided about one label: a line of decisions.jsonl."""

    sample_id: str
    decision: Decided
    """`accept` the label, `fix` it with windows, `none` (there is no such moment), or `drop` the sample."""
    windows: list[Annotated[list[float], msgspec.Meta(min_length=2, max_length=2)]] | None = None
    """For `fix`: all true windows, in seconds."""
    who: str
    when: str
    """Date, or date and time, as ISO 8601 writes them."""
    label: str = ""
    """Fingerprint of the label that was looked at; empty takes the queue's."""
    note: str = ""


def label_of(sample: Sample) -> str:
    """The fingerprint of a label: what was asked and what is said to be right, of which version."""
    said = [sample.query, as_pairs(sample.windows), sample.labelled, list(sample.options), sample.answer]
    return fingerprint.short([*said, sample.label_version, sample.video.duration])


def read_queue(path: str) -> dict[str, Row]:
    """The rows of a queue, by sample."""
    rows = read_parquet(path, needs=tuple(QUEUE_COLUMNS))
    return {row["sample_id"]: row for row in rows}


def read_decisions(path: str) -> list[tuple[int, Decision]]:
    """The decisions of a file, each with its line; raises VtgError, naming the line, for one that is none."""
    found: dict[str, tuple[int, Decision]] = {}
    try:
        lines = outside.read_text(path, limits.DOCUMENT).split("\n")
    except UnicodeDecodeError as error:
        raise VtgError(f"{path}: not UTF-8 ({error.reason} at byte {error.start}).") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        decision = decision_of(line, where)
        if decision.sample_id in found:
            first = found[decision.sample_id][0]
            raise VtgError(f"{where}: {decision.sample_id!r} was decided in line {first} already. Leave one of them.")
        found[decision.sample_id] = (number, decision)
    if not found:
        raise VtgError(f"{path}: has no decision. A line is {json.dumps(EXAMPLE)}.")
    return list(found.values())


EXAMPLE = {
    "sample_id": "charades_sta:1", "decision": "fix", "windows": [[4.0, 9.5]], "who": "ab", "when": "2026-11-29",
}  # fmt: skip


def decision_of(line: str, where: str) -> Decision:
    """The decision of a line of JSON; raises VtgError that begins with `where` when it is none."""
    try:
        decision = msgspec.json.decode(line, type=Decision)
    except (msgspec.DecodeError, RecursionError) as error:
        raise VtgError(f"{where}: {error}. A line is {json.dumps(EXAMPLE)}.") from error
    if not decision.sample_id or not decision.who.strip() or not decision.when.strip():
        raise VtgError(f"{where}: sample_id, who and when may not be empty.")
    if (decision.decision == "fix") != bool(decision.windows):
        raise VtgError(f"{where}: `fix` needs windows, and nothing else has any.")
    for start, end in decision.windows or []:
        if not 0 <= start < end < float("inf"):
            raise VtgError(f"{where}: window [{start:g}, {end:g}] is not 0 <= start < end, in seconds.")
    return decision


def queue_row(place: int, sample: Sample, found: dict[str, Any]) -> Row:
    """A row of a queue. Args: found: its proposed window and what else the audit says."""
    return {
        "place": place, "sample_id": sample.sample_id, "corpus": sample.corpus, "split": sample.split,
        "video_file": sample.video.file, "duration": sample.video.duration, "query": sample.query,
        "windows": as_pairs(sample.windows), "label": label_of(sample), **found,
    }  # fmt: skip


def interval_of(members: Sequence[Sequence[float]]) -> tuple[list[float], list[float]]:
    """The lower and the upper ends, of starts and of ends, between which four in five members of a cluster lie."""
    import numpy as np

    low, high = np.quantile(np.array(members, dtype=np.float64), [0.1, 0.9], axis=0)
    return low.tolist(), high.tolist()
