"""A score is a metric, a measure of pass rates, a threshold, a stored score and a reward by one name, with one value.

A new file in vtgdata/plugins/scores is picked up by itself; answers and samples go through the real stages.
"""

import json
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from support.builders import make_answer, make_sample
from vtgdata.conversation.prompt import load_prompt
from vtgdata.errors import RowsFailed, VtgError
from vtgdata.files import plugins
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import write_samples
from vtgdata.metrics.sets import SETS
from vtgdata.stages import difficulty, evaluate, select
from vtgdata.train.rewards import reward

NAMES = plugins.names("scores")
T = 0.6
THOUGHT = "<think>The dog stands at the door, then it jumps over the fence.</think>"
SAMPLES = [
    make_sample("t:one", video_id="v0", windows=[(3.0, 9.0)]),
    make_sample("t:several", video_id="v0", windows=[(3.0, 9.0), (12.0, 14.5)]),
    make_sample("t:question", video_id="v1", task="grounded_qa", options=("yes", "no"), answer="B"),
    make_sample("t:no_duration", video_id="v2", duration=None),
    make_sample("t:no_moment", video_id="v3", windows=[]),
    make_sample("t:silent", video_id="v4"),
]
TEXTS = {
    "t:one": [f"{THOUGHT}<answer>4.0 to 10.0</answer>", "From 3.0 s to 9.0 s.", "<answer>9.0 to 3.0</answer>"],
    "t:several": [f"{THOUGHT}<answer>12.0 to 14.5</answer>", "<answer>3.0 to 9.0, 12.0 to 14.0</answer>"],
    "t:question": [f"{THOUGHT}The answer is (B). <answer>3.0 to 9.0</answer>", "(A) 20 s to 25 s"],
    "t:no_duration": [f"{THOUGHT}<answer>2.0 to 9.0</answer>"],
    "t:no_moment": [f"{THOUGHT}<answer>2.0 to 9.0</answer>"],
    "t:silent": [None],
}
STORED = {"tiou": "mean_iou", f"tiou>={T}": f"iou>={T}"}


def close(value):
    return pytest.approx(value, abs=1e-12, nan_ok=True)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The same answers through score-difficulty (one each, and six each) and through evaluate, by model and by file."""
    folder: Path = tmp_path_factory.mktemp("scores")
    write_samples(folder / "samples.parquet", SAMPLES)
    (folder / "texts.json").write_text(json.dumps(TEXTS))
    samples, model = str(folder / "samples.parquet"), f"support.said:{folder / 'texts.json'}"
    measures = [measure for name in NAMES for measure in (name, f"{name}>={T}")]
    found = SimpleNamespace(rates={})
    for n in (1, 6):
        out = folder / f"difficulty-{n}"
        with pytest.raises(RowsFailed):
            difficulty.run(
                difficulty.Settings(samples=samples, model=model, n=n, temperature=0.0, out=str(out), measures=measures)
            )
        found.rates[n] = {(r["sample_id"], r["measure"]): r for r in read_parquet(out / "pass_rates.parquet")}
    found.rollouts = read_parquet(folder / "difficulty-6/rollouts.parquet")
    found.first = {row["sample_id"]: row for row in read_parquet(folder / "difficulty-1/rollouts.parquet")}
    given = {"samples": samples, "metrics": ",".join(NAMES), "max_failed": 1.0}
    by_model = evaluate.Settings(**given, model=[model], out=str(folder / "by-model"))
    by_file = evaluate.Settings(
        **given, predictions=str(folder / "difficulty-1/rollouts.parquet"), out=str(folder / "by-file")
    )
    found.evaluations = [evaluate.run(by_model), evaluate.run(by_file)]
    found.evaluated = [read_parquet(folder / f"by-{kind}/rollouts.parquet") for kind in ("model", "file")]
    return found


def scores(row):
    return {score["name"]: score["value"] for score in row["scores"] or ()}


def applies(name, sample):
    """Whether a score applies to a sample, as it says of an answer that says nothing."""
    return not np.isnan(plugins.load("scores", name).score([make_answer()], [sample])[0])


@pytest.mark.parametrize("name", NAMES)
def test_as_a_metric_it_is_the_mean_over_the_samples_that_it_applies_to_and_silence_scores_0(name, made):
    for found, rows in zip(made.evaluations, made.evaluated, strict=True):
        # A sample without a moment was not asked about for its pass rate, and is in an evaluation.
        first = {row["sample_id"]: row for row in rows if row["sample_id"] not in made.first} | made.first
        values = [scores(first[s.sample_id]).get(name, 0.0) for s in SAMPLES if applies(name, s)]
        assert found.metrics[name] == close(np.mean(values))
        assert found.applies_to.get(name, len(SAMPLES)) == len(values)
        low, high = found.intervals[name]
        if len({s.video.video_id for s in SAMPLES if applies(name, s)}) > 1:
            assert low - 1e-9 <= found.metrics[name] <= high + 1e-9
        else:
            assert np.isnan([low, high]).all(), "one source tells nothing of others"
        assert name in found.shown and name in found.strict_metrics
        assert found.models[0].breakdown["position"]["first third"]["metrics"].keys() >= {name}
        assert all(name in guess.metrics for guess in found.baselines.values())


@pytest.mark.parametrize("name", NAMES)
def test_as_a_measure_it_is_the_mean_over_the_answers_and_as_a_threshold_the_share_that_reaches_it(name, made):
    said = defaultdict(list)
    for row in made.rollouts:
        if row["error"] is None and applies(name, next(s for s in SAMPLES if s.sample_id == row["sample_id"])):
            said[row["sample_id"]].append(scores(row)[name])
    mean, share = (STORED.get(text, text) for text in (name, f"{name}>={T}"))
    for sample in SAMPLES[:3]:
        rates = [made.rates[6][sample.sample_id, measure] for measure in (mean, share)]
        values = said[sample.sample_id]
        if not values:
            assert [rate["value"] for rate in rates] == [None, None] and rates[0]["n"] == 6
            continue
        assert rates[0]["value"] == close(np.mean(values))
        assert rates[1]["value"] == close(np.mean([value >= T for value in values]))
        assert all(rate["low"] <= rate["value"] <= rate["high"] for rate in rates)
    silent = made.rates[6]["t:silent", mean]
    assert (silent["value"], silent["n"], silent["n_failed"]) == (None, 0, 6)


@pytest.mark.parametrize("name", NAMES)
def test_as_a_reward_it_is_what_the_rollouts_of_every_stage_store(name, made):
    form = load_prompt("ground").form
    known = {sample.sample_id: sample for sample in SAMPLES}
    function = reward(name, known, dict.fromkeys(known, form))
    for rows in (made.rollouts, *made.evaluated):
        answered = [row for row in rows if row["error"] is None]
        rewards = function([row["text"] for row in answered], [row["sample_id"] for row in answered])
        assert rewards == [scores(row).get(name) for row in answered]
        assert all(not row["scores"] for row in rows if row["error"] is not None)


def test_the_names_of_files_from_before_are_what_is_stored_of_tiou(made):
    rates = made.rates[6]["t:one", "mean_iou"], made.rates[6]["t:one", f"iou>={T}"]
    assert rates[0]["value"] == close(np.mean(rates[0]["ious"])) == close(rates[0]["mean_iou"])
    assert rates[1]["value"] == close(np.mean([iou >= T for iou in rates[1]["ious"]]))
    assert not [measure for _, measure in made.rates[6] if measure.startswith("tiou>") or measure == "tiou"]
    assert ("t:no_moment", "mean_iou") not in made.rates[1], "no answer can be right, so none is paid for"


def test_a_score_by_name_stands_beside_sets_and_says_the_same_as_the_set(made):
    for found in made.evaluations:
        assert found.metric_set == ",".join(NAMES)
        # mIoU counts the sample without a moment too.
        assert found.metrics["mIoU"] * 6 == close(found.metrics["tiou"] * 5)
    assert not set(SETS) & set(NAMES), "a name means one thing"


@pytest.mark.parametrize("measure", ["tiou", "mean_iou", "tiou>=0.5", "iou>=0.5", "giou", "support_f1>=0.25"])
def test_select_and_adaptive_name_measures_as_score_difficulty_does(tmp_path, measure):
    rows = [make_sample(f"t:{i}", video_id=f"v{i}", windows=[(i, i + 5.0)]) for i in range(12)]
    write_samples(tmp_path / "s.parquet", rows)
    settings = difficulty.Settings(
        samples=str(tmp_path / "s.parquet"),
        model=f"scripted:samples={tmp_path / 's.parquet'},errors=0.5",
        out=str(tmp_path / "d"),
        n=2,
        max_n=6,
        measures=[measure],
        adaptive=f"{measure}:0.3:0.7:0.05",
    )
    difficulty.run(settings)
    rates = read_parquet(tmp_path / "d/pass_rates.parquet")
    assert len(rates) == 12 and all(rate["place"] and rate["n"] <= 6 for rate in rates)
    chosen = select.Settings(
        pass_rates=str(tmp_path / "d/pass_rates.parquet"),
        out=str(tmp_path / "rows"),
        size=12,
        selector=f"band:measure={measure},low=0.2,high=0.8",
    )
    select.run(chosen)
    # The posterior mean: where more answers were asked for after a look, that of the answers is biased.
    wanted = {rate["sample_id"] for rate in rates if 0.2 <= rate["posterior_mean"] <= 0.8}
    found = read_parquet(tmp_path / "rows/rows.parquet")
    assert {row["sample_id"] for row in found} == wanted and all(row["value"] is not None for row in found)


@pytest.mark.parametrize("name", ["suport_f1", "no.such.module", "giou,momments", "giou,", "tiou>=0.5"])
def test_a_name_that_is_no_metric_is_refused_with_the_nearest_one(tmp_path, name):
    write_samples(tmp_path / "s.parquet", SAMPLES)
    settings = evaluate.Settings(samples=str(tmp_path / "s.parquet"), model=["scripted:x"], metrics=name)
    with pytest.raises(VtgError, match=r"support_f1|moments|no\.such\.module"):
        evaluate.run(settings)


def test_sets_that_read_several_windows_in_two_ways_do_not_go_together(tmp_path):
    write_samples(tmp_path / "s.parquet", SAMPLES)
    settings = evaluate.Settings(samples=str(tmp_path / "s.parquet"), model=["scripted:x"], metrics="multi,ranked")
    with pytest.raises(VtgError, match="do not go together"):
        evaluate.run(settings)


@pytest.mark.parametrize(
    "measure", ["suport_f1", "suport_f1>=0.5", "support_f1>=0", "giou>=1.1", "giou>0.5", "giou>=", "no.such.module"]
)
def test_a_name_that_is_no_measure_is_refused_with_words(tmp_path, measure):
    settings = difficulty.Settings(samples="s", model="scripted:x", out=str(tmp_path / "o"), measures=[measure])
    with pytest.raises(VtgError, match=r"support_f1|SCORE>=T|giou>=T|no\.such"):
        difficulty.run(settings)
    assert not (tmp_path / "o").exists()
