"""What a release's pass rates let expect of a run of train rl, to stand beside what it measured."""

from collections.abc import Sequence

from vtgdata.engine.selection import forecast
from vtgdata.files.row_table import RowTable
from vtgdata.train.data import Row, rated


def without_gradient(release: str, rows: Sequence[Row], group: int) -> float | None:
    """The expected share of groups whose answers all have one reward, as `vtgdata select` forecasts it.

    The forecast is of answers of the model that was asked, with a reward of IoU and form, and of every row shown
    equally often; what is measured beside it differs as the model learns.

    Args:
        release: path or Hub name; empty for none.
        rows: rows of the run.
        group: answers to each prompt.

    Returns: in [0, 1]; None where the release stores no IoUs of two answers to one of the rows.
    """
    if not release or not rows:
        return None
    chances: dict[str, float] = {}
    for path in rated(release):
        rates = RowTable(path, needs=["sample_id", "measure"])
        measure = next((str(row["measure"]) for row in rates), "")
        dead = forecast.without_gradient(rates, group, measure)
        chances.update(zip(dead["sample_id"].to_list(), dead["dead"].to_list(), strict=True))
    ids = [str(row["sample_id"]).removesuffix(f"#{row.get('config', '')}") for row in rows]
    known = [chances[name] for name in ids if name in chances]
    return sum(known) / len(known) if known else None
