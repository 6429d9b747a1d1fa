"""Each selector against a short plain reading of its source, on 1,000 samples of 8 answers.

The readings share nothing with the selectors but the convention of a random draw: ids are sorted; `mixed` is Python's
shuffle by the seed; a weighted draw takes the smallest -log(U) / weight, U of numpy's generator by the seed.
"""

import math
import random
import statistics

import numpy as np
import pytest

from support.builders import make_sample
from vtgdata.files import plugins
from vtgdata.files.parquet import write_parquet
from vtgdata.files.schemas import PASS_RATES, ROLLOUTS

N, SEED = 1000, 5
CHANCE = random.Random(1)


def answers(skill):
    return [round(CHANCE.uniform(0.3, 1), 3) if CHANCE.random() < skill else 0.0 for _ in range(8)]


IOUS = {f"s{i:04}": answers(CHANCE.betavariate(0.6, 0.8)) for i in range(N)}
TEACHER = {name: answers(0.7) for name in IOUS}
SAMPLES = [make_sample(name, video_id=f"v{i}", duration=4.0 + 0.3 * i) for i, name in enumerate(IOUS)]
DURATION = {sample.sample_id: sample.video.duration for sample in SAMPLES}
MEAN = {name: float(np.mean(ious)) for name, ious in IOUS.items()}
PASS = {name: sum(iou >= 0.5 for iou in ious) / 8 for name, ious in IOUS.items()}
OUTSIDE = {name: [[0.0, 0.0, 0.6, 0.0], [0.4, 0.9, 0.0, 0.2]][i % 2] for i, name in enumerate(IOUS)}


def rows(ious):
    return [
        {
            "sample_id": name, "model_id": "m", "measure": measure, "low": 0.0, "high": 1.0, "n": 8, "n_failed": 0,
            "value": float(np.mean(values if measure == "mean_iou" else [v >= 0.5 for v in values])),
            "iou_std": float(np.std(values)), "ious": values,
        }
        for name, values in ious.items()
        for measure in ("mean_iou", "iou>=0.5")
    ]  # fmt: skip


RATES = rows(IOUS)


def mixed(names):
    names = sorted(names)
    random.Random(SEED).shuffle(names)
    return names


def drawn(weights, size):
    uniform = 1 - np.random.default_rng(SEED).random(len(weights))
    keys = {
        name: -math.log(u) / weights[name] for name, u in zip(sorted(weights), uniform, strict=True) if weights[name]
    }
    return sorted(keys, key=lambda name: keys[name])[:size]


def ratio(parts, size):
    exact = [part / sum(parts) * size for part in parts]
    counts = [math.floor(part) for part in exact]
    while sum(counts) < size:
        counts[max(range(len(parts)), key=lambda i: (exact[i] - counts[i], -i))] += 1
    return counts


def spread_out(groups):
    places = [((i + 0.5) / len(group), k, name) for k, group in enumerate(groups) for i, name in enumerate(group)]
    return [name for _, _, name in sorted(places, key=lambda place: place[:2])]


def band(size, low, high):
    """METHOD 2.16: keep low <= mean IoU <= high."""
    return mixed(name for name in MEAN if low <= MEAN[name] <= high)[:size]


def upper_cut(size, high):
    """METHOD 2.1, `0070_all`: 0 < IoU <= 0.7, by IoU descending, linspace to k."""
    order = sorted(mixed(name for name in MEAN if 0 < MEAN[name] <= high), key=lambda name: -MEAN[name])
    if size >= len(order):
        return order
    return [order[round(place * (len(order) - 1) / (size - 1))] for place in range(size)]


def gaussian(size, mean, std):
    """METHOD 2.1, `gaussian_03`: d > 0, p ~ exp(-(d - 0.3)^2 / (2 0.2^2)), without replacement."""
    return drawn({n: math.exp(-((d - mean) ** 2) / (2 * std**2)) for n, d in MEAN.items() if d > 0}, size)


def gaussian_flat(size, mean, std):
    """METHOD 2.4: a Gaussian over IoU times the inverse density of a 20-bin histogram; equal shares of durations."""
    ranges = {name: min(int(DURATION[name] // 30), 8) for name in MEAN}
    groups = [[name for name in MEAN if ranges[name] == each] for each in sorted(set(ranges.values()))]
    counts = [0] * len(groups)
    while sum(counts) < min(size, N):
        able = [i for i in range(len(groups)) if counts[i] < len(groups[i])]
        for i, more in zip(able, ratio([1] * len(able), size - sum(counts)), strict=True):
            counts[i] = min(len(groups[i]), counts[i] + more)
    chosen = []
    for group, count in zip(groups, counts, strict=True):
        bins = [min(int(MEAN[name] * 20), 19) for name in group]
        weights = {
            name: math.exp(-0.5 * ((MEAN[name] - mean) / std) ** 2) / bins.count(at)
            for name, at in zip(group, bins, strict=True)
        }
        chosen.append(drawn(weights, count))
    return spread_out(chosen)


def weight(size, a, b):
    """FIELD2026 B4: w = (std + e)^a (1 - clip(mean, 0, 1) + e)^b with e = 1e-8 and the population std."""
    e = 1e-8
    return drawn({n: (statistics.pstdev(IOUS[n]) + e) ** a * (1 - MEAN[n] + e) ** b for n in MEAN}, size)


def variance(size, power):
    """METHOD 2.16: the std of N rewards, the top ones, or weighted by sigma^alpha."""
    if power is None:
        return sorted(mixed(MEAN), key=lambda name: -float(np.std(IOUS[name])))[:size]
    return drawn({name: float(np.std(IOUS[name])) ** power for name in MEAN}, size)


def bucket_ratio(size, low, high, parts):
    """METHOD 2.14, RITA: N = 8, correct = IoU >= 0.5, hard/medium/easy at 0.2 and 0.8 as 1:6:3, zero dropped."""
    hard = [n for n, p in PASS.items() if 0 < p < low]
    medium = [n for n, p in PASS.items() if p > 0 and low <= p <= high]
    easy = [n for n, p in PASS.items() if p > high]
    groups = zip((hard, medium, easy), ratio(parts, size), strict=True)
    return spread_out([drawn(dict.fromkeys(group, 1.0), count) for group, count in groups])


def teacher_gap(size, least, top):
    """METHOD 2.14, Video-OPD: the mean of the teacher's top-k IoUs at least tau, then the largest gap first."""
    best = {name: float(np.mean(sorted(ious, reverse=True)[:top])) for name, ious in TEACHER.items()}
    return sorted((n for n in mixed(n for n in MEAN if best[n] >= least)), key=lambda n: -(best[n] - MEAN[n]))[:size]


def anchor_frontier(size, anchor, frontier):
    """METHOD 2.14, SCC: anchors (initial IoU >= tau_A) and frontier (< tau_F) 1:9."""
    groups = [n for n in MEAN if MEAN[n] >= anchor], [n for n in MEAN if MEAN[n] < frontier]
    counts = ratio([1, 9], size)
    return spread_out([drawn(dict.fromkeys(g, 1.0), count) for g, count in zip(groups, counts, strict=True)])


def boundary_reflection(size, most):
    """METHOD 2.3, VideoTG-R1: samples for which a model sees the query outside the annotation are dropped."""
    return mixed(n for n in MEAN if sum(iou == 0 for iou in OUTSIDE[n]) / len(OUTSIDE[n]) <= most)[:size]


def easy_to_hard(size, low, high):
    """METHOD 2.16: a curriculum, easy to hard, of a uniform draw."""
    return sorted(mixed(n for n in MEAN if low <= MEAN[n] <= high)[:size], key=lambda name: -MEAN[name])


def uniform(size):
    """The control."""
    return mixed(MEAN)[:size]


CASES = {
    "band": (band, [{"low": 0.2, "high": 0.8}, {"low": 0.0, "high": 0.5}, {"low": 0.4, "high": 0.41}]),
    "upper_cut": (upper_cut, [{"high": 0.7}, {"high": 0.3}, {"high": 1.0}]),
    "gaussian": (gaussian, [{"mean": 0.3, "std": 0.2}, {"mean": 0.05, "std": 0.1}, {"mean": 0.9, "std": 1.0}]),
    "gaussian_flat": (
        gaussian_flat,
        [{"mean": 0.05, "std": 0.2}, {"mean": 0.5, "std": 0.1}, {"mean": 0.75, "std": 0.2}],
    ),
    "weight": (weight, [{"a": 0.0, "b": 2.0}, {"a": 2.0, "b": 0.0}, {"a": 1.0, "b": 1.0}]),
    "variance": (variance, [{"power": None}, {"power": 1.0}, {"power": 2.0}]),
    "teacher_gap": (teacher_gap, [{"least": 0.5, "top": 4}, {"least": 0.9, "top": 1}, {"least": 0.0, "top": 8}]),
    "anchor_frontier": (
        anchor_frontier,
        [{"anchor": 0.7, "frontier": 0.3}, {"anchor": 0.5, "frontier": 0.5}, {"anchor": 0.9, "frontier": 0.1}],
    ),
    "boundary_reflection": (boundary_reflection, [{"most": 0.5}, {"most": 0.3}, {"most": 1.0}]),
    "easy_to_hard": (easy_to_hard, [{"low": 0.0, "high": 1.0}, {"low": 0.1, "high": 0.9}, {"low": 0.5, "high": 0.6}]),
}  # fmt: skip
BUCKETS = [(0.2, 0.8, (1, 6, 3)), (0.5, 0.5, (1, 1, 1)), (0.3, 0.7, (0, 3, 1))]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("second")
    write_parquet(folder / "teacher.parquet", rows(TEACHER), PASS_RATES)
    said = [
        {"sample_id": name, "index": k, "windows": [[1.0, 2.0]], "iou": iou}
        for name, ious in OUTSIDE.items()
        for k, iou in enumerate(ious)
    ]
    write_parquet(folder / "rollouts.parquet", said, ROLLOUTS)
    return {"teacher_gap": {"teacher": f"{folder}/teacher.parquet"},
            "boundary_reflection": {"rollouts": f"{folder}/rollouts.parquet"}}  # fmt: skip


def test_every_selector_is_read():
    assert {*CASES, "bucket_ratio", "uniform"} == set(plugins.names("selectors"))


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("name", CASES)
def test_a_selector_chooses_what_a_plain_reading_of_its_source_chooses(name, place, files):
    reading, cases = CASES[name]
    select = plugins.load("selectors", name).select
    for size in (7, 300, 2 * N):
        found = select(SAMPLES, RATES, size, SEED, **cases[place], **files.get(name, {}))
        assert found == reading(size, **cases[place])
        assert len(found) > 0


@pytest.mark.parametrize("case", BUCKETS)
def test_the_buckets_of_rita_have_its_ratio(case):
    low, high, parts = case
    settings = dict(zip(("hard", "medium", "easy"), map(float, parts), strict=True))
    for size in (10, 100):
        found = plugins.load("selectors", "bucket_ratio").select([], RATES, size, SEED, low=low, high=high, **settings)
        assert found == bucket_ratio(size, low, high, parts)


def test_the_control_is_a_shuffle():
    assert plugins.load("selectors", "uniform").select(SAMPLES, RATES, 50, SEED) == uniform(50)
