"""The pool of a selector: one row per sample, of its rows the one with the highest value."""

import random
from typing import Any

import pytest

from vtgdata.engine.selection import pool


@pytest.mark.parametrize("together", [1, 3, 1000])
def test_of_a_samples_rows_the_highest_value_counts_and_rows_without_one_are_left_out(
    monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr(pool, "_TOGETHER", together)
    chance = random.Random(together)
    rows: list[dict[str, Any]] = [
        {
            "sample_id": f"s{chance.randrange(8)}", "measure": chance.choice(["mean_iou", "iou>=0.5"]), "n": number,
            "value": chance.choice([None, float("nan"), 0.0, 0.25, 0.5, 1.0]),
        }
        for number in range(60)
    ]  # fmt: skip
    for solved in (False, True):
        best: dict[str, float] = {}
        for row in rows:
            name: str = row["sample_id"]
            value: float = float("nan") if row["value"] is None else row["value"]
            known = value >= 0 and (value > 0 or not solved)
            if row["measure"] == "mean_iou" and known:
                best[name] = max(best.get(name, value), value)
        found = pool.of(rows, "mean_iou", who="band", solved=solved)
        assert found.select("sample_id", "rate").rows() == sorted(best.items())
