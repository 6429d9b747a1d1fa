"""Runs the steps of a rebuild in a folder of their own, as `vtgdata run` runs a recipe that lies in a release."""

import json
import logging
import re
import subprocess
from pathlib import Path

import yaml

from vtgdata.errors import VtgError
from vtgdata.files import child_processes, crash_points, outside, plugins
from vtgdata.files.parquet import write_parquet
from vtgdata.files.schemas import ROLLOUTS, VERDICTS
from vtgdata.files.whole import write_json, write_text
from vtgdata.releases import document, hub, tombstones
from vtgdata.releases.document import Release
from vtgdata.releases.rebuild import answers
from vtgdata.releases.rebuild import record as rebuild_record
from vtgdata.releases.rebuild.plan import Plan
from vtgdata.releases.rebuild.record import RebuildRecord, StepRecord

log = logging.getLogger("vtgdata")
_CLOCK = re.compile(r"\d\d:\d\d:\d\d ")


def run(work: Path, release: Release, record: RebuildRecord, plan: Plan, videos: str) -> Release:
    """Run the steps that the plan says; returns the rebuilt release, which lies in the folder `work`.

    Raises VtgError, with what the step said, when one of them fails.
    """
    for raw in plan.raw:
        _place(Path(raw.here), work / raw.place)
    if plan.videos:
        (work / rebuild_record.VIDEOS).symlink_to(outside.resolved(Path(videos)), target_is_directory=True)
    for name in record.hub:
        hub.local(name)  # fetched here: the steps run without the user's token
    # Beside the steps' folders it says that they keep their ids.
    write_json(work / "steps" / rebuild_record.NAME, record)
    # Beside the recipe it says that no code but ours may run.
    outside.copy(release.path / document.NAME, _made(work / "of") / document.NAME)
    how = {step.id: step.how for step in plan.steps}
    steps = [
        _given(work, release, record, step) if how[step.id].startswith("takes") else step
        for step in record.steps
        if how[step.id] != "not needed"
    ]
    listed = [{"id": step.id, "command": step.command, **step.settings} for step in steps]
    write_text(work / "of" / rebuild_record.RECIPE, yaml.safe_dump({"steps": listed}, sort_keys=False))
    changed = ", ".join(raw.here for raw in plan.raw if raw.state == "changed")
    _call(work, f" These raw files are not those that were read: {changed}." if changed else "")
    return document.open_release(str(work / "steps" / rebuild_record.LAST))


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _place(source: Path, target: Path) -> None:
    _made(target.parent)
    try:
        target.symlink_to(outside.resolved(source))
    except OSError:
        outside.copy(source, target)


def _given(work: Path, release: Release, record: RebuildRecord, step: StepRecord) -> StepRecord:
    """A step that takes its answers from the release's config `rollouts`, and needs no model."""
    folder, settings = work / "answers" / step.id, dict(step.settings)
    if step.stored:
        rows = answers.of_one_step(release.rows("rollouts"), step, record.steps)
        write_parquet(folder / answers.ROLLOUTS, rows, ROLLOUTS)
        if tombstones.NAME in release.document.files:
            outside.copy(release.path / tombstones.NAME, folder / tombstones.NAME)
        kinds = [spec.partition(":")[0] for spec in answers.teachers(step.settings)]
        first, *then = [f"{kind}:given{number or ''}" for number, kind in enumerate(kinds)]
        settings |= {"model": first, "rollouts": f"answers/{step.id}/{answers.ROLLOUTS}"}
        settings |= {"then": then} if then else {}
    if step.given_verdicts:
        has = "verdicts" in release.document.configs
        write_parquet(folder / answers.VERDICTS, release.rows("verdicts") if has else [], VERDICTS)
        given = {each.name: each for each in answers.judges_of(step.settings)}
        settings["verify"] = [
            _with_verdicts(given[name], f"answers/{step.id}/{answers.VERDICTS}")
            if (name := str(spec).partition(":")[0]) in given
            else spec
            for spec in settings["verify"]
        ]
    write_json(folder / rebuild_record.NAME, record)
    if not step.looks:
        settings.pop("videos", None)
    return StepRecord(id=step.id, command=step.command, settings=settings)


def _with_verdicts(judge: plugins.Spec, path: str) -> str:
    """The spec of a judge that takes its verdicts from a file."""
    kept = {name: value for name, value in judge.settings.items() if name != "model"} | {"verdicts": path}
    return f"{judge.name}:" + ",".join(f"{name}={value}" for name, value in kept.items())


def _call(work: Path, why: str) -> None:
    """Run the recipe in a process of its own, and pass its messages on.

    Args:
        work: folder of the rebuild.
        why: a sentence for the message if a step fails.
    """
    quiet = [] if log.isEnabledFor(logging.INFO) else ["--quiet"]
    recipe = f"of/{rebuild_record.RECIPE}"
    command, environment = child_processes.that_ends_with_us(
        *child_processes.python("vtgdata", "run", recipe, "--out", "steps", "--json", *quiet)
    )
    environment.pop(crash_points.VARIABLE, None)
    last = ""
    with subprocess.Popen(
        command,
        cwd=work,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            last = line.strip() or last
            if not last.startswith("{"):
                log.info("  %s", _CLOCK.sub("", last))
    if process.returncode:
        raise VtgError(f"the rebuild ended with exit code {process.returncode}: {_said(last)}{why}")


def _said(line: str) -> str:
    """The message in the last line of a command with --json."""
    try:
        return str(json.loads(line)["error"])
    except (ValueError, KeyError, TypeError):
        return line
