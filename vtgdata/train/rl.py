"""GRPO on a release's RL rows, by TRL's GRPOTrainer, with scores as rewards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec

from vtgdata.conversation.prompt import Prompt
from vtgdata.engine.rollouts import read_sampling
from vtgdata.errors import VtgError
from vtgdata.records import Sampling
from vtgdata.train import course, lengths, letters, reward_names, session, worth
from vtgdata.train import model as models
from vtgdata.train.data import Frames, Provenance, Row, dataset
from vtgdata.train.order import Plan, read_schedule, shown
from vtgdata.train.rewards import METRICS, Rewards
from vtgdata.train.session import Place

COMMAND = "train rl"
CONFIG = "rl"


class Settings(worth.RewardSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of train rl."""

    prompts_per_step: Annotated[int, msgspec.Meta(ge=1)] = 8
    """Samples in a training step, of all processes together."""
    rollouts: int = 8
    """Answers to each prompt, at least 2: they are compared with each other."""
    lr_schedule: str = "constant_with_warmup"
    """Learning rate after the warm-up, as transformers names it: constant_with_warmup, linear, cosine."""
    weight_decay: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    """AdamW's weight decay."""
    order: Literal["shuffle", "rank", "weight"] = "shuffle"
    """Order of rows in each pass: shuffled, in the selector's order, or drawn by their weight."""
    schedule: str = ""
    """Bands of pass rates at the first and the last step, as in 0.6-1.0:0.1-0.5: each step shows rows of a band that
    moves from the one to the other. Empty for passes over all rows."""
    temperature: Annotated[float, msgspec.Meta(gt=0)] | None = None
    """Temperature of sampling, above 0. This and the five below are by default those of the rows' pass rates."""
    top_p: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None
    """Nucleus sampling: share of the probability to draw from, in (0, 1]."""
    top_k: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """Number of the likeliest tokens to draw from; 0 for all."""
    min_p: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    """Least probability of a token to draw, as a share of the likeliest one's; 0 for no bound."""
    repetition_penalty: Annotated[float, msgspec.Meta(gt=0)] | None = None
    """Penalty on tokens that prompt or answer already has; 1 for none."""
    max_new_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """Maximum tokens of an answer, reasoning included."""
    beta: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    """Weight of the KL divergence from the starting model; 0 saves the memory of a second copy."""
    loss_type: str = "dapo"
    """How TRL combines the losses of tokens: dapo, grpo, dr_grpo, bnpo."""
    clip_low: Annotated[float, msgspec.Meta(ge=0)] = 0.2
    """How far below 1 the ratio of new to old probability counts."""
    clip_high: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    """How far above 1 it counts; 0 for the same as --clip-low. DAPO takes 0.28."""
    importance: Literal["token", "sequence"] = "token"
    """Whether that ratio is of each token, or of a whole answer (GSPO)."""
    scale_rewards: Literal["group", "batch", "none"] = "group"
    """By whose spread a reward's distance from its group's mean is divided."""
    mask_truncated: bool = False
    """Leave answers that were cut off out of the loss."""
    vllm_server: str = ""
    """Base URL of a `trl vllm-serve` server that generates; empty to generate in this process."""


class Figures(session.Figures, frozen=True, kw_only=True):
    """How the training went."""

    first_reward: float | None
    """Mean of the first five steps."""
    last_reward: float | None
    """Mean of the last five steps."""
    frac_reward_zero_std: float | None
    """Mean share of prompts whose answers all had one reward, so that nothing could be learned from them."""
    lenient_minus_strict: float | None = None
    """Mean of the last five steps: what more answers would earn if those in another form counted."""
    seen: float | None = None
    """Reward beyond what the same answers earn on truths of other sources, mean of the last 20 steps."""
    seen_error: float | None = None
    """Its standard error."""
    prior_alarm: str | None = None
    """Words, if the reward rose while `seen` did not."""
    letters: letters.Letters | None = None
    """Questions with frames that are answered by a letter, before and after."""


class Summary(Figures, frozen=True, kw_only=True):
    """How the training went, and on what."""

    left_out: dict[str, int]
    """{reason: number of rows that could not be trained on}."""
    data: Provenance
    out: str
    """Folder of the model."""


def run(settings: Settings) -> Summary:
    """Train; writes model, processor and `training.jsonl` to `out`, and returns rewards, counts and data facts."""
    code = [__name__, *reward_names.modules(list(settings.rewards))]
    return session.run(COMMAND, settings, Summary, fit, CONFIG, code)


def fit(
    settings: Settings, rows: Sequence[Row], prompts: Mapping[str, Prompt], frames: Frames, place: Place | None = None
) -> Figures:
    """Train on rows already read; see `run`.

    Raises VtgError when a setting or a row cannot be trained on.
    """
    if settings.rollouts < 2:
        raise VtgError(f"rollouts {settings.rollouts}: give at least 2, which are compared with each other.")
    reward_names.check_weights(settings.rewards)
    place = place or session.here(settings)
    models.prepare(settings.seed, settings.threads)
    from trl.trainer.grpo_config import GRPOConfig
    from trl.trainer.grpo_trainer import GRPOTrainer

    plan = planned(rows, settings)
    rows = worth.scored(rows, settings, place)
    opened = models.load(settings.model, settings)
    drawn = sampling(settings, rows)
    rows = lengths.within(rows, prompts, frames, opened, settings, place, drawn.max_tokens)
    plan = planned(rows, settings) if place.left_out else plan
    total = settings.prompts_per_step * settings.rollouts
    split = session.batches(total, settings.device_batch, place.crew.size, opened.parameters)
    rewards = worth.rewards(settings, worth.reader(rows, prompts, opened), drawn.max_tokens)
    args = session.configured(
        GRPOConfig,
        session.common(settings, opened.parameters, split, plan.steps, place.kept)
        | arguments(settings, drawn)
        | {"reward_weights": rewards.weights}
        | {"learning_rate": models.rate(settings, opened.parameters, 5e-5, 1e-6)},
        settings,
    )
    models.freeze(opened.model, settings.freeze)
    stated = models.take_defaults(opened.model)
    trainer = session.built(
        GRPOTrainer,
        model=opened.model,
        reward_funcs=rewards.functions,
        args=args,
        train_dataset=dataset(rows, prompts, frames, places=plan.places, targets=False, plain=opened.plain),
        processing_class=opened.processor,
        peft_config=models.adapter(settings, opened.model),
    )
    watch = session.watched(
        COMMAND, settings, place, plan.steps, names(rewards), boundary(args), worth.limits(settings)
    )
    trainer.add_callback(watch.callback())
    notes = worth.watch(watch, trainer, rows, rewards, settings, place)
    acted = session.effective(args, settings, split, trainer.model, opened) | msgspec.to_builtins(drawn)
    asks = worth.letters_asked(trainer, rows, prompts, frames, opened, settings, place)
    found = course.go(trainer, watch, place)
    models.save(trainer, opened, settings, place.out, stated)
    return Figures(
        **session.figures(rows, plan, found, acted),
        first_reward=watch.first("reward", 5),
        last_reward=watch.last("reward", 5),
        frac_reward_zero_std=watch.last("frac_reward_zero_std", plan.steps),
        lenient_minus_strict=watch.last("lenient_minus_strict", 5),
        seen=watch.last("seen", 1),
        seen_error=watch.last("seen_error", 1),
        prior_alarm=notes.alarm(),
        letters=asks(),
    )


def planned(rows: Sequence[Row], settings: Settings) -> Plan:
    """The plan of a run; see `order.shown`."""
    return shown(
        rows,
        settings,
        per_step=settings.prompts_per_step,
        option="--prompts-per-step",
        by=settings.order,
        schedule=read_schedule(settings.schedule),
    )


def sampling(settings: Settings, rows: Sequence[Row]) -> Sampling:
    """How answers are drawn: as the settings say, else as the rows' pass rates were measured.

    Pass rates are those of the policy that is trained only if both draw alike.
    """
    stated = next((read_sampling(row["sampling"]) for row in rows if row.get("sampling")), Sampling())
    given = {
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "top_k": settings.top_k,
        "min_p": settings.min_p,
        "repetition_penalty": settings.repetition_penalty,
        "max_tokens": settings.max_new_tokens,
    }
    return msgspec.structs.replace(stated, **{name: value for name, value in given.items() if value is not None})


def arguments(settings: Settings, drawn: Sampling) -> dict[str, Any]:
    """Arguments of GRPO, as TRL names them."""
    server: dict[str, Any] = {"use_vllm": True, "vllm_mode": "server", "vllm_server_base_url": settings.vllm_server}
    return {
        "lr_scheduler_type": settings.lr_schedule,
        "weight_decay": settings.weight_decay,
        "num_generations": settings.rollouts,
        "max_completion_length": drawn.max_tokens,
        "temperature": drawn.temperature,
        "top_p": drawn.top_p,
        "top_k": drawn.top_k or 0,
        "min_p": drawn.min_p or None,
        "repetition_penalty": drawn.repetition_penalty or 1.0,
        "beta": settings.beta,
        "loss_type": settings.loss_type,
        "epsilon": settings.clip_low,
        "epsilon_high": settings.clip_high or None,
        "importance_sampling_level": settings.importance,
        "scale_rewards": settings.scale_rewards,
        "mask_truncated_completions": settings.mask_truncated,
        "shuffle_dataset": False,
        **(server if settings.vllm_server else {}),
    }


def names(rewards: Rewards) -> dict[str, str]:
    """{TRL's name of a figure: the name in training.jsonl}."""
    named = {"loss": "loss", "reward": "reward", "frac_reward_zero_std": "frac_reward_zero_std", "entropy": "entropy"}
    named |= {f"rewards/{name}/mean": name for name in rewards.names} | dict(zip(METRICS, METRICS, strict=True))
    named |= {"completions/mean_length": "tokens", "completions/clipped_ratio": "cut_off", "kl": "kl"}
    return named | {"grad_norm": "gradient", "learning_rate": "learning_rate"}


def boundary(args: Any) -> int:
    """Steps between two places where no generated answers wait in memory to be trained on."""
    import math

    every = args.steps_per_generation * args.num_iterations
    return math.lcm(every, args.gradient_accumulation_steps) // args.gradient_accumulation_steps
