"""Plans a rebuild: which steps run, which get their answers from the release, which are not needed, what is missing."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from vtgdata.engine.money.prices import Price
from vtgdata.files import recipe
from vtgdata.releases.document import Release
from vtgdata.releases.rebuild import answers, cost, raw_files
from vtgdata.releases.rebuild import record as rebuild_record
from vtgdata.releases.rebuild.raw_files import Sought
from vtgdata.releases.rebuild.record import RawFile, RebuildRecord, StepRecord

How = Literal["runs", "takes the release's answers", "not needed", "cannot run"]


class PlannedStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step, and what becomes of it in a rebuild."""

    id: str
    command: str
    how: How
    removed: int
    """Number of its answers that are about removed samples, and so stay behind: what was chosen by them is lost."""
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


class Wanted(NamedTuple):
    """What the user of a rebuild has."""

    raw: list[Path]
    """Where raw files lie: folders, or files."""
    out: Path
    """Output folder; no raw file is looked for in it."""
    videos: str
    """Folder of the videos; empty if none is given."""
    allow_changed: bool
    """Whether a raw file with other bytes may be taken."""
    prices: list[Price]
    """What models cost."""


def make(release: Release, record: RebuildRecord, wanted: Wanted) -> Plan:
    """The plan of a rebuild.

    Args:
        release: to rebuild; its own files are looked through for raw files too (prompts, removed.json).
        record: how it was made.
        wanted: what the user has.
    """
    needed = _needed(record)
    steps = [
        PlannedStep(
            id=step.id,
            command=step.command,
            how=_how(step, needed),
            removed=step.answers.removed if step.answers is not None and step.stored else 0,
            settings=step.settings,
        )
        for step in record.steps
    ]
    found = raw_files.seek([raw for raw in record.raw if _is_read(raw, needed)], wanted.raw, wanted.out, release.path)
    looks = any(step.looks for step in needed.values())
    problems = [problem for step in needed.values() for problem in _answers_problems(step, wanted.prices)]
    stops = {"missing"} if wanted.allow_changed else {"missing", "changed"}
    problems += _raw_problems(found, stops)
    if looks and not wanted.videos:
        problems.append(
            f"videos: {', '.join(step.id for step in needed.values() if step.looks)} read the "
            f"videos of the samples ({release.document.videos:,} in this release). Name their folder with --videos."
        )
    problems += [
        f"code: {name} is no module of vtgdata, and what lies in a release may not run it. Copy recipe.yaml to a "
        "folder of your own, look at that code, and run the recipe there."
        for name in record.code
        if any(name == text.partition(":")[0] for step in needed.values() for text in _named(step))
    ]
    return Plan(steps=steps, raw=found, videos=looks, problems=problems)


def _named(step: StepRecord) -> Iterator[str]:
    """Every text in the settings of a step that runs; its model is not asked if its answers are stored."""
    for name, value in step.settings.items():
        if name in ("model", "then") and step.stored:
            continue
        judges = [each.name for each in answers.judges_of(step.settings)] if step.given_verdicts else []
        for text in rebuild_record.texts(value):
            if name != "verify" or text.partition(":")[0] not in judges:
                yield text


def _needed(record: RebuildRecord) -> dict[str, StepRecord]:
    """The steps that must run: of a step whose answers are stored, those that made its model need not."""
    known = {step.id: step for step in record.steps}
    found, pending = {rebuild_record.LAST}, [rebuild_record.LAST]
    while pending:
        step = known[pending.pop()]
        behind = {name for text in _named(step) for name in recipe.references(text)} & known.keys() - found
        found |= behind
        pending += behind
    return {step.id: step for step in record.steps if step.id in found}


def _is_read(raw: RawFile, needed: dict[str, StepRecord]) -> bool:
    """Whether a step that runs reads it: not where a model that is not asked is all that is made of it."""
    step = needed.get(raw.place.split("/")[1])
    if step is None or not (step.stored or step.given_verdicts):
        return step is not None
    named, whole = [_parts(texts) for texts in (_named(step), rebuild_record.texts(step.settings))]
    return any(_names(raw, part) for part in named) or not any(_names(raw, part) for part in whole)


def _parts(texts: Iterable[str]) -> list[str]:
    return [part for text in texts for part in (text, *re.split("[:=,]", text)) if part]


def _names(raw: RawFile, part: str) -> bool:
    return raw.place == part or raw.place.startswith(f"{part}/")


def _how(step: StepRecord, needed: dict[str, StepRecord]) -> How:
    if step.id not in needed:
        return "not needed"
    if step.unanswered:
        return "cannot run"
    return "takes the release's answers" if step.stored or step.given_verdicts else "runs"


def _answers_problems(step: StepRecord, table: Sequence[Price]) -> Iterator[str]:
    """What is said of answers and verdicts that nobody has any more."""
    wanted = [(step.answers, f"those of step {step.id}", str(step.settings.get("model", "")))]
    wanted += [
        (step.judged, f"those of the judge of step {step.id}", str(judge.settings["model"]))
        for judge in answers.judges_of(step.settings)
        if step.judged
    ]
    for told, of, model in wanted:
        if told is not None and not told.stored and not told.repeatable:
            yield (
                f"answers: {of} ({model.partition(':')[0]}) are not in the release, which has no config `rollouts` of "
                f"them, and they cannot be had again: {cost.asking(told, table)}, and gives other answers. Ask whoever "
                "made the release for one with --rollouts."
            )


def _raw_problems(found: Sequence[Sought], stops: set[str]) -> Iterator[str]:
    """What to do about raw files that are missing or changed; those from one place are asked for together."""
    stopped = [raw for raw in found if raw.state in stops]
    for origin in dict.fromkeys(raw.origin for raw in stopped if raw.state == "missing"):
        names = [raw.said for raw in stopped if raw.state == "missing" and raw.origin == origin]
        yield "\n  ".join(["raw files, to be in a folder given with --raw:", *names, origin])
    for raw in stopped:
        if raw.state == "changed":
            yield (
                f"raw file {raw.here}: is not the one that was read, {raw.said}. Get that version ({raw.origin}), or "
                "take this one with --allow-changed; the result is then hardly the same."
            )
