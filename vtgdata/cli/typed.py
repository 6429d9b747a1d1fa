"""A step of a release as the command that a person would type."""

import re
import shlex
from collections.abc import Iterator
from typing import Any, cast

import msgspec

from vtgdata.cli import commands, options

_FILE_OF = re.compile(r"@(?=[A-Za-z0-9_.-])")


def command(step: str, name: str, settings: dict[str, Any], width: int = 80) -> str:
    """The command, with its options as they are typed; those at their defaults are left out.

    Args:
        step: id of the step, and its output folder: `@ingest/samples.parquet` is typed `ingest/samples.parquet`.
        name: of the command, as in `train sft`.
        settings: of the step.
        width: at which lines are broken, with a backslash as a shell wants it; one word may be longer.

    >>> print(command("ingest", "ingest", {"corpus": "charades_sta", "paths": ["raw/a.txt"], "accept": []}))
    vtgdata ingest charades_sta raw/a.txt --out ingest
    >>> print(command("kept", "curate", {"file": "@ingest/samples.parquet", "filters": ["query_words:low=3"]}))
    vtgdata curate ingest/samples.parquet --filter query_words:low=3 --out kept
    """
    arguments = commands.COMMANDS[name].arguments if name in commands.COMMANDS else ()
    default = _defaults(name)
    groups = [f"vtgdata {name}"]
    groups += [_word(item) for argument in arguments for item in _items(settings.get(argument, []))]
    for key, value in settings.items():
        if key not in arguments and (key not in default or value != default[key]):
            groups += _options(key, value)
    return _wrapped([*groups, f"--out {_word(step)}"], width)


def _defaults(name: str) -> dict[str, Any]:
    """{setting: its default} of a command."""
    if name not in commands.COMMANDS:
        return {}
    found: dict[str, Any] = {}
    for field in msgspec.structs.fields(commands.settings_type(name)):
        if not field.required:
            value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
            found[field.encode_name] = msgspec.to_builtins(value)
    return found


def _options(key: str, value: Any) -> Iterator[str]:
    flag = "--" + key.replace("_", "-")
    flag = flag[:-1] if key in options.SINGULAR else flag
    if isinstance(value, bool):
        yield flag if value else f"--no-{flag[2:]}"
    else:
        yield from (f"{flag} {_word(item)}" for item in _items(value))


def _items(value: Any) -> list[Any]:
    """The values of an option, one for each time that it is typed."""
    if isinstance(value, dict):
        return [f"{key}={item}" for key, item in cast(dict[str, Any], value).items()]
    return cast(list[Any], value) if isinstance(value, list) else [value]


def _word(value: Any) -> str:
    return shlex.quote(_FILE_OF.sub("", str(value)))


def _wrapped(groups: list[str], width: int) -> str:
    lines = [groups[0]]
    for group in groups[1:]:
        if len(lines[-1]) + 1 + len(group) > width - 2:
            lines[-1] += " \\"
            lines.append(f"    {group}")
        else:
            lines[-1] += f" {group}"
    return "\n".join(lines)
