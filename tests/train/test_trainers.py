"""Both trainers run on a tiny real model: they learn from what they are given, log it, and save what can be served."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from vtgdata.conversation.prompt import load_prompt
from vtgdata.errors import VtgError
from vtgdata.train import rl, sft

pytest.importorskip("trl", reason="needs vtgdata[train]")

PROMPT = load_prompt("shapes")
TARGET = "<think>00.0 blue cross yes; 05.0 red ring no; 10.0</think><answer>00.0 to 05.0</answer>"
ROWS = [
    {
        "sample_id": f"s{number}", "corpus": "shapes", "split": "sft", "video_id": "v", "duration": 10.0,
        "query": "a blue cross", "windows": [[0.0, 5.0]], "prompt_id": PROMPT.id, "target": TARGET,
    }
    for number in range(4)
]  # fmt: skip


def frames(row):
    from PIL import Image

    values = np.random.default_rng(len(row["sample_id"])).integers(0, 255, (2, 28, 28, 3), dtype=np.uint8)
    return (0.0, 5.0), [Image.fromarray(value) for value in values]


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    from vtgdata.demo import tiny

    out = tmp_path_factory.mktemp("base")
    tokenizer = tiny.build_tokenizer()
    tiny.build_model(tokenizer, seed=1).save_pretrained(out)
    tiny.build_processor(tokenizer).save_pretrained(out)
    return str(out)


def log(folder):
    return [msgspec.json.decode(line) for line in (folder / "training.jsonl").read_bytes().splitlines()]


def fit_sft(base, out, rows=ROWS, **changes):
    settings = {
        "release": "", "model": base, "videos": "", "out": str(out), "steps": 4, "batch_size": 4, "warmup": 1,
        "beta2": 0.95, "stall": 0,
    }  # fmt: skip
    return sft.fit(sft.Settings(**settings | changes), rows, {PROMPT.id: PROMPT}, frames)


def fit_rl(base, out, rows=ROWS, **changes):
    settings = {
        "release": "", "model": base, "videos": "", "out": str(out), "steps": 2, "prompts_per_step": 2, "rollouts": 2,
        "max_new_tokens": 8, "warmup": 5, "beta2": 0.98, "stall": 0,
    }  # fmt: skip
    return rl.fit(rl.Settings(**settings | changes), rows, {PROMPT.id: PROMPT}, frames)


def test_sft_lowers_the_loss_and_the_same_seed_gives_the_same_numbers(base, tmp_path):
    summary = fit_sft(base, tmp_path / "one", learning_rate=3e-3)
    lines = log(tmp_path / "one")
    assert [line["step"] for line in lines] == [1, 2, 3, 4]
    assert lines[-1]["loss"] < lines[0]["loss"] == summary.first_loss
    fit_sft(base, tmp_path / "two", learning_rate=3e-3)
    assert log(tmp_path / "two") == lines


def test_a_trained_model_loads_again_and_samples_by_default(base, tmp_path):
    from transformers import AutoModelForImageTextToText, AutoProcessor

    fit_sft(base, tmp_path, steps=1)
    model = AutoModelForImageTextToText.from_pretrained(tmp_path)
    assert model.generation_config.do_sample
    assert AutoProcessor.from_pretrained(tmp_path).tokenizer.chat_template


def test_grpo_logs_its_rewards_and_is_repeatable(base, tmp_path):
    summary = fit_rl(base, tmp_path / "one")
    lines = log(tmp_path / "one")
    assert len(lines) == 2
    assert {"loss", "reward", "frac_reward_zero_std", "tiou", "format"} <= set(lines[0])
    assert 0.0 <= summary.frac_reward_zero_std <= 1.0
    fit_rl(base, tmp_path / "two")
    assert log(tmp_path / "two") == lines


def test_one_rollout_has_nothing_to_be_compared_with(base, tmp_path):
    with pytest.raises(VtgError, match="rollouts 1"):
        fit_rl(base, tmp_path, rollouts=1)


def test_a_device_batch_that_does_not_divide_the_step_is_refused(base, tmp_path):
    with pytest.raises(VtgError, match="device_batch 3"):
        fit_sft(base, tmp_path, device_batch=3)


def test_rl_draws_as_pass_rates_are_drawn_and_no_default_of_the_folder_acts(base, tmp_path, monkeypatch):
    """R11: a folder's repetition_penalty acted on pass rates and not on RL, its no_repeat_ngram_size on both."""
    import shutil

    from transformers import GenerationConfig
    from transformers import Qwen3VLForConditionalGeneration as Model

    folder = shutil.copytree(base, tmp_path / "base")
    GenerationConfig.from_pretrained(folder, repetition_penalty=1.05, no_repeat_ngram_size=1).save_pretrained(folder)
    seen, plain = [], Model._prepare_generation_config

    def watched(self, given, **kwargs):
        made, more = plain(self, given, **kwargs)
        seen.append(made)
        return made, more

    monkeypatch.setattr(Model, "_prepare_generation_config", watched)
    fit_rl(str(folder), tmp_path / "out", steps=1)
    assert {(one.top_k, one.top_p, one.min_p, one.repetition_penalty) for one in seen} == {(0, 1.0, None, 1.0)}
    assert {one.no_repeat_ngram_size for one in seen} <= {0, None}
    stored = GenerationConfig.from_pretrained(tmp_path / "out")
    assert (stored.repetition_penalty, stored.no_repeat_ngram_size) == (1.05, 1)
    seen.clear()
    fit_rl(str(folder), tmp_path / "narrow", steps=1, top_k=5, top_p=0.9, min_p=0.1, repetition_penalty=1.2)
    assert {(one.top_k, one.top_p, one.min_p, one.repetition_penalty) for one in seen} == {(5, 0.9, 0.1, 1.2)}


def test_control_tokens_in_a_query_are_text_to_both_trainers_and_the_tokenizer_is_saved_as_it_came(base, tmp_path):
    rows = [row | {"query": "a <|image_pad|> sign <|im_end|><|vision_start|> falls </think>"} for row in ROWS]
    fit_sft(base, tmp_path / "sft", rows=rows, steps=1)
    fit_rl(str(tmp_path / "sft"), tmp_path / "rl", rows=rows, steps=1)
    came = tokens_of(base)
    for out in ("sft", "rl"):
        assert len(log(tmp_path / out)) == 1
        assert tokens_of(tmp_path / out) == came


def test_what_is_learnt_begins_after_the_mark_that_a_thinking_model_has_in_its_prompt(base, tmp_path, monkeypatch):
    import shutil

    from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling as Collator

    folder = shutil.copytree(base, tmp_path / "thinking")
    template = folder / "chat_template.jinja"
    template.write_text(template.read_text().replace("assistant\\n'", "assistant\\n<think>\\n'"))
    learnt, plain = [], Collator.torch_call

    def watched(self, examples):
        batch = plain(self, examples)
        ids, labels = batch["input_ids"][0], batch["labels"][0]
        learnt.append([self.processor.tokenizer.decode(ids[asked]) for asked in (labels == -100, labels != -100)])
        return batch

    monkeypatch.setattr(Collator, "torch_call", watched)
    fit_sft(str(folder), tmp_path / "out", steps=1)
    asked, said = learnt[0]
    assert asked.partition("<|endoftext|>")[0].endswith("assistant\n<think>\n") and "<think>" not in said
    assert said.startswith(TARGET.removeprefix("<think>"))


def tokens_of(folder):
    """What a folder's tokenizer does; the library also writes how its last call padded, which means nothing."""
    facts = msgspec.json.decode((Path(folder) / "tokenizer.json").read_bytes())
    return {name: fact for name, fact in facts.items() if name not in ("padding", "truncation")}
