"""Finding plug-ins: a folder is the list, a file is the plug-in.

`load("scores", "tiou")` imports `vtgdata.scores.tiou` and nothing else; a dotted path loads other people's module.
A spec is a name with its argument or settings: `scripted:samples.parquet`, `band:measure=mean_iou,low=0.2`.
"""

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import yaml

from vtgdata.errors import VtgError, did_you_mean

ROOT = Path(__file__).parent
KINDS = ("corpora", "prompts", "models", "scores", "readings", "selectors", "filters", "decoders")


def names(kind: str) -> list[str]:
    """The plug-ins of one kind, by file name, without importing any."""
    suffix = ".md" if kind == "prompts" else ".py"
    return sorted(path.stem for path in (ROOT / kind).glob(f"*{suffix}") if not path.stem.startswith("_"))


def load(kind: str, name: str) -> ModuleType:
    """Import one plug-in: `vtgdata.<kind>.<name>`, or the module at a dotted path.

    Raises VtgError, with the nearest name, when there is none.
    """
    if kind not in KINDS or kind == "prompts":
        raise ValueError(f"{kind!r} is no kind of importable plug-in")
    path = name if "." in name else f"vtgdata.{kind}.{name}"
    if "." not in name and name not in names(kind):
        raise VtgError(f"There is no {kind} plug-in {name!r}; {did_you_mean(name, names(kind))}")
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError as error:
        if error.name is not None and (path == error.name or path.startswith(error.name + ".")):
            raise VtgError(f"{kind} plug-in {name!r}: no module {error.name!r} can be imported from here.") from error
        raise


def prompt_path(name: str) -> Path:
    """The file of a prompt: one of ours by name, or a path to a Markdown file.

    Raises VtgError, with the nearest name, when there is none.
    """
    path = Path(name) if name.endswith(".md") else ROOT / "prompts" / f"{name}.md"
    if not path.is_file():
        raise VtgError(f"There is no prompt {name!r}; {did_you_mean(name, names('prompts'))}, or a path ending in .md.")
    return path


def resources(kind: str) -> Path:
    """The folder of our own `recipes` or `cards`: inside the package when installed, beside it in a checkout."""
    if kind not in ("recipes", "cards"):
        raise ValueError(f"{kind!r} is no kind of resource")
    installed = ROOT / kind
    return installed if installed.is_dir() else ROOT.parent / kind


class Spec(msgspec.Struct, frozen=True):
    """A plug-in's name, with the argument and the settings that follow it."""

    name: str
    argument: str = ""
    settings: dict[str, Any] = {}


def parse_spec(text: str) -> Spec:
    """Read `name`, `name:argument` or `name:key=value,key=value` (values as in YAML).

    >>> parse_spec("band:measure=mean_iou,low=0.2")
    Spec(name='band', argument='', settings={'measure': 'mean_iou', 'low': 0.2})
    >>> parse_spec("openai_api:qwen3-vl-8b").argument
    'qwen3-vl-8b'
    """
    name, _, rest = text.partition(":")
    items = [item.partition("=") for item in rest.split(",")] if rest else []
    if items and all(equals and key.isidentifier() for key, equals, _ in items):
        return Spec(name, settings={key: yaml.safe_load(value) for key, _, value in items})
    return Spec(name, argument=rest)
