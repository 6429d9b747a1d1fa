"""The other-truth control: guesses that see nothing have seen nothing, and what is seen is measured without a model."""

import msgspec
import numpy as np
import pytest

from support.builders import make_sample
from vtgdata.metrics import other_truth, sets
from vtgdata.metrics.answered import Answered
from vtgdata.metrics.flat import as_array
from vtgdata.metrics.set_metrics import published
from vtgdata.records import Sample


def corpus(n: int = 240, per_source: int = 3, seed: int = 0) -> list[Sample]:
    rng = np.random.default_rng(seed)
    found = []
    for i in range(n):
        duration = float(rng.uniform(20, 200))
        start = float(rng.uniform(0, 0.8)) * duration
        windows = [(start, start + float(rng.uniform(0.05, 0.2)) * duration)]
        found.append(make_sample(f"t:{i}", video_id=f"v{i // per_source}", duration=duration, windows=windows))
    return found


def seen(answers: list[Answered], samples: list[Sample], metrics: str = "moments") -> dict[str, other_truth.Estimate]:
    others = other_truth.draw(samples)
    assert others is not None
    return other_truth.seen(
        sets.values(metrics, answers, samples, ()), lambda each: sets.values(metrics, answers, each, ()), others
    )


def said(samples: list[Sample], shares: np.ndarray) -> list[Answered]:
    return [
        Answered(windows=share[None] * sample.video.duration) for share, sample in zip(shares, samples, strict=True)
    ]


def test_a_constant_guess_has_seen_nothing_at_all():
    samples = corpus()
    found = seen(said(samples, np.tile([0.2, 0.7], (len(samples), 1))), samples)
    for name in ("mIoU", "R1@0.3"):
        each = found[name].seen
        assert each.score == pytest.approx(each.others) and each.score > 0
        assert each.low <= 0 <= each.high and each.seen == pytest.approx(0, abs=1e-12)


def test_random_guesses_have_seen_nothing_and_their_intervals_say_so():
    samples, rng = corpus(), np.random.default_rng(1)
    found = [seen(said(samples, np.sort(rng.uniform(size=(240, 2)), axis=1)), samples)["mIoU"].seen for _ in range(40)]
    assert abs(np.mean([each.seen for each in found])) < 0.005
    assert 35 <= sum(each.low <= 0 <= each.high for each in found) <= 40


def test_half_an_answer_that_looks_is_half_seen():
    samples, rng = corpus(), np.random.default_rng(2)
    blind = said(samples, np.tile([0.2, 0.7], (len(samples), 1)))
    truth = [Answered(windows=as_array(sample.windows)) for sample in samples]
    looks = rng.uniform(size=len(samples)) < 0.5
    mixed = [t if look else b for t, b, look in zip(truth, blind, looks, strict=True)]
    most, half = seen(truth, samples)["mIoU"].seen, seen(mixed, samples)["mIoU"].seen
    assert most.seen == pytest.approx(1 - most.others)
    assert half.low < most.seen * looks.mean() < half.high and half.low > 0


def test_the_mean_of_the_values_is_what_is_seen():
    samples = [*corpus(), make_sample("t:unknown", video_id="other", duration=None)]
    answers = said(samples[:-1], np.sort(np.random.default_rng(3).uniform(size=(240, 2)), axis=1))
    found = seen([*answers, Answered()], samples)["R1@0.3"]
    assert np.isnan(found.values[-1]), "nobody knows where a share of an unknown duration is"
    assert np.nanmean(found.values) == pytest.approx(found.seen.seen)


def test_a_truth_comes_from_another_source_and_each_is_used_alike():
    samples = corpus(900)
    others = other_truth.draw(samples)
    assert others is not None
    source = others.clusters.of
    assert (source[others.donor] != source).all()
    assert (np.bincount(others.donor.ravel(), minlength=len(samples)) == other_truth.DRAWS).all()
    # A range of durations is kept, so that a guess by duration gains nothing.
    ratio = [s.video.duration / samples[j].video.duration for s, j in zip(samples, others.donor[0], strict=True)]
    assert min(ratio) > 0.4 and max(ratio) < 2.5


def test_windows_as_a_corpus_publishes_them_are_no_part_of_another_truth():
    samples = [
        msgspec.structs.replace(each, extra={"published_windows": [[w.end, w.start] for w in each.windows]})
        for each in corpus(12)
    ]
    others = other_truth.draw(samples)
    assert others is not None
    for each in (sample for drawn in others.samples for sample in drawn):
        assert published(each).tolist() == as_array(each.windows).tolist()


def test_the_same_seed_gives_the_same_truths():
    first, second, third = (other_truth.draw(corpus(), seed=seed) for seed in (0, 0, 1))
    assert first and second and third
    assert (first.donor == second.donor).all() and (first.donor != third.donor).any()


def test_the_order_of_the_samples_changes_nothing():
    samples = corpus()
    there, back = other_truth.draw(samples), other_truth.draw(samples[::-1])
    assert there and back
    assert [[s.windows for s in row] for row in there.samples] == [
        [s.windows for s in row[::-1]] for row in back.samples
    ]


def test_one_source_of_most_samples_borrows_from_the_others_and_one_alone_has_no_control():
    samples = [make_sample(f"t:{i}", video_id="big" if i < 30 else f"v{i}", duration=30.0) for i in range(40)]
    others = other_truth.draw(samples)
    assert others is not None
    assert (others.clusters.of[others.donor] != others.clusters.of).all()
    assert other_truth.draw(samples[:30]) is None
    assert other_truth.draw([make_sample("a", duration=None), make_sample("b", video_id="w", duration=None)]) is None


def test_the_columns_of_other_truths_are_those_of_the_samples_made():
    samples = [*corpus(60), make_sample("t:unknown", video_id="other", duration=None)]
    samples += [
        make_sample(f"m:{i}", video_id=f"m{i}", duration=30.0 + i / 7, windows=[(1.1, 2.3), (4.7, 9.0 + i)])
        for i in range(20)
    ]
    others = other_truth.draw(samples)
    assert others is not None
    for draw in others.samples:
        made = [as_array(sample.windows).tolist() for sample in draw]
        assert [windows.tolist() for windows in draw.windows.arrays] == made
        assert made != [as_array(sample.windows).tolist() for sample in samples]
