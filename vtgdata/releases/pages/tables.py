"""Finds what there is to show under a path: the tables and documents of a stage, of a whole run, or of a release.

A table is recognised by its columns, not by its name, so that a copied or renamed file shows the same.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from vtgdata.errors import VtgError
from vtgdata.files import json_document, limits, outside
from vtgdata.files.label_reviews import CONTROLS
from vtgdata.files.meta import META, Meta, read_meta
from vtgdata.files.pieces import names_of
from vtgdata.releases import document

DEPTH = 4
"""Folders below the path that are searched: a run's steps lie one below it, a release's data three below its own."""
EVALUATION, TRAINING, RELEASE = "evaluation.json", "training.jsonl", "release.json"
_KINDS: tuple[tuple[str, set[str], set[str]], ...] = (
    ("queue", {"sample_id", "proposed", "low", "high", "label", "place"}, set()),
    ("audit", {"sample_id", "p_wrong", "proposed"}, set()),
    ("traces", {"sample_id", "target", "teacher_windows"}, set()),
    ("completions", {"sample_id", "step", "reward", "advantage"}, set()),
    ("rollouts", {"sample_id", "parse_status", "text", "windows", "iou"}, set()),
    ("chosen", {"sample_id", "measure", "value", "rank"}, set()),
    ("rates", {"sample_id", "measure", "value"}, set()),
    ("drops", {"reason", "detail", "origin", "raw"}, set()),
    ("samples", {"sample_id", "query", "windows", "video_id", "duration"}, {"decision"}),
)
"""Kinds of tables, with the columns that one must have and those that it must not have; the first that fits counts."""


def sample_columns() -> dict[str, Any]:
    """The columns of a page's samples that come from files, with their Polars types."""
    import polars as pl

    repairs = pl.List(pl.Struct({"code": pl.String, "old": pl.String, "new": pl.String}))
    texts = ("sample_id", "corpus", "split", "video_id", "video_file", "query", "task", "license", "label_version",
             "origin", "video_status", "label")  # fmt: skip
    return dict.fromkeys(texts, pl.String) | {
        "duration": pl.Float64, "windows": pl.List(pl.List(pl.Float64)), "repairs": repairs, "labelled": pl.Boolean,
        "none_is_right": pl.Boolean, "place": pl.Int64,
    }  # fmt: skip


class Found(msgspec.Struct, kw_only=True):
    """The files under a path, by kind; each list in the order in which the files were finished."""

    root: Path
    tables: dict[str, list[Path]] = {}
    """{kind: Parquet files}, kinds as in `_KINDS`."""
    metas: list[tuple[Path, Meta]] = []
    """Folders of finished steps."""
    evaluations: list[Path] = []
    trainings: list[Path] = []
    releases: list[Path] = []
    """Folders of releases."""
    unknown: list[Path] = []
    """Parquet files of no known kind, which are not shown."""

    def of(self, kind: str) -> list[Path]:
        """The tables of a kind."""
        return self.tables.get(kind, [])


def find(path: str) -> Found:
    """What a path holds: a Parquet file, a folder of a stage, of a run or of a release.

    Raises VtgError when nothing of it can be shown.
    """
    root = Path(path)
    if not root.exists():
        raise VtgError(f"{path}: no such file or folder.")
    found = Found(root=root)
    for file in _files(root) if root.is_dir() else [root]:
        _take(found, file)
    found.metas.sort(key=lambda each: each[1].finished)
    finished = {folder: place for place, (folder, _) in enumerate(found.metas)}
    for files in (*found.tables.values(), found.evaluations, found.trainings):
        files.sort(key=lambda file: (_made(file, finished), str(file)))
    if not (found.tables or found.evaluations or found.trainings):
        raise VtgError(
            f"{path}: holds nothing that can be shown. Name the output folder of a command or a recipe, a release, or "
            "a Parquet file of one of them."
        )
    return found


def _files(root: Path) -> Iterator[Path]:
    """The files that may be shown, in folders that are not too deep; links to folders are not followed."""
    for folder, folders, names in os.walk(root):
        depth = len(Path(folder).relative_to(root).parts)
        if depth >= DEPTH:
            folders.clear()
        folders[:] = sorted(name for name in folders if not name.startswith(".") and ".replaced-" not in name)
        yield from (Path(folder, name) for name in sorted(names))


def _take(found: Found, file: Path) -> None:
    name = file.name
    if name == META and (meta := read_meta(file.parent)) is not None:
        found.metas.append((file.parent, meta))
    elif name == EVALUATION:
        found.evaluations.append(file)
    elif name == TRAINING:
        found.trainings.append(file)
    elif name == RELEASE:
        document.open_release(str(file.parent))  # its files, which come next, have the bytes that were released
        found.releases.append(file.parent)
    elif file.suffix == ".parquet" and name != CONTROLS:
        columns = set(names_of(file))
        kind = next((kind for kind, has, not_ in _KINDS if has <= columns and not not_ & columns), "")
        (found.tables.setdefault(kind, []) if kind else found.unknown).append(file)


def _made(file: Path, finished: dict[Path, int]) -> int:
    """The place of a file's step among the finished ones; files of no step come first."""
    return next((finished[folder] for folder in file.parents if folder in finished), -1)


def setting(found: Found, name: str) -> str:
    """A path among the settings of the steps, as the last of them gives it, if it exists now; else an empty text."""
    for folder, meta in reversed(found.metas):
        value = meta.settings.get(name)
        if not isinstance(value, str) or not value:
            continue
        for base in (Path(), *outside.resolved(folder).parents):
            if (base / value).exists():
                return str(base / value)
    return ""


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object of a file; raises VtgError when it is none."""
    return record_of(outside.read_bytes(path), str(path))


def record_of(raw: bytes, where: str = "request") -> dict[str, Any]:
    """A JSON object; raises VtgError, which begins with `where`, when it is none."""
    try:
        return json_document.decode(raw, dict[str, Any])
    except msgspec.DecodeError as error:
        raise VtgError(f"{where}: not a JSON object ({error}).") from error


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The JSON objects of a file, one a line; a last line that was torn off is left out."""
    lines = outside.read_bytes(path, limits.DOCUMENT).splitlines()
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(lines, start=1):
        try:
            rows.append(json_document.decode(line, dict[str, Any]))
        except msgspec.DecodeError as error:
            if number < len(lines):
                raise VtgError(f"{path}:{number}: not a JSON object ({error}).") from error
    return rows
