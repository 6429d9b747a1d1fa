"""GRPO in TRL's words: its arguments, the names of its figures, and where a run of it can be taken up."""

from __future__ import annotations

import importlib.util
import math
from typing import Annotated, Any, Literal

import msgspec

from vtgdata.errors import VtgError
from vtgdata.records import Sampling
from vtgdata.train.rewards import METRICS, Rewards
from vtgdata.train.worth import RewardSettings


class GrpoSettings(RewardSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of GRPO."""

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
    loss_type: Literal["dapo", "grpo", "dr_grpo", "bnpo", "cispo", "sapo", "luspo", "vespo"] = "dapo"
    """How TRL combines the losses of tokens: dapo, grpo, dr_grpo, bnpo, cispo, sapo, luspo, vespo."""
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


def arguments(settings: GrpoSettings, drawn: Sampling) -> dict[str, Any]:
    """Arguments of GRPO, as TRL names them."""
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
        **vllm(settings),
    }


def vllm(settings: GrpoSettings) -> dict[str, Any]:
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


def names(rewards: Rewards) -> dict[str, str]:
    """{TRL's name of a figure: the name in training.jsonl}."""
    named = {"loss": "loss", "reward": "reward", "frac_reward_zero_std": "frac_reward_zero_std", "entropy": "entropy"}
    named |= {f"rewards/{name}/mean": name for name in rewards.names} | dict(zip(METRICS, METRICS, strict=True))
    named |= {"completions/mean_length": "tokens", "completions/clipped_ratio": "cut_off", "kl": "kl"}
    return named | {"grad_norm": "gradient", "learning_rate": "learning_rate"}


def boundary(args: Any) -> int:
    """Steps between two places where no generated answers wait in memory to be trained on."""
    every = args.steps_per_generation * args.num_iterations
    return math.lcm(every, args.gradient_accumulation_steps) // args.gradient_accumulation_steps
