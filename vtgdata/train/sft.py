"""Supervised fine-tuning on a release's cold-start traces, by TRL's SFTTrainer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from vtgdata.conversation.prompt import Prompt
from vtgdata.files import plugins
from vtgdata.files.step import Step, StepSettings, StepSummary
from vtgdata.train import model as models
from vtgdata.train.data import Frames, Provenance, Row, dataset, inputs, open_rows, provenance
from vtgdata.train.frames import tell_frames
from vtgdata.video.store import DECODER

LOG = "training.jsonl"


class Settings(StepSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of train sft."""

    release: str
    """A release's folder, or `org/name@tag` on the Hub."""
    model: str
    """Folder or Hub name of the model to start from."""
    videos: str
    """Folder of the videos."""
    out: str
    """Folder for model, processor and training.jsonl."""
    seed: int = 7
    """Seed of the order of rows."""
    steps: int = 60
    """Training steps."""
    batch_size: int = 32
    """Traces in a training step."""
    device_batch: int = 0
    """Traces on one device at a time; 0 for all of a step."""
    learning_rate: float = 4e-4
    """Peak learning rate; after the warm-up it falls as a cosine. For a model of billions of parameters take 1e-5."""
    warmup: int = 20
    """Steps of warm-up."""
    beta2: float = 0.95
    """AdamW's beta2; for a large model take 0.999."""
    threads: int = 1
    """CPU threads; 0 leaves the number to torch, and then results may differ from run to run."""
    frames: str = ""
    """Folder of the frame store; empty for the user's cache."""


class Figures(StepSummary, frozen=True, kw_only=True):
    """How the training went."""

    rows: int
    steps: int
    first_loss: float | None
    """Of the first step."""
    last_loss: float | None
    """Mean of the last ten steps."""


class Summary(Figures, frozen=True, kw_only=True):
    """How the training went, and on what."""

    data: Provenance
    out: str
    """Folder of the model."""


def run(settings: Settings) -> Summary:
    """Train; writes model, processor and `training.jsonl` to `out`, and returns losses, counts and data facts."""
    from vtgdata.video.store import frame_source

    with Step(
        "train sft",
        settings,
        Summary,
        code=["vtgdata.train.sft", plugins.module_name("decoders", DECODER)],
        inputs=inputs(settings.release, "coldstart", settings.model),
        listings=[settings.videos],
        reads=[settings.release],
    ) as step:
        if (done := step.up_to_date()) is not None:
            return done
        rows, prompts = open_rows(settings.release, "coldstart")
        tell_frames(rows, settings.model)
        beside = msgspec.structs.replace(settings, out=str(step.start()))
        figures = fit(beside, rows, prompts, frame_source(settings.videos, settings.frames))
        summary = Summary(
            **msgspec.structs.asdict(figures), data=provenance(settings.release, "coldstart"), out=settings.out
        )
        return step.finish(summary, step.written())


def fit(settings: Settings, rows: Sequence[Row], prompts: Mapping[str, Prompt], frames: Frames) -> Figures:
    """Train on rows already read; see `run`."""
    models.prepare(settings.seed, settings.threads)
    from trl.trainer.sft_config import SFTConfig
    from trl.trainer.sft_trainer import SFTTrainer

    out = Path(settings.out)
    model, processor, opening, plain = models.load(settings.model)
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(
            output_dir=str(out),
            max_steps=settings.steps,
            learning_rate=settings.learning_rate,
            lr_scheduler_type="cosine",
            warmup_steps=settings.warmup,
            adam_beta1=0.9,
            adam_beta2=settings.beta2,
            weight_decay=0.01,
            completion_only_loss=True,
            max_length=None,
            seed=settings.seed,
            data_seed=settings.seed,
            **models.machine(settings.device_batch, settings.batch_size),
        ),
        train_dataset=dataset(rows, prompts, frames, targets=True, plain=plain, opening=opening),
        processing_class=processor,
    )
    models.quiet(trainer)
    trainer.train()
    models.save(trainer.model, processor, out)
    keep = {"loss": "loss", "mean_token_accuracy": "token_accuracy", "learning_rate": "learning_rate"}
    lines: list[dict[str, Any]] = models.write_log(out / LOG, trainer.state.log_history, keep)
    last = lines[-10:]
    return Figures(
        rows=len(rows),
        steps=settings.steps,
        first_loss=lines[0]["loss"],
        last_loss=sum(line["loss"] for line in last) / len(last),
    )
