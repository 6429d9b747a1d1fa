"""Supervised fine-tuning on a release's cold-start traces, by TRL's SFTTrainer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import msgspec

from vtgdata.conversation.prompt import Prompt
from vtgdata.train import course, held_out, making, row_lengths, saving, session, sft_trainer
from vtgdata.train import model as models
from vtgdata.train import plan as plans
from vtgdata.train.batches import batches
from vtgdata.train.data import Frames, Provenance, Row, dataset
from vtgdata.train.facts import effective
from vtgdata.train.order import shown
from vtgdata.train.session import Place
from vtgdata.train.settings import CONFIGS, TrainSettings

COMMAND = "train sft"
CONFIG = CONFIGS[COMMAND]
LONGEST = 512
"""Most tokens of the answer to a held-out row."""


class Settings(TrainSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of train sft."""

    batch_size: Annotated[int, msgspec.Meta(ge=1)] = 32
    """Traces in a training step, of all processes together."""
    lr_schedule: str = "cosine"
    """Learning rate after the warm-up, as transformers names it: cosine, linear, constant_with_warmup."""
    weight_decay: Annotated[float, msgspec.Meta(ge=0)] = 0.01
    """AdamW's weight decay."""
    order: Literal["shuffle", "rank", "weight"] = "shuffle"
    """Order of rows in each pass: shuffled, in the selector's order, or drawn by their weight."""


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
    return session.run(COMMAND, settings, Summary, fit, CONFIG, [__name__])


def fit(
    settings: Settings, rows: Sequence[Row], prompts: Mapping[str, Prompt], frames: Frames, place: Place | None = None
) -> Figures:
    """Train on rows already read; see `run`.

    Raises VtgError when a setting or a row cannot be trained on.
    """
    place = place or session.here(settings)
    models.prepare(settings.seed, settings.threads)
    rows, looked_at = held_out.split(rows, settings)
    from trl.trainer.sft_config import SFTConfig

    making.check_names(SFTConfig, settings)
    plan = shown(rows, settings, per_step=settings.batch_size, option="--batch-size", by=settings.order)
    opened = models.load(settings.model, settings)
    rows = row_lengths.within(rows, prompts, frames, opened, settings, place)
    if place.left_out:
        plan = shown(rows, settings, per_step=settings.batch_size, option="--batch-size", by=settings.order)
    split = batches(settings.batch_size, settings.device_batch, place.crew.size, opened.parameters)
    args = making.configured(
        SFTConfig,
        making.common(settings, opened.parameters, split, plan.steps, place.kept)
        | {
            "learning_rate": models.rate(settings, opened.parameters, 4e-4, 1e-5),
            "lr_scheduler_type": settings.lr_schedule,
            "weight_decay": settings.weight_decay,
            "completion_only_loss": True,
            "max_length": None,
            "shuffle_dataset": False,
            "train_sampling_strategy": "sequential",
        },
        settings,
    )
    models.freeze(opened.model, settings.freeze)
    stated = opened.model.generation_config
    names = {"loss": "loss", "mean_token_accuracy": "token_accuracy", "learning_rate": "learning_rate"}
    watch = making.watched(COMMAND, settings, place, plan.steps, names | {"grad_norm": "gradient"})
    trainer = making.built(
        sft_trainer.trainer(lambda places: watch.note_rows([rows[one]["sample_id"] for one in places])),
        model=opened.model,
        args=args,
        train_dataset=dataset(
            rows, prompts, frames, places=plan.places, targets=True, plain=opened.plain, opening=opened.opening
        ),
        processing_class=opened.processor,
        peft_config=models.adapter(settings, opened.model),
    )
    making.look_at(watch, looked_at, prompts, frames, settings, LONGEST, place, trainer, opened)
    # By default a family of pictures and text has its loss averaged over each device's batch, and then over these. TRL
    # divides by the answers' tokens of the whole step where it is told their number: any split is the same step.
    trainer.model_accepts_loss_kwargs = True
    trainer.add_callback(watch.callback())
    acted = effective(args, settings, split, trainer.model, opened, rows)
    found = course.go(trainer, watch, place)
    saving.save(trainer, opened, settings, place.out, stated)
    return Figures(
        **making.figures(rows, plan, found, acted, watch),
        first_loss=watch.first("loss", 1),
        last_loss=watch.last("loss", 10),
    )
