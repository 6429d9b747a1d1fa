"""The rows that may be chosen: pass rates of one model, without those that something excludes, which are counted."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from vtgdata.engine.selection import facts
from vtgdata.errors import VtgError, did_you_mean
from vtgdata.files import json_document, outside
from vtgdata.files.parquet import read_frame
from vtgdata.files.pieces import ANY, names_of, read_frames
from vtgdata.files.row_table import FrameRows
from vtgdata.files.samples import SampleTable, open_samples
from vtgdata.files.schemas import DECIDED, PASS_RATES

_LONG = ("prompt", "frame_sampling", "sampling", "ious", "prompt_id", "sampling_id", "frames_id")
"""Texts that are the same in all rows, and lists: read again where they are needed."""


class Asked(NamedTuple):
    """Which rows are wanted."""

    pass_rates: str
    samples: str = ""
    where: str = ""
    student: str = ""
    min_n: int = 0
    exclude: Sequence[str] = ()


class Candidates(NamedTuple):
    """The pool of a choice."""

    rates: FrameRows
    """Rows of the pass rates, all measures, without the prompts."""
    samples: SampleTable | None
    """Of the pool; None without a file of samples."""
    facts: Any
    """A row per sample of the pool: sample_id, and with samples what `facts.of` knows."""
    known: Any
    """The frame of all samples of the file, or None."""
    left_out: dict[str, int]
    """{reason: samples that are not in the pool}."""
    measures: list[str]
    """Measures of the file, in its order."""


def candidates(asked: Asked) -> Candidates:
    """Read the pool; raises VtgError for a file that is none, two students, or a pool without rows."""
    import polars as pl

    rows = _read(asked.pass_rates)
    rows = _of_student(rows, asked)
    measures = rows["measure"].cast(pl.String).unique(maintain_order=True).to_list()
    ids = rows["sample_id"].unique().sort()
    left: dict[str, int] = {}
    samples = known = None
    if asked.samples:
        table = open_samples(asked.samples, look=False)
        known = facts.frame_of(table)
        wanted, left = _wanted(asked, table, ids)
        samples, ids = table, wanted
    if asked.exclude:
        gone = pl.concat([read_ids(path) for path in asked.exclude]).unique()
        kept = ids.filter(~ids.is_in(gone.implode()))
        left["excluded"] = len(ids) - len(kept)
        ids = kept
    rows, few = _answered(_only(rows, rows["sample_id"].is_in(ids.implode())), asked.min_n)
    left |= few
    ids = rows["sample_id"].unique().sort()
    if samples is not None:
        samples = samples.masked(samples.frame["sample_id"].cast(pl.String).is_in(ids.implode()))
    of = pl.DataFrame({"sample_id": ids}) if samples is None else facts.of(samples).sort("sample_id")
    left = {reason: count for reason, count in left.items() if count}
    return Candidates(FrameRows(rows), samples, of, known, left, measures)


def _read(path: str) -> Any:
    import polars as pl

    types = PASS_RATES | DECIDED
    columns = {name: types.get(name, ANY) for name in names_of(path) if name not in _LONG}
    frames = list(read_frames(path, columns, needs=list(PASS_RATES)))
    if not frames:
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String) | {"n": pl.Int64, "n_failed": pl.Int64})
    return pl.concat(frames)


def _of_student(rows: Any, asked: Asked) -> Any:
    """The rows of one model; raises VtgError when there are several and none is named."""
    models = sorted(str(name) for name in rows["model_id"].unique() if name is not None)
    if asked.student:
        if asked.student not in models:
            raise VtgError(
                f"--student {asked.student!r}: {asked.pass_rates} has no pass rates of it; "
                f"{did_you_mean(asked.student, models)}"
            )
        return rows.filter(rows["model_id"] == asked.student)
    if len(models) > 1:
        raise VtgError(
            f"{asked.pass_rates}: has pass rates of {len(models)} models ({', '.join(models)}); name the one to choose "
            "by with --student."
        )
    return rows


def _wanted(asked: Asked, table: SampleTable, ids: Any) -> tuple[Any, dict[str, int]]:
    """The ids that are among the samples and meet --where, or, without one, are of training splits."""
    import polars as pl

    known = table.frame["sample_id"].cast(pl.String)
    there = ids.filter(ids.is_in(known.implode()))
    left = {"not among the samples": len(ids) - len(there)}
    if asked.where:
        met = open_samples(asked.samples, where=asked.where, look=False).frame["sample_id"].cast(pl.String)
        reason = "outside --where"
    else:
        met = known.filter(facts.training(table.frame))
        reason = "of a benchmark split"
    kept = there.filter(there.is_in(met.implode()))
    return kept, left | {reason: len(there) - len(kept)}


def _answered(rows: Any, least: int) -> tuple[Any, dict[str, int]]:
    """The rows with enough answers: at least `least`, or, where that is 0, no fewer than the requests that failed."""
    import polars as pl

    enough = pl.col("n") >= least if least else pl.col("n").fill_null(1) >= pl.col("n_failed").fill_null(0)
    kept = _only(rows, rows.select(enough).to_series())
    reason = f"fewer than {least} answers" if least else "more requests failed than were answered"
    gone = 0 if kept.height == rows.height else rows["sample_id"].n_unique() - kept["sample_id"].n_unique()
    return kept, {reason: gone}


def _only(rows: Any, mask: Any) -> Any:
    """The rows for which a series of flags is true; the frame itself where that is all, so that it is not copied."""
    return rows if mask.all() else rows.filter(mask)


def read_ids(path: str) -> Any:
    """The ids of a list, as a Polars series: a Parquet file's sample_id, a JSON list, or lines of text.

    Raises VtgError when the file is none of these, or is empty.
    """
    import polars as pl

    if path.endswith(".parquet"):
        return read_frame(path, needs=("sample_id",))["sample_id"].cast(pl.String)
    try:
        text = outside.read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise VtgError(f"{path}: is no list of sample ids that can be read ({error}).") from error
    if text.lstrip().startswith("["):
        try:
            found = json_document.decode(text, list[str])
        except msgspec.DecodeError as error:
            raise VtgError(f"{path}: is no JSON list of sample ids ({error}).") from error
    else:
        found = [line.strip() for line in text.splitlines() if line.strip()]
    if not found:
        raise VtgError(f"{path}: names no sample.")
    return pl.Series("sample_id", found, dtype=pl.String)
