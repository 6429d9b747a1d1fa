"""select: choose the rows to train RL on by their pass rates, with a selector plug-in."""

import inspect
import logging
from collections.abc import Callable
from typing import Annotated, Any

import msgspec

from vtgdata.engine.measures import stored_name
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.files.pieces import read_frames, write_table
from vtgdata.files.row_table import RowTable
from vtgdata.files.samples import open_samples
from vtgdata.files.schemas import DRAWN, PASS_RATES
from vtgdata.files.step import Step, StepSettings, StepSummary

log = logging.getLogger("vtgdata")

ROWS = PASS_RATES | DRAWN | {"rank": "count"}


class Settings(StepSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of select."""

    pass_rates: str
    """Pass rates by which to choose: a pass_rates.parquet."""
    out: str
    """Output folder."""
    size: Annotated[int, msgspec.Meta(ge=1)]
    """Maximum number of rows to choose."""
    selector: str = "band"
    """Selector with its settings, as in band:measure=mean_iou,low=0.2,high=0.8."""
    samples: str = ""
    """The samples, for selectors that look at them: a samples.parquet."""
    seed: int = 0
    """Seed of the random draw."""


class Summary(StepSummary, frozen=True, kw_only=True):
    """How many samples were chosen."""

    pool: int
    """Samples to choose from."""
    rows: int
    """Samples chosen."""
    short_of: int
    """Number of samples by which the choice falls short of --size."""
    selector: str
    """The selector with its settings, as given."""
    out: str
    """Output folder."""


def run(settings: Settings) -> Summary:
    """Choose rows and write rows.parquet, in the selector's order (column `rank`)."""
    spec = plugins.parse_spec(settings.selector)
    if spec.argument:
        raise VtgError(f"--selector {settings.selector!r}: settings are written name:key=value,key=value.")
    with Step(
        "select",
        settings,
        Summary,
        code=[__name__, plugins.module_name("selectors", spec.name)],
        inputs=[path for path in (settings.pass_rates, settings.samples) if path],
    ) as step:
        if (done := step.up_to_date()) is not None:
            return done
        selector = plugins.load("selectors", spec.name)
        rates = RowTable(settings.pass_rates, needs=list(PASS_RATES))
        samples = open_samples(settings.samples) if settings.samples else []
        plugins.check_settings(settings.selector, selector.select, spec.settings, given=4)
        chosen = _stored(spec.settings)
        ids = selector.select(samples, rates, settings.size, settings.seed, **chosen)
        rows = _rows(ids, rates, _measure(selector.select, chosen, rates))
        out = step.start()
        write_table(out / "rows.parquet", rows, ROWS)
        short = settings.size - len(ids)
        if short:
            log.warning("select: %d rows asked for, %d found by %s", settings.size, len(ids), settings.selector)
        summary = Summary(
            pool=_pool(rates),
            rows=len(ids),
            short_of=short,
            selector=settings.selector,
            out=settings.out,
        )
        return step.finish(summary, ["rows.parquet"])


def _stored(settings: dict[str, Any]) -> dict[str, Any]:
    """A selector's settings, its measure named as files store it: `tiou` is `mean_iou`, `tiou>=0.5` is `iou>=0.5`."""
    return settings | {"measure": stored_name(str(settings["measure"]))} if "measure" in settings else settings


def _measure(select: Callable[..., list[str]], settings: dict[str, Any], rates: RowTable) -> str:
    """Name of the measure by which rows are chosen: the selector's setting, else its default, else the file's first."""
    default = inspect.signature(select).parameters.get("measure")
    if "measure" in settings or default:
        return str(settings.get("measure", default.default if default else ""))
    first = next(iter(rates.frames(["measure"])), None)
    return str(first["measure"][0]) if first is not None else ""


def _pool(rates: RowTable) -> int:
    """Number of distinct samples."""
    import polars as pl

    ids = [frame["sample_id"].unique() for frame in rates.frames(["sample_id"])]
    return pl.concat(ids).n_unique() if ids else 0


def _rows(ids: list[str], rates: RowTable, measure: str) -> Any:
    """For each chosen sample, its row of this measure in the pass rates (nulls if it has none), and its rank."""
    import polars as pl

    chosen = pl.DataFrame({"sample_id": pl.Series(ids, dtype=pl.String)}).with_row_index("rank")
    found: list[Any] = []
    for frame in read_frames(rates.path, PASS_RATES | DRAWN):
        found.append(frame.filter(pl.col("measure") == measure).join(chosen, on="sample_id", how="semi"))
    if not found:
        return chosen.with_columns(pl.lit(None).alias(name) for name in ROWS if name not in chosen.columns)
    known = pl.concat(found).unique("sample_id", keep="last")
    return chosen.join(known, on="sample_id", how="left", maintain_order="left")
