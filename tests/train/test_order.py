"""The rows of a run in the order in which they are shown: passes, ranks, weights, mixtures, schedules."""

from collections import Counter
from itertools import islice

import pytest

from vtgdata.errors import VtgError
from vtgdata.train import rl
from vtgdata.train.order import order, read_schedule, shown, sources


def rows(number, config="rl", **columns):
    return [
        {"sample_id": f"{config}{place}", "config": config, **{name: make(place) for name, make in columns.items()}}
        for place in range(number)
    ]


def settings(**changes):
    return rl.Settings(release="r", model="m", videos="v", out="o", **changes)


def plan(found, per_step=4, by="shuffle", schedule="", **changes):
    given = settings(**changes)
    return shown(found, given, per_step=per_step, option="--x", by=by, schedule=read_schedule(schedule))


def test_each_pass_has_each_row_once_and_another_order():
    made = plan(rows(10), steps=5, per_step=4)
    first, second = made.places[:10], made.places[10:]
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second != sorted(second)
    assert plan(rows(10), steps=5).places == made.places != plan(rows(10), steps=5, seed=8).places


def test_epochs_are_passes_and_a_part_of_one_is_rounded_up_to_whole_steps():
    assert plan(rows(10), epochs=2).steps == 5
    assert plan(rows(10), epochs=1).steps == 3
    assert plan(rows(10), epochs=0.1).steps == 1


def test_by_rank_the_rows_come_in_the_selector_s_order_pass_by_pass():
    found = rows(6, rank=lambda place: (place * 5 + 2) % 6)
    made = plan(found, by="rank", steps=3, per_step=4)
    assert [found[place]["rank"] for place in made.places] == [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5]


def test_what_the_order_goes_by_must_be_there():
    with pytest.raises(VtgError, match=r"row 'rl1' of rl has no rank \(1 rows have none\): select writes it"):
        plan(rows(5, rank=lambda place: None if place == 1 else place), by="rank")
    with pytest.raises(VtgError, match="has no weight"):
        plan(rows(5), by="weight")
    with pytest.raises(VtgError, match="has no value"):
        plan(rows(5), schedule="0.5-1.0:0.0-0.5")


def test_by_weight_each_row_comes_as_often_as_its_weight_says_give_or_take_one():
    found = rows(8, weight=lambda place: place / 4)
    shown_often = Counter(plan(found, by="weight", steps=100, per_step=8).places)
    for place in range(8):
        assert abs(shown_often[place] - 800 * place / 28) <= 100 / 8 + 1
    assert shown_often[0] == 0


def test_two_configs_share_each_step_as_nearly_as_whole_rows_allow_and_exactly_in_the_long_run():
    found = rows(30) + rows(12, config="qa")
    made = plan(found, steps=20, per_step=5, configs={"rl": 0.7, "qa": 0.3})
    of_qa = [sum(found[place]["config"] == "qa" for place in made.places[at : at + 5]) for at in range(0, 100, 5)]
    assert sum(of_qa) == 30
    assert set(of_qa) == {1, 2}


def test_a_schedule_moves_from_easy_to_hard_rows():
    found = rows(40, value=lambda place: place / 39)
    made = plan(found, steps=10, per_step=4, schedule="0.7-1.0:0.0-0.3")
    values = [[found[place]["value"] for place in made.places[at : at + 4]] for at in range(0, 40, 4)]
    for step, seen in enumerate(values):
        low = 0.7 - 0.7 * step / 9
        assert all(low - 1e-9 <= value <= low + 0.3 + 1e-9 for value in seen)


def test_where_a_band_is_empty_the_rows_nearest_to_it_are_shown():
    found = rows(4, value=lambda place: place / 10)
    assert set(plan(found, steps=1, per_step=2, schedule="0.9-1.0:0.9-1.0").places) == {2, 3}


@pytest.mark.parametrize("text", ["0.5", "0.5-1:", "a-b:c-d", "0.9-0.1:0-1", "0-2:0-1"])
def test_a_schedule_that_is_none_is_refused(text):
    with pytest.raises(VtgError, match="--schedule"):
        read_schedule(text)


def test_fewer_rows_than_a_step_shows_are_refused_with_the_number_that_fits():
    with pytest.raises(VtgError, match=r"5 rows to train on, 8 a step: give --x 5 or fewer"):
        plan(rows(5), per_step=8)
    with pytest.raises(VtgError, match="no row to train on"):
        plan([], per_step=8)


def test_the_order_goes_on_after_the_last_step():
    made = plan(rows(10), steps=2, per_step=4)
    whole = list(islice(order(rows(10), sources({"rl": 10}, {"rl": 1.0}), per_step=4, steps=2, seed=7), 20))
    assert made.places + list(islice(made.more, 12)) == whole
