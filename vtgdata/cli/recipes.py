"""Commands about whole recipes: run, status."""

import json
import logging
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from vtgdata.cli.app import finish, logs, relative
from vtgdata.cli.options import Json, Quiet
from vtgdata.cli.show import table


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
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the recipe and list its steps; do nothing.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Do a recipe's steps in order, skipping those that are up to date."""
    from vtgdata import plugins, recipe
    from vtgdata.cli import commands

    logs(quiet)
    log = logging.getLogger("vtgdata")
    path = recipe.find(name, plugins.resources("recipes"))
    plan = recipe.load(path, commands.fields, out=out or None, seed=seed)
    # Every step's settings are checked before the first one runs: a slip in the last must not cost an hour.
    records = [commands.build(s.command, s.settings, f"{path}: step {s.id}") for s in plan.steps]
    summary: dict[str, Any] = {}
    begun = time.monotonic()
    if dry_run:
        table(["step", "command"], [[step.id, step.command] for step in plan.steps])
        return
    for number, (step, record) in enumerate(zip(plan.steps, records, strict=True), 1):
        started = time.monotonic()
        log.info("[%d/%d] %s: %s", number, len(plan.steps), step.id, step.command)
        summary = commands.execute(step.command, record)
        state = "up to date" if summary.get("up_to_date") else f"done in {time.monotonic() - started:.1f} s"
        log.info("[%d/%d] %s: %s", number, len(plan.steps), step.id, state)
    finish(summary, as_json, _shower(plan.steps[-1].command))
    log.info("%s: %d steps in %.0f s, in %s", plan.name, len(plan.steps), time.monotonic() - begun, relative(plan.out))


def _shower(command: str) -> Any:
    """What prints the summary of the last step's command."""
    from vtgdata.cli import catalogue, demo, publish, rollouts, training

    name = command.split()[-1].removeprefix("demo-").replace("-", "_")
    modules = (demo, catalogue, rollouts, publish, training)
    return next(getattr(module, name) for module in modules if hasattr(module, name))


def status(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="A step's folder, or the folder of a whole run.")],
    as_json: Json = False,
) -> None:
    """Say what is done, what is running and how far it is."""
    from vtgdata.errors import VtgError

    root = Path(folder)
    if not root.is_dir():
        raise VtgError(f"{folder}: no such folder.")
    found = [entry for path in (root, *sorted(root.iterdir())) if path.is_dir() and (entry := _state(path))]
    if not found:
        raise VtgError(f"{folder}: holds no output of a vtgdata command (no meta.json, no journal).")
    if as_json:
        print(json.dumps({"steps": found}))
        return
    rows = [[e["folder"], e["command"], e["state"], e["finished"], e["progress"]] for e in found]
    table(["folder", "command", "state", "finished", "progress"], rows)


def _state(path: Path) -> dict[str, Any] | None:
    from vtgdata import meta
    from vtgdata.engine.collect import JOURNAL
    from vtgdata.engine.progress import read_progress

    known, progress = meta.read(path), read_progress(path / JOURNAL)
    if known is None and progress is None:
        return None
    if known is not None:
        state = "done" if known["complete"] else "done, some rows failed"
        state = state if meta.outputs_hold(path, known) else "outputs changed since"
    elif progress is not None and not progress.ended:
        state = "running, or killed: the same command goes on"
    else:
        state = "not finished: the same command goes on"
    return {
        "folder": path.name,
        "command": known["command"] if known else "",
        "state": state,
        "finished": known.get("finished", "") if known else "",
        "progress": str(progress.counts) if progress else "",
    }
