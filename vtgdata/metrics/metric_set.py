"""Types for a set of metrics: what `--metrics NAME` computes, beside the IoU and recall that every set has."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from vtgdata.metrics.answered import Answered
from vtgdata.metrics.answers import as_answers
from vtgdata.metrics.truths import as_truths
from vtgdata.metrics.window_table import Table
from vtgdata.records import Sample
from vtgdata.records.windows import Array

Values = dict[str, Array]
"""Per-sample values by metric: each (n,) in [0, 1], or NaN; `count_error` alone counts windows."""


class MetricSet(NamedTuple):
    """A named set of metrics."""

    extra: Callable[[Sequence[Answered], Sequence[Sample], Sequence[float]], Values]
    """Function from answers, their samples and the IoU thresholds to the set's own values."""
    corpora: tuple[str, ...] = ()
    """Corpora whose samples are scored with this set by default."""
    ranked: bool = False
    """Whether the set reads several windows of an answer as guesses, best first, whatever file they came from."""
    shown: tuple[str, ...] = ()
    """Metrics that the terminal shows; empty for all."""
    of_sets: bool = False
    """Whether mIoU and the recalls are of set IoU, all windows against all true ones, for a single window too."""
    absent_too: bool = False
    """Whether the set's own values say themselves what an answer to a sample without a moment scores; else NaN."""


def table_of_answers(answers: Sequence[Answered], samples: Sequence[Sample]) -> Table:
    """The table of n answers and their samples, without durations; an invalid window is a row of NaN."""
    return Table(as_answers(answers).said, as_truths(samples).windows, np.full(len(answers), np.nan))
