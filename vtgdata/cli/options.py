"""Command line options made from a Settings record: names, types, defaults and help are written once, on its fields."""

import ast
import inspect
import types
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin, get_type_hints

import msgspec
import typer

from vtgdata.errors import VtgError
from vtgdata.files import plugins

Recipe = Annotated[
    str, typer.Option("--recipe", help="Take settings from this recipe's step (FILE or FILE#ID); options go first.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else there.")]
SINGULAR = ("splits", "filters", "grades", "license_texts")
"""Settings whose option is given several times, and so may be typed without its last letter: `--split`."""
SPECS = ("rewards",)
"""Mappings whose keys may be plug-ins with settings of their own, as in `length:low=8,high=200=0.1`."""
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only warnings and the result.")]


def signature(settings: type[msgspec.Struct], arguments: tuple[str, ...]) -> inspect.Signature:
    """The signature that Typer reads: one parameter per field, and the options that all commands have.

    Every parameter is optional, since a recipe may give its value.

    Args:
        settings: a Settings type.
        arguments: fields given by position.
    """
    documents = field_docs(settings)
    hints = get_type_hints(settings)
    parameters: list[inspect.Parameter] = []
    # Required fields come first, even those that a subclass adds after the optional ones of its base.
    for field in sorted(msgspec.structs.fields(settings), key=lambda field: not field.required):
        kind = option_type(hints[field.name])
        text = documents.get(field.name, "") + _default_text(field)
        if field.name in arguments:
            info: Any = typer.Argument(help=text, show_default=False)
        else:
            info = typer.Option(*_flags(field.name, kind), help=text, show_default=False)
        parameters.append(_parameter(field.name, Annotated[kind | None, info], None))
    common = {"recipe": (Recipe, ""), "as_json": (Json, False), "quiet": (Quiet, False)}
    parameters += [_parameter(name, annotation, default) for name, (annotation, default) in common.items()]
    return inspect.Signature(parameters)


def _parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


OPPOSITES = {"private": "public"}
"""{flag: the word for its opposite}, which is an option too, beside `--no-`."""


def _flags(name: str, kind: Any) -> list[str]:
    flag = "--" + name.rstrip("_").replace("_", "-")
    # An option for a list is given several times, so its name reads better in the singular.
    flags = [flag, *([flag[:-1]] if name in SINGULAR else [])]
    if kind is not bool:
        return flags
    return [f"{flag}/--no-{flag[2:]}", *([f" /--{OPPOSITES[name]}"] if name in OPPOSITES else [])]


def _default_text(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return " (required)"
    default = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if default in ("", None, False) or default == [] or default == {}:
        return ""
    if isinstance(default, dict):
        default = ",".join(f"{key}={value}" for key, value in default.items())
    elif isinstance(default, list | tuple):
        default = " ".join(map(str, default))
    return f" (default {default})"


def option_type(hint: Any) -> Any:
    """The type of the option for a field: text, numbers and flags stay as they are; lists and mappings are repeated.

    A mapping becomes a list of texts `key=value`.
    """
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        if _number_or_text(hint):
            return str
        return option_type(next(arg for arg in get_args(hint) if arg is not type(None)))
    if origin is Literal:
        return str
    if origin in (list, tuple):
        inner = option_type(get_args(hint)[0])
        return list[inner]
    if origin is dict:
        return list[str]
    return hint


def _number_or_text(hint: Any) -> bool:
    """Whether a field takes a whole number or a text, as `8` or `8,16`: its option takes a text, and digits count."""
    kinds = (
        {get_origin(arg) or arg for arg in get_args(hint)} if get_origin(hint) in (Union, types.UnionType) else set()
    )
    return {int, str} <= kinds


def given(settings: type[msgspec.Struct], values: dict[str, Any]) -> dict[str, Any]:
    """The values that were given on the command line; mappings are parsed from their key=value items."""
    hints = get_type_hints(settings)
    encoded = {field.name: field.encode_name for field in msgspec.structs.fields(settings)}
    out: dict[str, Any] = {}
    for name, value in values.items():
        if value is None or value == []:
            continue
        if _number_or_text(hints[name]) and isinstance(value, str) and value.strip().isdecimal():
            value = int(value)
        given = _mapping(name, cast("list[str]", value)) if get_origin(hints[name]) is dict else value
        out[encoded[name]] = given
    return out


def _mapping(name: str, items: list[str]) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    specs = name in SPECS
    for item in (piece for text in items for piece in (_with_specs if specs else list)(_pieces(text))):
        if item.lstrip().startswith("{"):
            whole = plugins.read_value(item, f"--{name}")
            mapping |= cast("dict[str, Any]", whole) if isinstance(whole, dict) else {}
            continue
        key, equals, value = item.rpartition("=") if specs else item.partition("=")
        bare = specs and ":" in key and any("=" not in part for part in key.partition(":")[2].split(","))
        if not equals or not key or bare:
            raise VtgError(f"--{name}: {item!r} is not key=value.")
        mapping[key.strip()] = plugins.read_value(value, f"--{name}") if value else ""
    return mapping


def _with_specs(pieces: list[str]) -> list[str]:
    """Pieces `key=value`, those of a key that is a spec with several settings put together again.

    >>> _with_specs(["tiou=1", "length:low=8", "high=200=0.1"])
    ['tiou=1', 'length:low=8,high=200=0.1']
    """
    found, begun = list[str](), ""
    for piece in pieces:
        begun = f"{begun},{piece}" if begun else piece
        if ":" in begun.partition("=")[0] and piece.count("=") == 1:
            continue  # a setting; the last one has the value of the whole key behind it
        found.append(begun)
        begun = ""
    return [*found, *([begun] if begun else [])]


def _pieces(text: str) -> list[str]:
    """The parts of a text between its commas, except for commas inside brackets or quotes.

    >>> _pieces('a=1,b={"c": [1, 2]},d="e,f"')
    ['a=1', 'b={"c": [1, 2]}', 'd="e,f"']
    """
    pieces, depth, quote = [""], 0, ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'" and (depth or pieces[-1].endswith(("=", " "))):
            quote = letter
        else:
            depth += (letter in "{[") - (letter in "}]")
        if letter == "," and depth <= 0 and not quote:
            pieces.append("")
        else:
            pieces[-1] += letter
    return pieces


def field_docs(settings: type) -> dict[str, str]:
    """The docstring under each field of a record and of its bases, joined to one line."""
    documents: dict[str, str] = {}
    for base in reversed(settings.__mro__):
        if not base.__module__.startswith("vtgdata"):
            continue
        body = ast.parse(inspect.getsource(inspect.getmodule(base) or base)).body
        found = next((node for node in body if isinstance(node, ast.ClassDef) and node.name == base.__name__), None)
        for field, text in zip(found.body, found.body[1:], strict=False) if found else ():
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
                documents[field.target.id] = " ".join(str(ast.literal_eval(text.value)).split())
    return documents
