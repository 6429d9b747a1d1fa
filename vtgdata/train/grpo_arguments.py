"""GRPO in TRL's words: its arguments, the names of its figures, and where a run of it can be taken up."""

from __future__ import annotations

import importlib.util
import math
from typing import TYPE_CHECKING, Any

from vtgdata.errors import VtgError
from vtgdata.records import Sampling
from vtgdata.train.rewards import METRICS, Rewards

if TYPE_CHECKING:
    from vtgdata.train.rl import Settings


def arguments(settings: Settings, drawn: Sampling) -> dict[str, Any]:
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
