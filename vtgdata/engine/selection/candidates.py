"""The rows that may be chosen: pass rates of one model, without those that something excludes, which are counted."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from vtgdata.engine.selection import facts
from vtgdata.errors import VtgError, did_you_mean
from vtgdata.files import json_document, outside
from vtgdata.files.parquet import pyarrow, read_frame
from vtgdata.files.pieces import ANY, names_of, read_frames
from vtgdata.files.row_table import FrameRows
from vtgdata.files.samples import SampleTable, open_samples
from vtgdata.files.schemas import DECIDED, DRAWN, PASS_RATES

_REPEATED = ("model_id", "measure", "prompt", "frame_sampling", "sampling", "prompt_id", "sampling_id", "frames_id")
"""Columns of a few texts each, the same in many rows."""
_LONG = (*_REPEATED[2:], "ious")
"""Columns that a selector does not get: they are kept of one measure alone."""

_TOGETHER = 8
"""Frames of a file that are put into one."""


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
    measured: "Measured"
    """The model's rows of the measure, those that are not in the pool too."""
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


def candidates(asked: Asked, measure: Callable[[list[str]], str]) -> Candidates:
    """Read the pool; raises VtgError for a file that is none, two students, or a pool without rows.

    Args:
        asked: which rows are wanted.
        measure: gives the measure of the choice, from those of the file in its order; it may raise VtgError.
    """
    import polars as pl

    measures = _measures(asked)
    measured = _read(asked, measure(measures) if measures else "")
    rows = measured.rows
    ids = every = rows["sample_id"].unique().sort()
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
    pool = rows if len(ids) == len(every) else rows.filter(rows["sample_id"].is_in(ids.implode()))
    answered, few = _answered(pool, asked.min_n)
    left |= few
    if answered is not rows:
        ids = answered["sample_id"].unique().sort()
    if samples is not None:
        samples = samples.masked(samples.frame["sample_id"].cast(pl.String).is_in(ids.implode()))
    of = pl.DataFrame({"sample_id": ids}) if samples is None else facts.of(samples).sort("sample_id")
    left = {reason: count for reason, count in left.items() if count}
    return Candidates(FrameRows(answered), measured, samples, of, known, left, measures)


def _measures(asked: Asked) -> list[str]:
    """The measures of one model, in the order of the file.

    Raises VtgError for a file that is none, or when it has several models and none is named.
    """
    import polars as pl

    by = ["model_id", "measure"]
    frames = read_frames(asked.pass_rates, dict.fromkeys(by, "text"), needs=list(PASS_RATES), repeated=by)
    parts = [frame.unique(maintain_order=True).cast(pl.String) for frame in frames]
    if not parts:
        return []
    seen = pl.concat(parts).unique(maintain_order=True)
    models = sorted(seen["model_id"].drop_nulls().unique())
    if asked.student:
        if asked.student not in models:
            raise VtgError(
                f"--student {asked.student!r}: {asked.pass_rates} has no pass rates of it; "
                f"{did_you_mean(asked.student, models)}"
            )
        seen = seen.filter(seen["model_id"] == asked.student)
    elif len(models) > 1:
        raise VtgError(
            f"{asked.pass_rates}: has pass rates of {len(models)} models ({', '.join(models)}); name the one to choose "
            "by with --student."
        )
    return seen["measure"].unique(maintain_order=True).to_list()


class Measured:
    """The rows of a measure with all columns of PASS_RATES and DRAWN. What they share with `rows` is not held twice."""

    def __init__(self, rows: Any, long: Any, measure: str) -> None:
        """Wrap the rows of all measures without the columns _LONG, and these columns of the rows of the measure."""
        import polars as pl

        self.rows, self._long = rows, long
        self._places = rows.select(pl.arg_where(pl.col("measure") == measure)).to_series()

    def seen(self, names: Sequence[str]) -> FrameRows:
        """All rows, with some columns."""
        short = self.rows.select([name for name in names if name not in _LONG])[self._places]
        return FrameRows(short.hstack(self._long.select([name for name in names if name in _LONG])))

    def of(self, ids: Any) -> Any:
        """The rows of a series of sample ids, as a Polars frame; texts that repeat are categories."""
        inside = self.rows["sample_id"][self._places].is_in(ids.implode())
        found = self.rows[self._places.filter(inside)].hstack(self._long.filter(inside))
        return found.select(list(PASS_RATES | DRAWN))


def _read(asked: Asked, measure: str) -> Measured:
    """The rows of the model."""
    import polars as pl

    names = names_of(asked.pass_rates)
    columns = {name: (PASS_RATES | DECIDED).get(name, ANY) for name in names if name not in _LONG}
    longer = {name: (PASS_RATES | DRAWN)[name] for name in _LONG}
    rows: list[Any] = []
    long: list[Any] = []
    frames = read_frames(asked.pass_rates, columns | longer, repeated=_REPEATED)
    for frame in _packed(_of_student(frames, asked.student)):
        rows.append(frame.select(list(columns)))
        long.append(frame.filter(pl.col("measure") == measure).select(_LONG))
    if not rows:
        empty = pl.DataFrame(schema=dict.fromkeys(columns, pl.String) | {"n": pl.Int64, "n_failed": pl.Int64})
        return Measured(empty, pl.DataFrame(schema=dict.fromkeys(_LONG, pl.String)), measure)
    pyarrow().default_memory_pool().release_unused()
    return Measured(pl.concat(rows), pl.concat(long), measure)


def _packed(frames: Iterator[Any]) -> Iterator[Any]:
    """The same rows in fewer frames, without the spare room that those of a file come with: a third of their memory."""
    import polars as pl

    held: list[Any] = []
    for frame in frames:
        held.append(frame)
        if len(held) == _TOGETHER:
            yield pl.concat(held).rechunk()
            held.clear()
    if held:
        yield pl.concat(held).rechunk()


def _of_student(frames: Iterator[Any], student: str) -> Iterator[Any]:
    """The rows of one model, or all."""
    for frame in frames:
        yield frame.filter(frame["model_id"] == student) if student else frame


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
