import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.published import published
from vtgdata.metrics.highlights import (
    clip_labels,
    precision_of_scores,
    saliency,
    trapezoid_precision,
    tvsum_map,
    youtube_map,
)

clips = st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=1, max_size=20)


def test_a_highlight_is_a_clip_that_any_rater_finds_one():
    labels = clip_labels(10.0, np.array([1, 2]), np.array([[2.0, 4.0, 0.0], [3.0, 3.0, 3.0]]))
    found = saliency(np.array([0.0, 9.0, 1.0, 0.0, 0.0]), labels)
    assert [found[f"HL-min-{level}-Hit1"] for level in ("Fair", "Good", "VeryGood")] == [1.0, 1.0, 1.0]
    # Two raters see no clip above 3: their precision is 0.
    assert found["HL-min-VeryGood-mAP"] == pytest.approx(1 / 3)


def test_the_highest_clip_behind_the_last_one_is_no_hit():
    labels = clip_labels(4.0, np.array([0]), np.array([[4.0, 4.0, 4.0]]))
    assert saliency(np.array([0.1, 0.2, 0.9]), labels)["HL-min-Fair-Hit1"] == 0.0


def test_equal_scores_are_one_step():
    assert precision_of_scores(np.zeros(4), np.array([True, False, True, False])) == 0.5
    assert precision_of_scores(np.array([3.0, 2.0, 2.0, 1.0]), np.array([True, True, False, False])) == pytest.approx(
        (1 + 2 / 3) / 2
    )


@settings(max_examples=200)
@given(clips)
def test_precisions_are_fractions_and_perfect_when_the_scores_are_the_labels(rows):
    scores, positive = np.array([float(s) for s, _ in rows]), np.array([p for _, p in rows])
    for score in (precision_of_scores, trapezoid_precision):
        assert 0.0 <= score(scores, positive) <= 1.0 + 1e-12
        assert score(positive.astype(float), positive) == pytest.approx(float(positive.any()))


def area(hits: list[int]) -> float:
    """Area under precision over recall, by trapezoids, from the first rank on."""
    found, total, before = 0.0, sum(hits), (0.0, 1.0)
    if total == 0:
        return 0.0
    for rank in range(1, len(hits) + 1):
        now = (sum(hits[:rank]) / total, sum(hits[:rank]) / rank)
        found += (now[0] - before[0]) * (now[1] + before[1]) / 2
        before = now
    return found


def test_tvsum_equals_its_definition_on_the_published_labels():
    rng = np.random.default_rng(3)
    for line in published("corpora", "tvsum", "tvsum_val_release.jsonl").read_text().splitlines():
        labels = json.loads(line)["label"]
        labels = [each[0] if isinstance(each[0], list) else each for each in labels]
        scores = rng.uniform(size=len(labels))
        order = sorted(range(len(labels)), key=lambda i: -scores[i])[:5]
        expected = []
        for rater in range(20):
            given_scores = sorted(clip[rater] for clip in labels)
            median = given_scores[(len(given_scores) - 1) // 2]
            expected.append(area([int(labels[i][rater] > median) for i in order]))
        assert tvsum_map(scores, np.array(labels)) == pytest.approx(sum(expected) / 20, abs=1e-9)


def test_youtube_highlights_equals_its_definition_on_the_published_labels():
    rng = np.random.default_rng(4)
    path = published("corpora", "youtube_highlights", "youtube_highlight_val_release.jsonl")
    for line in path.read_text().splitlines():
        labels = np.array([clip[0] for clip in json.loads(line)["label"]])
        scores = rng.uniform(size=len(labels))
        order = sorted(range(len(labels)), key=lambda i: -scores[i])
        assert youtube_map(scores, labels) == pytest.approx(area([int(labels[i] > 0) for i in order]), abs=1e-9)
