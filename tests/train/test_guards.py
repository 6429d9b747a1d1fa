"""Guard rails: what stops a run, what it says, and that a gradient that is not finite changes nothing."""

import math

import pytest

from vtgdata.train import guards
from vtgdata.train.crew import Crew
from vtgdata.train.guards import Limits, learnt_nothing, trouble

GOOD = {
    "loss": 0.1, "reward": 0.5, "frac_reward_zero_std": 0.25, "tokens": 40.0, "cut_off": 0.0, "unparsed": 0.1,
    "gradient": 0.3, "learning_rate": 1e-5, "kl": 0.02,
}  # fmt: skip
LIMITS = Limits(stall=3, max_kl=10.0, max_growth=4.0)
STALLED = {
    "cut off": {"cut_off": 1.0},
    "no answer could be read": {"unparsed": 1.0},
    "all answers to each prompt had one reward": {"frac_reward_zero_std": 1.0},
    "the gradient was 0": {"gradient": 0.0},
    "the learning rate was 0": {"learning_rate": 0.0},
}


def lines(*changes):
    return [{"step": step, **GOOD, **change} for step, change in enumerate(changes, 1)]


def words(found):
    assert found is not None
    return found.words


def test_a_run_that_learns_is_left_alone():
    assert trouble(lines(*[{}] * 60), LIMITS) is None
    assert learnt_nothing(lines({}, {"frac_reward_zero_std": 1.0}), LIMITS) is None


@pytest.mark.parametrize("said", STALLED)
def test_steps_that_teach_nothing_stop_a_run_after_so_many_in_a_row(said):
    wrong = STALLED[said]
    assert said in words(trouble(lines({}, wrong, wrong, wrong), LIMITS))
    assert trouble(lines(wrong, wrong, {}, wrong, wrong), LIMITS) is None, "not in a row"
    assert trouble(lines({}, wrong, wrong, wrong), Limits(stall=0)) is None
    assert trouble(lines(wrong, wrong, wrong, wrong), LIMITS, since=2) is None, "counted anew when taken up again"


@pytest.mark.parametrize("name", ["loss", "gradient"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_figure_that_is_not_finite_stops_it_at_once(name, value):
    found = trouble(lines({}, {name: value}), Limits(stall=0))
    assert f"the {name} is {value}" in words(found) and not found.option, "no option makes it good"


def test_a_divergence_or_length_that_runs_away_stops_it():
    assert "KL" in words(trouble(lines({}, *[{"kl": 30.0}] * 5), LIMITS))
    assert trouble(lines({}, *[{"kl": 30.0}] * 4), LIMITS) is None, "one bad step is none"
    long = {"tokens": 200.0, "cut_off": 0.6}
    assert "200 tokens" in words(trouble(lines(*[{}] * 20, *[long] * 20), LIMITS))
    assert trouble(lines(*[{}] * 20, *[long | {"cut_off": 0.1}] * 20), LIMITS) is None, "longer answers may be better"


def test_a_run_whose_every_step_taught_nothing_is_no_success():
    dead = {"frac_reward_zero_std": 1.0, "reward": 0.0}
    assert "nothing was learnt" in words(learnt_nothing(lines(dead, dead), Limits(stall=20)))
    assert learnt_nothing(lines(dead, {}), Limits(stall=20)) is None
    assert learnt_nothing(lines(dead, dead), Limits(stall=0)) is None
    # All are cut off, and some earn more than others: something was learnt.
    assert learnt_nothing(lines({"cut_off": 1.0}), LIMITS) is None


def test_a_form_that_nobody_writes_is_named_where_only_the_strict_reading_gives_nothing():
    dead = {"frac_reward_zero_std": 1.0, "reward": 0.0, "lenient_minus_strict": 0.4}
    assert "--reading lenient" in words(trouble(lines(dead, dead, dead), LIMITS))


def test_a_gradient_that_is_not_finite_changes_no_weight():
    torch = pytest.importorskip("torch", reason="needs vtgdata[train]")
    for bad in (math.nan, math.inf):
        model = torch.nn.Linear(2, 2)
        before = model.weight.detach().clone()
        optimiser = torch.optim.AdamW(model.parameters(), lr=1.0)
        model.weight.grad, model.bias.grad = torch.full((2, 2), 1.0), torch.tensor([bad, 0.0])
        guards.drop_gradient(model, Crew(1, 0))
        optimiser.step()
        assert torch.equal(model.weight, before)
    model.weight.grad, model.bias.grad = torch.full((2, 2), 1.0), torch.zeros(2)
    guards.drop_gradient(model, Crew(1, 0))
    optimiser.step()
    assert not torch.equal(model.weight, before)


def test_weights_that_are_not_finite_are_seen():
    torch = pytest.importorskip("torch", reason="needs vtgdata[train]")
    good, whole = torch.ones(3), torch.arange(3)
    assert guards.finite([good, whole, torch.empty(0)], Crew(1, 0))
    for bad in (math.nan, math.inf):
        assert not guards.finite([good, torch.tensor([1.0, bad])], Crew(1, 0))
