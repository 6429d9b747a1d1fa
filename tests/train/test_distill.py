"""Distillation is TRL's own, on the rows and prompts of a release; a teacher with other tokens is refused."""

import pytest

from support import tiny_training
from support.tiny_training import PROMPTS, frames, log, rows
from vtgdata.errors import VtgError
from vtgdata.train import data, distill
from vtgdata.train import model as models

pytest.importorskip("trl", reason="needs vtgdata[train]")
ROWS = rows(4)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A student, and a teacher that a few steps of SFT have moved away from it."""
    folder = tmp_path_factory.mktemp("world")
    base = tiny_training.build(folder / "base")
    tiny_training.fit_sft(base, folder / "teacher", ROWS, steps=3, learning_rate=1e-3)
    return base, str(folder / "teacher")


def settings(world, out, **changes):
    student, teacher = world
    given = {
        "release": "", "model": student, "teacher": teacher, "videos": "", "out": str(out), "steps": 2, "warmup": 1,
        "prompts_per_step": 4, "max_new_tokens": 8, "learning_rate": 1e-4,
    }  # fmt: skip
    return distill.Settings(**given | changes)


def test_the_loss_of_the_first_step_is_that_of_trl_s_own_call(world, tmp_path):
    from trl.trainer.distillation_config import DistillationConfig
    from trl.trainer.distillation_trainer import DistillationTrainer

    distill.fit(settings(world, tmp_path / "ours"), ROWS, PROMPTS, frames)
    models.prepare(7, 1)
    student, teacher = (models.load(folder) for folder in world)
    models.take_defaults(student.model)
    shown = [int(name[1:]) for name in log(tmp_path / "ours", "rows.jsonl")[0]["rows"]]
    trainer = DistillationTrainer(
        model=student.model,
        teacher_model=teacher.model,
        args=DistillationConfig(
            output_dir=str(tmp_path / "plain"), max_steps=1, per_device_train_batch_size=4, learning_rate=1e-4,
            warmup_steps=1, max_completion_length=8, temperature=1.0, top_p=1.0, top_k=0, beta=1.0, seed=7,
            shuffle_dataset=False, use_cpu=True, bf16=False, activation_checkpointing=False, report_to=[],
            remove_unused_columns=False, logging_steps=1, save_strategy="no", disable_tqdm=True,
        ),
        train_dataset=data.dataset(ROWS, PROMPTS, frames, places=shown, targets=False, plain=student.plain),
        processing_class=student.processor,
    )  # fmt: skip
    trainer.train()
    plain = next(entry["loss"] for entry in trainer.state.log_history if "loss" in entry)
    assert log(tmp_path / "ours")[0]["loss"] == plain > 0


def test_a_teacher_with_other_tokens_is_refused(world, tmp_path):
    import shutil

    other = shutil.copytree(world[1], tmp_path / "other")
    text = (other / "tokenizer.json").read_text()
    (other / "tokenizer.json").write_text(text.replace('"content": "<think>"', '"content": "<thonk>"'))
    with pytest.raises(VtgError, match=r"its tokenizer is not that of .* \(\d+ tokens differ\)"):
        distill.fit(settings((world[0], str(other)), tmp_path / "out"), ROWS, PROMPTS, frames)
