"""Runs the command of one stage: takes settings from the command line and a recipe's step, and prints the summary."""

import inspect
import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import typer

from vtgdata.cli.printing import LAYOUT, plain, plain_output
from vtgdata.errors import RowsFailed, VtgError
from vtgdata.files import outside

Told = TypeVar("Told", bound=msgspec.Struct)


def report(error: VtgError, *, as_json: bool) -> None:
    """Print an error on stderr: as text for people, or as one line of JSON."""
    if as_json:
        sys.stderr.write(json.dumps({"error": str(error), "exit_code": error.exit_code}) + "\n")
    else:
        sys.stderr.write(f"vtgdata: {plain(str(error), keep=LAYOUT)}\n")


def stage(app: typer.Typer, words: set[str], command: str) -> None:
    """Add the command of one stage.

    Args:
        app: where to add it.
        words: the words of the command line; the command gets its options only if they name it, since making options
            loads its stage.
        command: its name in `commands.COMMANDS`.
    """
    from vtgdata.cli.commands import COMMANDS, printer

    name = command.split()[-1]

    def call(**values: Any) -> int:
        return _call(command, values)

    if name in words:
        from vtgdata.cli.commands import settings_type
        from vtgdata.cli.options import signature

        call.__signature__ = signature(settings_type(command), COMMANDS[command].arguments)  # type: ignore[attr-defined]
    else:
        call.__signature__ = inspect.Signature()  # type: ignore[attr-defined]
    app.command(name, help=inspect.getdoc(printer(command)), hidden=COMMANDS[command].hidden)(call)


def _call(command: str, values: dict[str, Any]) -> int:
    from vtgdata.cli import commands, options

    recipe, as_json, quiet = values.pop("recipe"), values.pop("as_json"), values.pop("quiet")
    logs(quiet)
    settings = options.given(commands.settings_type(command), values)
    if recipe:
        settings = _from_recipe(recipe, command) | settings
    missing = [f.replace("_", "-") for f in _required(command) if f not in settings]
    if missing:
        raise typer.BadParameter(f"{', '.join(missing)} must be given. See `vtgdata {command} --help`.")
    record = commands.build(command, settings, f"vtgdata {command}")
    try:
        summary = commands.execute(command, record)
    except RowsFailed as error:
        finish(error.summary, as_json, commands.printer(command, error.summary))
        raise
    finish(summary, as_json, commands.printer(command, summary))
    return 0


def _required(command: str) -> list[str]:
    from vtgdata.cli.commands import settings_type

    return [field.name for field in msgspec.structs.fields(settings_type(command)) if field.required]


def _from_recipe(name: str, command: str) -> dict[str, Any]:
    from vtgdata.cli.commands import fields
    from vtgdata.files import plugins, recipe

    name, _, wanted = name.partition("#")
    plan = recipe.load(recipe.find(name, plugins.resources("recipes")), fields)
    found = [step for step in plan.steps if step.command == command and wanted in ("", step.id)]
    if len(found) == 1:
        return found[0].settings
    if found:
        names = ", ".join(step.id for step in found)
        raise VtgError(f"{name}: {names} have the command {command!r}; name one: --recipe {name}#{found[0].id}")
    raise VtgError(f"{name}: no step has the command {command!r}" + (f" and the id {wanted!r}." if wanted else "."))


def finish(summary: Told, as_json: bool, show: Callable[[Told], None]) -> None:
    """Print a summary: as JSON for scripts, or for people with the command's printer `show`."""
    if as_json:
        from vtgdata.files.step import json_values

        # JSON has no NaN: it becomes null.
        print(msgspec.json.encode(json_values(summary)).decode())
    else:
        with plain_output():
            show(summary)


def logs(quiet: bool) -> None:
    """Send log messages to stderr as plain lines: progress too, or with `quiet` only warnings."""
    from vtgdata.engine.progress import CLEAR, on_terminal

    log = logging.getLogger("vtgdata")
    log.setLevel(logging.WARNING if quiet else logging.INFO)
    if not log.handlers:
        handler = logging.StreamHandler(sys.stderr)
        # If a progress line is on the terminal, the next message overwrites it.
        handler.setFormatter(_Line(CLEAR if on_terminal() else ""))
        log.addHandler(handler)
        log.propagate = False


class _Line(logging.Formatter):
    """Formats time and message; escapes control characters, since a message may quote a server or a file."""

    def __init__(self, before: str) -> None:
        super().__init__("%(asctime)s %(message)s", "%H:%M:%S")
        self.before = before

    def format(self, record: logging.LogRecord) -> str:
        return self.before + plain(super().format(record), keep=LAYOUT)


def relative(path: str) -> str:
    """A path relative to the current folder if it lies in it, else the path as given."""
    try:
        return str(outside.resolved(Path(path)).relative_to(Path.cwd()))
    except ValueError:
        return path
