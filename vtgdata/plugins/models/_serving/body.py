"""The JSON body of a request: our fields, changed as the user says (`--body`); `dialect` makes each server's of it."""

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from vtgdata.errors import VtgError
from vtgdata.files import fingerprint

MADE = {"messages": "it is made from the prompt", "n": "each answer is a request of its own: use --n"}
"""Fields that the user cannot set, and why."""
LENGTHS = ("max_tokens", "max_completion_tokens", "max_output_tokens", "max_new_tokens")
"""Names of the longest answer; where one is given, ours goes."""


def nested(given: Mapping[str, Any]) -> dict[str, Any]:
    """The changes that `--body` names, with dotted names as nested objects; raises VtgError if two contradict.

    >>> nested({"chat_template_kwargs.enable_thinking": False, "seed": None})
    {'chat_template_kwargs': {'enable_thinking': False}, 'seed': None}
    """
    out: dict[str, Any] = {}
    for name, value in given.items():
        *path, last = name.split(".")
        if not all((*path, last)):
            raise VtgError(f"--body {name!r}: a name is missing. Write FIELD=VALUE, or FIELD.FIELD=VALUE.")
        value: Any = nested(cast("dict[str, Any]", value)) if isinstance(value, dict) and value else cast("Any", value)
        for step in reversed(path):
            last, value = step, {last: value}
        try:
            out = _joined(out, {last: value})
        except ValueError as error:
            raise VtgError(f"--body {name!r}: {error} has two values. Give one of them.") from None
    for name, why in MADE.items():
        if name in out:
            raise VtgError(f"--body {name}: {why}. Leave it out.")
    return out


def _joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Two objects as one; raises ValueError with the name of a field where both have a value."""
    out = dict(one)
    for name, value in other.items():
        held: Any = out.get(name)
        if name in out and not (isinstance(held, dict) and isinstance(value, dict)):
            raise ValueError(repr(name))
        inner = cast("dict[str, Any]", held) if isinstance(held, dict) else {}
        out[name] = _joined(inner, cast("dict[str, Any]", value)) if isinstance(value, dict) else value
    return out


def merged(body: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A body with changes: objects are merged, and null takes a field away.

    >>> merged({"seed": 1, "a": {"b": 1}}, {"seed": None, "a": {"c": 2}})
    {'a': {'b': 1, 'c': 2}}
    """
    out = dict(body)
    for name, value in changes.items():
        if value is None:
            out.pop(name, None)
        elif isinstance(value, dict):
            held = out.get(name)
            inner = cast("dict[str, Any]", held) if isinstance(held, dict) else {}
            out[name] = merged(inner, cast("dict[str, Any]", value))
        else:
            out[name] = value
    return out


def changed(body: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A body with the user's changes; a length under another name replaces ours."""
    if any(changes.get(name) is not None for name in LENGTHS[1:]) and "max_tokens" not in changes:
        body = {name: value for name, value in body.items() if name != "max_tokens"}
    return merged(body, changes)


def paths(body: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """The values of a body by dotted name.

    >>> paths({"a": {"b": 1}, "c": 2})
    {'a.b': 1, 'c': 2}
    """
    out: dict[str, Any] = {}
    for name, value in body.items():
        if isinstance(value, dict) and value:
            out |= paths(cast("dict[str, Any]", value), f"{before}{name}.")
        else:
            out[before + name] = value
    return out


def identity(changes: Mapping[str, Any]) -> str:
    """The changes as a part of the model's id; empty if there are none, so that keys made before stay.

    >>> identity({"chat_template_kwargs": {"enable_thinking": False}}), identity({})
    ('[chat_template_kwargs.enable_thinking=false]', '')
    """
    if not changes:
        return ""
    given = sorted(paths(changes).items())
    text = ",".join(f"{name}={msgspec.json.encode(value, order='deterministic').decode()}" for name, value in given)
    # A colon or a slash in an id would be read as a plug-in's or a folder's.
    plain = len(text) <= 120 and not set(text) & set(":/\\@[]")
    return f"[{text}]" if plain else f"[body {fingerprint.short(changes)}]"
