"""Code that a model's folder asks for: its configurations may name what a library would fetch, import and run."""

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


def refuse_modules(adapter: Any, config: str | Path) -> None:
    """Raise VtgError when the content of an adapter_config.json names a module that peft would import."""
    if isinstance(adapter, dict) and cast(dict[str, Any], adapter).get("megatron_config"):
        raise VtgError(f"{config}: names a module to import (megatron_config), which no adapter may. Take that out.")


def refuse_adapter(config: str | Path | None, *, fetched: bool) -> None:
    """Raise VtgError for an adapter beside a model, which transformers would apply too, if it names code.

    Args:
        config: its adapter_config.json; None where there is none.
        fetched: whether both come from the Hub. Then transformers takes the adapter's own base instead of the model
            that was looked at, so any adapter is refused.
    """
    if config is None:
        return
    try:
        stated = json.loads(outside.read_text(config))
    except (OSError, ValueError):
        return  # as above
    refuse_modules(stated, config)
    if fetched:
        named = cast(dict[str, Any], stated).get("base_model_name_or_path") if isinstance(stated, dict) else None
        raise VtgError(
            f"it has an adapter (adapter_config.json) besides a whole model, and {named!r} would be opened in its "
            "place. Download it, and name a folder that holds one of the two."
        )


def _kernels(value: Any, key: str = "") -> Iterator[str]:
    """The repositories that a config names as implementations of a part, at any depth."""
    if isinstance(value, dict):
        for name, inner in cast(dict[str, Any], value).items():
            yield from _kernels(inner, key if key.endswith(_CODE) else name)
    elif isinstance(value, str) and key.endswith(_CODE) and "/" in value:
        yield value
