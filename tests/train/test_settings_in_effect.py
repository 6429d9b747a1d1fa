"""Every setting of a training is within reach from the command line, acts, and is said in the model's card.

A table of settings: what is typed, where it is in the trainer, and what it is there. Nothing is trained.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pytest

from vtgdata.cli import app, retry, running
from vtgdata.conversation.prompt import load_prompt
from vtgdata.errors import VtgError
from vtgdata.releases import card
from vtgdata.releases.hub.push_model import ModelFile
from vtgdata.train import course, facts, rl, sft

pytest.importorskip("trl", reason="needs vtgdata[train]")

assert retry.run_and_tell is running.run_and_tell  # it took the name before a test puts another in its place
PROMPT = load_prompt("shapes")
ROWS = [
    {
        "sample_id": f"s{number}", "corpus": "shapes", "split": "sft", "video_id": "v", "duration": 10.0,
        "query": "a blue cross", "windows": [[0.0, 5.0]], "prompt_id": PROMPT.id, "target": "<answer>0 to 5</answer>",
    }
    for number in range(4)
]  # fmt: skip


class Setting(NamedTuple):
    """A setting that a user types."""

    command: str
    typed: tuple[str, ...]
    read: Callable[[Any], Any]
    """What it is in the trainer."""
    value: Any
    card: str
    """The line of the model's card, without bars."""


def lora(name: str) -> Callable[[Any], Any]:
    return lambda trainer: getattr(trainer.model.peft_config["default"], name)


def arg(name: str) -> Callable[[Any], Any]:
    return lambda trainer: getattr(trainer.args, name)


RANK = ("--lora", "3")
TABLE = [
    Setting("sft", ("--trl", "optim=adamw_torch"), arg("optim"), "adamw_torch", "optim | adamw\\_torch"),
    Setting("sft", ("--trl", "adam_epsilon=1e-6"), arg("adam_epsilon"), 1e-6, "adam\\_epsilon | 1e-06"),
    Setting("sft", ("--trl", "label_smoothing_factor=0.1"), arg("label_smoothing_factor"), 0.1, "factor | 0.1"),
    Setting("sft", ("--learning-rate", "2e-4"), arg("learning_rate"), 2e-4, "learning\\_rate | 0.0002"),
    Setting("sft", ("--lr-schedule", "linear"), arg("lr_scheduler_type"), "linear", "lr\\_schedule | linear"),
    Setting("sft", ("--warmup", "2"), arg("warmup_steps"), 2, "warmup\\_steps | 2"),
    Setting("sft", ("--beta2", "0.9"), arg("adam_beta2"), 0.9, "adam\\_beta2 | 0.9"),
    Setting("sft", ("--weight-decay", "0.05"), arg("weight_decay"), 0.05, "weight\\_decay | 0.05"),
    Setting("sft", ("--max-grad-norm", "0.5"), arg("max_grad_norm"), 0.5, "max\\_grad\\_norm | 0.5"),
    Setting("sft", ("--steps", "9"), arg("max_steps"), 9, "steps | 9"),
    Setting("sft", ("--device-batch", "2"), arg("gradient_accumulation_steps"), 2, "accumulation\\_steps | 2"),
    Setting(
        "sft", ("--dtype", "bfloat16"), lambda trainer: str(next(trainer.model.parameters()).dtype), "torch.bfloat16",
        "dtype | bfloat16",
    ),
    Setting(
        "sft", ("--freeze", "vision"),
        lambda trainer: sum(w.requires_grad for name, w in trainer.model.named_parameters() if ".blocks." in name), 0,
        "'projector'",
    ),
    Setting(
        "sft", ("--attention", "eager"), lambda trainer: trainer.model.config._attn_implementation, "eager",
        "attention | eager",
    ),
    Setting(
        "sft", ("--gradient-checkpointing", "yes"), arg("activation_checkpointing"), True,
        "gradient\\_checkpointing | True",
    ),
    Setting("sft", RANK, lora("r"), 3, "'r': 3"),
    Setting("sft", (*RANK, "--peft", "lora_alpha=7"), lora("lora_alpha"), 7, "'lora\\_alpha': 7"),
    Setting("sft", (*RANK, "--peft", "lora_dropout=0.1"), lora("lora_dropout"), 0.1, "'lora\\_dropout': 0.1"),
    Setting("sft", (*RANK, "--peft", 'target_modules=["q_proj"]'), lora("target_modules"), {"q_proj"}, "q\\_proj"),
    Setting("sft", (*RANK, "--peft", "use_rslora=true"), lora("use_rslora"), True, "'use\\_rslora': True"),
    Setting(
        "sft", ("--load", "low_cpu_mem_usage=true"), lambda trainer: trainer.loaded["low_cpu_mem_usage"], True,
        "'low\\_cpu\\_mem\\_usage': True",
    ),
    Setting("rl", ("--clip-high", "0.28"), arg("epsilon_high"), 0.28, "epsilon\\_high | 0.28"),
    Setting("rl", ("--clip-low", "0.1"), arg("epsilon"), 0.1, "epsilon | 0.1"),
    Setting("rl", ("--loss-type", "dr_grpo"), arg("loss_type"), "dr_grpo", "loss\\_type | dr\\_grpo"),
    Setting("rl", ("--importance", "sequence"), arg("importance_sampling_level"), "sequence", "level | sequence"),
    Setting("rl", ("--scale-rewards", "batch"), arg("scale_rewards"), "batch", "scale\\_rewards | batch"),
    Setting("rl", ("--beta", "0.04"), arg("beta"), 0.04, "beta | 0.04"),
    Setting("rl", ("--temperature", "0.7"), arg("temperature"), 0.7, "temperature | 0.7"),
    Setting("rl", ("--top-p", "0.9"), arg("top_p"), 0.9, "top\\_p | 0.9"),
    Setting("rl", ("--top-k", "5"), arg("top_k"), 5, "top\\_k | 5"),
    Setting("rl", ("--max-new-tokens", "33"), arg("max_completion_length"), 33, "completion\\_length | 33"),
    Setting("rl", ("--mask-truncated",), arg("mask_truncated_completions"), True, "completions | True"),
    Setting("rl", ("--rewards", "tiou=0.7,format=0.3"), arg("reward_weights"), [0.7, 0.3], "[0.7, 0.3]"),
    Setting("rl", ("--trl", "num_iterations=2"), arg("num_iterations"), 2, "num\\_iterations | 2"),
    Setting("rl", ("--trl", "top_entropy_quantile=0.5"), arg("top_entropy_quantile"), 0.5, "quantile | 0.5"),
]  # fmt: skip


class Reached(Exception):
    """The trainer is there, and would train."""


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    from vtgdata.demo import tiny

    out = tmp_path_factory.mktemp("base")
    tokenizer = tiny.build_tokenizer()
    tiny.build_model(tokenizer, seed=1).save_pretrained(out)
    tiny.build_processor(tokenizer).save_pretrained(out)
    return str(out)


def frames(row):
    from PIL import Image

    values = np.random.default_rng(len(row["sample_id"])).integers(0, 255, (2, 28, 28, 3), dtype=np.uint8)
    return (0.0, 5.0), [Image.fromarray(value) for value in values]


def record(monkeypatch, command, *typed):
    """The Settings record of a command line."""
    seen = []
    monkeypatch.setattr(running, "run_and_tell", lambda command, record, *_: seen.append(record))
    code = app.run(["train", command, "release", *typed])
    assert code == 0
    return seen[0]


@pytest.fixture
def trainer(base, tmp_path, monkeypatch):
    """Gives the trainer of a command line, and the settings as they acted."""

    def give(command: str, *typed: str) -> tuple[Any, dict[str, Any]]:
        from transformers import AutoModelForImageTextToText

        size = ("--batch-size", "4") if command == "sft" else ("--prompts-per-step", "2", "--rollouts", "2")
        out = ("--model", base, "--videos", "v", "--out", str(tmp_path / "out"))
        settings = record(monkeypatch, command, *out, *size, *typed)
        acted, loaded, plain, opens = [], {}, facts.effective, AutoModelForImageTextToText.from_pretrained

        def stop(made, *_):
            raise Reached(made)

        def effective(*given):
            acted.append(plain(*given))
            return acted[-1]

        def from_pretrained(*given, **named):
            loaded.update(named)
            return opens(*given, **named)

        monkeypatch.setattr(course, "go", stop)
        for module in (rl, sft):
            monkeypatch.setattr(module, "effective", effective)
        monkeypatch.setattr(AutoModelForImageTextToText, "from_pretrained", from_pretrained)
        with pytest.raises(Reached) as reached:
            (sft if command == "sft" else rl).fit(settings, ROWS, {PROMPT.id: PROMPT}, frames)
        made = reached.value.args[0]
        made.loaded = loaded
        return made, {"settings": msgspec.to_builtins(settings), "effective": acted[0]}

    return give


def card_of(facts: dict[str, Any]) -> str:
    return card.model_card(
        ModelFile(
            schema_version=1, name="m", version="1.0.0", tool="", command="train", base_model="b",
            dataset={"name": "d", "version": "1.0.0", "content": "c"}, licenses=["MIT"], teachers=[], figures={},
            evaluation=None, files={}, **facts,
        )
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("setting", TABLE, ids=lambda setting: " ".join(setting.typed))
def test_a_setting_is_in_the_trainer_and_in_the_card(setting, trainer):
    made, facts = trainer(setting.command, *setting.typed)
    assert setting.read(made) == setting.value
    assert setting.card.replace("\\", "") in card_of(facts).replace("\\", "")


def test_several_settings_are_in_the_trainer_and_in_the_card(trainer):
    """A cheap instance of the table: of SFT all that go together."""
    chosen = [each for each in TABLE if each.command == "sft" and each.typed[0] in ("--trl", "--load", "--warmup")]
    made, facts = trainer("sft", *(word for each in chosen for word in each.typed))
    for each in chosen:
        assert each.read(made) == each.value
        assert each.card.replace("\\", "") in card_of(facts).replace("\\", "")


def test_the_table_is_long_enough():
    assert len(TABLE) >= 25 and {each.typed[-2] for each in TABLE if len(each.typed) > 1} >= {
        "--trl",
        "--peft",
        "--load",
    }


MISSPELT = [
    ("sft", ("--trl", "optimm=adamw_torch"), "optim"),
    ("rl", ("--trl", "top_entropy_quantil=0.5"), "top_entropy_quantile"),
    ("sft", ("--lora", "3", "--peft", "lora_alfa=7"), "lora_alpha"),
    ("sft", ("--load", "use_safetensor=true"), "use_safetensors"),
    ("rl", ("--loss-type", "dr_grp"), "dr_grpo"),
    ("sft", ("--lr-schedul", "linear"), "--lr-schedule"),
    ("sft", ("--freeze", "visoin"), "vision"),
]


@pytest.mark.parametrize(("command", "typed", "right"), MISSPELT, ids=lambda value: str(value))
def test_a_misspelt_setting_is_refused_with_the_right_name(command, typed, right, base, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(running, "run_and_tell", lambda command, record, *_: seen.append(record))
    seen: list[Any] = []
    out = ("--model", base, "--videos", "v", "--out", str(tmp_path / "out"))
    size = ("--batch-size", "4") if command == "sft" else ("--prompts-per-step", "2", "--rollouts", "2")
    code = app.run(["train", command, "release", *out, *size, *typed])
    said = capsys.readouterr().err
    if code == 0:  # names of the libraries are known when these are loaded
        with pytest.raises(VtgError) as raised:
            (sft if command == "sft" else rl).fit(seen[0], ROWS, {PROMPT.id: PROMPT}, frames)
        said = str(raised.value)
    assert right in said and any(words in said for words in ("id you mean", "Possible options")), said


@pytest.mark.slow
def test_lora_trains_its_rank_times_the_sides_of_the_layers_it_lies_on(trainer, base):
    from vtgdata.train import sizes

    found = sizes.of_model(base)
    for rank in (2, 5):
        made, facts = trainer("sft", "--lora", str(rank))
        assert facts["effective"]["trained"] == {"language": rank * found.adapter}
        assert sum(w.numel() for w in made.model.parameters() if w.requires_grad) == rank * found.adapter


@pytest.mark.slow
def test_frozen_parts_have_no_weight_that_is_trained(trainer):
    _, facts = trainer("sft", "--freeze", "vision", "--freeze", "projector")
    assert set(facts["effective"]["trained"]) == {"language"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        ("linear", [0.0, 0.5, 1.0, 0.75, 0.5, 0.25]),
        ("cosine", [0.0, 0.5, 1.0, 0.8535533905932737, 0.5, 0.14644660940672627]),
        ("constant_with_warmup", [0.0, 0.5, 1.0, 1.0, 1.0, 1.0]),
    ],
)
def test_the_rate_at_each_step_is_that_of_the_schedule(trainer, schedule, rates):
    """Two steps of warm-up from 0, then four to the end: lines, half a cosine, or the peak."""
    made, _ = trainer("sft", "--steps", "6", "--warmup", "2", "--learning-rate", "1e-3", "--lr-schedule", schedule)
    made.create_optimizer_and_scheduler(num_training_steps=6)
    seen = []
    for _ in range(6):
        seen.append(made.lr_scheduler.get_last_lr()[0])
        made.optimizer.step()
        made.lr_scheduler.step()
    assert seen == pytest.approx([1e-3 * rate for rate in rates])


ANSWERS, LONGEST = ((2, 3), (1.0, -1.0)), 8
"""Of two completions, the tokens and the advantages."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("typed", "loss"),
    [
        # Ratios of 1.5 count as 1 + clip high where the advantage is 1, and as they are where it is -1.
        (("--loss-type", "grpo", "--clip-high", "0.28"), (-1.28 + 1.5) / 2),
        (("--loss-type", "grpo", "--clip-high", "0.1"), (-1.1 + 1.5) / 2),
        (("--loss-type", "bnpo", "--clip-high", "0.28"), (2 * -1.28 + 3 * 1.5) / 5),
        (("--loss-type", "dr_grpo", "--clip-high", "0.28"), (2 * -1.28 + 3 * 1.5) / (2 * LONGEST)),
        (("--loss-type", "dapo", "--clip-high", "0.28"), (2 * -1.28 + 3 * 1.5) / 5),
        (("--loss-type", "dapo"), (2 * -1.2 + 3 * 1.5) / 5),  # clip high is clip low unless it is given
    ],
)
def test_the_loss_of_a_batch_is_the_one_computed_by_hand(trainer, typed, loss):
    import torch

    made, _ = trainer("rl", "--max-new-tokens", str(LONGEST), *typed)
    ids = torch.arange(20, 30).reshape(2, 5)
    mask = torch.tensor([[1, 1, 0], [1, 1, 1]])
    whole = torch.cat([torch.ones(2, 2, dtype=mask.dtype), mask], dim=1)
    made.model.train()
    made.current_gradient_accumulation_steps = 1
    now, *_ = made._get_per_token_logps_and_entropies(made.model, ids, whole, 3)
    inputs = {
        "prompt_ids": ids[:, :2], "prompt_mask": whole[:, :2], "completion_ids": ids[:, 2:], "completion_mask": mask,
        "advantages": torch.tensor(ANSWERS[1]), "old_per_token_logps": now.detach() - float(np.log(1.5)),
        "num_items_in_batch": torch.tensor(5),
    }  # fmt: skip
    assert float(made._compute_loss(made.model, inputs).detach()) == pytest.approx(loss, abs=1e-5)
