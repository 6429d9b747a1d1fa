"""Runs the command of one stage: takes settings from the command line and a recipe's step, and prints the summary."""

import inspect
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import typer

from vtgdata.cli.output import folded, guarded_output, painted
from vtgdata.errors import RowsFailed, VtgError
from vtgdata.files import outside
from vtgdata.files.outside_text import json_line, order, safe

Told = TypeVar("Told", bound=msgspec.Struct)


def report(error: VtgError, *, as_json: bool) -> None:
    """Print an error on stderr: as text for people, or as one line of JSON."""
    if as_json:
        sys.stderr.write(json_line({"error": str(error), "exit_code": error.exit_code}) + "\n")
    else:
        first, *more = _for_stderr(f"vtgdata: {safe(str(error))}")
        order(sys.stderr, "\n".join([painted("vtgdata:", "bad", sys.stderr) + first[len("vtgdata:") :], *more, ""]))


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
    origin = ""
    if recipe:
        stated, origin = _from_recipe(recipe, command)
        settings = stated | settings
    missing = [f.replace("_", "-") for f in _required(command) if f not in settings]
    if missing:
        raise typer.BadParameter(f"{', '.join(missing)} must be given. See `vtgdata {command} --help`.")
    record = commands.build(command, settings, f"vtgdata {command}")
    run_and_tell(command, record, as_json, origin)
    return 0


def run_and_tell(command: str, record: msgspec.Struct, as_json: bool, origin: str) -> None:
    """Run a command's stage and print its summary.

    Args:
        command: its name.
        record: its Settings.
        as_json: whether to print JSON.
        origin: the file from elsewhere that gave settings, which may name no code of others; empty without one.
    """
    from vtgdata.cli import commands
    from vtgdata.files import plugins

    try:
        with plugins.only_ours(origin):
            summary = commands.execute(command, record)
    except RowsFailed as error:
        finish(error.summary, as_json, commands.printer(command, error.summary))
        raise
    finish(summary, as_json, commands.printer(command, summary))


def _required(command: str) -> list[str]:
    from vtgdata.cli.commands import settings_type

    return [field.name for field in msgspec.structs.fields(settings_type(command)) if field.required]


def _from_recipe(name: str, command: str) -> tuple[dict[str, Any], str]:
    """The settings of a recipe's step, and the recipe's path if it came from elsewhere, else an empty text."""
    from vtgdata.cli.commands import fields
    from vtgdata.files import plugins, recipe

    name, _, wanted = name.partition("#")
    path = recipe.find(name, plugins.resources("recipes"))
    origin = str(path) if recipe.release_around(path) else ""
    if origin:
        from vtgdata.releases.rebuild import trust

        trust.check_recipe(recipe.read(path), origin)
    plan = recipe.load(path, fields)
    found = [step for step in plan.steps if step.command == command and wanted in ("", step.id)]
    if len(found) == 1:
        return found[0].settings, origin
    if found:
        names = ", ".join(step.id for step in found)
        raise VtgError(f"{name}: {names} have the command {command!r}; name one: --recipe {name}#{found[0].id}")
    raise VtgError(f"{name}: no step has the command {command!r}" + (f" and the id {wanted!r}." if wanted else "."))


def finish(summary: Told, as_json: bool, show: Callable[[Told], None]) -> None:
    """Print a summary: as JSON for scripts, or for people with the command's printer `show`."""
    if as_json:
        from vtgdata.files.step import json_values

        # JSON has no NaN: it becomes null.
        print(json_line(json_values(summary)))
    else:
        with guarded_output():
            show(summary)


def logs(quiet: bool) -> None:
    """Send log messages to stderr as plain lines: progress too, or with `quiet` only warnings."""
    from vtgdata.files.live import CLEAR, on_terminal

    log = logging.getLogger("vtgdata")
    log.setLevel(logging.WARNING if quiet else logging.INFO)
    if not log.handlers:
        # If a progress line is on the terminal, the next message overwrites it.
        log.addHandler(_Lines(CLEAR if on_terminal() else ""))
        log.propagate = False


def _for_stderr(text: str) -> list[str]:
    """A text as the lines that fit the terminal on stderr, if there is one."""
    from vtgdata.files.live import columns

    width = columns() if sys.stderr.isatty() else None
    return [each for line in text.split("\n") for each in folded(line, width)]


class _Lines(logging.Handler):
    """Writes time and message to stderr; the message is made safe, since it may quote a server or a file."""

    def __init__(self, before: str) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
        self.before = before

    def emit(self, record: logging.LogRecord) -> None:
        try:
            style = "warning" if record.levelno >= logging.WARNING else ""
            lines = [painted(line, style, sys.stderr) for line in _for_stderr(safe(self.format(record)))]
            order(sys.stderr, self.before + "\n".join([*lines, ""]))
            sys.stderr.flush()
        except Exception:
            self.handleError(record)


def relative(path: str) -> str:
    """A path relative to the current folder if it lies in it, else the path as given."""
    try:
        return str(outside.resolved(Path(path)).relative_to(Path.cwd()))
    except ValueError:
        return path
