"""Metrics of highlights: QVHighlights', TVSum's and YouTube-Highlights'.

All are fractions in [0, 1], one query at a time; the official numbers are their means over queries.
"""

import numpy as np
from numpy.typing import NDArray

from vtgdata.metrics.ranked_moments import best_from_here
from vtgdata.records.windows import Array

LEVELS = {"Fair": 2, "Good": 3, "VeryGood": 4}
"""{level: least saliency score of a clip that counts as a highlight}."""
CLIP = 2.0
"""Length of a clip, in seconds."""


def clip_labels(duration: float, clips: NDArray[np.int64], scores: Array) -> Array:
    """Saliency of every clip of a video; 0 for clips that were not rated.

    Args:
        duration: of the video, in seconds.
        clips: (c,) indexes of the rated clips.
        scores: (c, raters), 0 .. 4.

    Returns: (number of whole clips, raters).
    """
    labels = np.zeros((int(duration / CLIP), scores.shape[1]))
    inside = clips < len(labels)
    labels[clips[inside]] = scores[inside]
    return labels


def saliency(predicted: Array, labels: Array) -> dict[str, float]:
    """QVHighlights' highlight metrics of one query, by level.

    Args: predicted: (p,) one score per clip; labels: (clips, raters). Returns `HL-min-Good-mAP` (mean over raters),
    `HL-min-Good-Hit1` (whether the clip with the highest score is a highlight for any rater), and so on.
    """
    found: dict[str, float] = {}
    scores = np.zeros(len(labels))
    scores[: len(predicted)] = predicted[: len(labels)]
    first = int(np.argmax(predicted)) if len(predicted) else len(labels)
    for name, least in LEVELS.items():
        positive = labels >= least
        precisions = [precision_of_scores(scores, positive[:, rater]) for rater in range(labels.shape[1])]
        found[f"HL-min-{name}-mAP"] = float(np.mean(precisions)) if precisions else 0.0
        found[f"HL-min-{name}-Hit1"] = float(first < len(labels) and positive[first].any())
    return found


def precision_of_scores(scores: Array, positive: NDArray[np.bool_]) -> float:
    """Average precision of scores for finding the positives: interpolated, mean over the recalls reached.

    Equal scores form one step, however many positives it has. Args: scores: (n,); positive: (n,).
    Returns [0, 1]: 0 without a positive, 1 if all are positive. Source: QVHighlights' evaluation, after PASCAL VOC.
    """
    if not positive.any() or positive.all():
        return float(positive.any())
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    ends = np.flatnonzero(np.r_[falling[1:] != falling[:-1], True])
    reached = np.cumsum(positive[order])[ends]
    precision = best_from_here(reached / (ends + 1.0))
    return float(np.mean(precision[np.diff(reached, prepend=0) > 0]))


def trapezoid_precision(scores: Array, positive: NDArray[np.bool_], most: int | None = None) -> float:
    """Area under the precision-recall curve of the `most` highest scores, by the trapezoid rule.

    Recall is relative to the positives among these. Args: scores: (n,); positive: (n,). Returns [0, 1].
    Source: UMT (Liu et al., CVPR 2022), whose protocol the highlight papers on TVSum and YouTube-Highlights follow.
    """
    hits = positive[np.argsort(-scores, kind="stable")][:most].astype(np.float64)
    total = hits.sum()
    if total == 0:
        return 0.0
    reached = np.cumsum(hits)
    precision = np.r_[1.0, reached / np.arange(1, len(hits) + 1)]
    return float(np.sum(np.diff(reached, prepend=0) / total * (precision[1:] + precision[:-1]) / 2))


def tvsum_map(scores: Array, labels: Array) -> float:
    """TVSum's mAP of one video: mean over raters of the average precision of the five clips with the highest scores.

    A clip is a highlight for a rater if its label is above the rater's median label (the lower of two middle ones).

    Args: scores: (clips,); labels: (clips, raters), 1 .. 5. Returns [0, 1].
    Source: UMT's protocol (Liu et al., CVPR 2022) on Song et al., CVPR 2015.
    """
    median = np.sort(labels, axis=0)[(len(labels) - 1) // 2]
    positive = labels > median
    return float(np.mean([trapezoid_precision(scores, positive[:, rater], 5) for rater in range(labels.shape[1])]))


def youtube_map(scores: Array, labels: Array) -> float:
    """YouTube-Highlights' average precision of one video. Args: scores: (clips,); labels: (clips,), 1 for a highlight.

    Source: UMT's protocol (Liu et al., CVPR 2022) on Sun et al., ECCV 2014.
    """
    return trapezoid_precision(scores, labels > 0)
