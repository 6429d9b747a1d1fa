"""TempSamp-R1's numbers: 1 - IoU of one answer."""

import pytest

from support.published_forms import write_published
from vtgdata.files.parquet import read_parquet
from vtgdata.stages import import_rollouts


@pytest.fixture
def imported(tmp_path):
    def run(difficulties, **settings):
        write_published(tmp_path / "rows.jsonl", difficulties)
        made = import_rollouts.Settings(
            file=str(tmp_path / "rows.jsonl"), form="tempsamp", out=str(tmp_path / "out"), **settings
        )
        return import_rollouts.run(made), read_parquet(tmp_path / "out/pass_rates.parquet")

    return run


def test_the_reverse_direction_is_turned_and_one_answer_is_no_pass_rate(imported):
    summary, (rate,) = imported((0.4, 1.7))
    assert (rate["measure"], rate["value"], rate["n"], rate["model_id"]) == ("mean_iou", 0.6, 1, "unknown")
    assert summary.drops == 1 and summary.reasons == {"unreadable_row": 1}


def test_a_share_of_passes_is_made_of_one_answer_only_when_asked_for(imported):
    _, (rate,) = imported((0.4,), measures=["iou>=0.5"])
    assert (rate["measure"], rate["value"], rate["n"]) == ("iou>=0.5", 1.0, 1)
