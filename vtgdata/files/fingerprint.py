"""Fingerprints of values, files, folders and code. A step is not run again while all its fingerprints are unchanged."""

import ast
import hashlib
import importlib.util
import os
import sqlite3
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
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
    """SHA-256 (hex) of a file's bytes, for what is only asked whether it changed: whether a step is up to date.

    For files of 1 MiB and more it is remembered, and believed while size, both times of change and inode are the same.
    What is read and must have certain bytes is hashed by `of_bytes`. Raises OSError when the file cannot be read; works
    without the memory when that cannot be used.
    """
    stat = path.stat()
    if stat.st_size < REMEMBERED:
        return _hash(path)
    name, stamp = _text(outside.resolved(path)), ":".join(map(str, _stamp_of(stat)))
    if (read := _read.get(name)) is not None and read[0] == _stamp_of(stat):
        return read[1]
    known = _memory("SELECT hash FROM stamped WHERE path = ? AND stamp = ?", (name, stamp))
    if known is not None:
        return known
    found = of_bytes(path)
    if _settled(stat):
        _memory("INSERT OR REPLACE INTO stamped VALUES (?, ?, ?)", (name, stamp, found))
    return found


_read: dict[str, tuple[tuple[int, ...], str]] = {}
"""{path: (stamp, hash)} of the files that this process has read."""
REMEMBERED = 1 << 20
"""Size in bytes from which hashes are remembered."""
SETTLED_SECONDS = 0.05
"""Age of a change from which its time tells it from a later one: the clocks of file systems tick that coarsely."""


def of_bytes(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes, read by this process: once, and again when the file has changed since.

    A memory of earlier runs is not believed, since bytes may rot or be put back with their old times. Raises OSError
    when the file cannot be read.
    """
    stat = path.stat()
    if stat.st_size < REMEMBERED:
        return _hash(path)
    name, stamp = _text(outside.resolved(path)), _stamp_of(stat)
    if (known := _read.get(name)) is not None and known[0] == stamp:
        return known[1]
    found = _hash(path)
    if _settled(stat) and _stamp_of(path.stat()) == stamp:
        _read[name] = (stamp, found)
    return found


def of_all_bytes(paths: Iterable[Path]) -> dict[Path, str | OSError]:
    """{path: `of_bytes`, or the error} of several files, read at the same time."""

    def found(path: Path) -> str | OSError:
        try:
            return of_bytes(path)
        except OSError as error:
            return error

    several = list(dict.fromkeys(paths))
    if len(several) < 2:
        return {path: found(path) for path in several}
    with ThreadPoolExecutor(min(len(several), os.cpu_count() or 1, 8)) as threads:
        return dict(zip(several, threads.map(found, several), strict=True))


def _stamp_of(stat: os.stat_result) -> tuple[int, ...]:
    """What differs between two states of a file: size, both times of change (the second is the system's), inode."""
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino


def _settled(stat: os.stat_result) -> bool:
    return time.time() - max(stat.st_mtime, stat.st_ctime) > SETTLED_SECONDS


def _memory(statement: str, values: tuple[str, ...]) -> str | None:
    """The first value that an SQL statement gives on the table of cached hashes; None without one.

    The cache is a convenience: a read-only home or a torn cache must not stop a run.
    """
    try:
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(folder / "hashes.sqlite", timeout=10)) as db, db:
            db.execute("CREATE TABLE IF NOT EXISTS stamped (path TEXT PRIMARY KEY, stamp TEXT, hash TEXT)")
            row = db.execute(statement, values).fetchone()
    except (sqlite3.Error, OSError, VtgError):
        return None
    return None if row is None else row[0]


def _hash(path: Path) -> str:
    with outside.opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def of_path(path: Path, of: Callable[[Path], str] = of_file) -> str:
    """The fingerprint of an input: a file's bytes, or names and bytes of all files of a folder.

    Hidden files do not count, nor does a folder's `meta.json`, which says when it was made. With `of_bytes` as `of`
    every file is read.
    """
    if not path.is_dir():
        return of(path)
    named = (each for each in path.rglob("*") if not each.name.startswith(".") and each.name != "meta.json")
    files = sorted(each for each in named if outside.is_file(each))
    return of_value([[_text(p.relative_to(path)), of(p)] for p in files])


def of_listing(folder: Path) -> str:
    """Fingerprint of names, sizes and both times of change of the videos under a folder; their bytes are too many.

    It covers what `video_files` finds, and the file of bindings; other files, such as a step's own output, do not
    count.
    """
    listed: list[Any] = [[_text(path.relative_to(folder)), *_stamp(path)] for path in video_files(folder)]
    bindings = folder / BINDINGS
    return of_value([*listed, of_file(bindings)] if outside.is_file(bindings) else listed)


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        stat = path.stat()
    except OSError:
        return ()  # a broken link, which may work tomorrow
    # The second time is the system's own: nobody puts it back. (Inodes change whenever some file systems are mounted.)
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


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


def of_foreign(module: str) -> str | None:
    """The fingerprint of other people's plug-in module; None for ours, which `of_code` covers."""
    if module.startswith("vtgdata."):
        return None
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None  # reported when it is loaded
    return of_file(Path(spec.origin)) if spec and spec.origin and Path(spec.origin).is_file() else None


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
