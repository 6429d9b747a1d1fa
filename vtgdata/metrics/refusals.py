"""How answers refuse: where it is known that the video has no such moment, saying so is right, and wrong elsewhere.

An answer refuses if it says that there is no such moment (`Answered.says_none`) and names no window. A model that
declines to answer, or whose words say nothing, refuses nothing.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vtgdata.metrics.answered import Answered
from vtgdata.metrics.answers import as_answers
from vtgdata.metrics.breakdown import mean
from vtgdata.metrics.cluster_means import Clusters, clusters_of
from vtgdata.metrics.intervals import of_estimate
from vtgdata.metrics.metric_set import Values
from vtgdata.metrics.truths import as_truths
from vtgdata.records import Sample

PRECISION, RECALL, FALSE = "refusal-precision", "refusal-recall", "false-refusals"
SHARES = (PRECISION, RECALL, FALSE)


def refused(answers: Sequence[Answered]) -> NDArray[np.bool_]:
    """Whether each answer says that there is no such moment. Returns: (n,)."""
    return as_answers(answers).refused


def shares(answers: Sequence[Answered], absent: NDArray[np.bool_]) -> Values:
    """Shares of refusals, for samples of which some have no moment; empty where all have one.

    Args: absent: (n,) whether it is known that there is no moment.

    Returns (n,) by name: of the refusals how many are right (precision), of the samples without a moment how many are
    refused (recall), and of the samples with one how many are refused (`false-refusals`, of which less is better).
    """
    if not absent.any():
        return {}
    said = refused(answers)
    return {
        PRECISION: np.where(said, absent, np.nan),
        RECALL: np.where(absent, said, np.nan),
        FALSE: np.where(absent, np.nan, said),
    }


def report(
    answers: Sequence[Answered], samples: Sequence[Sample], sources: Sequence[str] | Clusters
) -> dict[str, Any] | None:
    """Counts of refusals with F1 and its interval, clustered by source; None where every sample has a moment.

    F1 is no mean over samples, so each has the value whose mean and spread are those of F1: F1 plus its influence (the
    delta method). Returns: `n_absent`, `n_refused`, `right`, `precision`, `recall`, `f1`, `f1_interval`,
    `false_refusals`, and `ignored`, samples without a moment whose answer neither refuses nor names a window.
    """
    absent = as_truths(samples).absent
    if not absent.any():
        return None
    said = refused(answers)
    right, values = said & absent, shares(answers, absent)
    both, total = 2.0 * right, said.astype(np.float64) + absent
    f1 = float(both.sum() / total.sum())
    bounds = of_estimate(f1 + (both - f1 * total) / total.mean(), clusters_of(sources))
    silent = (as_answers(answers).windows.sizes == 0) & ~said & absent
    return {
        "n_absent": int(absent.sum()),
        "n_refused": int(said.sum()),
        "right": int(right.sum()),
        "precision": mean(values[PRECISION]),
        "recall": mean(values[RECALL]),
        "f1": f1,
        "f1_interval": bounds,
        "false_refusals": mean(values[FALSE]),
        "ignored": int(silent.sum()),
    }
