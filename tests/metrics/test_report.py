"""What is said of a set of answers: what they have seen, what looking gives, and each source where there are few."""

import numpy as np
import pytest

from support.builders import make_sample
from vtgdata.metrics.answered import Answered
from vtgdata.metrics.flat import as_array
from vtgdata.metrics.judging import Judged
from vtgdata.metrics.report import Ruler


def ruler(metrics: str = "moments", n: int = 60, per_source: int = 3) -> Ruler:
    rng = np.random.default_rng(0)
    starts = rng.uniform(0, 20, size=n)
    samples = [
        make_sample(
            f"t:{i}", video_id=f"v{i // per_source}", windows=[(start, start + 5)], answer="A", options=("a", "b")
        )
        for i, start in enumerate(starts.tolist())
    ]
    return Ruler(samples=samples, metrics=metrics)


def row() -> dict[str, object]:
    return {"error": None, "parse_status": "ok", "strict_ok": None, "sample_id": "", "text": None}


def truth(of: Ruler) -> Judged:
    answers = [Answered(windows=as_array(sample.windows), option="A") for sample in of.samples]
    return Judged(rows=[row() for _ in answers], answers=answers)


def constant(of: Ruler) -> Judged:
    answers = [Answered(windows=np.array([[3.0, 12.0]]), option="A") for _ in of.samples]
    return Judged(rows=[row() for _ in answers], answers=answers)


def test_perfect_answers_have_seen_the_most_there_is():
    of = ruler()
    values = of.values(truth(of))
    for name, each in of.describe(truth(of), values, of.seen(truth(of), values))["seen"].items():
        assert each["score"] == 1.0 and each["seen"] == each["at_most"] == pytest.approx(1 - each["others"]), name


def test_looking_is_what_is_seen_with_the_video_and_not_without_it():
    of = ruler()
    sighted, blind = (of.seen(each, of.values(each)) for each in (truth(of), constant(of)))
    looking = of.looking(sighted, blind)["mIoU"]
    assert looking["difference"] == pytest.approx(sighted["mIoU"].seen.seen) and looking["low"] > 0
    nothing = of.looking(blind, blind)["mIoU"]
    assert nothing["difference"] == nothing["low"] == nothing["high"] == 0 and nothing["p"] == 1


def test_only_metrics_that_depend_on_windows_are_seen():
    of = ruler("nextgqa,length")
    values = of.values(truth(of))
    seen = of.seen(truth(of), values)
    assert "Acc@QA" in values and "length" in values
    assert {"mIoU", "Acc@GQA", "mIoP"} <= set(seen) and not {"Acc@QA", "length"} & set(seen)


def test_the_scores_of_each_source_are_told_where_there_are_few():
    few, many = ruler(n=12), ruler(n=60)
    assert set(few.each_source(few.values(truth(few))) or {}) == {"v0", "v1", "v2", "v3"}
    assert many.each_source(many.values(truth(many))) is None


def test_samples_of_one_source_are_scored_without_the_control():
    of = ruler(n=3)
    values = of.values(truth(of))
    described = of.describe(truth(of), values, of.seen(truth(of), values))
    assert described["seen"] == {} and described["metrics"]["mIoU"] == 1.0
    assert np.isnan(described["intervals"]["mIoU"]).all()
