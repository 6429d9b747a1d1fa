"""Plans a rebuild: which steps run, which get their answers from the release, which are not needed, what is missing."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from vtgdata.files import plugins
from vtgdata.releases.document import Release
from vtgdata.releases.rebuild import raw_files
from vtgdata.releases.rebuild import record as rebuild_record
from vtgdata.releases.rebuild.raw_files import Sought
from vtgdata.releases.rebuild.record import Answers, RawFile, RebuildRecord, StepRecord

How = Literal["runs", "takes the release's answers", "not needed", "cannot run"]


class PlannedStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step, and what becomes of it in a rebuild."""

    id: str
    command: str
    how: How
    settings: dict[str, Any]
    """As the step gets them: `@id/file` is a file of an earlier step, `raw/...` a raw file."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A rebuild before it runs."""

    steps: list[PlannedStep]
    raw: list[Sought]
    """The raw files that are needed."""
    videos: bool
    """Whether the folder of videos is needed."""
    problems: list[str]
    """What must be mended first; empty if the rebuild can run."""


def make(release: Release, record: RebuildRecord, folders: Sequence[Path], videos: str, allow_changed: bool) -> Plan:
    """The plan of a rebuild.

    Args:
        release: to rebuild; its own files are looked through for raw files too (prompts, removed.json).
        record: how it was made.
        folders: where raw files lie.
        videos: folder of the videos; empty if none is given.
        allow_changed: whether a raw file with other bytes may be taken.
    """
    needed = _needed(record)
    steps = [
        PlannedStep(id=step.id, command=step.command, how=_how(step, needed), settings=step.settings)
        for step in record.steps
    ]
    found = raw_files.seek([raw for raw in record.raw if _is_read(raw, needed)], folders, release.path)
    looks = any(step.videos and not _stored(step) for step in needed.values())
    problems = [problem for step in needed.values() if (problem := _unanswered(step)) is not None]
    stops = {"missing"} if allow_changed else {"missing", "changed"}
    problems += [_raw_problem(raw) for raw in found if raw.state in stops]
    if looks and not videos:
        problems.append(
            f"videos: {', '.join(step.id for step in needed.values() if step.videos and not _stored(step))} read the "
            f"videos of the samples ({release.document.videos:,} in this release). Name their folder with --videos."
        )
    problems += [
        f"code: {name} is no module of vtgdata, and what lies in a release may not run it. Copy recipe.yaml to a "
        "folder of your own, look at that code, and run the recipe there."
        for name in record.code
    ]
    return Plan(steps=steps, raw=found, videos=looks, problems=problems)


def _stored(step: StepRecord) -> bool:
    return step.answers is not None and step.answers.stored


def _needed(record: RebuildRecord) -> dict[str, StepRecord]:
    """The steps that must run: of a step whose answers are stored, those that made its model need not."""
    known = {step.id: step for step in record.steps}
    found, pending = {rebuild_record.LAST}, [rebuild_record.LAST]
    while pending:
        step = known[pending.pop()]
        settings = {name: value for name, value in step.settings.items() if name != "model" or not _stored(step)}
        behind = rebuild_record.references(settings) & known.keys() - found
        found |= behind
        pending += behind
    return {step.id: step for step in record.steps if step.id in found}


def _is_read(raw: RawFile, needed: dict[str, StepRecord]) -> bool:
    step = needed.get(raw.place.split("/")[1])
    if step is None or not _stored(step):
        return step is not None
    parts = re.split("[:=,]", str(step.settings.get("model", "")))
    return not any(raw.place == part or raw.place.startswith(f"{part}/") for part in parts if part)


def _how(step: StepRecord, needed: dict[str, StepRecord]) -> How:
    if step.id not in needed:
        return "not needed"
    if _unanswered(step) is not None:
        return "cannot run"
    return "takes the release's answers" if _stored(step) else "runs"


def _unanswered(step: StepRecord) -> str | None:
    """Why a step's answers cannot be had again; None if they can, or it asked no model."""
    answers = step.answers
    if answers is None or answers.stored or answers.repeatable:
        return None
    return (
        f"answers: those of step {step.id} ({plugins.parse_spec(str(step.settings['model'])).name}) are not in the "
        f"release, which has no config `rollouts` of them, and they cannot be had again: {asking(answers)}. Ask "
        "whoever made the release for one with --rollouts."
    )


def asking(answers: Answers) -> str:
    """What asking again would take, in words.

    >>> asking(Answers(models=["openai_api:m"], rows=8, tokens_in=1000, tokens_out=20))
    'asking again is 8 requests to openai_api:m, about 1,000 tokens in and 20 out, and gives other answers'
    """
    if not answers.models:
        return "nobody knows how many they were, since their file was gone when the release was made"
    return (
        f"asking again is {answers.rows:,} requests to {', '.join(answers.models)}, about {answers.tokens_in:,} tokens "
        f"in and {answers.tokens_out:,} out, and gives other answers"
    )


def _raw_problem(raw: Sought) -> str:
    if raw.state == "missing":
        return f"raw file {raw.said}: is in none of the folders. Get it, and name its folder with --raw."
    return (
        f"raw file {raw.here}: is not the one that was read: {raw.said}. Get that version, or take this one with "
        "--allow-changed; the result is then not the same."
    )
