"""What train rl says of groups without a gradient stands beside what `select` had forecast of the same rows."""

from pathlib import Path

import pytest

from support.release_builders import make_pass_rate, make_release, make_sample, write_chosen, write_inputs
from vtgdata.files.parquet import read_parquet, write_parquet
from vtgdata.files.schemas import PASS_RATES
from vtgdata.stages import select
from vtgdata.train import expected_groups
from vtgdata.train.data import open_rows


def test_the_forecast_in_training_is_that_of_the_selection(tmp_path: Path) -> None:
    """Half of the rows fail in all answers, which as one group of them nearly always does."""
    inputs = write_inputs(tmp_path, train=8)
    samples = [make_sample(number) for number in range(8)]
    spread = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]
    rates = [
        make_pass_rate(sample, 0.0, ious=[0.0] * 8, n_unparsed=0)
        if place % 2
        else make_pass_rate(sample, 0.35, ious=spread)
        for place, sample in enumerate(samples)
    ]
    write_parquet(tmp_path / "pass_rates.parquet", rates, PASS_RATES)
    write_chosen(tmp_path / "rows.parquet", rates[:6])
    release = str(make_release(tmp_path / "release", inputs))
    rows, _ = open_rows(release, ["rl"])
    found = expected_groups.without_gradient(release, rows, 4)
    (tmp_path / "ids.txt").write_text("".join(f"{row['sample_id']}\n" for row in rows))
    chosen = select.run(
        select.Settings(
            pass_rates=str(tmp_path / "pass_rates.parquet"), ids=str(tmp_path / "ids.txt"), answers=4,
            out=str(tmp_path / "chosen"),
        )
    )  # fmt: skip
    assert found == pytest.approx(chosen.preview.without_gradient, abs=1e-12) and 0.2 < found < 0.6
    assert len(read_parquet(tmp_path / "chosen/rows.parquet")) == len(rows) == 6
    assert expected_groups.without_gradient("", rows, 4) is None
    unknown = [row | {"sample_id": f"other:{row['sample_id']}"} for row in rows]
    assert expected_groups.without_gradient(release, unknown, 4) is None
