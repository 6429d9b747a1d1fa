"""QVHighlights' published result files: every number of the official scorer, and a second computation by definition.

The second one is plain Python written from the definitions, on every row of every file; nothing of vtgdata.metrics is
in it.
"""

import functools
import json
from typing import Any

import pytest

from support.published import published
from support.qvhighlights_files import FILES, FOLDER, rows_of, samples, truth
from vtgdata.conversation.answer import Form
from vtgdata.metrics import sets
from vtgdata.metrics.breakdown import mean
from vtgdata.metrics.judging import judge_predictions
from vtgdata.metrics.official import official
from vtgdata.metrics.predictions.join import join
from vtgdata.metrics.predictions.read import read_predictions

THRESHOLDS = [round(0.5 + 0.05 * i, 2) for i in range(10)]
RANGES = {"short": (0, 10), "middle": (10, 30), "long": (30, 150), "full": (0, 150)}


@functools.cache
def values_of(name: str) -> sets.Values:
    joined = join(read_predictions(published(*FOLDER, name)), samples())
    assert len(joined.found) == 1550 and not joined.extra and not joined.duplicates
    return sets.values("qvhighlights", judge_predictions(joined.found, samples(), Form()).answers, samples(), ())


@pytest.mark.parametrize("name", FILES)
def test_every_number_of_the_official_metrics_file_is_equal_at_its_rounding(name):
    expected = json.loads(published(*FOLDER, FILES[name]).read_text())
    assert official("qvhighlights", values_of(name), samples()) == expected
    assert sum(1 for _ in leaves(expected)) == 104


def leaves(tree: Any) -> Any:
    if isinstance(tree, dict):
        for branch in tree.values():
            yield from leaves(branch)
    else:
        yield tree


@pytest.mark.parametrize("name", FILES)
def test_every_metric_equals_a_computation_by_definition(name):
    expected = by_definition(truth(), {row["qid"]: row for row in rows_of(published(*FOLDER, name))})
    found = {name: mean(array) for name, array in values_of(name).items()}
    assert len(expected) == 90
    for metric, value in expected.items():
        assert found[metric] == pytest.approx(value, abs=1e-6), metric


# From here on: the definitions, in plain Python.


def by_definition(rows: list[dict[str, Any]], said: dict[int, dict[str, Any]]) -> dict[str, float]:
    scores: dict[str, list[float]] = {}
    for row in rows:
        for metric, value in {**moments(row, said[row["qid"]]), **highlights(row, said[row["qid"]])}.items():
            scores.setdefault(metric, []).append(value)
    return {metric: sum(values) / len(values) for metric, values in scores.items()}


def moments(row: dict[str, Any], said: dict[str, Any]) -> dict[str, float]:
    found = {}
    windows = said["pred_relevant_windows"]
    for name, (low, high) in RANGES.items():
        true = [w for w in row["relevant_windows"] if low < w[1] - w[0] <= high]
        if not true:
            continue
        top = max(overlap(windows[0], w) for w in true)
        ranked = sorted(windows[:10], key=lambda w: -w[2])
        table = [[overlap(w, t) for t in true] for w in ranked]
        precisions = [average_precision(table, threshold) for threshold in THRESHOLDS]
        for threshold, precision in zip(THRESHOLDS, precisions, strict=True):
            found[f"MR-{name}-R1@{threshold}"] = 1.0 if top >= threshold else 0.0
            found[f"MR-{name}-mAP@{threshold}"] = precision
        found[f"MR-{name}-mAP"] = sum(precisions) / len(precisions)
    return found


def overlap(a: list[float], b: list[float]) -> float:
    shared = min(a[1], b[1]) - max(a[0], b[0])
    return shared / (a[1] - a[0] + b[1] - b[0] - shared) if shared > 0 else 0.0


def average_precision(table: list[list[float]], threshold: float) -> float:
    """Mean over the true windows of the best precision with which that many of them are found; 0 for the unfound."""
    taken: set[int] = set()
    found: list[int] = []
    for ious in table:
        free = [i for i in range(len(ious)) if i not in taken and ious[i] >= threshold]
        if free:
            taken.add(max(free, key=lambda i: ious[i]))
        found.append(len(taken))
    precisions = [
        max((hits / rank for rank, hits in enumerate(found, 1) if hits >= wanted), default=0.0)
        for wanted in range(1, len(table[0]) + 1)
    ]
    return sum(precisions) / len(precisions)


def highlights(row: dict[str, Any], said: dict[str, Any]) -> dict[str, float]:
    clips = int(row["duration"] / 2)
    scores = (said["pred_saliency_scores"] + [0.0] * clips)[:clips]
    rated = dict(zip(row["relevant_clip_ids"], row["saliency_scores"], strict=True))
    best = max(range(len(said["pred_saliency_scores"])), key=lambda i: said["pred_saliency_scores"][i])
    found = {}
    for level, least in (("Fair", 2), ("Good", 3), ("VeryGood", 4)):
        sets_of_clips = [{clip for clip, given in rated.items() if given[rater] >= least} for rater in range(3)]
        found[f"HL-min-{level}-mAP"] = sum(clip_precision(scores, positive) for positive in sets_of_clips) / 3
        found[f"HL-min-{level}-Hit1"] = 1.0 if any(best in positive for positive in sets_of_clips) else 0.0
    return found


def clip_precision(scores: list[float], positive: set[int]) -> float:
    """Mean, over the recalls that a cut of the scores reaches, of the best precision at that recall or above."""
    if not positive or len(positive) == len(scores):
        return 1.0 if positive else 0.0
    order = sorted(range(len(scores)), key=lambda i: -scores[i])
    reached: dict[int, float] = {}
    hits = 0
    for position, clip in enumerate(order, 1):
        hits += clip in positive
        last_of_its_score = position == len(order) or scores[order[position]] != scores[clip]
        if last_of_its_score and hits:
            reached[hits] = max(reached.get(hits, 0.0), hits / position)
    best, kept = 0.0, []
    for hits in sorted(reached, reverse=True):
        best = max(best, reached[hits])
        kept.append(best)
    return sum(kept) / len(kept)
