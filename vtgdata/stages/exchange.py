"""exchange: labels under review as Label Studio or FiftyOne have them, and what was decided there as decisions.

vtgdata exchange QUEUE --tool label_studio --out tasks.json
vtgdata exchange QUEUE --tool label_studio --back export.json --out decisions.jsonl
"""

import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from vtgdata.errors import Conflict, VtgError
from vtgdata.files import claims, json_document, outside
from vtgdata.files.label_reviews import QUEUE, Decision, decision_of, read_decisions, read_queue
from vtgdata.files.step import StepSettings, StepSummary
from vtgdata.files.whole import json_text, write_json, write_jsonl
from vtgdata.records.file_parts import parted
from vtgdata.releases.pages import exchange, reviews
from vtgdata.releases.pages.exchange import Back, Tool

log = logging.getLogger("vtgdata")
FPS = 25.0
_BEGINNING = re.compile(
    rb'\[\]\n|\[\n  \{\n    "data": \{\n      "sample_id"|\{\n  "name": "vtgdata-review",\n  "media_type"'
)
"""How the files begin that are written for the tools; what these export begins in another way."""


class Settings(StepSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of exchange."""

    queue: str
    """The queue: review.parquet of `vtgdata audit`, or its folder."""
    tool: Tool
    """label_studio or fiftyone."""
    out: str
    """File to write: the tool's JSON, or with --back the decisions for `vtgdata review --apply`."""
    decisions: str = ""
    """Decisions that were made already, to be shown there."""
    back: str = ""
    """What the tool exported: its decisions are written to --out."""
    videos: str = ""
    """Folder of the videos, for their frame rates; both tools count frames."""
    fps: Annotated[float, msgspec.Meta(gt=0)] = FPS
    """Frames a second of videos that are not there."""
    who: str = ""
    """Who decided, where the tool does not say."""


class Summary(StepSummary, frozen=True, kw_only=True):
    """What was written."""

    labels: int
    """Rows of the queue."""
    decided: int
    """Decisions in the file."""
    config: str
    """Label Studio's labelling interface for these tasks; empty otherwise."""
    out: str
    """The file."""


def run(settings: Settings) -> Summary:
    """Write the tool's file, or the decisions that were made with it.

    Raises VtgError for a file of another form; Conflict when the output exists and is not of this kind.
    """
    queue = settings.queue if settings.queue.endswith(".parquet") else str(Path(settings.queue) / QUEUE)
    given = (queue, settings.decisions, settings.back, settings.videos)
    if not settings.out:
        raise VtgError("`vtgdata exchange` needs a file to write: --out is empty.")
    claims.claim(settings.out, [each for each in given if each])
    rows = read_queue(queue)
    _refuse_parts(queue, rows)
    rates = reviews.rates([row["video_file"] for row in rows.values()], settings.videos) if settings.videos else {}
    items = [row | {"fps": rates.get(row["video_file"], settings.fps)} for row in rows.values()]
    if settings.back:
        made = list(_back(settings, items))
        _refuse_others(settings, b"".join(json_text(each).encode() + b"\n" for each in made))
        write_jsonl(Path(settings.out), made)
        return Summary(labels=len(rows), decided=len(made), config="", out=settings.out)
    decided = {each.sample_id: each for _, each in read_decisions(settings.decisions)} if settings.decisions else {}
    if unknown := sorted(decided.keys() - rows.keys()):
        raise VtgError(f"{settings.decisions}: {unknown[0]!r} is not in the queue {queue}.")
    _refuse_others(settings)
    studio = settings.tool == "label_studio"
    write_json(Path(settings.out), (exchange.label_studio if studio else exchange.fiftyone)(items, decided))
    config = exchange.CONFIG if studio else ""
    return Summary(labels=len(rows), decided=len(decided), config=config, out=settings.out)


def _refuse_parts(queue: str, rows: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise VtgError for a video that is a part of a file: these tools would count from where the file begins."""
    part = next((name for name, row in rows.items() if parted(row["video_file"])[1] is not None), None)
    if part is not None:
        raise VtgError(
            f"{queue}: {part!r}: its video, {rows[part]['video_file']}, is a part of a file, and other tools count "
            "from where the file begins. Decide such labels in `vtgdata view`, or make files of the parts first "
            "(`vtgdata videos proxy`)."
        )


def _back(settings: Settings, items: list[dict[str, Any]]) -> list[Decision]:
    """The decisions in the tool's file, as those of `vtgdata review`; each is checked as a line of that file is."""
    known = {item["sample_id"]: item for item in items}
    rates = {name: item["fps"] for name, item in known.items()}
    try:
        document = json_document.decode(outside.read_bytes(settings.back))
        read = exchange.from_label_studio if settings.tool == "label_studio" else exchange.from_fiftyone
        found = read(document, settings.back, rates)
    except (msgspec.DecodeError, KeyError, TypeError, ValueError, IndexError) as error:
        raise VtgError(f"{settings.back}: not what {settings.tool} exports ({error}). Export it as JSON.") from error
    made = [_decision(settings, known[each.sample_id], each) for each in found]
    empty = [each.sample_id for each, decision in zip(found, made, strict=True) if decision is None]
    if empty:
        log.warning(
            "%s: %d labels have neither a window nor a verdict, and stay undecided, %r first.",
            settings.back, len(empty), empty[0],
        )  # fmt: skip
    return [each for each in made if each is not None]


def _decision(settings: Settings, item: dict[str, Any], told: Back) -> Decision | None:
    kind = {exchange.NONE: "none", exchange.DROP: "drop"}.get(told.verdict)
    if kind is None and not told.windows:
        return None
    same = told.windows == sorted(item["windows"])
    kind = kind or ("accept" if same else "fix")
    who, when = told.who or settings.who, told.when
    if not who:
        raise VtgError(f"{settings.back}: {told.sample_id!r}: nobody is named. Give --who.")
    if not when:
        field = "`updated_at` of its annotation" if settings.tool == "label_studio" else "`when`"
        raise VtgError(
            f"{settings.back}: {told.sample_id!r}: no time is given. Fill in its field {field} with a date, as in "
            "2026-11-29."
        )
    line = {"sample_id": told.sample_id, "decision": kind, "who": who, "when": when, "label": item["label"],
            "note": told.note} | ({"windows": told.windows} if kind == "fix" else {})  # fmt: skip
    return decision_of(json_text(line), settings.back)


def _refuse_others(settings: Settings, decisions: bytes | None = None) -> None:
    """Raise Conflict when the output is there and holds what this run does not write anew.

    Args: decisions: what would be written, where it is decisions: others are a person's work, and stay.
    """
    out = Path(settings.out)
    if not out.exists() or (outside.is_file(out) and _is_ours(out, decisions)):
        return
    if not settings.replace:
        raise Conflict(
            f"--out {out}: is there, and holds something else. Name a new file, or set that one aside with --replace."
        )
    claims.set_aside(out)


def _is_ours(out: Path, decisions: bytes | None) -> bool:
    """Whether a file is what this command wrote for a tool, untouched by it, or has the same decisions."""
    if decisions is not None:
        return outside.read_bytes(out) == decisions
    with outside.opened(out) as file:
        return _BEGINNING.match(file.read(200)) is not None
