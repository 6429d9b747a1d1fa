"""VUE-TR and VUE-TR-V2: areas under the curves of IoU, precision and recall over thresholds, as their code counts.

Every predicted start is first floored and every end ceiled to whole seconds; the truth stays as it is, and nothing is
clamped or turned round. Then, for each row:

- IoU: windows of the answer are joined, reversed ones dropped; intersection over all pairs of windows, union the sum of
  both less that. The curve is the share of rows whose IoU is above t.
- Precision and recall: windows of both sides are turned to (least, greatest) and not joined; the seconds in common are
  found by one pass over both lists, which loses some where they are not in order. The curve is the share of rows whose
  value is at least t. An answer that covers nothing (none, or points) has no precision.

The area is by trapezoids over t = 0, 0.01, .. 1. It is linear in the rows, so each row has a value whose mean is the
area: a perfect row has 0.995 of IoU and 1 of the others, a miss 0 and 0.005. Source: bytedance/vidi at fc30c87,
VUE_TR/qa_eval.py and VUE_TR_V2/qa_eval.py, whose four prediction files give these numbers to the last decimal.
"""

from collections.abc import Sequence

import numpy as np

from vtgdata.metrics.flat import as_array
from vtgdata.metrics.window_table import overlap, support
from vtgdata.records import Sample
from vtgdata.records.windows import Array

THRESHOLDS = np.linspace(0.0, 1.0, 101)
_WEIGHTS = np.diff(THRESHOLDS, prepend=0.0) / 2 + np.diff(THRESHOLDS, append=1.0) / 2
"""(101,) what each threshold adds to an area by trapezoids."""
CURVES = ("IoU AUC", "precision AUC", "recall AUC")


def vue_tr_aucs(said: Sequence[Array], samples: Sequence[Sample]) -> dict[str, Array]:
    """The areas of n answers.

    Args: said: n arrays (k, 2) of seconds, as predicted: reversed windows, points and repeated ones included.

    Returns {curve: (n,) in [0, 1]}; NaN where the row is not in the mean. Where it is known that there is no moment an
    empty answer has IoU 1, and precision 1 as in V2's code.
    """
    rounded = [np.stack([np.floor(each[:, 0]), np.ceil(each[:, 1])], axis=1) for each in said]
    rows = [_row(windows, sample) for windows, sample in zip(rounded, samples, strict=True)]
    values = np.array(rows, dtype=np.float64).reshape(-1, 3)
    areas = [area(values[:, 0], strict=True), area(values[:, 1], strict=False), area(values[:, 2], strict=False)]
    return dict(zip(CURVES, areas, strict=True))


def area(values: Array, *, strict: bool) -> Array:
    """What each row adds to the area under the curve. Args: values: (n,), NaN if the row is left out. Returns: (n,)."""
    reached = values[:, None] > THRESHOLDS if strict else values[:, None] >= THRESHOLDS
    return np.where(np.isnan(values), np.nan, reached @ _WEIGHTS)


def _row(said: Array, sample: Sample) -> tuple[float, float, float]:
    true = as_array(sample.windows)
    if sample.none_is_right:
        right = float(not len(said))
        return right, 1.0 if right else _share(0.0, said), np.nan
    common = _common(np.sort(said, axis=1), np.sort(true, axis=1))
    return _iou(said, true), _share(common, said), _share(common, true)


def _iou(said: Array, true: Array) -> float:
    joined = _joined(said)
    joined = joined[joined[:, 0] <= joined[:, 1]]
    if not len(joined) or not len(true):
        return 0.0
    inter = float(overlap(joined[:, None], true[None]).sum())
    union = _length(joined) + _length(true) - inter
    return min(1.0, inter / union) if union > 0 else 0.0


def _joined(windows: Array) -> Array:
    """The windows joined as the official code does: in order of their starts, reversed ones too."""
    if np.all(windows[:, 0] <= windows[:, 1]):
        return support(windows)
    found: list[list[float]] = []
    for start, end in windows[np.argsort(windows[:, 0], kind="stable")].tolist():
        if found and start <= found[-1][1]:
            found[-1][1] = max(found[-1][1], end)
        else:
            found.append([start, end])
    return np.array(found)


def _common(said: Array, true: Array) -> float:
    """Seconds in common by one pass over both lists, which goes on in the list whose window ends first."""
    first, second = said.tolist(), true.tolist()
    i, j, found = 0, 0, 0.0
    while i < len(first) and j < len(second):
        found += max(0.0, min(first[i][1], second[j][1]) - max(first[i][0], second[j][0]))
        if first[i][1] < second[j][1]:
            i += 1
        else:
            j += 1
    return found


def _share(part: float, windows: Array) -> float:
    whole = _length(np.sort(windows, axis=1))
    return part / whole if whole > 0 else np.nan


def _length(windows: Array) -> float:
    return float((windows[:, 1] - windows[:, 0]).sum())
