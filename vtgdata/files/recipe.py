"""Recipes: one YAML file that pins a whole dataset and its models as an ordered list of steps.

Each step is `{id, command, ...settings}`; `@id/file` in a setting is that file of an earlier step's output folder.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import msgspec

from vtgdata.errors import VtgError, did_you_mean
from vtgdata.files import fingerprint, outside, yaml_text

_REFERENCE = re.compile(r"(?:(?<=[:=])|^)@([A-Za-z0-9_-]+)")
_ID = re.compile(r"[A-Za-z0-9_-]+\Z")


class StepPlan(msgspec.Struct, frozen=True):
    """One step: its id, its command, and the command's settings with references resolved."""

    id: str
    command: str
    settings: dict[str, Any]


class Recipe(msgspec.Struct, frozen=True):
    """A recipe with its output folder, its seed and its steps in order."""

    name: str
    out: str
    seed: int
    steps: tuple[StepPlan, ...]


def find(name: str, folder: Path) -> Path:
    """The file of a recipe: a path to a YAML file, or the name of one in `folder` (ours travel in the wheel).

    Raises VtgError, with the nearest name, when there is none.
    """
    path = Path(name)
    if outside.is_file(path):
        return path
    named = folder / f"{name}.yaml"
    if path.suffix not in {".yaml", ".yml"} and outside.is_file(named):
        return named
    known = sorted(file.stem for file in folder.glob("*.yaml"))
    raise VtgError(f"There is no recipe {name!r}: no such file, and {did_you_mean(name, known)}")


def references(text: str) -> list[str]:
    """The ids of the steps that a setting's text names.

    >>> references("scripted:@data/samples.parquet")
    ['data']
    """
    return _REFERENCE.findall(text)


_FETCHED = (("release.json",), ("model.json", "config.json"), (".cache/huggingface/download",), ("refs/main", "blobs"))
"""What lies in a folder that was fetched: a release, a model that we pushed, a download from the Hub, its cache."""


def release_around(path: Path) -> Path | None:
    """The folder of a release, or of something else that was fetched, in which a file lies, at any depth; else None.

    Both count, where a file lies and where a link to it leads.
    """
    folders = (*path.absolute().parents, *outside.resolved(path).parents)
    return next((folder for folder in folders if any(_holds(folder, marks) for marks in _FETCHED)), None)


def _holds(folder: Path, names: Sequence[str]) -> bool:
    return all((folder / name).exists() for name in names)


def load(
    path: Path, fields: Callable[[str], set[str] | None], *, out: str | None = None, seed: int | None = None
) -> Recipe:
    """Read and check a recipe.

    Args:
        path: the YAML file.
        fields: the setting names that a command takes, or None when there is no such command.
        out: output folder to use instead of the recipe's own.
        seed: seed to use instead of the recipe's own.

    Raises VtgError with the path of the key that is wrong.
    """
    document = read(path)
    _no_unknown(path, "", document, {"out", "seed", "steps"})
    steps = cast(list[Any], document.get("steps") or [])
    if not isinstance(document.get("steps"), list) or not steps:
        raise VtgError(f"{path}: steps: a recipe needs a list of steps, each `{{id, command, ...}}`.")
    folder = out or document.get("out") or f"runs/{path.stem}"
    seed = document.get("seed", 0) if seed is None else seed
    if not isinstance(folder, str) or not isinstance(seed, int):
        raise VtgError(f"{path}: out must be a folder's name and seed a whole number.")
    folder = outside.at_home(folder)
    plans: list[StepPlan] = []
    for number, step in enumerate(steps):
        digest = fingerprint.of_value(_canonical([seed, steps[: number + 1]]))
        plans.append(_step(path, f"steps[{number}]", step, fields, {plan.id for plan in plans}, folder, seed, digest))
    return Recipe(path.stem, folder, seed, tuple(plans))


def _canonical(value: Any) -> str:
    """A YAML value as text: equal values give the same text, whatever the order of their keys."""
    if isinstance(value, dict):
        pairs = cast(dict[Any, Any], value).items()
        return "{" + ",".join(sorted(f"{key!r}:{_canonical(inner)}" for key, inner in pairs)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_canonical, cast(list[Any], value))) + "]"
    return repr(value)


def read(path: Path) -> dict[str, Any]:
    """A recipe as it is written; raises VtgError, with the line, when it is no YAML mapping."""
    document = yaml_text.read(path)
    if not isinstance(document, dict):
        raise VtgError(f"{path}: a recipe is a mapping with `out`, `seed` and `steps`.")
    return cast(dict[str, Any], document)


def _no_unknown(path: Path, where: str, found: dict[str, Any], known: set[str]) -> None:
    for key in found:
        if key not in known:
            raise VtgError(f"{path}: unknown key {where}{key}; {did_you_mean(str(key), known)}")


def _step(
    path: Path,
    where: str,
    step: Any,
    fields: Callable[[str], set[str] | None],
    earlier: set[str],
    folder: str,
    seed: int,
    digest: str,
) -> StepPlan:
    if not isinstance(step, dict) or "command" not in step:
        raise VtgError(f"{path}: {where}: a step is a mapping with `command`.")
    step = cast(dict[str, Any], step)
    command = str(step["command"])
    known = fields(command)
    if known is None:
        raise VtgError(f"{path}: {where}.command: there is no command {command!r}.")
    step_id = str(step.get("id", command.replace(" ", "-")))
    if not _ID.match(step_id) or step_id in earlier:
        raise VtgError(f"{path}: {where}.id: {step_id!r} must be letters, digits, - or _, and occur once.")
    if "out" in step:
        raise VtgError(f"{path}: {where}.out: a step writes to <the recipe's out>/{step_id}; leave it out.")
    settings = {key: value for key, value in step.items() if key not in {"id", "command"}}
    _no_unknown(path, f"{where}.", settings, known)
    settings = {key: _resolve(path, f"{where}.{key}", value, earlier, folder) for key, value in settings.items()}
    if "seed" in known:
        settings.setdefault("seed", seed)
    if "out" in known:
        settings.setdefault("out", f"{folder}/{step_id}")
    if "made_by" in known:
        settings.setdefault("made_by", {"name": path.stem, "sha256": digest})
    return StepPlan(step_id, command, settings)


def _resolve(path: Path, where: str, value: Any, earlier: set[str], folder: str) -> Any:
    if isinstance(value, list):
        items = cast(list[Any], value)
        return [_resolve(path, f"{where}[{i}]", item, earlier, folder) for i, item in enumerate(items)]
    if isinstance(value, dict):
        pairs = cast(dict[str, Any], value).items()
        return {key: _resolve(path, f"{where}.{key}", item, earlier, folder) for key, item in pairs}
    if not isinstance(value, str):
        return value
    for name in _REFERENCE.findall(value):
        if name not in earlier:
            raise VtgError(f"{path}: {where}: @{name} names no earlier step; {did_you_mean(name, earlier)}")
    return _REFERENCE.sub(lambda match: f"{folder}/{match[1]}", value)
