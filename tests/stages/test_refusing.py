"""Refusing, by prompt, parser, scores, rewards, metrics, traces and a release: one scripted model.

The model says a window of one sample in five that has none, and says of one in ten that has one that there is none.
"""

import polars as pl
import pytest

from support.builders import make_sample
from vtgdata import releases
from vtgdata.cli import evaluation
from vtgdata.conversation.prompt import load_prompt
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import row_sample, write_samples
from vtgdata.stages import coldstart, difficulty, evaluate, negatives, release
from vtgdata.train.rewards import reward

THINGS = ["door", "box", "window", "book", "laptop", "bag", "closet", "cabinet"]
ACTIONS = ["opens", "closes", "washes", "throws", "holds"]
PROMPT = "ground_or_none"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Samples, 80 of them with a moment and 20 without."""
    at = tmp_path_factory.mktemp("refusing")
    samples = [
        make_sample(f"t:{i}", video_id=f"v{i}", query=f"a person {action} a {thing}", windows=[(3, 9)], license="MIT")
        for i, (action, thing) in enumerate(2 * [(a, t) for a in ACTIONS for t in THINGS])
    ]
    write_samples(at / "positives.parquet", samples)
    made = negatives.run(negatives.Settings(samples=str(at / "positives.parquet"), out=str(at / "all")))
    assert (made.positives, made.negatives, made.share) == (80, 20, pytest.approx(0.2))
    return at


def given(folder, **more):
    path = str(folder / "all/samples.parquet")
    return {"samples": path, "prompt": PROMPT, "model": f"scripted:samples={path},errors=0.2,refuses=0.1"} | more


def samples_of(folder):
    return {row["sample_id"]: row_sample(row) for row in read_parquet(folder / "all/samples.parquet")}


@pytest.fixture(scope="module")
def summary(folder):
    """The scores of the scripted model, in `score`."""
    settings = given(folder, metrics="moments,refusal,tiou", out=str(folder / "score"))
    return evaluate.run(evaluate.Settings(**settings | {"model": [settings["model"]]}))


def test_the_report_has_refusals_beside_grounding_on_what_is_there(folder, summary, capsys):
    known, rows = samples_of(folder), read_parquet(folder / "score/rollouts.parquet")
    absent = {name for name, sample in known.items() if sample.none_is_right}
    refused = {row["sample_id"] for row in rows if row["text"].endswith("<answer>no such moment</answer>")}
    told = summary.refusals
    assert (told["n_absent"], told["n_refused"], told["right"]) == (20, len(refused), len(refused & absent))
    assert told["f1"] == pytest.approx(2 * len(refused & absent) / (len(refused) + len(absent)))
    assert told["false_refusals"] == summary.metrics["false-refusals"] == pytest.approx(len(refused - absent) / 80)
    assert len(refused - absent) > 0 and refused & absent and absent - refused, "every case is there"
    assert summary.applies_to["mIoU"] == 80 and summary.n_unparsed == len(refused - absent)
    there = [row["iou"] for row in rows if row["sample_id"] not in absent]
    assert summary.metrics["mIoU"] == pytest.approx(sum(there) / 80)
    # By the score's name a sample without a moment counts too.
    assert summary.metrics["tiou"] == pytest.approx((sum(there) + len(refused & absent)) / 100)
    assert {row["iou"] for row in rows if row["sample_id"] in absent} == {0.0, 1.0}
    assert all(row["strict_ok"] for row in rows), "saying so has the form that the prompt asked for"
    evaluation.scores(summary)
    (by_grade,) = (part for part in capsys.readouterr().out.split("\n\n") if "by negative" in part)
    for grade in {sample.extra["negative"] for name, sample in known.items() if name in absent}:
        of_grade = {name for name in absent if known[name].extra["negative"] == grade}
        shown = next(line for line in by_grade.splitlines() if line.startswith(grade))
        assert f" {100 * len(of_grade & refused) / len(of_grade):.1f} " in shown, "what was refused of each grade"


def test_a_file_of_the_same_answers_gives_the_same_report(folder, summary):
    assert summary.out == str(folder / "score")
    rows = [r for r in read_parquet(folder / "score/rollouts.parquet") if r["seeing"] == "sighted"]
    path = folder / "answers.jsonl"
    path.write_text("\n".join(f'{{"sample_id": "{r["sample_id"]}", "windows": {r["windows"]}}}' for r in rows))
    sighted = evaluate.run(
        evaluate.Settings(samples=given(folder)["samples"], predictions=str(path), out=str(folder / "by-file"))
    )
    assert sighted.refusals["right"] == sum(
        row["sample_id"] in {n for n, s in samples_of(folder).items() if s.none_is_right} and not row["windows"]
        for row in rows
    )
    assert {
        row["iou"] is None or row["iou"] == row["iou"] for row in read_parquet(folder / "by-file/rollouts.parquet")
    } == {True}


@pytest.mark.slow
def test_pass_rates_rewards_traces_and_a_release_keep_them(folder):
    known = samples_of(folder)
    rates = difficulty.run(
        difficulty.Settings(**given(folder, n=4, measures=["tiou", "refusal"], out=str(folder / "rates")))
    )
    rollouts = read_parquet(folder / "rates/rollouts.parquet")
    right = [r for r in rollouts if known[r["sample_id"]].none_is_right and r["parse_status"] == "no_answer"]
    wrong = [r for r in rollouts if not known[r["sample_id"]].none_is_right and r["parse_status"] == "no_answer"]
    assert right and rates.n_unparsed == len(wrong)
    form = load_prompt(PROMPT).form
    function = reward("refusal", known, dict.fromkeys(known, form))
    rewards = function([r["text"] for r in rollouts], [r["sample_id"] for r in rollouts])
    assert rewards == [next(s["value"] for s in r["scores"] if s["name"] == "refusal") for r in rollouts]
    made = coldstart.run(coldstart.Settings(**given(folder, n=2, target="annotation", out=str(folder / "traces"))))
    traces = [t for t in read_parquet(folder / "traces/traces.parquet") if t["kept"]]
    targets = {t["target"].split("</think>")[1] for t in traces if known[t["sample_id"]].none_is_right}
    assert made.traces == len(traces) and targets == {"<answer>no such moment</answer>"}
    release.run(
        release.Settings(
            samples=given(folder)["samples"], coldstart=str(folder / "traces/traces.parquet"),
            pass_rates=str(folder / "rates/pass_rates.parquet"), version="1.0.0", name="Doors",
            out=str(folder / "release"),
        )
    )  # fmt: skip
    opened = releases.open_release(str(folder / "release"))
    assert opened.document.absent == 20
    for config in ("samples", "coldstart"):
        rows = opened.rows(config)
        assert {row["sample_id"] for row in rows if row["none_is_right"]} <= {
            n for n, s in known.items() if s.none_is_right
        }
        assert any(row["none_is_right"] for row in rows)
    schema = pl.read_parquet_schema(folder / "release/data/difficulty/train-00000-of-00001.parquet")
    assert "none_is_right" not in schema
