"""Metrics of moment retrieval: mean IoU and recall at IoU thresholds, over arrays of per-sample IoUs."""

import numpy as np

from vtgdata.windows import Array

THRESHOLDS = (0.3, 0.5, 0.7)


def recall_at(threshold: float, ious: Array) -> float:
    """Share of samples with IoU >= threshold (R1@m for one answer each). Args: ious: (n,). Returns [0, 1].

    >>> recall_at(0.5, np.array([0.5, 0.49, 1.0, 0.0]))
    0.5
    """
    return float(np.mean(ious >= threshold)) if len(ious) else 0.0


def metrics(ious: Array) -> dict[str, float]:
    """Mean IoU (mIoU) and R1@0.3, 0.5, 0.7, as fractions. Args: ious: (n,) in [0, 1], 0 for what failed."""
    values = {"mIoU": float(np.mean(ious)) if len(ious) else 0.0}
    return values | {f"R1@{threshold}": recall_at(threshold, ious) for threshold in THRESHOLDS}


def per_sample(ious: Array) -> dict[str, Array]:
    """The same metrics sample by sample, for intervals: each (n,)."""
    return {"mIoU": ious} | {f"R1@{threshold}": (ious >= threshold).astype(np.float64) for threshold in THRESHOLDS}
