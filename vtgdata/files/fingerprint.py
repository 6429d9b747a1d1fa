"""Fingerprints of values, files, folders and code. A step is not run again while all its fingerprints are unchanged."""

import ast
import hashlib
import os
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from vtgdata.errors import VtgError
from vtgdata.files import outside
from vtgdata.files.video_files import BINDINGS, video_files

ROOT = Path(__file__).parent.parent
"""Folder of the package."""


def of_value(value: Any) -> str:
    """SHA-256 (hex) of a value's canonical JSON; dict order does not matter."""
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()


def short(value: Any) -> str:
    """The first 16 hex digits of `of_value`: enough for ids that are read by people."""
    return of_value(value)[:16]


def cache_folder() -> Path:
    """Where frames and remembered hashes lie: `$VTGDATA_CACHE`, else `vtgdata` in the user's cache folder.

    Raises VtgError when no variable names a folder and this user has no home.
    """
    if named := os.environ.get("VTGDATA_CACHE"):
        return Path(named)
    import platformdirs

    try:
        # Older versions of platformdirs leave the `~` as it is where there is no home.
        return platformdirs.user_cache_path("vtgdata", appauthor=False).expanduser()
    except RuntimeError as error:
        raise VtgError("this user has no home folder for a cache. Name a folder in $VTGDATA_CACHE.") from error


def of_file(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes; cached by path, size and time of change for files of 1 MiB and more.

    Raises OSError when the file cannot be read; works without the cache when that cannot be used.
    """
    stat = path.stat()
    if stat.st_size < 1 << 20:
        return _hash(path)
    name, stamp = _text(outside.resolved(path)), f"{stat.st_size}:{stat.st_mtime_ns}"
    known = _memory("SELECT hash FROM file WHERE path = ? AND stamp = ?", (name, stamp))
    if known is not None:
        return known
    found = _hash(path)
    _memory("INSERT OR REPLACE INTO file VALUES (?, ?, ?)", (name, stamp, found))
    return found


def _memory(statement: str, values: tuple[str, ...]) -> str | None:
    """The first value that an SQL statement gives on the table of cached hashes; None without one.

    The cache is a convenience: a read-only home or a torn cache must not stop a run.
    """
    try:
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(folder / "hashes.sqlite", timeout=10)) as db, db:
            db.execute("CREATE TABLE IF NOT EXISTS file (path TEXT PRIMARY KEY, stamp TEXT, hash TEXT)")
            row = db.execute(statement, values).fetchone()
    except (sqlite3.Error, OSError, VtgError):
        return None
    return None if row is None else row[0]


def _hash(path: Path) -> str:
    with outside.opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def of_path(path: Path) -> str:
    """The fingerprint of an input: a file's bytes, or names and bytes of all files of a folder.

    Hidden files do not count, nor does a folder's `meta.json`, which says when it was made.
    """
    if not path.is_dir():
        return of_file(path)
    named = (each for each in path.rglob("*") if not each.name.startswith(".") and each.name != "meta.json")
    files = sorted(each for each in named if outside.is_file(each))
    return of_value([[_text(p.relative_to(path)), of_file(p)] for p in files])


def of_listing(folder: Path) -> str:
    """Fingerprint of names, sizes and times of change of the videos under a folder; their bytes are too many to read.

    It covers what `video_files` finds, and the file of bindings; other files, such as a step's own output, do not
    count.
    """
    listed: list[Any] = [[_text(path.relative_to(folder)), *_stamp(path)] for path in video_files(folder)]
    bindings = folder / BINDINGS
    return of_value([*listed, of_file(bindings)] if outside.is_file(bindings) else listed)


def _stamp(path: Path) -> tuple[int, int] | tuple[()]:
    try:
        stat = path.stat()
    except OSError:
        return ()  # a broken link, which may work tomorrow
    return stat.st_size, stat.st_mtime_ns


def _text(path: Path) -> str:
    r"""A path with `/`, as text that can be encoded: names need not be UTF-8.

    >>> _text(Path("caf\udce9.mp4"))
    'caf\\xe9.mp4'
    """
    return path.as_posix().encode(errors="surrogateescape").decode(errors="backslashreplace")


def of_code(*modules: str) -> str:
    """SHA-256 (hex) of the given vtgdata modules and all vtgdata modules that they import.

    Comments and docstrings do not count, nor do other people's modules.

    Raises ValueError for a vtgdata name that is not a module: a step that depends on no code would never run again.
    """
    unknown = sorted(name for name in modules if _ours(name) and module_path(name) is None)
    if unknown:
        raise ValueError(f"{', '.join(unknown)}: no module of vtgdata, so its code has no fingerprint")
    seen: dict[str, str] = {}
    pending = list(modules)
    while pending:
        name = pending.pop()
        path = module_path(name)
        if name in seen or path is None:
            continue
        seen[name], imported = _module(path)
        pending.extend(imported)
    return of_value(sorted(seen.items()))


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
    tree = ast.parse(outside.read_text(path))
    names = tuple(imports(tree))
    return hashlib.sha256(ast.dump(_WithoutTexts().visit(tree)).encode()).hexdigest(), names


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
