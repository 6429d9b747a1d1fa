"""OraRL's advantages equal the steps that its code gives, and an oracle needs a prompt without reasoning."""

import pytest

from vtgdata.conversation.prompt import load_prompt
from vtgdata.errors import VtgError
from vtgdata.train import oracle

WORKED = [
    ([1, 0, 0, 0, 0, 0, 0], [0.8953] + [-0.1492] * 6, 1.0),
    ([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3], [0.3068, 0.2036, 0.1005, -0.0027, -0.1027, -0.2027, -0.3027], 0.32),
    ([0.2, 0.4, 0.6, 0.2, 0.4, 0.6, 0.8], [-0.2626, -0.0626, 0.1461, -0.2626, -0.0626, 0.1461, 0.3582], 0.4298),
    ([0] * 7, [0] * 7, 0.05),
    ([1] * 7, [0] * 7, 0.0),
]


@pytest.mark.parametrize(("rewards", "own", "gift"), WORKED)
def test_the_worked_rows(rewards, own, gift):
    found, given = oracle.raw(rewards, 1.0)
    assert found == pytest.approx(own, abs=6e-5)
    assert given == pytest.approx(gift, abs=6e-5)


def test_the_kept_four_of_the_first_row():
    assert oracle.advantages([1, 0, 0, 0, 0, 0, 0], 1.0) == pytest.approx(
        [0.3299, -0.3647, -0.3647, 0, 0, 0, 0, 0.3995], abs=6e-5
    )


@pytest.mark.parametrize("rewards", [row[0] for row in WORKED])
def test_advantages_sum_to_nothing_and_the_oracle_is_never_pushed_down(rewards):
    found = oracle.advantages(rewards, 1.0)
    assert sum(found) == pytest.approx(0, abs=1e-9)
    assert found[-1] >= 0
    assert sum(value != 0 for value in found) <= oracle.KEPT


def test_the_annotation_is_said_in_the_form_that_the_prompt_asks_for():
    prompt = load_prompt("ground_nothink")
    row = {"sample_id": "a", "prompt_id": prompt.id, "windows": [[1.0, 2.5], [4.0, 5.0]]}
    assert oracle.answers([row], {prompt.id: prompt})("a") == "<answer>1.0 to 2.5</answer>"


def test_a_prompt_with_reasoning_and_a_row_without_a_moment_are_refused():
    thinking, plain = load_prompt("ground"), load_prompt("ground_nothink")
    with pytest.raises(VtgError, match="asks for reasoning"):
        oracle.answers([{"sample_id": "a", "prompt_id": thinking.id, "windows": [[1, 2]]}], {thinking.id: thinking})
    with pytest.raises(VtgError, match="has no moment"):
        oracle.answers([{"sample_id": "a", "prompt_id": plain.id, "windows": []}], {plain.id: plain})
