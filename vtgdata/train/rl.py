"""GRPO on a release's RL rows, by TRL's GRPOTrainer, with scores as rewards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec

from vtgdata.conversation.prompt import Prompt
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.files.samples import row_sample
from vtgdata.files.step import Step, StepSettings, StepSummary
from vtgdata.train import model as models
from vtgdata.train.data import Frames, Provenance, Row, dataset, forms, inputs, open_rows, provenance
from vtgdata.train.frames import tell_frames
from vtgdata.train.rewards import reward
from vtgdata.video.store import DECODER

LOG = "training.jsonl"


class Settings(StepSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of train rl."""

    release: str
    """A release's folder, or `org/name@tag` on the Hub."""
    model: str
    """Folder or Hub name of the model to start from: the SFT checkpoint."""
    videos: str
    """Folder of the videos."""
    out: str
    """Folder for model, processor and training.jsonl."""
    seed: int = 7
    """Seed of the order of rows and of the answers drawn."""
    rewards: dict[str, float] = msgspec.field(default_factory=lambda: {"tiou": 0.9, "format": 0.1})
    """Score plug-ins and their weights."""
    steps: int = 20
    """Training steps."""
    prompts_per_step: int = 8
    """Samples in a training step."""
    rollouts: int = 8
    """Answers to each prompt, at least 2: they are compared with each other."""
    device_batch: int = 0
    """Answers on one device at a time; 0 for all of a step."""
    learning_rate: float = 5e-5
    """Learning rate, constant after the warm-up. For a model of billions of parameters take 1e-6."""
    warmup: int = 5
    """Steps of warm-up."""
    beta2: float = 0.98
    """AdamW's beta2; for a large model take 0.999."""
    temperature: float = 1.0
    """Temperature of sampling, above 0."""
    top_p: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0
    """Nucleus sampling: share of the probability to draw from, in (0, 1]. This and the three below draw by default as
    the commands that ask a model do, so that pass rates are those of the policy that is trained."""
    top_k: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Number of the likeliest tokens to draw from; 0 for all."""
    min_p: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    """Least probability of a token to draw, as a share of the likeliest one's; 0 for no bound."""
    repetition_penalty: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    """Penalty on tokens that prompt or answer already has; 1 for none."""
    beta: float = 0.0
    """Weight of the KL divergence from the starting model; 0 saves the memory of a second copy."""
    loss_type: str = "dapo"
    """How TRL combines the losses of tokens: dapo, grpo, dr_grpo, bnpo."""
    max_new_tokens: int = 64
    """Maximum tokens of an answer, reasoning included; traces of real videos need 512 and more."""
    vllm_server: str = ""
    """Base URL of a `trl vllm-serve` server that generates; empty to generate in this process."""
    threads: int = 1
    """CPU threads; 0 leaves the number to torch, and then results may differ from run to run."""
    frames: str = ""
    """Folder of the frame store; empty for the user's cache."""


class Figures(StepSummary, frozen=True, kw_only=True):
    """How the training went."""

    rows: int
    steps: int
    first_reward: float | None
    """Mean of the first five steps."""
    last_reward: float | None
    """Mean of the last five steps."""
    frac_reward_zero_std: float | None
    """Mean share of prompts whose answers all had one reward, so that nothing could be learned from them."""


class Summary(Figures, frozen=True, kw_only=True):
    """How the training went, and on what."""

    data: Provenance
    out: str
    """Folder of the model."""


def run(settings: Settings) -> Summary:
    """Train; writes model, processor and `training.jsonl` to `out`, and returns rewards, counts and data facts."""
    from vtgdata.video.store import frame_source

    with Step(
        "train rl",
        settings,
        Summary,
        code=[
            "vtgdata.train.rl",
            plugins.module_name("decoders", DECODER),
            *(plugins.module_name("scores", name) for name in settings.rewards),
        ],
        inputs=inputs(settings.release, "rl", settings.model),
        listings=[settings.videos],
        reads=[settings.release],
    ) as step:
        if (done := step.up_to_date()) is not None:
            return done
        rows, prompts = open_rows(settings.release, "rl")
        tell_frames(rows, settings.model)
        beside = msgspec.structs.replace(settings, out=str(step.start()))
        figures = fit(beside, rows, prompts, frame_source(settings.videos, settings.frames))
        summary = Summary(**msgspec.structs.asdict(figures), data=provenance(settings.release, "rl"), out=settings.out)
        return step.finish(summary, step.written())


def fit(settings: Settings, rows: Sequence[Row], prompts: Mapping[str, Prompt], frames: Frames) -> Figures:
    """Train on rows already read; see `run`.

    Raises VtgError when a setting or a row cannot be trained on.
    """
    if settings.rollouts < 2 or not settings.rewards:
        raise VtgError(f"rollouts {settings.rewards and settings.rollouts}: give at least 2, and at least one reward.")
    models.prepare(settings.seed, settings.threads)
    from trl.trainer.grpo_config import GRPOConfig
    from trl.trainer.grpo_trainer import GRPOTrainer

    out = Path(settings.out)
    model, processor, opening, plain = models.load(settings.model)
    samples = {row["sample_id"]: row_sample(row) for row in rows}
    asked, ends = forms(rows, prompts), models.end_tokens(model, processor)
    stated = models.take_defaults(model)
    step_batch = settings.prompts_per_step * settings.rollouts
    server: dict[str, Any] = {"use_vllm": True, "vllm_mode": "server", "vllm_server_base_url": settings.vllm_server}
    trainer = GRPOTrainer(
        model=model,
        reward_funcs=[reward(name, samples, asked, ends, opened=bool(opening)) for name in settings.rewards],
        args=GRPOConfig(
            output_dir=str(out),
            max_steps=settings.steps,
            learning_rate=settings.learning_rate,
            lr_scheduler_type="constant_with_warmup",
            warmup_steps=settings.warmup,
            adam_beta1=0.9,
            adam_beta2=settings.beta2,
            weight_decay=0.0,
            reward_weights=list(settings.rewards.values()),
            num_generations=settings.rollouts,
            max_completion_length=settings.max_new_tokens,
            temperature=settings.temperature,
            top_p=settings.top_p,
            top_k=settings.top_k,
            min_p=settings.min_p or None,
            repetition_penalty=settings.repetition_penalty,
            beta=settings.beta,
            loss_type=settings.loss_type,
            scale_rewards="group",
            seed=settings.seed,
            data_seed=settings.seed,
            **(server if settings.vllm_server else {}),
            **models.machine(settings.device_batch, step_batch),
        ),
        train_dataset=dataset(rows, prompts, frames, targets=False, plain=plain),
        processing_class=processor,
    )
    models.quiet(trainer)
    trainer.train()
    model.generation_config = stated
    models.save(trainer.model, processor, out)
    keep = {"loss": "loss", "reward": "reward", "frac_reward_zero_std": "frac_reward_zero_std", "entropy": "entropy"}
    keep |= {f"rewards/{name}/mean": name for name in settings.rewards}
    keep |= {"completions/mean_length": "tokens", "completions/clipped_ratio": "cut_off"}
    lines = models.write_log(out / LOG, trainer.state.log_history, keep)
    return Figures(
        rows=len(rows),
        steps=settings.steps,
        first_reward=_mean(lines[:5], "reward"),
        last_reward=_mean(lines[-5:], "reward"),
        frac_reward_zero_std=_mean(lines, "frac_reward_zero_std"),
    )


def _mean(lines: Sequence[Mapping[str, Any]], name: str) -> float:
    values = [line[name] for line in lines if name in line]
    return sum(values) / len(values) if values else float("nan")
