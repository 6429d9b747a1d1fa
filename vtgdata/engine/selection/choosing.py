"""A pool and the selector that chooses from it, within quotas and caps; refuses a choice that teaches nothing."""

import inspect
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from vtgdata.engine.measures import stored_name
from vtgdata.engine.selection import nearest, pool, preview, quotas
from vtgdata.engine.selection.candidates import Asked, Candidates, candidates, read_ids
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.files.pieces import write_table
from vtgdata.files.row_table import FrameRows
from vtgdata.files.samples import SampleTable
from vtgdata.files.schemas import DRAWN, PASS_RATES, WEIGHT
from vtgdata.records import Sample

ROWS = PASS_RATES | DRAWN | {"rank": "count"}


class TrainWith(NamedTuple):
    """Prompt and frames for rows whose pass rates name none."""

    prompt_id: str
    prompt: str
    frame_sampling: str


class Rules(NamedTuple):
    """How rows are chosen."""

    selector: str
    """As typed."""
    asked: Asked
    size: int | None
    seed: int
    limits: quotas.Limits
    ids: str = ""
    """File of a published list, in the place of the selector."""
    train_with: TrainWith | None = None


class Choosing:
    """A pool and the selector that chooses from it."""

    def __init__(self, rules: Rules) -> None:
        """Load the selector and read the pool; raises VtgError where either is wrong, or no row is left."""
        spec = plugins.parse_spec(rules.selector)
        self.rules, self.name = rules, spec.name
        self.module: ModuleType = plugins.load("selectors", spec.name)
        plugins.check_settings(rules.selector, self.module.select, spec.settings, given=4)
        self.stated = _stored(spec.settings)
        self.measure = ""
        self.pool: Candidates = candidates(rules.asked, self._measure)
        if not self.pool.facts.height:
            why = "; ".join(f"{count:,} {reason}" for reason, count in self.pool.left_out.items()) or "it has no rows"
            raise VtgError(f"{rules.asked.pass_rates}: no row is left to choose from: {why}.")
        self.rates = pool.of(self.pool.rates, self.measure, who=self.name).select("sample_id", "value", "rate")
        self.wanted = read_ids(rules.ids) if rules.ids else None
        """The ids of the list, or None."""

    def _measure(self, known: list[str]) -> str:
        """The measure by which rows are chosen: the one stated, else the selector's own, else the file's first."""
        default = inspect.signature(self.module.select).parameters.get("measure")
        if "measure" not in self.stated and default is None:
            self.measure = known[0]
        else:
            named = str(self.stated.get("measure", default.default if default else ""))
            self.measure = pool.named(known, named, self.name, getattr(self.module, "MEASURES", pool.MEANS))
        return self.measure

    def choose(self, stated: dict[str, Any] | None = None) -> quotas.Choice:
        """The ids that the selector chooses with its settings, or those of the list."""
        if self.wanted is not None:
            known = self.wanted.filter(self.wanted.is_in(self.pool.facts["sample_id"].implode())).unique(
                maintain_order=True
            )
            return quotas.Choice(known[: self.rules.size or len(known)].to_list(), {})
        stated = self.stated if stated is None else stated
        draw = getattr(self.module, "draw", self.module.select)

        def part(ids: Any, size: int) -> list[str]:
            samples, rates = self._part(ids)
            return draw(samples, rates, size, self.rules.seed, **stated)

        assert self.rules.size is not None
        found = quotas.choose(part, self.pool.facts, self.rules.size, self.rules.limits)
        if (arrange := getattr(self.module, "arrange", None)) is not None:
            found = quotas.Choice(arrange(found.ids, self.pool.rates, **stated), found.short)
        return found

    def _part(self, ids: Any) -> tuple[Any, FrameRows]:
        """The samples and pass rates of a part of the pool."""
        samples: SampleTable | list[Sample] = [] if self.pool.samples is None else self.pool.samples
        if len(ids) == self.pool.facts.height:
            return samples, self.pool.rates
        inside = self.pool.rates.frame["sample_id"].is_in(ids.implode())
        if self.pool.samples is not None:
            samples = self.pool.samples.masked(self.pool.samples.frame["sample_id"].is_in(ids.implode()))
        return samples, FrameRows(self.pool.rates.frame.filter(inside))

    def useful(self, chosen: Any) -> bool:
        """Whether there are rows, and not all of them were always missed or always solved although others were not."""
        if not len(chosen):
            return False
        values = self.rates.filter(self.rates["sample_id"].is_in(chosen.implode()))["value"]
        alike = [value for value in (0.0, 1.0) if len(values) > 1 and (values == value).all()]
        return not alike or bool((self.rates["value"] == alike[0]).all())

    def refuse_useless(self, chosen: Any) -> None:
        """Raise VtgError for an empty or degenerate choice, with the nearest settings that work."""
        if self.useful(chosen):
            return
        what = "no row qualifies" if not len(chosen) else "no answer, or every answer, to its rows was right"
        if self.wanted is not None:
            raise VtgError(f"--ids {self.rules.ids}: {what}. Give --samples and pass rates of the list's own rows.")

        found = self._nearest(self.rules.size // 2 if self.rules.size else 1) or self._nearest(1)
        shares = ", ".join(f"{edge}: {n[1]:,}" for edge, n in preview.histogram(self.rates, chosen).items() if n[1])
        help_ = (
            f"Nearest that works: --selector {nearest.spec_of(self.name, found[0])} ({found[1]:,} rows)"
            if found
            else "No change of one bound helps; choose another measure or selector"
        )
        raise VtgError(
            f"select: {what} with {self.rules.selector} of {self.pool.facts.height:,} samples. {help_}. Samples by "
            f"{self.measure}: {shares or 'none has a value'}. To write it all the same: --allow-degenerate."
        )

    def _nearest(self, least: int) -> tuple[dict[str, Any], int] | None:
        """The nearest settings that choose at least so many rows, and these are useful."""

        def works(stated: dict[str, Any]) -> int:
            ids = series(self.choose(stated).ids)
            return len(ids) if len(ids) >= least and self.useful(ids) else 0

        return nearest.nearest(self.module.select, self.stated, self.rates["rate"].to_numpy(), works)

    def weights(self) -> Any:
        """The column of weights that the selector gives, as a frame with `sample_id` and `weight`, or None."""
        give: Callable[..., Any] | None = getattr(self.module, "weights", None)
        return None if give is None or self.wanted is not None else give(self.pool.rates, **self.stated)

    def write(self, out: Path, sets: dict[str, list[str]], *, weighed: str) -> None:
        """Write the rows of sets of samples, each in its order and with its row of the measure in the pass rates.

        Args:
            out: folder.
            sets: {file: ids}.
            weighed: the file whose rows get the selector's weights, if it gives any, with a mean of 1.
        """
        import polars as pl

        known = self._rows_of(series([name for ids in sets.values() for name in ids]).unique())
        weights = self.weights()
        for file, ids in sets.items():
            rows = pl.DataFrame({"sample_id": series(ids)}).with_row_index("rank")
            rows = rows.join(known, on="sample_id", how="left", maintain_order="left")
            columns = ROWS
            if file == weighed and weights is not None:
                rows = rows.join(weights, on="sample_id", how="left", maintain_order="left")
                rows = rows.with_columns(pl.col("weight") / pl.col("weight").mean())
                columns = ROWS | WEIGHT
            write_table(out / file, rows, columns)

    def _rows_of(self, ids: Any) -> Any:
        """The rows of some samples in the pass rates."""
        import polars as pl

        rows = self.pool.measured.of(ids).unique("sample_id", keep="last")
        if self.rules.train_with is None:
            return rows
        unnamed = pl.col("frame_sampling").cast(pl.String).fill_null("") == ""
        return rows.with_columns(pl.col(pl.Categorical).cast(pl.String)).with_columns(
            pl.when(unnamed).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
            for name, value in self.rules.train_with._asdict().items()
        )


def series(ids: list[str]) -> Any:
    """Ids as a Polars series."""
    import polars as pl

    return pl.Series("sample_id", ids, dtype=pl.String)


def _stored(settings: dict[str, Any]) -> dict[str, Any]:
    """A selector's settings, its measure named as files store it: `tiou` is `mean_iou`, `tiou>=0.5` is `iou>=0.5`."""
    return settings | {"measure": stored_name(str(settings["measure"]))} if "measure" in settings else settings
