"""Code that a model's folder asks for: a config.json may name a repository whose code a library would fetch and run."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from vtgdata.errors import VtgError
from vtgdata.files import outside

_CODE = ("_implementation", "kernel_config")
"""Ends of the keys of a config.json that may name a repository of code."""


def refuse_kernels(config: str | Path | None, allowed_by: str) -> None:
    """Raise VtgError when a config.json names a repository of code for a part of the model (`org/kernel`).

    Args:
        config: its path; what is missing or no JSON is left to the library to say.
        allowed_by: what would allow it, as a clause for the message.
    """
    try:
        stated = json.loads(outside.read_text(config or ""))
    except (OSError, ValueError):
        return
    if named := next(_kernels(stated), ""):
        raise VtgError(f"its config.json names code to fetch and run ({named!r}), {allowed_by}")


def _kernels(value: Any, key: str = "") -> Iterator[str]:
    """The repositories that a config names as implementations of a part, at any depth."""
    if isinstance(value, dict):
        for name, inner in cast(dict[str, Any], value).items():
            yield from _kernels(inner, key if key.endswith(_CODE) else name)
    elif isinstance(value, str) and key.endswith(_CODE) and "/" in value:
        yield value
