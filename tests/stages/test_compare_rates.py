"""compare-rates: two checkpoints side by side."""

import pytest

from vtgdata.errors import VtgError
from vtgdata.files.parquet import write_parquet
from vtgdata.files.schemas import PASS_RATES
from vtgdata.stages import compare_rates


def rates(path, values, model, measure="mean_iou"):
    rows = [
        {"sample_id": f"s{i}", "model_id": model, "measure": measure, "value": v, "n": 8} for i, v in enumerate(values)
    ]
    write_parquet(path, rows, PASS_RATES)
    return str(path)


def test_gap_drift_and_rank_correlation_of_two_checkpoints(tmp_path):
    first = rates(tmp_path / "a.parquet", [0.1, 0.2, 0.3, 0.4], "sft")
    second = rates(tmp_path / "b.parquet", [0.2, 0.3, 0.4, 0.3, 0.9], "rl")
    found = compare_rates.run(compare_rates.Settings(files=[first, second], out=str(tmp_path / "o")))
    (pair,) = found.pairs
    assert [each.model for each in found.students] == ["sft", "rl"] and found.students[1].samples == 5
    assert (pair.samples, pair.better, pair.worse) == (4, 3, 1)
    assert pair.gap == pytest.approx(0.05) and pair.drift > 0
    # Ranks 1 2 3 4 against 1 2.5 4 2.5.
    assert pair.rank_correlation == pytest.approx(0.6324555)


def test_files_without_a_common_measure_and_a_single_student_are_refused(tmp_path):
    first = rates(tmp_path / "a.parquet", [0.1, 0.2], "sft")
    second = rates(tmp_path / "b.parquet", [0.2, 0.3], "rl", "union_iou")
    with pytest.raises(VtgError, match="no measure in common"):
        compare_rates.run(compare_rates.Settings(files=[first, second], out=str(tmp_path / "o")))
    with pytest.raises(VtgError, match="two models"):
        compare_rates.run(compare_rates.Settings(files=[first], out=str(tmp_path / "o")))
