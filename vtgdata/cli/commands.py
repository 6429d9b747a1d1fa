"""The commands that run stages: name, module, printer and positional arguments. A new command is one new line."""

import contextlib
import importlib
import math
import re
import sys
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

import msgspec
import typer

from vtgdata.cli.output import folded
from vtgdata.errors import Unconfirmed, VtgError, did_you_mean
from vtgdata.files import live, outside, temporary
from vtgdata.files.outside_text import refuse_credentials
from vtgdata.train.crew import Crew


class Command(NamedTuple):
    """A command that runs one stage."""

    module: str
    """The stage's module, with `Settings`, `Summary` and `run(settings) -> Summary`."""
    printer: str
    """`MODULE:FUNCTION` in vtgdata.cli that prints a Summary for people; its docstring is the command's help."""
    arguments: tuple[str, ...] = ()
    """Fields given by position on the command line."""
    hidden: bool = False


COMMANDS = {
    "ingest": Command("vtgdata.stages.ingest", "corpora:ingest", ("corpus", "paths")),
    "curate": Command("vtgdata.stages.curate", "corpora:curate", ("file",)),
    "check": Command("vtgdata.stages.check", "corpora:check", ("files",)),
    "negatives": Command("vtgdata.stages.negatives", "corpora:negatives"),
    "videos verify": Command("vtgdata.stages.videos.verify", "videos:verify"),
    "videos bind": Command("vtgdata.stages.videos.bind", "videos:bind"),
    "videos proxy": Command("vtgdata.stages.videos.proxy", "videos:proxy"),
    "videos warm": Command("vtgdata.stages.videos.warm", "videos:warm"),
    "build-coldstart": Command("vtgdata.stages.coldstart", "models:build_coldstart"),
    "score-difficulty": Command("vtgdata.stages.difficulty", "models:score_difficulty"),
    "compare-rates": Command("vtgdata.stages.compare_rates", "models:compare_rates", ("files",)),
    "import rollouts": Command("vtgdata.stages.import_rollouts", "importing:rollouts", ("file",)),
    "select": Command("vtgdata.stages.select", "models:select"),
    "audit": Command("vtgdata.stages.audit", "labels:audit"),
    "review": Command("vtgdata.stages.review", "labels:review", ("queue",)),
    "exchange": Command("vtgdata.stages.exchange", "pages:exchange", ("queue",)),
    "report": Command("vtgdata.stages.report", "pages:report", ("path",)),
    "remove": Command("vtgdata.stages.remove", "publish:remove", ("file",)),
    "release": Command("vtgdata.stages.release", "publish:release"),
    "rebuild": Command("vtgdata.stages.rebuild", "publish:rebuild", ("release",)),
    "push": Command("vtgdata.stages.push", "publish:push", ("release", "target")),
    "pull": Command("vtgdata.stages.pull", "publish:pull", ("source",)),
    "diff": Command("vtgdata.stages.diff", "publish:diff", ("a", "b")),
    "train sft": Command("vtgdata.train.sft", "training:sft", ("release",)),
    "train rl": Command("vtgdata.train.rl", "training:rl", ("release",)),
    "train distill": Command("vtgdata.train.distill", "training:distill", ("release",)),
    "export": Command("vtgdata.stages.export", "publish:export", ("format", "release")),
    "propose": Command("vtgdata.stages.propose", "models:propose"),
    "evaluate": Command("vtgdata.stages.evaluate", "models:evaluate"),
    "demo-draw": Command("vtgdata.demo.draw", "demo:draw", hidden=True),
    "demo-base": Command("vtgdata.demo.base", "demo:base", hidden=True),
    "demo-report": Command("vtgdata.demo.report", "demo:report", hidden=True),
}
INSTEAD = {
    "vtgdata.engine.money.plan_words:Planned": "models:planned",
    "vtgdata.engine.batch.export:Exported": "models:exported",
    "vtgdata.train.plan:Planned": "training:planned",
}
"""{`MODULE:TYPE`: printer} for what a command that asks or trains a model may return instead of its Summary."""


def settings_type(command: str) -> type[msgspec.Struct]:
    """The Settings record of a command."""
    return importlib.import_module(COMMANDS[command].module).Settings


def printer(command: str, summary: msgspec.Struct | None = None) -> Callable[[Any], None]:
    """The function that prints a command's summary for people, or the record of INSTEAD that the command returned."""
    # Compared by the type's name, so that the modules of plans and batches need not be imported.
    kind = type(summary)
    module, _, function = INSTEAD.get(f"{kind.__module__}:{kind.__name__}", COMMANDS[command].printer).partition(":")
    return getattr(importlib.import_module(f"vtgdata.cli.{module}"), function)


def fields(command: str) -> set[str] | None:
    """Names of a command's settings, None when there is no such command."""
    return set(settings_type(command).__struct_encode_fields__) if command in COMMANDS else None


def build(command: str, values: dict[str, Any], where: str) -> msgspec.Struct:
    """A Settings record from plain values; raises VtgError, naming the setting, when one is wrong or missing.

    A path may begin with `~/`, which no shell replaces in `--out=~/x` or in a recipe: it would make a folder named `~`.
    """
    refuse_credentials(values, command)
    values = {name: outside.at_home(value) for name, value in values.items()}
    try:
        _finite(values, "$")
        return msgspec.convert(values, settings_type(command))
    except msgspec.ValidationError as error:
        near = _nearest(str(error), settings_type(command))
        raise VtgError(f"{where}: {error}{near}. See `vtgdata {command} --help`.") from error


def _nearest(said: str, settings: type) -> str:
    """For a word that is not among those of a setting: which one may be meant, and all of them; else nothing."""
    found = re.match(r"Invalid enum value '(.*)' - at `\$\.(\w+)", said)
    if found is None:
        return ""
    pending, words = [get_type_hints(settings)[found[2]]], list[str]()
    while pending:
        hint = pending.pop()
        words += [str(word) for word in get_args(hint)] if get_origin(hint) is Literal else []
        pending += [] if get_origin(hint) is Literal else get_args(hint)
    return f"; {did_you_mean(found[1], words)}"


def _finite(value: Any, where: str) -> None:
    """Raise ValidationError for NaN or infinity anywhere in a value: no setting allows them, yet range checks do.

    Args:
        value: a setting, or a dict or list of settings.
        where: its place, for the message.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise msgspec.ValidationError(f"Expected a finite number - at `{where}`")
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        _finite(item, f"{where}.{key}")


def execute(command: str, settings: msgspec.Struct) -> msgspec.Struct:
    """Run a command's stage; if its cost needs confirmation and there is a terminal, ask for it once.

    Returns the stage's Summary, or one of the records of INSTEAD. Raises Unconfirmed if there is no terminal.
    """
    if (processes := Crew.of_environment().size) > 1 and not command.startswith("train "):
        raise VtgError(
            f"`vtgdata {command}` was started in {processes} processes, which would all do the same. Start it once; a "
            "recipe's training step takes several by its settings `launch` or `accelerate`."
        )
    with contextlib.suppress(FileNotFoundError):
        temporary.system()  # before a library looks for it; many a command needs none
    run = importlib.import_module(COMMANDS[command].module).run
    try:
        with live.watch(command):
            return run(settings)
    except Unconfirmed as error:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise
        typer.confirm("\n".join(folded(f"{error} Spend it?", live.columns())), abort=True, err=True)
        with live.watch(command):
            return run(msgspec.structs.replace(settings, yes=True))
