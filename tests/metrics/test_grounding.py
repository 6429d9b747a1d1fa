import numpy as np
import pytest

from vtgdata.metrics.grounding import metrics, recall_at


def test_a_threshold_is_met_by_equality():
    assert recall_at(0.5, np.array([0.5])) == 1.0


def test_metrics_are_fractions_of_all_samples():
    found = metrics(np.array([1.0, 0.6, 0.4, 0.0]))
    assert found == pytest.approx({"mIoU": 0.5, "R1@0.3": 0.75, "R1@0.5": 0.5, "R1@0.7": 0.25})


def test_nothing_to_score_is_zero_and_no_warning(recwarn):
    assert metrics(np.array([]))["mIoU"] == 0.0
    assert not recwarn.list
