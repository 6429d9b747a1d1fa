"""Folders that hold an adapter (LoRA) instead of a whole model: what it is applied to, and its weights."""

import importlib.util
import json
from pathlib import Path
from typing import Any

from vtgdata.errors import VtgError
from vtgdata.files import outside, own_code
from vtgdata.plugins.models._transformers import weights

CONFIG, FILE = "adapter_config.json", "adapter_model.safetensors"


def base_of(path: str) -> str:
    """The model that the adapter in a folder is applied to; empty if the folder holds a whole model.

    Raises VtgError when peft, which applies adapters, is not installed, or the folder does not name its base, or names
    code. An adapter beside a whole model, which transformers applies too, may name none either.
    """
    config = Path(path) / CONFIG
    if not outside.is_file(config):
        return ""
    try:
        stated = json.loads(outside.read_text(config))
        named = stated.get("base_model_name_or_path")
    except (ValueError, AttributeError) as error:
        raise VtgError(f"{config}: no JSON object ({error}). Save the adapter again.") from error
    own_code.refuse_modules(stated, config)
    if outside.is_file(Path(path) / "config.json"):
        return ""
    if not isinstance(named, str) or not named:
        raise VtgError(f"{config}: names no base_model_name_or_path. Write there which model the adapter is for.")
    if not has_peft():
        raise VtgError(
            f"{path} holds an adapter for {named}, which needs peft: pip install peft, or merge the adapter into its "
            "model and name the merged folder."
        )
    return named


def has_peft() -> bool:
    """Whether the library that applies adapters is installed."""
    return importlib.util.find_spec("peft") is not None


def fault(model: Any, path: str) -> str:
    """What is wrong with an adapter's weights after it was applied to a model, in words; empty if nothing is."""
    from safetensors import safe_open

    file = Path(path) / FILE
    if not outside.is_file(file):
        return f"lacks its weights ({FILE})"
    with safe_open(file, "pt") as stored:
        names = {_plain(name) for name in stored.keys()}  # noqa: SIM118  # it is no dict
    # A weight of the adapter is one whose name has the adapter's own name in it, `default`.
    wanted = {_plain(name) for name in model.state_dict() if ".default." in name or ".lora_" in name}
    return weights.fault(model, {"missing_keys": wanted - names, "unexpected_keys": names - wanted})


def _plain(name: str) -> str:
    """A weight's name as both the file and the model have it.

    >>> _plain("base_model.model.layers.0.q.lora_A.weight"), _plain("layers.0.q.lora_A.default.weight")
    ('layers.0.q.lora_A.weight', 'layers.0.q.lora_A.weight')
    """
    return name.removeprefix("base_model.model.").replace(".default.", ".")
