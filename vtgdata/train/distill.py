"""On-policy distillation from a larger teacher with the same tokenizer, by TRL's DistillationTrainer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import msgspec

from vtgdata.conversation.prompt import Prompt
from vtgdata.errors import VtgError
from vtgdata.train import course, held_out, making, row_lengths, saving, session
from vtgdata.train import model as models
from vtgdata.train import plan as plans
from vtgdata.train.batches import batches
from vtgdata.train.data import Frames, Provenance, Row, dataset
from vtgdata.train.drawn import DrawSettings, sampling
from vtgdata.train.facts import effective
from vtgdata.train.order import shown
from vtgdata.train.session import Place
from vtgdata.train.settings import CONFIGS

COMMAND = "train distill"
CONFIG = CONFIGS[COMMAND]
NAMES = {
    "loss": "loss",
    "completions/mean_length": "tokens",
    "completions/clipped_ratio": "cut_off",
    "grad_norm": "gradient",
    "learning_rate": "learning_rate",
}
"""{TRL's name of a figure: the name in training.jsonl}."""


class Settings(DrawSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of train distill."""

    teacher: str
    """Folder or Hub name of the teacher: a larger model with the same tokenizer."""
    prompts_per_step: Annotated[int, msgspec.Meta(ge=1)] = 32
    """Samples in a training step, of all processes together; the student answers each once."""
    lr_schedule: str = "constant_with_warmup"
    """Learning rate after the warm-up, as transformers names it: constant_with_warmup, linear, cosine."""
    weight_decay: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    """AdamW's weight decay."""
    beta: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0
    """Which divergence is lowered: 0 forward KL, 1 reverse KL, between them the Jensen-Shannon one."""


class Figures(session.Figures, frozen=True, kw_only=True):
    """How the training went."""

    first_loss: float | None
    """Of the first step."""
    last_loss: float | None
    """Mean of the last ten steps."""


class Summary(Figures, frozen=True, kw_only=True):
    """How the training went, and on what."""

    left_out: dict[str, int]
    """{reason: number of rows that could not be trained on}."""
    data: Provenance
    out: str
    """Folder of the model."""


def run(settings: Settings) -> Summary | plans.Planned:
    """Train; writes model, processor and `training.jsonl` to `out`, and returns losses, counts and data facts."""
    if settings.dry_run:
        return plans.make(COMMAND, settings)
    return session.run(COMMAND, settings, Summary, fit, CONFIG, [__name__], [settings.teacher])


def fit(
    settings: Settings, rows: Sequence[Row], prompts: Mapping[str, Prompt], frames: Frames, place: Place | None = None
) -> Figures:
    """Train on rows already read; see `run`.

    Raises VtgError when a setting or a row cannot be trained on, or the teacher has another tokenizer.
    """
    place = place or session.here(settings)
    models.prepare(settings.seed, settings.threads)
    from trl.trainer.distillation_config import DistillationConfig

    making.check_names(DistillationConfig, settings)
    rows, looked_at = held_out.split(rows, settings)
    plan = shown(rows, settings, per_step=settings.prompts_per_step, option="--prompts-per-step")
    drawn = sampling(settings, rows)
    opened, teacher = models.load(settings.model, settings), models.load(settings.teacher, settings)
    refuse_other_tokens(opened, teacher, settings)
    rows = row_lengths.within(rows, prompts, frames, opened, settings, place, drawn.max_tokens)
    if place.left_out:
        plan = shown(rows, settings, per_step=settings.prompts_per_step, option="--prompts-per-step")
    split = batches(settings.prompts_per_step, settings.device_batch, place.crew.size, opened.parameters)
    args = making.configured(
        DistillationConfig,
        making.common(settings, opened.parameters, split, plan.steps, place.kept)
        | {
            "learning_rate": models.rate(settings, opened.parameters, 5e-5, 1e-6),
            "lr_scheduler_type": settings.lr_schedule,
            "weight_decay": settings.weight_decay,
            "max_completion_length": drawn.max_tokens,
            "temperature": drawn.temperature,
            "top_p": drawn.top_p,
            "top_k": drawn.top_k or 0,
            "min_p": drawn.min_p or None,
            "repetition_penalty": drawn.repetition_penalty or 1.0,
            "beta": settings.beta,
            "shuffle_dataset": False,
        },
        settings,
    )
    models.freeze(opened.model, settings.freeze)
    stated = models.take_defaults(opened.model)
    watch = making.watched(COMMAND, settings, place, plan.steps, NAMES)
    trainer = making.built(
        trainer_noting(watch.note_rows),
        model=opened.model,
        teacher_model=teacher.model,
        args=args,
        train_dataset=dataset(rows, prompts, frames, places=plan.places, targets=False, plain=opened.plain),
        processing_class=opened.processor,
        peft_config=models.adapter(settings, opened.model),
    )
    making.look_at(watch, looked_at, prompts, frames, settings, drawn.max_tokens, place, trainer, opened)
    trainer.add_callback(watch.callback())
    acted = effective(args, settings, split, trainer.model, opened, rows, drawn) | msgspec.to_builtins(drawn)
    found = course.go(trainer, watch, place)
    saving.save(trainer, opened, settings, place.out, stated)
    return Figures(
        **making.figures(rows, plan, found, acted, watch),
        first_loss=watch.first("loss", 1),
        last_loss=watch.last("loss", 10),
    )


def trainer_noting(note_rows: Callable[[Sequence[str]], None]) -> type:
    """A DistillationTrainer that says which samples each batch of answers is for."""
    from trl.trainer.distillation_trainer import DistillationTrainer

    class Trainer(DistillationTrainer):
        model: Any

        def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
            if self.model.training:
                note_rows([row["sample_id"] for row in inputs])
            return super()._generate_and_score_completions(inputs)

    return Trainer


def refuse_other_tokens(student: models.Opened, teacher: models.Opened, settings: Settings) -> None:
    """Raise VtgError unless both models have the same tokens: one's probabilities say nothing of the other's else."""
    one, other = (opened.processor.tokenizer.get_vocab() for opened in (student, teacher))
    if one != other:
        unlike = len(set(one.items()) ^ set(other.items()))
        raise VtgError(
            f"--teacher {settings.teacher}: its tokenizer is not that of {settings.model} ({unlike} tokens differ). "
            "Distillation compares probabilities token by token; take a teacher of the same family."
        )
