"""What vtgdata adds to TRL's trainers: the rows shown are those asked for, dead groups go, oracles come."""

import itertools

import pytest

from support import tiny_training
from support.tiny_training import PLAIN, fit_rl, fit_sft, log, rows
from vtgdata.files.parquet import read_parquet
from vtgdata.train import rl, sft
from vtgdata.train.order import read_schedule, shown

pytest.importorskip("trl", reason="needs vtgdata[train]")


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny_training.build(tmp_path_factory.mktemp("base"))


def seen(folder):
    return [line["rows"] for line in log(folder, "rows.jsonl")]


def planned(found, settings, per_step, **how):
    """The rows of each step, by a plan made apart from the run."""
    made = shown(found, settings, per_step=per_step, option="", **how)
    return [
        [found[place]["sample_id"] for place in made.places[at : at + per_step]]
        for at in range(0, len(made.places), per_step)
    ], made


MIXED = rows(6, config="rl") + [row | {"sample_id": f"q{row['sample_id']}"} for row in rows(4, PLAIN, config="qa")]
ASKED = {
    "shuffled": (rows(9), {}),
    "by rank": (rows(9, rank=lambda place: (place * 4) % 9), {"order": "rank"}),
    "by weight": (rows(9, weight=lambda place: place / 9), {"order": "weight"}),
    "a mixture": (MIXED, {"configs": {"rl": 0.7, "qa": 0.3}}),
}


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("kind", ["sft", "rl"])
def test_the_rows_that_enter_the_model_at_each_step_are_those_asked_for(base, tmp_path, kind, asked):
    found, changes = ASKED[asked]
    module, fit, per_step, more = (
        (sft, fit_sft, 4, {"batch_size": 4, "device_batch": 2})
        if kind == "sft"
        else (rl, fit_rl, 2, {"device_batch": 2})
    )
    fit(base, tmp_path, found, steps=3, **changes, **more)
    settings = module.Settings(release="", model="", videos="", out="", steps=3, **changes)
    wanted, _ = planned(found, settings, per_step, by=settings.order)
    assert [sorted(step) for step in seen(tmp_path)] == [sorted(step) for step in wanted]


def test_a_schedule_s_rows_enter_the_model_from_easy_to_hard(base, tmp_path):
    found = rows(12, value=lambda place: place / 11)
    fit_rl(base, tmp_path, found, steps=4, schedule="0.6-1.0:0.0-0.4")
    settings = rl.Settings(release="", model="", videos="", out="", steps=4)
    wanted, _ = planned(found, settings, 2, schedule=read_schedule("0.6-1.0:0.0-0.4"))
    assert seen(tmp_path) == wanted
    values = [[int(name[1:]) / 11 for name in step] for step in seen(tmp_path)]
    assert min(values[0]) >= 0.6 > 0.4 >= max(values[-1])


def test_replaced_groups_are_counted_and_their_rows_are_the_next_of_the_order(base, tmp_path):
    found = rows(9)
    fit_rl(base, tmp_path, found, steps=4, rewards={"length": 1.0}, dynamic_sampling=2, completions_every=1)
    settings = rl.Settings(release="", model="", videos="", out="", steps=4)
    wanted, plan = planned(found, settings, 2)
    more = (found[place]["sample_id"] for place in plan.more)
    lines = log(tmp_path)
    assert sum(line["replaced_groups"] for line in lines) > 0
    for line, before, after in zip(lines, wanted, seen(tmp_path), strict=True):
        assert line["dead_groups"] == line["replaced_groups"] <= 4
        drawn = list(itertools.islice(more, line["replaced_groups"]))
        assert all(name in before + drawn for name in after)
        said = read_parquet(tmp_path / f"completions/step-{line['step']:06}.parquet")
        groups = {row["group"]: row["replaced"] for row in said}
        assert sum(groups.values()) == line["replaced_groups"] and len(groups) == 2
        spread = [{row["reward"] for row in said if row["group"] == group} for group in groups]
        assert sum(len(each) == 1 for each in spread) / len(groups) == line["frac_reward_zero_std"]
        if not drawn:
            assert after == before
        elif line["frac_reward_zero_std"] == 1.0:
            assert after == drawn[-2:]


def test_an_oracle_answer_in_each_group_gives_a_gradient_where_all_others_earn_nothing(base, tmp_path):
    found = rows(6, PLAIN)
    fit_rl(base, tmp_path / "alone", found, rollouts=4, steps=1)
    fit_rl(base, tmp_path / "oracle", found, rollouts=4, steps=1, oracle=True)
    (alone,), (oracle,) = log(tmp_path / "alone"), log(tmp_path / "oracle")
    assert alone["reward"] == 0.0 == alone["gradient"]
    assert oracle["reward"] == pytest.approx(0.25)
    assert oracle["gradient"] > 0
