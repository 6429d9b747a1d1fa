"""The fingerprint of the code that a step runs, so that a step is run again when its code has changed.

Modules are parsed, so that comments and docstrings do not count. What was parsed is remembered by the hash of its text.
"""

import ast
import hashlib
import importlib.util
import sys
from functools import cache
from pathlib import Path

import msgspec

from vtgdata.files import fingerprint, outside

ROOT = Path(__file__).parent.parent
"""Folder of the package."""
Parsed = dict[str, tuple[str, tuple[str, ...]]]
"""{SHA-256 of a module's text: (SHA-256 of its code without docstrings, names that it imports)}."""
MOST_REMEMBERED = 4_000
"""Texts of modules beyond which the memory begins anew: ten times the modules of the package."""


def of_code(*modules: str) -> str:
    """SHA-256 (hex) of the given vtgdata modules and all vtgdata modules that they import.

    Comments and docstrings do not count, nor do other people's modules.

    Raises ValueError for a vtgdata name that is not a module: a step that depends on no code would never run again.
    """
    unknown = sorted(name for name in modules if _ours(name) and module_path(name) is None)
    if unknown:
        raise ValueError(f"{', '.join(unknown)}: no module of vtgdata, so its code has no fingerprint")
    seen: dict[str, str] = {}
    pending, asked = list(modules), set[str]()
    while pending:
        name = pending.pop()
        if name in asked:
            continue
        asked.add(name)  # most names are imported in many places, and each look is one at the disk
        if (path := module_path(name)) is not None:
            seen[name], imported = _module(path)
            pending.extend(imported)
    _remember()
    return fingerprint.of_value(sorted(seen.items()))


def of_foreign(module: str) -> str | None:
    """The fingerprint of other people's plug-in module; None for ours, which `of_code` covers."""
    if module.startswith("vtgdata."):
        return None
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None  # reported when it is loaded
    return fingerprint.of_file(Path(spec.origin)) if spec and spec.origin and Path(spec.origin).is_file() else None


def _ours(name: str) -> bool:
    return name == "vtgdata" or name.startswith("vtgdata.")


def module_path(name: str) -> Path | None:
    """The source file of a vtgdata module, or None when the name is not one."""
    if not _ours(name):
        return None
    base = ROOT.joinpath(*name.split(".")[1:])
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in candidates if outside.is_file(path)), None)


@cache
def _module(path: Path) -> tuple[str, tuple[str, ...]]:
    """The hash of a module's code, and the names that it imports: parsed, or remembered for the same text."""
    text = outside.read_bytes(path)
    key = hashlib.sha256(text).hexdigest()
    if (known := _known().get(key)) is not None:
        return known
    tree = ast.parse(text)
    names = tuple(imports(tree))
    _new[key] = hashlib.sha256(ast.dump(_WithoutTexts().visit(tree)).encode()).hexdigest(), names
    return _new[key]


_new: Parsed = {}
"""What this process has parsed and not yet remembered."""


@cache
def _parser() -> str:
    """What the hash of a text's code depends on besides the text: this module, and how this Python writes a tree."""
    return fingerprint.of_value([sys.version, fingerprint.of_bytes(Path(__file__))])


@cache
def _known() -> Parsed:
    """What earlier processes have parsed."""
    found = fingerprint.remembered("SELECT found FROM parsed WHERE parser = ?", (_parser(),))
    try:
        return {} if found is None else msgspec.json.decode(found, type=Parsed)
    except msgspec.MsgspecError:
        return {}  # a torn cache


def _remember() -> None:
    """Keep what was parsed, for the next process; texts that no module has any more go when they are many."""
    if not _new:
        return
    known = _known()
    if len(known) > MOST_REMEMBERED:
        known.clear()
    known.update(_new)
    _new.clear()
    text = msgspec.json.encode(known).decode()
    fingerprint.remembered("INSERT OR REPLACE INTO parsed VALUES (?, ?)", (_parser(), text))


class _WithoutTexts(ast.NodeTransformer):
    """Removes statements that are only a string: docstrings of modules, classes, functions and fields."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if text else node


def imports(tree: ast.AST) -> list[str]:
    """All names that a module's source may import from: `from a import b` gives both `a` and `a.b`."""
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.extend(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.append(node.module)
            found.extend(f"{node.module}.{alias.name}" for alias in node.names)
    return found
