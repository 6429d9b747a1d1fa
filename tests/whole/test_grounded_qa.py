"""Grounded questions whole: from raw files to a release of moments and questions, and to a model trained on both."""

import csv
import importlib.util
import json
import re
from collections import defaultdict
from pathlib import Path

import pytest
import yaml

from support import mixtures
from support.builders import draw_video
from support.published import published
from support.tiny_training import log
from vtgdata.conversation.prompt import option_order, shown_option
from vtgdata.files import plugins
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import read_samples, row_sample
from vtgdata.train.data import open_rows
from vtgdata.train.rewards import Reader, Rewards

RECIPE = plugins.resources("recipes") / "tvg-r1-qa.yaml"
OUT = "runs/tvg-r1-qa"
ANSWER = re.compile(r"\\boxed\{([A-Z])\} <answer>([\d.]+) to ([\d.]+)</answer>")


def run(recipe):
    from vtgdata.cli.app import run

    Path("recipe.yaml").write_text(yaml.safe_dump(recipe, sort_keys=False))
    assert run(["run", "recipe.yaml", "--quiet"]) == 0


def tiou(start, end, window):
    overlap = max(0.0, min(end, window.end) - max(start, window.start))
    return overlap / ((end - start) + (window.end - window.start) - overlap)


def right(text, sample, prompt):
    """Whether an answer has the right option, read as the prompt showed it, and its best IoU, by plain code."""
    letter, start, end = ANSWER.search(text).groups()
    own = option_order(prompt, sample)["ABCDEFGH".index(letter)]
    best = max(tiou(float(start), float(end), window) for window in sample.windows)
    return sample.options[own] == sample.options[ord(sample.answer) - 65], best


def recounted(folder, samples, prompt):
    """{sample: (share of its answers that are right, share that is right and reaches IoU 0.5)}, from what was said.

    Samples with an answer whose IoU is 0.5 but for the rounding of floats are left out; there are hardly any.
    """
    said = defaultdict(list)
    for row in read_parquet(f"{folder}/rollouts.parquet"):
        said[row["sample_id"]].append(right(row["text"], samples[row["sample_id"]], prompt))
    ties = {name for name, each in said.items() if any(abs(iou - 0.5) < 1e-9 for _, iou in each)}
    assert len(ties) <= 0.01 * len(said) + 1
    for name in ties:
        del said[name]
    return {
        name: (sum(ok for ok, _ in each) / len(each), sum(ok and iou >= 0.5 for ok, iou in each) / len(each))
        for name, each in said.items()
    }


def rates(folder, measure):
    return {
        row["sample_id"]: row["value"]
        for row in read_parquet(f"{folder}/pass_rates.parquet")
        if row["measure"] == measure
    }


def same_rates(folder, plain):
    """The stored pass rates are those of a recount."""
    for measure, place in (("answer", 0), ("answer*iou>=0.5", 1)):
        stored = rates(folder, measure)
        assert {name: stored[name] for name in plain} == {name: each[place] for name, each in plain.items()}


def by_id(path):
    return {sample.sample_id: sample for sample in read_samples(path)}


def test_the_shipped_mixture_makes_one_release_of_both_tasks_each_row_with_its_own_prompt(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mixtures.write_tvg_r1(tmp_path, 8)
    recipe = mixtures.small(RECIPE)
    run(recipe)
    rows, prompts = open_rows(f"{OUT}/v2", ["rl", "qa"])
    asked = {
        config: {row["prompt_id"].partition("-")[0] for row in rows if row["config"] == config}
        for config in ("rl", "qa")
    }
    assert asked == {"rl": {"ground"}, "qa": {"ground_qa"}}
    assert {row["task"] for row in rows if row["config"] == "qa"} == {"grounded_qa"}
    learnt, _ = open_rows(f"{OUT}/v1", ["coldstart", "coldstart_qa"])
    assert {row["config"] for row in learnt} == {"coldstart", "coldstart_qa"}

    prompt, samples = prompts[rows[-1]["prompt_id"]], by_id(f"{OUT}/clean/samples.parquet")
    plain = recounted(f"{OUT}/hard_qa", samples, prompt)
    same_rates(f"{OUT}/hard_qa", plain)
    chosen = [row for row in rows if row["config"] == "qa"]
    assert chosen and all(0.2 <= plain[row["sample_id"]][1] <= 0.8 for row in chosen if row["sample_id"] in plain)
    published = read_parquet(f"{OUT}/v2/data/difficulty_qa/train-00000-of-00001.parquet")
    assert {row["sample_id"] for row in published} >= set(plain)
    weights = next(step for step in yaml.safe_load(RECIPE.read_text())["steps"] if step["id"] == "rl")["rewards"]
    paid_by_task_and_by_the_letter_that_was_shown(rows, prompts, weights)


def paid_by_task_and_by_the_letter_that_was_shown(rows, prompts, weights):
    """The rewards of the recipe, of answers that are right, or right in time alone."""
    places, of = range(len(rows)), [prompts[row["prompt_id"]] for row in rows]
    samples = {place: row_sample(row) for place, row in enumerate(rows)}
    reader = Reader(samples, {p: of[p].form for p in places}, prompts={p: of[p] for p in places})
    rewards = Rewards(weights, reader, strict=True)

    def paid(letter_of):
        texts = [
            "<think>It grows.</think>"
            + of[p].form.write([(str(w.start), str(w.end)) for w in samples[p].windows], letter_of(p))
            for p in places
        ]
        columns = [one(texts, [row["sample_id"] for row in rows], place=list(places)) for one in rewards.functions]
        known = [
            [(v, w) for v, w in zip(each, rewards.weights, strict=True) if v is not None]
            for each in zip(*columns, strict=True)
        ]
        return [sum(v * w for v, w in each) for each in known], [len(each) for each in known]

    whole, number = paid(lambda p: shown_option(of[p], samples[p], samples[p].answer) or "")
    assert whole == pytest.approx([1.0] * len(rows))
    assert number == [3 if row["task"] == "grounded_qa" else 2 for row in rows]
    other = {"A": "B", "B": "C", "C": "A"}
    timed, _ = paid(lambda p: shown_option(of[p], samples[p], other.get(samples[p].answer)) or "")
    assert timed == pytest.approx([0.3 if row["task"] == "grounded_qa" else 1.0 for row in rows])


@pytest.mark.slow
def test_the_shipped_mixture_runs_whole_to_a_tiny_model_trained_on_both(tmp_path, monkeypatch):
    pytest.importorskip("trl", reason="needs vtgdata[train]")
    from support import tiny_training

    monkeypatch.chdir(tmp_path)
    mixtures.write_tvg_r1(tmp_path, 8)
    run(mixtures.small(RECIPE, tiny_training.build(tmp_path / "base")))
    rows, _ = open_rows(f"{OUT}/v2", ["rl", "qa"])
    config = {row["sample_id"]: row["config"] for row in rows}
    entered = [line["rows"] for line in log(f"{OUT}/rl", "rows.jsonl")]
    assert [sorted(config[name] for name in step) for step in entered] == [["qa", "qa", "rl", "rl"]] * 2
    answers = [row for path in sorted((tmp_path / OUT / "rl/completions").iterdir()) for row in read_parquet(path)]
    assert len(answers) == 2 * 4 * 2
    for row in answers:
        task = {"rl": "moment_retrieval", "qa": "grounded_qa"}[config[row["sample_id"]]]
        assert {each["name"].partition("/")[0] for each in row["scores"]} == {task}
    learnt = {row["sample_id"] for row in open_rows(f"{OUT}/v1", ["coldstart", "coldstart_qa"])[0]}
    assert {name for line in log(f"{OUT}/sft", "rows.jsonl") for name in line["rows"]} <= learnt
    for step, metric in (("score", "mIoU"), ("score_qa", "Acc@GQA")):
        found = json.loads((tmp_path / OUT / step / "evaluation.json").read_text())
        assert metric in json.dumps(found)


NEXTGQA = """out: runs
seed: 7
steps:
  - {id: data, command: ingest, corpus: nextgqa, paths: [raw]}
  - {id: traces, command: build-coldstart, samples: "@data/samples.parquet", limit: 400,
     model: "scripted:@data/samples.parquet", prompt: ground_qa, num_frames: 2, short_side: 28, n: 2,
     keep: {answer: 1.0, tiou: 0.5}}
  - {id: hard, command: score-difficulty, samples: "@data/samples.parquet",
     model: "scripted:samples=@data/samples.parquet,errors=0.5", prompt: ground_qa, num_frames: 2, short_side: 28,
     n: 8}
  - {id: pick, command: select, pass_rates: "@hard/pass_rates.parquet", samples: "@data/samples.parquet",
     selector: "band:low=0.2,high=0.8", size: 8}
  - {id: v1, command: release, version: 1.0.0, name: Questions, samples: "@data/samples.parquet",
     drops: ["@data/drops.parquet"], coldstart: "@traces/traces.parquet", pass_rates: "@hard/pass_rates.parquet",
     splits: {rl: "@pick/rows.parquet"}}
  - {id: score, command: evaluate, samples: "@data/samples.parquet", model: ["scripted:@data/samples.parquet"],
     prompt: ground_qa, num_frames: 2, short_side: 28}
"""
RL = """  - {id: rl, command: train rl, release: "runs/v1", model: base, videos: videos, frames: frames, steps: 2,
     prompts_per_step: 4, rollouts: 2, max_new_tokens: 6, stall: 0, letter_questions: 0, completions_every: 1,
     rewards: {answer: 0.7, format: 0.1, tiou: 0.2}}
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_nextgqa_s_own_files_run_whole_from_the_csv_to_two_steps_of_rl_and_the_metrics(tmp_path, monkeypatch):
    raw = published("corpora", "nextgqa")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "raw").symlink_to(raw)
    run(yaml.safe_load(NEXTGQA))
    samples = by_id("runs/data/samples.parquet")
    with (raw / "val.csv").open(newline="", encoding="utf-8") as file:
        answers = {f"{row['video_id']}:{row['qid']}": row for row in csv.DictReader(file)}
    assert len(samples) == len(answers) == 3_358

    rows, prompts = open_rows("runs/v1", ["rl"])
    prompt = prompts[rows[0]["prompt_id"]]
    plain = recounted("runs/hard", samples, prompt)
    same_rates("runs/hard", plain)
    assert len(rows) == 8
    assert all(0.2 <= plain[row["sample_id"]][1] <= 0.8 for row in rows if row["sample_id"] in plain)
    for trace in read_parquet("runs/traces/traces.parquet"):
        ok, iou = right(trace["text"], samples[trace["sample_id"]], prompt)
        assert trace["kept"] <= (ok and iou >= 0.5 - 1e-9)

    said = {row["sample_id"]: right(row["text"], samples[row["sample_id"]], prompt)
            for row in read_parquet("runs/score/rollouts.parquet")}  # fmt: skip
    found = json.loads((tmp_path / "runs/score/evaluation.json").read_text())["metrics"]
    for metric, share in (
        ("Acc@QA", sum(ok for ok, _ in said.values()) / len(said)),
        ("Acc@IoU>=0.5", sum(ok and iou >= 0.5 for ok, iou in said.values()) / len(said)),
    ):
        assert found[metric] == pytest.approx(share, abs=3 / len(said)), metric

    if importlib.util.find_spec("trl") is None:
        pytest.skip("needs vtgdata[train]")
    from support import tiny_training

    for row in rows:
        draw_video(tmp_path / "videos" / row["video_file"], row["duration"])
    tiny_training.build(tmp_path / "base")
    (tmp_path / "rl").mkdir()
    run(yaml.safe_load("out: rl\nseed: 7\nsteps:\n" + RL))
    assert [len(line["rows"]) for line in log("rl/rl", "rows.jsonl")] == [4, 4]
    paid = [row for path in sorted((tmp_path / "rl/rl/completions").iterdir()) for row in read_parquet(path)]
    assert len(paid) == 2 * 4 * 2
    assert all({each["name"] for each in row["scores"]} == {"answer", "format", "tiou"} for row in paid)
