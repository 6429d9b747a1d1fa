"""Finding plug-ins: a folder is the list, a file is the plug-in.

`load("scores", "tiou")` imports `vtgdata.plugins.scores.tiou` and nothing else; a dotted path loads other people's
module. A spec is a name with its argument or settings: `scripted:samples.parquet`, `band:measure=mean_iou,low=0.2`.
"""

import contextlib
import importlib
import inspect
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from vtgdata.errors import VtgError, did_you_mean
from vtgdata.files import outside, yaml_text

ROOT = Path(__file__).parent.parent
"""Folder of the package."""
FOLDERS = ROOT / "plugins"
"""Holds a folder for each kind."""
PARTS = {
    "corpora": ("CORPUS", "read"),
    "models": ("connect",),
    "scores": ("score",),
    "other_parsers": ("read",),
    "selectors": ("select",),
    "forms": ("FORM", "read"),
    "filters": ("keep",),
    "verifiers": ("verify",),
    "decoders": ("probe", "frames"),
    "retrievers": ("connect",),
    "exports": ("TITLE", "VERSION", "FILES", "MARKS", "VIDEO", "SYSTEM", "row", "files"),
}
"""Names that a plug-in module of each kind must have."""
KINDS = (
    *("corpora", "prompts", "models", "scores", "other_parsers", "selectors", "forms", "filters", "verifiers"),
    *("decoders", "exports", "retrievers"),
)


def names(kind: str) -> list[str]:
    """The plug-ins of one kind, by file name, without importing any."""
    suffix = ".md" if kind == "prompts" else ".py"
    return sorted(path.stem for path in (FOLDERS / kind).glob(f"*{suffix}") if not path.stem.startswith("_"))


def module_name(kind: str, name: str) -> str:
    """The module's full name: for ours made of kind and name, for other people's the given dotted path.

    Raises VtgError, with the nearest name, when it is neither a dotted path nor one of ours.
    """
    if kind not in KINDS or kind == "prompts":
        raise ValueError(f"{kind!r} is no kind of importable plug-in")
    if not all(part.isidentifier() for part in name.split(".")):
        raise VtgError(f"{kind} plug-in {name!r}: neither a name nor a dotted path; {did_you_mean(name, names(kind))}")
    # Not `names`, which lists a folder: scores are loaded for every sample.
    if "." not in name and (name.startswith("_") or not outside.is_file(FOLDERS / kind / f"{name}.py")):
        raise VtgError(f"There is no {kind} plug-in {name!r}; {did_you_mean(name, names(kind))}")
    if not is_ours(name):
        refuse_foreign_code(name)
    return name if "." in name else f"vtgdata.plugins.{kind}.{name}"


def is_ours(name: str) -> bool:
    """Whether a plug-in's name, or the full name of its module, is of one of ours."""
    return "." not in name or name.startswith("vtgdata.")


def load(kind: str, name: str) -> ModuleType:
    """Import one plug-in: `vtgdata.plugins.<kind>.<name>`, or the module at a dotted path.

    Raises VtgError, with the nearest name, when there is none.
    """
    path = module_name(kind, name)
    try:
        with _current_folder() if "." in name else contextlib.nullcontext():
            module = importlib.import_module(path)
    except ModuleNotFoundError as error:
        if error.name is not None and (path == error.name or path.startswith(error.name + ".")):
            raise VtgError(f"{kind} plug-in {name!r}: no module {error.name!r} can be imported from here.") from error
        raise
    missing = [part for part in PARTS[kind] if not hasattr(module, part)]
    if missing:
        raise VtgError(f"{path} is no {kind} plug-in: it lacks {', '.join(missing)}.")
    return module


_origin = ""
"""Recipe that came from elsewhere and is being run: it may name no code but ours. Empty for the user's own."""


@contextlib.contextmanager
def only_ours(origin: str) -> Generator[None]:
    """Load no code but this package's own while the block runs; `origin` is the recipe that asks, for messages.

    With an empty `origin` nothing changes.
    """
    global _origin
    before, _origin = _origin, origin
    try:
        yield
    finally:
        _origin = before


def refuse_foreign_code(what: str) -> None:
    """Raise VtgError when a recipe that came from elsewhere asks for code that is not ours."""
    if _origin:
        raise VtgError(
            f"{_origin}: lies in a release, so it may name no code to run, and it names {what}. Look at that code; if "
            "you trust it, copy the recipe to a folder of your own and run it from there."
        )


def refuse_foreign_server(address: str) -> None:
    """Raise VtgError when a recipe that came from elsewhere names a server, which would be sent the user's key."""
    if _origin:
        raise VtgError(
            f"{_origin}: lies in a release, so it may name no server, which would get your key, and it names "
            f"{address}. If you trust it, copy the recipe to a folder of your own and run it from there."
        )


@contextlib.contextmanager
def _current_folder() -> Generator[None]:
    """Let modules be found in the current folder too, after all other places: the user named one by its path."""
    sys.path.append("")
    try:
        yield
    finally:
        sys.path.remove("")


def check_settings(spec: str, function: Callable[..., Any], settings: dict[str, Any], *, given: int) -> None:
    """Check the settings of a spec against the function that will get them.

    Args:
        spec: as the user wrote it, for the message.
        function: the plug-in's function.
        settings: the settings in the spec.
        given: number of the function's arguments that are not settings; they come first.

    Raises VtgError, with the known names, for a setting that the function does not take, for a value that is not a
    number where the default is one, and for a setting without a default that is not given.
    """
    parameters = dict(list(inspect.signature(function).parameters.items())[given:])
    for key, value in settings.items():
        if key not in parameters:
            raise VtgError(f"{spec!r}: unknown setting {key!r}; {did_you_mean(key, parameters)}")
        default = parameters[key].default
        kind = str(parameters[key].annotation).removeprefix("<class '").removesuffix("'>").partition(" |")[0]
        number = (isinstance(default, int | float) and not isinstance(default, bool)) or kind in ("int", "float")
        if number and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise VtgError(f"{spec!r}: {key} must be a number, not {value!r}.")
    needed = [each for each in parameters.values() if each.default is each.empty and each.kind is each.KEYWORD_ONLY]
    missing = [each.name for each in needed if each.name not in settings]
    if missing:
        wanted = ",".join(f"{key}=..." for key in missing)
        raise VtgError(
            f"{spec!r}: needs {', '.join(missing)}, which have no default: {spec.partition(':')[0]}:{wanted}"
        )


def read_value(text: str, where: str) -> Any:
    """A setting's value as YAML reads it; raises VtgError, naming `where`, when it is not valid YAML."""
    try:
        return yaml_text.parse(text, where)
    except VtgError as error:
        raise VtgError(
            f"{where}: {text[:200]!r} is no value ({str(error.__cause__ or error).splitlines()[0]})."
        ) from error


def prompt_path(name: str) -> Path:
    """The file of a prompt: one of ours by name, or a path to a Markdown file.

    Raises VtgError, with the nearest name, when there is none.
    """
    path = Path(name) if name.endswith(".md") else FOLDERS / "prompts" / f"{name}.md"
    if not outside.is_file(path):
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
        return Spec(name, settings={key: read_value(value, repr(text)) for key, _, value in items})
    return Spec(name, argument=rest)
