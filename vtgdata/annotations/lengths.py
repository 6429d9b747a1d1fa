"""Lengths of videos in a file of their own: Charades' csv (columns id and length), or VideoMind's durations.json.

Some corpora give no lengths in the annotations. Lengths probed from the videos take precedence over stated ones.
"""

import csv
import io
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from vtgdata.annotations import sources
from vtgdata.annotations.file_text import read_text
from vtgdata.annotations.json_text import read_json
from vtgdata.annotations.text import duration, mapping
from vtgdata.errors import VtgError
from vtgdata.files import limits, outside
from vtgdata.records import Corpus

PROBED = "durations.json"
SUFFIXES = (".csv", PROBED)
"""How the names of such files end; `sources.find` takes them as companions."""


def of_corpus(
    paths: Sequence[Path], annotations: Sequence[Path], corpus: Corpus, key: Callable[[str], str] = str
) -> dict[str, float]:
    """Lengths in seconds by video id, from all files of lengths that are given, or lie in given folders or beside.

    Where two differ, a given file wins over one in a given folder, and that over one beside the annotations; within a
    folder the order of the corpus's file names decides.

    Args:
        paths: as the user gave them.
        annotations: the files that are read.
        corpus: its splits name the files of lengths.
        key: from a file's key to the video id.
    """
    tables = {outside.resolved(path): path for path in paths if outside.is_file(path) and _has_lengths(path)}
    for folder in [*(path for path in paths if path.is_dir()), *(path.parent for path in annotations)]:
        for source in sources.named_files(folder, corpus):
            if _has_lengths(source.path):
                tables.setdefault(outside.resolved(source.path), source.path)
    found: dict[str, float] = {}
    for path in tables.values():
        found = {key(name): seconds for name, seconds in read(path)} | found
    return found


def beside(path: Path, key: Callable[[str], str] = str) -> dict[str, float]:
    """Probed seconds by video id, from the `durations.json` beside an annotation file; empty without one."""
    for table in (path.parent / PROBED, path.parent / f"{PROBED}.gz"):
        if outside.is_file(table):
            return {key(name): seconds for name, seconds in read(table)}
    return {}


def _has_lengths(path: Path) -> bool:
    return sources.plain_name(path).lower().endswith(SUFFIXES)


def read(path: Path) -> Iterator[tuple[str, float]]:
    """(key, seconds) of each entry in a file of lengths; NaN for a value that is not a number.

    Normalisation notes a NaN with the video's rows. Raises VtgError when it is not a file of lengths.
    """
    if sources.plain_name(path).lower().endswith(".csv"):
        yield from _table(path)
        return
    try:
        lengths = mapping(read_json(path), "the document")
    except ValueError as error:
        raise VtgError(f"{path}: not durations, which look like {{'K7QZ2': 30.96}}: {error}. Take it away.") from error
    for key, value in lengths.items():
        yield key, _seconds(value)


def _table(path: Path) -> Iterator[tuple[str, float]]:
    table = csv.DictReader(io.StringIO(read_text(path), newline=""))
    csv.field_size_limit(limits.LINE.value)
    try:
        if len(table.fieldnames or ()) > limits.COLUMNS.value:
            raise limits.COLUMNS.error(path, f"{len(table.fieldnames or ()):,} columns")
        missing = {"id", "length"} - set(table.fieldnames or ())
        if missing:
            raise VtgError(
                f"{path}: lacks the column(s) {', '.join(sorted(missing))}. Give Charades_v1_train.csv or _test.csv."
            )
        for row in table:
            yield (row["id"] or "").strip(), _seconds((row["length"] or "").strip())
    except csv.Error as error:
        raise VtgError(f"{path}:{table.line_num}: not a readable csv ({error}). Download it again.") from error


def _seconds(value: object) -> float:
    seconds = duration(value)
    return math.nan if seconds is None else seconds
