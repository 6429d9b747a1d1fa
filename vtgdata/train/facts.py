"""The settings of a run as they acted, for its meta and its card."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

import msgspec

from vtgdata.engine import trained_as
from vtgdata.records import Sampling
from vtgdata.train import arguments
from vtgdata.train import model as models
from vtgdata.train.batches import Batches
from vtgdata.train.data import Row
from vtgdata.train.parts import trainable
from vtgdata.train.settings import TrainSettings

ACTED = (
    *(
        "learning_rate",
        "lr_scheduler_type",
        "warmup_steps",
        "weight_decay",
        "adam_beta1",
        "adam_beta2",
        "max_grad_norm",
    ),
    *("optim", "bf16", "seed", "reward_weights", "num_generations", "max_completion_length", "beta", "loss_type"),
    *("epsilon", "epsilon_high", "importance_sampling_level", "scale_rewards", "mask_truncated_completions"),
    *("use_vllm", "vllm_mode", "max_length"),
)
"""Arguments of the trainers, by their own names, that a run's meta and card show besides those of the map `trl`."""


def effective(
    args: Any,
    settings: TrainSettings,
    split: Batches,
    model: Any,
    opened: models.Opened,
    rows: Sequence[Row],
    drawn: Sampling | None = None,
) -> dict[str, Any]:
    """The settings of a run as they acted, for its meta and card."""
    asked = trained_as.of_rows(rows)
    if drawn:
        asked = msgspec.structs.replace(asked, temperature=drawn.temperature, max_tokens=drawn.max_tokens)
    found = {name: getattr(args, name) for name in (*ACTED, *settings.trl) if hasattr(args, name)}
    shown = {name: str(value.value) if isinstance(value, Enum) else value for name, value in found.items()}
    shown["lr_schedule"] = shown.pop("lr_scheduler_type")
    config = next(iter(getattr(model, "peft_config", {}).values()), None)
    adapted = arguments.shown(config, ("r", "lora_alpha", "lora_dropout", "target_modules", *settings.peft))
    return {
        "asked": msgspec.to_builtins(asked),
        "processes": split.processes,
        "sequences_per_step": split.total,
        "device_batch": args.per_device_train_batch_size,
        "gradient_accumulation_steps": args.gradient_accumulation_steps,
        **shown,
        "dtype": str(next(model.parameters()).dtype).removeprefix("torch."),
        "attention": str(getattr(model.config, "_attn_implementation", "")),
        "gradient_checkpointing": bool(args.activation_checkpointing),
        **({"lora": adapted} if settings.lora else {}),
        **({"load": dict(settings.load)} if settings.load else {}),
        "parameters": opened.parameters,
        "trained": trainable(model),
    }
