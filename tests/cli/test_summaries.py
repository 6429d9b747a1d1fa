"""What commands say: records that printers are typed by, and JSON whose keys are those of before there were records."""

import ast
import importlib
import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from support import every_command
from vtgdata.cli import commands
from vtgdata.cli.commands import COMMANDS, INSTEAD
from vtgdata.engine.settings import AskSettings
from vtgdata.files.meta import read_meta

BEFORE = Path(__file__).parents[1] / "whole/before"
"""Written by commit ab94893, when a summary was a dict: `metas` by the commands of support/every_command.py, `outlines`
from what they said with --json."""


def for_types_only(module: Any) -> dict[str, Any]:
    """What a module imports under `if TYPE_CHECKING`."""
    tree = ast.parse(inspect.getsource(module))
    blocks = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(ast.Module(block.body, []), module.__file__, "exec"), names)
    return names


def parameter_type(printer: Callable[..., Any]) -> Any:
    """The type of what a printer prints."""
    hints = get_type_hints(printer, localns=for_types_only(inspect.getmodule(printer)))
    (name,) = inspect.signature(printer).parameters
    return hints[name]


def summary_type(command: str) -> type[msgspec.Struct]:
    return importlib.import_module(COMMANDS[command].module).Summary


@pytest.mark.parametrize("command", COMMANDS)
def test_a_printer_takes_the_record_of_its_stage(command):
    assert parameter_type(commands.printer(command)) is summary_type(command)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_stage_returns_its_record_or_what_has_a_printer_of_its_own(command):
    module = importlib.import_module(COMMANDS[command].module)
    told = get_type_hints(module.run)["return"]
    returned = set(get_args(told) or (told,))
    room = "vtgdata.engine." if issubclass(module.Settings, AskSettings) else f"{module.__package__}.plan:"
    others = {
        getattr(importlib.import_module(each.split(":")[0]), each.split(":")[1])
        for each in INSTEAD
        if each.startswith(room)
    }
    assert returned == {module.Summary} | others


@pytest.mark.parametrize("named", INSTEAD)
def test_what_a_command_may_end_with_instead_has_its_printer(named):
    module, name = named.split(":")
    kind = getattr(importlib.import_module(module), name)
    place, function = INSTEAD[named].split(":")
    assert parameter_type(getattr(importlib.import_module(f"vtgdata.cli.{place}"), function)) is kind


@pytest.mark.parametrize("path", sorted((BEFORE / "metas").glob("*.json")), ids=lambda path: path.stem)
def test_a_record_has_the_keys_of_the_summary_of_before_in_their_order(path, tmp_path):
    (tmp_path / "meta.json").write_bytes(path.read_bytes())
    known = read_meta(tmp_path)
    assert known is not None
    fields = summary_type(known.command).__struct_encode_fields__
    assert [name for name in fields if name in known.summary] == list(known.summary)


@pytest.mark.parametrize(
    ("command", "keys"),
    [
        ("train sft", "rows steps never_shown shown_again effective first_loss last_loss left_out data out"),
        (
            "train rl",
            "rows steps never_shown shown_again effective first_reward last_reward frac_reward_zero_std left_out "
            "data out",
        ),
        (
            "train distill",
            "rows steps never_shown shown_again effective first_loss last_loss left_out data out",
        ),
        ("demo-base", "parameters steps loss marks_right answers_right"),
    ],
)
def test_what_trains_has_the_keys_of_before_in_their_order(command, keys):
    fields = summary_type(command).__struct_encode_fields__
    assert [name for name in fields if name in keys.split()] == keys.split()


def outline(value: Any) -> Any:
    """A JSON value with the names of types in the place of texts and numbers; of a list, its first item."""
    if isinstance(value, dict):
        return {key: outline(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [outline(inner) for inner in value[:1]]
    return type(value).__name__


def without_new(before: Any, now: Any) -> Any:
    """An outline of now without keys that were not there before."""
    if isinstance(before, dict) and isinstance(now, dict):
        return {key: without_new(before[key], inner) for key, inner in now.items() if key in before}
    if isinstance(before, list) and isinstance(now, list):
        return [without_new(old, new) for old, new in zip(before, now, strict=False)] + now[len(before) :]
    return now


SOME = ("ingest", "curate", "check", "score-difficulty", "select", "evaluate, scripted", "release")
"""Of each family one; the others are typed by `make deep`."""
EVERY = tuple(every_command.COMMANDS)


@pytest.mark.parametrize(
    "names", [pytest.param(SOME, id="some"), pytest.param(EVERY, id="all", marks=pytest.mark.slow)]
)
def test_json_of_commands_has_the_keys_of_before_in_their_order(names, tmp_path):
    before = json.loads((BEFORE / "outlines.json").read_text())
    assert set(before) == set(EVERY)
    wrong: dict[str, Any] = {}
    with every_command.desk(tmp_path) as environment:
        for name in names:
            code, said = every_command.typed(name, tmp_path, environment, "--json")
            lines = said.splitlines()
            found = [code, without_new(before[name][1], outline(json.loads(lines[-1]))) if lines else None]
            if json.dumps(found) != json.dumps(before[name]):
                wrong[name] = found
    assert not wrong, json.dumps({name: (found, before[name]) for name, found in wrong.items()})
