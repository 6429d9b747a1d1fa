"""Commands about whole recipes: run, status."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from msgspec import UNSET

from vtgdata.cli.options import Json, Quiet
from vtgdata.cli.printing import line, table
from vtgdata.cli.running import finish, logs, relative, report
from vtgdata.errors import RowsFailed, VtgError
from vtgdata.files.outside_text import json_line

if TYPE_CHECKING:
    from vtgdata.cli.planned_step import PlannedStep
    from vtgdata.cli.recipe_costs import Ends


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """What `vtgdata run --dry-run` prints: the steps of a recipe, each with what it would take."""

    recipe: str
    """Name of the recipe."""
    out: str
    """Output folder of the run."""
    steps: list[PlannedStep]


def register(app: typer.Typer, train: typer.Typer, words: set[str]) -> None:
    """Add the commands."""
    del train, words
    app.command("run")(run)
    app.command("status")(status)


def run(
    name: Annotated[
        str, typer.Argument(metavar="RECIPE", help="A YAML file, or the name of one of ours.", show_default=False)
    ],
    out: Annotated[str, typer.Option(help="Output folder, instead of the recipe's own.", show_default=False)] = "",
    seed: Annotated[int | None, typer.Option(help="Seed, instead of the recipe's own.", show_default=False)] = None,
    limit: Annotated[int | None, typer.Option(help="In every step that takes samples, only so many.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the recipe and say what each step would take; do nothing.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Run a recipe's steps, skipping those that are up to date."""
    from vtgdata.cli import commands, recipe_plan
    from vtgdata.files import live, plugins, recipe

    logs(quiet)
    path = recipe.find(name, plugins.resources("recipes"))
    origin = str(path) if recipe.release_around(path) else ""
    if origin:
        from vtgdata.releases.rebuild import trust

        trust.check_recipe(recipe.read(path), origin)
    plan = recipe.load(path, commands.fields, out=out or None, seed=seed)
    if limit is not None:
        for step in plan.steps:
            if "limit" in (commands.fields(step.command) or ()):
                step.settings["limit"] = limit
            if isinstance(step.settings.get("made_by"), dict):  # another form is refused with the other settings
                step.settings["made_by"]["limit"] = str(limit)
    # Every step's settings are checked before the first one runs: a mistake in the last must not cost an hour.
    records = [commands.build(s.command, s.settings, f"{path}: step {s.id}") for s in plan.steps]
    if dry_run:
        with live.watch("run --dry-run"), plugins.only_ours(origin):
            planned = recipe_plan.plan(plan, records)
            planned = [
                msgspec.structs.replace(each, plan=_foretold(path, plan, step, record))
                for each, step, record in zip(planned, plan.steps, records, strict=True)
            ]
        finish(Listed(recipe=plan.name, out=plan.out, steps=planned), as_json, _list_steps)
        return 0
    with plugins.only_ours(origin):
        summary, failures = _steps(plan, records)
    finish(summary, as_json, commands.printer(plan.steps[-1].command, summary))
    for failure in failures:
        report(failure, as_json=as_json)
    return failures[0].exit_code if failures else 0


def _steps(plan: Any, records: list[Any]) -> tuple[msgspec.Struct, list[VtgError]]:
    """Run the steps in order; one with more failed rows than its threshold allows does not stop the others.

    Returns the summary of the last step, and the failures.
    """
    from vtgdata.cli import commands
    from vtgdata.files.step import StepSummary

    log = logging.getLogger("vtgdata")
    summary: msgspec.Struct = StepSummary()
    failures: list[VtgError] = []
    begun = time.monotonic()
    for number, (step, record) in enumerate(zip(plan.steps, records, strict=True), 1):
        started = time.monotonic()
        place = f"[{number}/{len(plan.steps)}] {step.id}"
        log.info("%s: %s", place, step.command)
        try:
            summary = commands.execute(step.command, record)
        except RowsFailed as error:
            summary = error.summary
            failures.append(error)
        again = isinstance(summary, StepSummary) and summary.up_to_date
        state = "up to date" if again else f"done in {time.monotonic() - started:.1f} s"
        log.info("%s: %s", place, state)
    log.info("%s: %d steps in %.0f s, in %s", plan.name, len(plan.steps), time.monotonic() - begun, relative(plan.out))
    return summary, failures


def _foretold(path: Path, plan: Any, step: Any, record: Any) -> Any:
    """The plan of a step that trains; UNSET for any other."""
    if not step.command.startswith("train "):
        return UNSET
    from vtgdata.cli import commands
    from vtgdata.train import foreseen
    from vtgdata.train import plan as plans
    from vtgdata.train.settings import CONFIGS

    earlier = [foreseen.Earlier(id=each.id, command=each.command, settings=each.settings) for each in plan.steps]
    told = foreseen.foresee(record, earlier, CONFIGS[step.command], commands.build)
    name = path.stem if path.parent.name == "recipes" else str(path)
    return plans.make(step.command, record, told, f"vtgdata {step.command} --recipe {name}#{step.id}")


def _words(step: PlannedStep) -> list[str]:
    """A step's row in the table: id, command, rows, calls, tokens, dollars, hours."""
    cost = step.cost if isinstance(step.cost, str) else _shown(step.cost, 2)
    tokens = " / ".join(filter(None, [_shown(step.tokens_in, 0), _shown(step.tokens_out, 0)]))
    calls = "unknown; of one:" if step.each else _shown(step.calls, 0)
    return [step.id, step.command, _shown(step.rows, 0), calls, tokens, cost, _shown(step.hours, 5 if step.each else 1)]


def _shown(ends: Ends | None, decimals: int) -> str:
    if ends is None:
        return ""
    low, high = f"{ends.low:,.{decimals}f}", f"{ends.high:,.{decimals}f}"
    return low if low == high else f"{low} to {high}"


def _list_steps(listed: Listed) -> None:
    columns = ["step", "command", "rows", "calls", "tokens in / out", "dollars", "hours"]
    table(columns, [_words(step) for step in listed.steps])
    missing = {(each.path, each.get): step.id for step in reversed(listed.steps) for each in step.missing}
    for (path, get), step in reversed(missing.items()):
        line(f"{step}: missing {path}: {get}" if path else f"{step}: {get}")
    for step in listed.steps:
        if step.plan is not UNSET:
            from vtgdata.train.plan_words import words

            print("\n".join([f"\nstep {step.id}:", *words(step.plan)]))


def status(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="A step's folder, or the folder of a whole run.")],
    as_json: Json = False,
) -> None:
    """Print which steps are done, running or killed, with their cost and the time left."""
    from vtgdata.cli import status as told

    root = Path(folder)
    if not root.is_dir():
        raise VtgError(f"{folder}: no such folder.")
    below = [path for path in (*sorted(root.iterdir()), *sorted(root.glob("*/shard-*-of-*"))) if path.is_dir()]
    found = [entry for path in (root, *below) if (entry := told.state(path, root))]
    if not found:
        raise VtgError(f"{folder}: holds no output of a vtgdata command (no meta.json, no journal).")
    if as_json:
        print(json_line({"steps": found}))
        return
    columns = ("folder", "command", "state", "finished", "cost", "progress")
    table(columns, [[told.words(entry[name]) for name in columns] for entry in found])
