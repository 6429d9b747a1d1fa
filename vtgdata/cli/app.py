"""The application: commands are registered by name; only the one that is called loads its stage."""

import inspect
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from vtgdata import __version__
from vtgdata.errors import RowsFailed, VtgError

Summary = dict[str, Any]

NEEDS_TRAIN = {"torch", "torchvision", "transformers", "tokenizers", "trl", "accelerate", "datasets"}
"""Packages that only the extra `train` installs."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns the exit code."""
    app = build(arguments)
    try:
        code = app(args=list(arguments), prog_name="vtgdata", standalone_mode=False)
    except VtgError as error:
        report(error, as_json="--json" in arguments)
        return error.exit_code
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in NEEDS_TRAIN:
            raise
        report(VtgError(f"this needs {error.name}: pip install 'vtgdata[train]'"), as_json="--json" in arguments)
        return 1
    except OSError as error:
        # What no stage foresaw: a full disk, a folder that cannot be written, a name that is too long.
        place = f"{error.filename}: " if error.filename else ""
        reason = error.strerror or str(error)
        report(VtgError(f"{place}{reason}. Free or name another place, and run again."), as_json="--json" in arguments)
        return 1
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("interrupted; what was finished is kept, the same command goes on from there\n")
        return 130
    except (typer.TyperException, typer.Exit) as error:
        return _usage(error)
    return code if isinstance(code, int) else 0


def _usage(error: Any) -> int:
    if isinstance(error, typer.Exit):
        return error.exit_code
    error.show()
    return int(error.exit_code)


def report(error: VtgError, *, as_json: bool) -> None:
    """One error for people, or as one line of JSON, on stderr."""
    if as_json:
        sys.stderr.write(json.dumps({"error": str(error), "exit_code": error.exit_code}) + "\n")
    else:
        sys.stderr.write(f"vtgdata: {error}\n")


def build(arguments: Sequence[str]) -> typer.Typer:
    """The Typer application; options are made for the command that the arguments name, and only for it."""
    from vtgdata.cli import batch, catalogue, demo, publish, recipes, retry, rollouts, training, videos

    app = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        help="Curate data and train models for video temporal grounding: annotations, a release, models.",
    )
    train = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Train on a release: sft, then rl.")

    @app.callback(invoke_without_command=True)
    def _version(version: bool = typer.Option(False, "--version", help="Print the version.")) -> None:
        if version:
            print(__version__)
            raise typer.Exit

    for module in (catalogue, videos, rollouts, publish, training, demo, recipes, retry, batch):
        module.register(app, train, set(arguments))
    app.add_typer(train, name="train")
    return app


def stage(app: typer.Typer, words: set[str], command: str) -> None:
    """Add the command of one stage.

    Args:
        app: where to add it.
        words: the words of the command line: options are made only where they name this command.
        command: its name in `commands.COMMANDS`.
    """
    from vtgdata.cli.commands import COMMANDS, printer

    show = printer(command)
    name = command.split()[-1]

    def call(**values: Any) -> int:
        return _call(command, values, show)

    if name in words:
        from vtgdata.cli.commands import settings_type
        from vtgdata.cli.options import signature

        call.__signature__ = signature(settings_type(command), COMMANDS[command].arguments)  # type: ignore[attr-defined]
    else:
        call.__signature__ = inspect.Signature()  # type: ignore[attr-defined]
    app.command(name, help=inspect.getdoc(show), hidden=COMMANDS[command].hidden)(call)


def _call(command: str, values: dict[str, Any], show: Any) -> int:
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
        finish(error.summary, as_json, show)
        raise
    finish(summary, as_json, show)
    return 0


def _required(command: str) -> list[str]:
    import msgspec

    from vtgdata.cli.commands import settings_type

    return [field.name for field in msgspec.structs.fields(settings_type(command)) if field.required]


def _from_recipe(name: str, command: str) -> Summary:
    from vtgdata import plugins, recipe
    from vtgdata.cli.commands import fields

    name, _, wanted = name.partition("#")
    plan = recipe.load(recipe.find(name, plugins.resources("recipes")), fields)
    found = [step for step in plan.steps if step.command == command and wanted in ("", step.id)]
    if len(found) == 1:
        return found[0].settings
    if found:
        names = ", ".join(step.id for step in found)
        raise VtgError(f"{name}: {names} have the command {command!r}; name one: --recipe {name}#{found[0].id}")
    raise VtgError(f"{name}: no step has the command {command!r}" + (f" and the id {wanted!r}." if wanted else "."))


def finish(summary: Summary, as_json: bool, show: Any) -> None:
    """Print a summary: JSON for scripts, the command's own words for people."""
    if as_json:
        import msgspec

        # JSON has no NaN: it becomes null.
        print(msgspec.json.encode(summary).decode())
    else:
        (_instead(summary) or show)(summary)


def _instead(summary: Summary) -> Any:
    """What prints the summary of a command that asks, where it asked nothing: a plan, or a batch."""
    if "plan" in summary:
        from vtgdata.engine.plan_words import words
    elif "batch_files" in summary:
        from vtgdata.engine.batch import words
    else:
        return None
    return lambda told: print("\n".join(words(told)))


def logs(quiet: bool) -> None:
    """Progress goes to stderr as plain lines."""
    from vtgdata.engine.tell import CLEAR, on_terminal

    log = logging.getLogger("vtgdata")
    log.setLevel(logging.WARNING if quiet else logging.INFO)
    if not log.handlers:
        handler = logging.StreamHandler(sys.stderr)
        # A line that tells how far a run is may stand on the terminal: what comes now takes its place.
        clear = CLEAR if on_terminal() else ""
        handler.setFormatter(logging.Formatter(f"{clear}%(asctime)s %(message)s", "%H:%M:%S"))
        log.addHandler(handler)
        log.propagate = False


def relative(path: str) -> str:
    """A path as short as it can be said from here."""
    try:
        return str(Path(path).resolve().relative_to(Path.cwd()))
    except ValueError:
        return path
