"""The maps `trl`, `peft` and `load`: every argument of the libraries within reach, each checked by its own type."""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from vtgdata.errors import VtgError, did_you_mean

UNIONS = (Union, types.UnionType)
OURS = "a setting of vtgdata"
PROMISES = {
    "output_dir": "the folder is --out",
    "max_steps": f"{OURS}: --steps",
    "max_length": f"{OURS}: --max-length, by which no answer is cut",
    "truncation_mode": "no row is cut: --max-length leaves it out",
    "logging_nan_inf_filter": "a loss that is not finite is said, and stops the run",
    "num_train_epochs": f"{OURS}: --epochs",
    "seed": f"{OURS}: --seed",
    "data_seed": "the order of rows is vtgdata's own, by --seed",
    "full_determinism": "results are the same with the same seed on one machine already",
    "per_device_train_batch_size": "it follows from the batch of a step, --device-batch and the number of processes",
    "gradient_accumulation_steps": "it follows from the batch of a step, --device-batch and the number of processes",
    "auto_find_batch_size": "a step would then have another batch than the settings say",
    "num_generations": f"{OURS}: --rollouts",
    "generation_batch_size": "it follows from --prompts-per-step and --rollouts",
    "reward_weights": f"{OURS}: --rewards",
    "shuffle_dataset": "the order of rows is vtgdata's own",
    "train_sampling_strategy": "the order of rows is vtgdata's own",
    "remove_unused_columns": "rewards need the columns of a row",
    "completion_only_loss": "the loss is on the answer alone",
    "packing": "TRL packs no rows with pictures",
    "save_strategy": f"{OURS}: --save-every",
    "save_steps": f"{OURS}: --save-every",
    "save_total_limit": f"{OURS}: --keep-checkpoints",
    "save_only_model": "a run could not go on after it was killed",
    "save_on_each_node": "one process writes",
    "load_best_model_at_end": f"{OURS}: --keep",
    "resume_from_checkpoint": "a run goes on by itself",
    "ignore_data_skip": "a run that goes on must go on with the next row",
    "logging_strategy": "training.jsonl has a line for each step",
    "logging_steps": "training.jsonl has a line for each step",
    "report_to": f"{OURS}: --log-to",
    "push_to_hub": "`vtgdata push` publishes a model, with its card",
    "hub_model_id": "`vtgdata push` publishes a model, with its card",
    "hub_strategy": "`vtgdata push` publishes a model, with its card",
    "hub_token": "`vtgdata push` publishes a model, with its card",
    "hub_private_repo": "`vtgdata push` publishes a model, with its card",
    "hub_always_push": "`vtgdata push` publishes a model, with its card",
    "hub_revision": "`vtgdata push` publishes a model, with its card",
    "trust_remote_code": "no code of a model's folder is run",
    "model_init_kwargs": f"{OURS}: --load",
    "teacher_model_init_kwargs": f"{OURS}: --load",
    "dataset_kwargs": "vtgdata builds the rows",
    "dataset_num_proc": "vtgdata builds the rows",
    "log_completions": "completions/ has the table of completions",
    "do_train": "this command trains",
    "do_eval": f"{OURS}: --evaluate-every",
    "do_predict": "this command trains",
    "eval_strategy": f"{OURS}: --evaluate-every",
    "r": f"{OURS}: --lora",
    "task_type": "it is the task of the model that is trained",
    "pretrained_model_name_or_path": f"{OURS}: --model",
    "output_loading_info": "it is needed to see missing weights",
    "ignore_mismatched_sizes": "it is needed to see weights of a wrong size",
    "token": "the token is that of the Hub's own login",
    "quantization_config": f"{OURS}: --quantize",
    "attn_implementation": f"{OURS}: --attention",
    "dtype": f"{OURS}: --dtype",
    "torch_dtype": f"{OURS}: --dtype",
}
"""{argument: why the maps do not take it}: it would break what vtgdata promises, or is a setting of its own."""

LOADING: dict[str, Any] = {
    "device_map": str | dict[str, Any], "max_memory": dict[str, Any], "low_cpu_mem_usage": bool,
    "use_safetensors": bool, "revision": str, "variant": str, "cache_dir": str, "local_files_only": bool,
    "force_download": bool, "offload_folder": str, "offload_buffers": bool, "tp_plan": str, "subfolder": str,
    "proxies": dict[str, Any],
}  # fmt: skip
"""Arguments of `from_pretrained` that it takes by keyword alone, so that its signature does not say them."""


def of_dataclass(kind: type, given: Mapping[str, Any], option: str) -> dict[str, Any]:
    """Values for arguments of a configuration class, each converted to the type that the class states.

    Args:
        kind: SFTConfig, GRPOConfig or LoraConfig.
        given: {argument: value} as typed or as a recipe has it.
        option: the setting that gave them, for messages.

    Raises VtgError when the class has no such argument (with the nearest name), when an argument is not free, or when a
    value is of another type.
    """
    hints = get_type_hints(kind)
    known = {field.name: hints[field.name] for field in dataclasses.fields(kind) if field.init}
    _refuse(given, known, option, kind.__name__)
    return {name: _typed(name, value, known[name], option, kind.__name__) for name, value in given.items()}


def of_loading(given: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments for `from_pretrained`; see `of_dataclass`."""
    _refuse(given, LOADING, "load", "from_pretrained")
    return {name: _typed(name, value, LOADING[name], "load", "from_pretrained") for name, value in given.items()}


def shown(config: Any, names: Sequence[str]) -> dict[str, Any]:
    """Arguments of a configuration as JSON has them: sets as sorted lists, and what is no plain value as its text."""
    found = {name: getattr(config, name) for name in names if hasattr(config, name)}
    plain = (str, int, float, bool, list, dict, type(None))
    return {
        name: sorted(value) if isinstance(value, set) else value if isinstance(value, plain) else str(value)
        for name, value in found.items()
    }


def _refuse(given: Mapping[str, Any], known: Mapping[str, Any], option: str, owner: str) -> None:
    for name in given:
        if name in PROMISES and (name in known or option == "load"):
            raise VtgError(f"--{option} {name}: cannot be set here, since {PROMISES[name]}.")
        if name not in known:
            near = did_you_mean(name, known).partition(" Known: ")[0]
            raise VtgError(f"--{option} {name}: {owner} has no such argument; {near} Its documentation has them all.")


def _typed(name: str, value: Any, hint: Any, option: str, owner: str) -> Any:
    try:
        return fitted(value, hint)
    except (ValueError, TypeError):
        raise VtgError(f"--{option} {name}={value}: {owner} takes {_words(hint)}.") from None


def fitted(value: Any, hint: Any) -> Any:
    """A value in the type of a hint: `"1e-5"` and 1 become floats for `float`, JSON a mapping for `dict`.

    Raises ValueError when it is none.
    """
    kind, parts = get_origin(hint) or hint, get_args(hint)
    if kind in UNIONS:
        return _first(value, parts)
    if kind is Any:
        return value
    if kind is type(None):
        return _is(value in (None, "", "none", "None"), None)
    if kind is Literal:
        return _is(value in parts and type(value) in {type(part) for part in parts}, value)
    if kind is bool:
        return _flag(value)
    if kind in (int, float):
        return _number(value, kind)
    if kind in (list, tuple):
        items = value if isinstance(value, list | tuple) else _is(isinstance(value, str) and "[" in value, value)
        items = json.loads(items) if isinstance(items, str) else items
        return [fitted(item, parts[0] if parts else Any) for item in items]
    if kind is dict:
        found = json.loads(value) if isinstance(value, str) else value
        return _is(isinstance(found, dict), found)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value).value
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return kind(**_is(isinstance(value, dict), value))
    return _is(isinstance(value, str), value)


def _first(value: Any, parts: Sequence[Any]) -> Any:
    """A value in the first of several types that takes it: narrow ones are asked before texts."""
    narrow = any(isinstance(part, type) and issubclass(part, Enum) for part in parts)
    for part in sorted(parts, key=lambda part: (part is str, part is type(None))):
        if part is str and narrow:
            continue  # the library takes the text of an enumeration, not any text
        try:
            return fitted(value, part)
        except (ValueError, TypeError):
            continue
    raise ValueError(value)


def _is(right: bool, value: Any) -> Any:
    if not right:
        raise ValueError(value)
    return value


def _flag(value: Any) -> bool:
    words = {"true": True, "false": False}
    return value if isinstance(value, bool) else words[_is(str(value).lower() in words, str(value).lower())]


def _number(value: Any, kind: type) -> Any:
    if isinstance(value, bool):
        raise ValueError(value)
    number = float(value)
    return number if kind is float else int(_is(number == int(number), number))


def _words(hint: Any) -> str:
    parts = [part for part in get_args(hint) if part is not type(None)] if get_origin(hint) in UNIONS else [hint]
    if any(isinstance(part, type) and issubclass(part, Enum) for part in parts):
        parts = [part for part in parts if part is not str]
    return " or ".join(_word(part) for part in parts)


def _word(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return ", ".join(map(str, get_args(hint)))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return "one of " + ", ".join(str(item.value) for item in hint)
    names = {bool: "true or false", int: "a whole number", float: "a number", str: "a text", dict: "a mapping"}
    return names.get(get_origin(hint) or hint, "a list" if get_origin(hint) is list else str(hint))
