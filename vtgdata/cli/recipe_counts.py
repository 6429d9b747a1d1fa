"""Rows of files, for the plan of a recipe: counted where a file is there, else as its corpus publishes them."""

import logging
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from vtgdata.engine.money.tokens import Range
from vtgdata.errors import VtgError

UNKNOWN = Range(0, float("inf"))
EXAMPLES = 300
"""Samples of a file whose lengths stand for all."""


class Known(NamedTuple):
    """What is known of the samples of a file that is there, or that an earlier step would make."""

    rows: Range
    examples: tuple[Any, ...]
    splits: Mapping[str, int] = {}
    """{split: rows}, where the file itself is not there to be asked."""


@contextmanager
def tried() -> Generator[None]:
    """Try a step in silence; of one that fails the numbers stay unknown, and the real run says what is wrong."""
    log = logging.getLogger("vtgdata")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    except VtgError:
        pass
    finally:
        log.setLevel(before)


def counted(path: Path) -> Known:
    """What a samples.parquet that is there holds."""
    from vtgdata.files.samples import open_samples

    samples = open_samples(path, look=False)
    step = max(1, len(samples) // EXAMPLES)
    splits: dict[str, int] = dict(samples.frame["split"].value_counts().rows())
    return Known(Range(len(samples), len(samples)), tuple(samples[slice(0, EXAMPLES * step, step)]), splits)


def partly(record: Any, there: Sequence[str], folder: Path) -> Known | None:
    """What the files that are there hold, of an ingest of which others are missing; None where they cannot be read.

    Args: record: its settings; there: paths; folder: to write to, new.
    """
    from vtgdata.cli import commands

    if not there or record.videos:
        return None
    with tried():
        commands.execute("ingest", msgspec.structs.replace(record, paths=list(there), out=str(folder)))
        return counted(folder / "samples.parquet")
    return None


def published(corpus: Any, record: Any, gone: Sequence[str], there: Known | None) -> Known:
    """The rows of an ingest: of the files that are missing those that the corpus publishes, of the others their own.

    Args: corpus: its facts; record: settings of the ingest; gone: paths; there: see `partly`.
    """
    paths = record.paths if there is None else gone
    splits = [split for split in corpus.splits if any(_names(split, path) for path in paths)]
    splits = [split for split in splits if record.split in ("", split.name)]
    known = {split.name: split.rows for split in splits if split.rows is not None}
    if len(known) < len(splits) or not (splits or there):
        return Known(UNKNOWN, (), known)
    rows, examples = Range(sum(known.values()), sum(known.values())), ()
    if there is not None:
        rows, examples, known = rows.plus(there.rows), there.examples, known | dict(there.splits)
    return Known(rows, examples, known)


def page(corpus: Any) -> str:
    """Where the files of a corpus are to be had."""
    return f"{corpus.homepage}" + (f" ({corpus.download})" if corpus.download else "")


def _names(split: Any, path: str) -> bool:
    return any(fnmatch(Path(path).name, name) for name in split.files)
