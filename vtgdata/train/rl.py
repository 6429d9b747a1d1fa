"""GRPO on a release's RL rows, by TRL's GRPOTrainer, with scores as rewards."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET

from vtgdata.conversation.prompt import Prompt
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.files.samples import row_sample
from vtgdata.records import Sampling
from vtgdata.train import checkpoints, grpo, held_out, oracle, refresh, session
from vtgdata.train import model as models
from vtgdata.train import plan as plans
from vtgdata.train.data import Frames, Provenance, Row, builder, dataset, forms
from vtgdata.train.drawn import DrawSettings, sampling
from vtgdata.train.order import Plan, read_schedule, shown
from vtgdata.train.rewards import reward
from vtgdata.train.session import Place

COMMAND = "train rl"
CONFIG = "rl"


class Settings(DrawSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of train rl."""

    rewards: dict[str, float] = msgspec.field(default_factory=lambda: {"tiou": 0.9, "format": 0.1})
    """Score plug-ins and their weights."""
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
    refresh: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    """Score the rows anew with the model as it is and select from them for the next steps, as in every=50,n=8,size=400;
    selector=NAME is one of `vtgdata select`."""
    dynamic_sampling: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Times that prompts whose answers all earn the same are replaced by the next rows before a step; 0 for never."""
    oracle: bool = False
    """Put the annotation's answer into each group, by OraRL's formula, in the place of one of the --rollouts; for
    prompts without reasoning."""
    vllm_server: str = ""
    """Base URL of a `trl vllm-serve` server that generates; empty to generate in this process. TRL corrects for the
    difference between vLLM's probabilities and the trained model's (importance sampling)."""
    vllm_colocate: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.0
    """Share of each GPU's memory that vLLM takes beside the model that is trained, to generate there; 0 for none. Needs
    vLLM 0.22 to 0.31, in an environment of its own."""
    vllm_sleep: bool = True
    """With --vllm-colocate, vLLM gives its memory back while the model is trained."""


class Figures(session.Figures, frozen=True, kw_only=True):
    """How the training went."""

    first_reward: float | None
    """Mean of the first five steps."""
    last_reward: float | None
    """Mean of the last five steps."""
    frac_reward_zero_std: float | None
    """Mean share of prompts whose answers all had one reward, so that nothing could be learned from them."""


class Summary(Figures, frozen=True, kw_only=True):
    """How the training went, and on what."""

    left_out: dict[str, int]
    """{reason: number of rows that could not be trained on}."""
    data: Provenance
    out: str
    """Folder of the model."""


def run(settings: Settings) -> Summary | plans.Planned:
    """Train; writes model, processor and `training.jsonl` to `out`, and returns rewards, counts and data facts."""
    if settings.dry_run:
        return plans.make(COMMAND, settings)
    code = [__name__, *(plugins.module_name("scores", name) for name in settings.rewards)]
    return session.run(COMMAND, settings, Summary, fit, CONFIG, code)


def fit(
    settings: Settings, rows: Sequence[Row], prompts: Mapping[str, Prompt], frames: Frames, place: Place | None = None
) -> Figures:
    """Train on rows already read; see `run`.

    Raises VtgError when a setting or a row cannot be trained on.
    """
    if settings.rollouts < 2 or not settings.rewards:
        raise VtgError(f"rollouts {settings.rewards and settings.rollouts}: give at least 2, and at least one reward.")
    if settings.oracle and (settings.rollouts < 3 or settings.vllm_server):
        raise VtgError("--oracle: needs --rollouts of 3 or more, and answers that this process generates (no vLLM).")
    place = place or session.here(settings)
    models.prepare(settings.seed, settings.threads)
    rows, looked_at = held_out.split(rows, settings)
    plan, drawn, again = _plan(settings, rows), sampling(settings, rows), refresh.read(settings.refresh)
    begun = checkpoints.last(place.kept)
    made = None
    for number, end in enumerate(ends := refresh.ends(plan.steps, again)):
        if number and again:
            plan = _anew(settings, rows, prompts, place, plan, again, ends[number - 1], drawn)
        done = checkpoints.last(place.kept)
        if end == plan.steps or done is None or done.step < end:
            made, stopped = _part(settings, rows, looked_at, prompts, frames, place, plan, end, drawn)
            if stopped:
                break
    assert made is not None
    return msgspec.structs.replace(made, resumed=begun.step if begun else UNSET)


def _plan(settings: Settings, rows: Sequence[Row]) -> Plan:
    return shown(
        rows,
        settings,
        per_step=settings.prompts_per_step,
        option="--prompts-per-step",
        by=settings.order,
        schedule=read_schedule(settings.schedule),
    )


def _anew(
    settings: Settings,
    rows: Sequence[Row],
    prompts: Mapping[str, Prompt],
    place: Place,
    plan: Plan,
    again: refresh.Refresh,
    step: int,
    drawn: Sampling,
) -> Plan:
    """The plan of a run, its rows from a step on those that the checkpoint of that step selects."""
    chosen: list[int] = []
    if place.crew.writes:
        folder, model = place.kept / f"refresh-{step}", place.kept / f"checkpoint-{step}"
        chosen = refresh.select(folder, model, rows, prompts, again, settings, drawn)
    chosen = place.crew.told(chosen)
    new = msgspec.structs.replace(settings, steps=plan.steps - step, seed=settings.seed + step)
    later = _plan(new, [rows[one] | {"rank": rank} for rank, one in enumerate(chosen)])
    return Plan(
        plan.steps,
        plan.places[: step * settings.prompts_per_step] + [chosen[one] for one in later.places],
        (chosen[one] for one in later.more),
    )


def _part(
    settings: Settings,
    rows: Sequence[Row],
    looked_at: Sequence[Row],
    prompts: Mapping[str, Prompt],
    frames: Frames,
    place: Place,
    plan: Plan,
    end: int,
    drawn: Sampling,
) -> tuple[Figures, bool]:
    """Train up to a step; if it is the last, the model is saved. Returns also whether patience ended the run."""
    from trl.trainer.grpo_config import GRPOConfig

    opened = models.load(settings.model, settings)
    total = settings.prompts_per_step * settings.rollouts
    split = session.batches(total, settings.device_batch, place.crew.size, opened.parameters)
    args = session.configured(
        GRPOConfig,
        session.common(settings, opened.parameters, split, plan.steps, place.kept)
        | arguments(settings, drawn)
        | {"learning_rate": models.rate(settings, opened.parameters, 5e-5, 1e-6)},
        settings,
    )
    models.freeze(opened.model, settings.freeze)
    samples = {row["sample_id"]: row_sample(row) for row in rows}
    asked, closing = forms(rows, prompts), models.end_tokens(opened.model, opened.processor)
    stated = models.take_defaults(opened.model)
    watch = session.watched(COMMAND, settings, place, plan.steps, names(settings), boundary(args), end)
    added = grpo.Additions(
        more=plan.more,
        build=builder(rows, prompts, frames, targets=False, plain=opened.plain),
        note_rows=watch.note_rows,
        rounds=settings.dynamic_sampling,
        oracle=oracle.answers(rows, prompts) if settings.oracle else None,
    )
    opening = bool(opened.opening)
    trainer = session.built(
        grpo.trainer(added),
        model=opened.model,
        reward_funcs=[reward(name, samples, asked, closing, opened=opening) for name in settings.rewards],
        args=args,
        train_dataset=dataset(
            rows,
            prompts,
            frames,
            places=plan.places[: end * settings.prompts_per_step],
            targets=False,
            plain=opened.plain,
        ),
        processing_class=opened.processor,
        peft_config=models.adapter(settings, opened.model),
    )
    watch.carried = lambda: {"drawn": added.drawn}
    watch.to_line = added.line
    session.look_at(watch, looked_at, prompts, frames, settings, drawn.max_tokens, place, trainer, opened)
    trainer.add_callback(watch.callback())
    acted = session.effective(args, settings, split, trainer.model, opened, rows, drawn) | msgspec.to_builtins(drawn)
    session.go(trainer, watch, place, added.skip)
    if end == plan.steps or watch.stopped:
        models.save(trainer, opened, settings, place.out, stated)
    made = Figures(
        **session.figures(rows, plan, None, acted, watch),
        first_reward=watch.first("reward", 5),
        last_reward=watch.last("reward", 5),
        frac_reward_zero_std=watch.last("frac_reward_zero_std", plan.steps),
    )
    return made, watch.stopped


def arguments(settings: Settings, drawn: Sampling) -> dict[str, Any]:
    """Arguments of GRPO, as TRL names them."""
    return {
        "lr_scheduler_type": settings.lr_schedule,
        "weight_decay": settings.weight_decay,
        "reward_weights": list(settings.rewards.values()),
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
        **vllm(settings),
    }


def vllm(settings: Settings) -> dict[str, Any]:
    """Arguments of generating by vLLM; empty where transformers generates.

    Raises VtgError when both ways are asked for, or vLLM is not installed for the one that needs it here.
    """
    if settings.vllm_server and settings.vllm_colocate:
        raise VtgError("--vllm-server and --vllm-colocate: vLLM runs in one place; leave one of them out.")
    if settings.vllm_server:
        return {"use_vllm": True, "vllm_mode": "server", "vllm_server_base_url": settings.vllm_server}
    if not settings.vllm_colocate:
        return {}
    if importlib.util.find_spec("vllm") is None:
        raise VtgError(
            f"--vllm-colocate {settings.vllm_colocate}: vLLM is not installed here. TRL 1.16 takes vLLM 0.22 to 0.31: "
            "make an environment of its own with `pip install 'vtgdata[train]' 'trl[vllm]'`, or leave it out."
        )
    return {
        "use_vllm": True,
        "vllm_mode": "colocate",
        "vllm_gpu_memory_utilization": settings.vllm_colocate,
        "vllm_enable_sleep_mode": settings.vllm_sleep,
    }


def names(settings: Settings) -> dict[str, str]:
    """{TRL's name of a figure: the name in training.jsonl}."""
    named = {"loss": "loss", "reward": "reward", "frac_reward_zero_std": "frac_reward_zero_std", "entropy": "entropy"}
    named |= {f"rewards/{name}/mean": name for name in settings.rewards}
    named |= {"completions/mean_length": "tokens", "completions/clipped_ratio": "cut_off", "kl": "kl"}
    return named | {"grad_norm": "gradient", "learning_rate": "learning_rate"}


def boundary(args: Any) -> int:
    """Steps between two places where no generated answers wait in memory to be trained on."""
    import math

    every = args.steps_per_generation * args.num_iterations
    return math.lcm(every, args.gradient_accumulation_steps) // args.gradient_accumulation_steps
