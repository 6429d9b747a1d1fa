"""What a training would do and take is said before anything is loaded (--dry-run)."""

import json
from pathlib import Path

import msgspec
import pytest

from support import forked
from vtgdata.cli import commands
from vtgdata.errors import VtgError
from vtgdata.files import plugins, recipe
from vtgdata.releases import open_release
from vtgdata.train import distill, foreseen, plan, plan_words, published, rl, sft
from vtgdata.train.settings import CONFIGS

BEFORE = Path(__file__).parent.parent / "whole/before/release"
RECIPE = plugins.resources("recipes") / "qwen3-vl-8b.yaml"


def planned(step):
    read = recipe.load(RECIPE, commands.fields)
    steps = [foreseen.Earlier(id=each.id, command=each.command, settings=each.settings) for each in read.steps]
    (found,) = [each for each in read.steps if each.id == step]
    record = commands.build(found.command, found.settings, step)
    told = foreseen.foresee(record, steps, CONFIGS[found.command], commands.build)
    return plan.make(found.command, record, told, f"#{step}")


def test_the_recipe_of_eight_billion_says_its_batches_steps_and_hours_by_hand():
    sft_, two = planned("sft"), planned("rl-two-nodes")
    assert (sft_.batch.total, sft_.batch.processes, sft_.batch.device, sft_.batch.turns) == (64, 8, 1, 8)
    assert sft_.steps == 4000 * 2 / 64
    assert (two.batch.total, two.batch.processes, two.batch.turns) == (256, 16, 16)
    assert two.steps == 4000 / 32
    assert sft_.hours.low == pytest.approx(125 * sft_.tokens_per_step.low / (3000 * 8) / 3600)
    assert sft_.parameters["trained"] == sft_.parameters["all"] - sft_.parameters["vision"]
    assert sft_.memory.weights == 8_767_123_696 * 4 / 8
    assert planned("sft-lora").memory.weights > 8_767_123_696 * 2


def test_tokens_of_a_prompt_by_hand():
    """448 frames share 14,336 tokens, 64 a pair: 320 x 240 pixels are 9 x 7 patches, which Qwen3-VL enlarges to 10 x 8.

    1920 x 1080 pixels come to 11 x 7; two marks begin and end each.
    """
    told = planned("rl").lengths
    assert told.frames == 448
    assert told.seen == 448 * (10 * 8 + 2)
    assert told.prompt == (448 * (80 + 2) + 448 * 6 + 150, 448 * (77 + 2) + 448 * 6 + 150)
    assert told.longest == max(told.prompt) + 1024


def test_what_is_typed_and_started_is_said_for_each_machine():
    assert planned("sft").launches[0] == "#sft"
    assert "accelerate.commands.launch --config_file" in planned("sft").launches[1]
    first, second, _ = planned("rl-two-nodes").launches
    assert first.startswith("NODE_RANK=0 MASTER_ADDR=") and second.startswith("NODE_RANK=1 ")


def test_lines_name_every_part_of_the_memory_that_is_not_nothing():
    said = "\n".join(plan_words.words(planned("rl")))
    for word in ("weights", "gradients", "optimiser", "activations", "logits", "vLLM", "not measured", "hours: "):
        assert word in said


FEW = {"release": "none", "model": "Qwen/Qwen3-VL-2B-Instruct", "videos": "v", "out": "out"}


def test_without_a_release_the_rest_is_said():
    found = plan.make("train sft", sft.Settings(**FEW, steps=10, launch=4))
    assert found.parameters["all"] == 2_127_532_032 and found.batch.processes == 4 and found.steps == 10
    assert isinstance(found.memory, msgspec.UnsetType) and any(note.startswith("none: ") for note in found.missing)


def test_without_a_model_the_rest_is_said():
    found = plan.make("train rl", rl.Settings(**FEW | {"model": "org/none"}, device_batch=2))
    assert any("org/none: its config.json is not here" in note for note in found.missing)
    assert (found.batch.total, found.batch.turns) == (64, 32)


@pytest.mark.parametrize("command", [name for name in commands.COMMANDS if name.startswith("train ")])
def test_every_training_s_plan_is_of_the_rows_that_it_would_train_on(command):
    given = {**FEW, "release": str(BEFORE), "out": "o"} | ({"teacher": "org/none"} if "distill" in command else {})
    found = plan.make(command, commands.build(command, given, command))
    rows = sum(data.rows for data in open_release(BEFORE).document.configs[CONFIGS[command]].values())
    assert found.lengths.rows == rows
    drawn = command != "train sft"
    assert (found.lengths.answer.low == 0.0) == drawn, "what the model draws may be short; what it learns is there"


def test_a_teacher_s_weights_and_the_answers_drawn_are_counted_and_one_that_is_not_known_is_said():
    given = {**FEW, "release": str(BEFORE)}
    taught = plan.make("train distill", distill.Settings(**given, teacher="Qwen/Qwen3-VL-8B-Instruct"))
    alone = plan.make("train sft", sft.Settings(**given))
    assert taught.memory.teacher == 8_767_123_696 * 4 and taught.memory.cache > 0 == alone.memory.cache
    assert "teacher 35.07" in "\n".join(plan_words.words(taught))
    unknown = plan.make("train distill", distill.Settings(**given, teacher="org/none"))
    assert isinstance(unknown.memory, msgspec.UnsetType) and any("org/none" in note for note in unknown.missing)


def test_a_batch_that_processes_cannot_share_is_refused():
    with pytest.raises(VtgError, match="3 processes cannot share the 32 sequences"):
        plan.make("train sft", sft.Settings(**FEW, launch=3))


def test_a_measured_throughput_is_that_of_an_earlier_run(tmp_path):
    meta = {
        "command": "train sft", "version": "0", "complete": True, "settings": {}, "code": "", "inputs": {},
        "outputs": {}, "summary": {"tokens_per_second": 50.0}, "finished": "2026-01-01T00:00:00+00:00",
    }  # fmt: skip
    (tmp_path / "meta.json").write_text(json.dumps(meta))
    assert plan._measured(sft.Settings(**FEW | {"out": str(tmp_path)})) == 50.0
    assert plan._measured(sft.Settings(**FEW)) is None


def test_a_dry_run_of_one_training_and_of_a_recipe_says_it_and_writes_nothing(tmp_path, monkeypatch):
    (tmp_path / "m").mkdir()
    (tmp_path / "m/config.json").write_text(json.dumps(published.MODELS["Qwen3-VL-2B"]))
    before = {path.name for path in tmp_path.iterdir()}
    monkeypatch.chdir(tmp_path)
    said = "\n".join(plan_words.words(sft.run(sft.Settings(**FEW | {"model": "m"}, steps=5, dry_run=True))))
    assert "weights: 2,127,532,032" in said and "not told: none: no such folder" in said
    done = forked.vtgdata("run", "qwen3-vl-8b", "--dry-run", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    steps = {step["id"]: step for step in json.loads(done.stdout)["steps"]}
    assert "plan" not in steps["data"]
    assert steps["rl"]["plan"]["memory"]["vllm"] == 32e9
    assert {path.name for path in tmp_path.iterdir()} == before
