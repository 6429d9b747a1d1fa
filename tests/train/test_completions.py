"""The table of completions: which steps are kept, and where reward came from."""

from types import SimpleNamespace

import pytest

from vtgdata.files.parquet import read_parquet
from vtgdata.train.completions import Completions, bin_of

REWARDS = SimpleNamespace(names=["tiou"], weighted=[("tiou", 0.5)])
ROWS = [{"sample_id": "easy", "value": 0.9}, {"sample_id": "hard", "value": 0.1}, {"sample_id": "unknown"}]


def logs(*answers):
    """What TRL notes of answers (row, reward), two to a prompt."""
    columns = {
        "key": [row for row, _ in answers], "sample_id": [ROWS[row]["sample_id"] for row, _ in answers],
        "reward tiou": [reward for _, reward in answers], "others": [0.1] * len(answers),
        "windows": [[[1.0, 2.0]]] * len(answers), "option": [None] * len(answers), "strict_ok": [True] * len(answers),
        "parse_status": ["ok"] * len(answers), "finish_reason": ["stop"] * len(answers),
        "tokens_out": [5] * len(answers),
    }  # fmt: skip
    said = [[{"role": "assistant", "content": "1 to 2"}]] * len(answers)
    return {"completion": said, "advantages": [0.0] * len(answers), "extra": columns}


def table(folder, every):
    return Completions(folder, ROWS, REWARDS, every=every, steps=9, group=2)


STEP = logs((0, 1.0), (0, 0.5), (1, 0.0), (1, 0.0), (2, None), (2, None))


@pytest.mark.parametrize(("every", "kept"), [(0, []), (1, [1, 2, 3, 4, 5, 6, 7, 8, 9]), (4, [1, 4, 8, 9])])
def test_the_first_the_last_and_every_so_many_steps_are_kept(tmp_path, every, kept):
    of = table(tmp_path / "completions", every)
    for step in range(1, 10):
        of.scored(step, STEP, {})
        of.write(step)
    assert sorted(path.name for path in tmp_path.rglob("*.parquet")) == [f"step-{step:06d}.parquet" for step in kept]


def test_a_row_has_what_was_said_and_earned_and_batches_of_one_step_follow_each_other(tmp_path):
    of = table(tmp_path, 1)
    of.scored(1, STEP, {0: 2})
    of.scored(1, STEP, {0: 2})
    of.write(1)
    found = read_parquet(tmp_path / "step-000001.parquet")
    assert [row["batch"] for row in found] == [0] * 6 + [1] * 6 and [row["group"] for row in found[:6]] == [
        0,
        0,
        1,
        1,
        2,
        2,
    ]
    assert (found[0]["text"], found[0]["reward"], found[0]["others"]) == ("1 to 2", 0.5, 0.1)
    assert [row["pass_rate_bin"] for row in found[:6:2]] == ["0.8-1.0", "0.0-0.2", "unknown"]
    assert [row["replaced"] for row in found[:6:2]] == [2, 0, 0]
    assert found[4]["reward"] is None and found[4]["scores"] == []


def test_where_reward_came_from_is_told_by_range_of_pass_rates(tmp_path):
    of = table(tmp_path, 1)
    assert of.figures() == {}
    of.scored(1, STEP, {0: 2})
    assert of.figures() == {
        "pass_rate_bins": {
            "0.0-0.2": {"groups": 1, "zero_std": 1, "reward": 0.0},
            "0.8-1.0": {"groups": 1, "zero_std": 0, "reward": 0.375},
            "unknown": {"groups": 1, "zero_std": 1, "reward": None},
        }
    }


def test_ranges_hold_their_lower_bound():
    assert [bin_of(value) for value in (0.0, 0.19, 0.6, 0.999)] == ["0.0-0.2", "0.0-0.2", "0.6-0.8", "0.8-1.0"]
