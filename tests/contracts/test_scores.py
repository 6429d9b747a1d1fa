"""What every score promises; a new file in vtgdata/plugins/scores is picked up by itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.builders import make_answer, make_sample
from support.time_budget import shared
from vtgdata.files import plugins

NAMES = plugins.names("scores")
EXAMPLES = shared(settings().max_examples, 9, len(NAMES))
bounds = st.tuples(st.floats(0, 20), st.floats(0.5, 10)).map(lambda pair: (pair[0], pair[0] + pair[1]))
REASONS = "The dog stands at the door, then jumps over the fence and runs away."
SAMPLES = {
    "one window": make_sample(windows=[(3.0, 9.0)]),
    "several windows": make_sample(windows=[(3.0, 9.0), (12.0, 14.5)]),
    "a question": make_sample(windows=[(3.0, 9.0)], task="grounded_qa", options=("yes", "no"), answer="B"),
}


def score(name, answers, samples):
    return plugins.load("scores", name).score(answers, samples)


def gold(sample):
    """The answer that is right in every way."""
    windows = [(window.start, window.end) for window in sample.windows]
    return make_answer(*windows, option=sample.answer, reasoning=REASONS)


@pytest.mark.parametrize("name", NAMES)
def test_the_right_answer_scores_one_wherever_the_score_applies(name):
    values = score(name, [gold(sample) for sample in SAMPLES.values()], list(SAMPLES.values()))
    applies = values[~np.isnan(values)]
    assert len(applies) and applies == pytest.approx([1.0] * len(applies))


@pytest.mark.parametrize("name", NAMES)
def test_no_answer_scores_zero_wherever_the_score_applies(name):
    values = score(name, [make_answer()] * len(SAMPLES), list(SAMPLES.values()))
    applies = values[~np.isnan(values)]
    assert len(applies) and applies == pytest.approx([0.0] * len(applies))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=EXAMPLES)
@given(st.lists(bounds, max_size=3), st.lists(bounds, min_size=1, max_size=3))
def test_a_score_is_in_zero_to_one_or_does_not_apply(name, said, true):
    value = score(name, [make_answer(*said)], [make_sample(windows=true)])
    assert value.shape == (1,)
    assert np.isnan(value[0]) or 0 <= value[0] <= 1


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=EXAMPLES)
@given(st.lists(bounds, min_size=2, max_size=3))
def test_the_order_of_windows_does_not_matter(name, said):
    sample = make_sample(windows=[(1.0, 4.0), (8.0, 9.0)])
    assert score(name, [make_answer(*said)], [sample]) == pytest.approx(
        score(name, [make_answer(*reversed(said))], [sample]), nan_ok=True
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_table_scores_as_its_rows_do(name):
    answers = [
        make_answer((3.0, 9.0), option="B"),
        make_answer(),
        make_answer((5.0, 20.0), strict_ok=False),
        make_answer((1.0, 4.0), (12.0, 13.0)),
        make_answer((3.0, 9.0)),
    ]
    samples = [*SAMPLES.values(), make_sample("several", windows=[(0.0, 2.0), (12.0, 20.0)]), make_sample(windows=[])]
    alone = [score(name, [answer], [sample])[0] for answer, sample in zip(answers, samples, strict=True)]
    assert score(name, answers, samples) == pytest.approx(alone, nan_ok=True)


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_table_has_no_scores(name):
    assert score(name, [], []).shape == (0,)


@pytest.mark.parametrize("name", NAMES)
def test_two_windows_where_one_was_asked_count_like_none(name):
    both = make_answer((3.0, 9.0), (12.0, 14.0), status="several_where_one", strict_ok=False)
    sample = make_sample(windows=[(3.0, 9.0), (12.0, 14.0)])
    assert score(name, [both], [sample]) == pytest.approx(score(name, [make_answer()], [sample]), nan_ok=True)


@pytest.mark.parametrize("name", NAMES)
def test_answers_and_samples_come_in_pairs(name):
    with pytest.raises(ValueError):
        score(name, [make_answer()], [])


@pytest.mark.parametrize("name", NAMES)
def test_where_there_is_no_moment_saying_so_is_right_and_a_window_wrong(name):
    absent = make_sample(windows=[], none_is_right=True)
    refuses = make_answer(status="no_answer", says_none=True)
    said, claimed, silent = score(name, [refuses, make_answer((3.0, 9.0)), make_answer()], [absent] * 3)
    # A score that is not about windows says the same of all three, or that it does not apply.
    assert (said, claimed, silent) == (1.0, 0.0, 0.0) or name in ("answer", "format", "length")
