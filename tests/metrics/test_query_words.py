import numpy as np
import pytest

from support.builders import make_sample
from support.published import ingested, published
from vtgdata.metrics import baselines, other_truth, sets
from vtgdata.metrics.query_words import query_words


def test_words_that_say_where_are_learnt():
    early = [
        make_sample(f"a{i}", video_id=f"a{i}", query=f"the intro of song {i}", windows=[(0, 6)]) for i in range(200)
    ]
    late = [
        make_sample(f"b{i}", video_id=f"b{i}", query=f"the final of song {i}", windows=[(24, 30)]) for i in range(200)
    ]
    guess = query_words([*early, *late])
    assert guess.answer(make_sample("x", query="Intro, please")).windows[0] == pytest.approx([0, 6])
    assert guess.answer(make_sample("y", query="a final")).windows[0] == pytest.approx([24, 30])
    assert len(guess.answer(make_sample("z", duration=None)).windows) == 0


def test_a_guess_that_is_crossed_knows_nothing_of_the_source_in_question():
    samples = [make_sample(f"s{i}", video_id=f"v{i % 4}", query=f"only word{i % 4}") for i in range(80)]
    asked: list[tuple[frozenset[str], str]] = []

    class Noting:
        until, windows = [], []

        def __init__(self, known):
            self.known = frozenset(known)

        def answer(self, sample):
            asked.append((self.known, sample.video.source))
            return baselines.NOTHING

    guess = baselines.crossed(lambda its: Noting(sample.video.source for sample in its), samples)
    for sample in samples:
        guess.answer(sample)
    assert len(asked) == 80 and all(source not in known for known, source in asked)


@pytest.mark.slow
def test_the_words_of_charades_give_something_away():
    samples = ingested("charades_sta", [published("corpora", "charades_sta")], "train").samples
    sources = sorted({sample.video.source for sample in samples})
    first = set(np.random.default_rng(0).permutation(sources)[: len(sources) // 2].tolist())
    training = [sample for sample in samples if sample.video.source in first]
    asked = [sample for sample in samples if sample.video.source not in first]
    guess, others = query_words(training), other_truth.draw(asked)
    answers = [guess.answer(sample) for sample in asked]
    assert others is not None
    found = other_truth.seen(
        sets.values("moments", answers, asked, ()), lambda each: sets.values("moments", answers, each, ()), others
    )
    assert 0.05 < found["mIoU"].seen.low < found["mIoU"].seen.high < 0.12
