"""What every trainer is made of: arguments that all of them have, the watch over a run, and what is reported of it."""

from __future__ import annotations

import logging
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import UNSET

from vtgdata.conversation.prompt import Prompt
from vtgdata.errors import VtgError
from vtgdata.train import arguments, checkpoints, guards
from vtgdata.train import model as models
from vtgdata.train.batches import Batches
from vtgdata.train.data import Frames, Row
from vtgdata.train.held_out import HeldOut
from vtgdata.train.order import Plan
from vtgdata.train.session import Place
from vtgdata.train.settings import TrainSettings
from vtgdata.train.watch import Watch

log = logging.getLogger("vtgdata")


def common(settings: TrainSettings, parameters: int, split: Batches, steps: int, kept: Path) -> dict[str, Any]:
    """Arguments of both trainers, as transformers names them."""
    import torch

    cuda = torch.cuda.is_available()
    again = {"auto": cuda, "yes": True, "no": False}[settings.gradient_checkpointing]
    return {
        "output_dir": str(kept),
        "max_steps": steps,
        "warmup_steps": settings.warmup if settings.warmup >= 1 or settings.warmup * steps >= 1 else 0,
        "adam_beta1": 0.9,
        "adam_beta2": settings.beta2,
        "max_grad_norm": settings.max_grad_norm,
        "seed": settings.seed,
        "data_seed": settings.seed,
        "per_device_train_batch_size": split.device,
        "gradient_accumulation_steps": split.turns,
        "use_cpu": not cuda,
        "bf16": cuda,
        "activation_checkpointing": again,
        "dataloader_pin_memory": cuda,
        "remove_unused_columns": False,
        "report_to": list(settings.log_to),
        "logging_dir": str(kept / "tensorboard"),
        "save_strategy": "no",
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "disable_tqdm": True,
    }


def check_names(kind: type, settings: TrainSettings) -> None:
    """Raise VtgError when an argument of the maps `trl`, `peft` and `load` is none, before a model is loaded."""
    arguments.of_dataclass(kind, settings.trl, "trl")
    arguments.of_loading(settings.load)
    if settings.lora and settings.peft:
        from peft import LoraConfig

        arguments.of_dataclass(LoraConfig, settings.peft, "peft")


def configured(kind: type, ours: Mapping[str, Any], settings: TrainSettings) -> Any:
    """A trainer's configuration of our arguments and the user's `trl` map.

    Raises VtgError, with the library's words, when it refuses them.
    """
    known = set(kind.__dataclass_fields__)
    given = arguments.of_dataclass(kind, settings.trl, "trl")
    values = {name: value for name, value in ours.items() if name in known} | given
    try:
        return kind(**values)
    except (ValueError, TypeError, ImportError) as error:
        what = f"--trl {', '.join(f'{name}={value}' for name, value in given.items())}: " if given else ""
        raise VtgError(f"{what}TRL refuses these settings: {str(error).strip().splitlines()[0]}") from error


def built(make: Callable[..., Any], **parts: Any) -> Any:
    """A trainer of its parts; raises VtgError, with the library's words, when it refuses them."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trainer = make(**parts)
    except (ValueError, TypeError, ImportError, NotImplementedError) as error:
        raise VtgError(f"TRL cannot train this model so: {str(error).strip().splitlines()[0]}") from error
    from transformers.trainer_callback import PrinterCallback

    trainer.remove_callback(PrinterCallback)
    return trainer


def watched(
    command: str,
    settings: TrainSettings,
    place: Place,
    steps: int,
    names: Mapping[str, str],
    boundary: int = 1,
    end: int = 0,
    limits: guards.Limits | None = None,
) -> Watch:
    """The watch of a run; see `Watch`."""
    return Watch(
        command,
        place.kept,
        place.crew,
        steps,
        names,
        save_every=settings.save_every,
        boundary=boundary,
        keep=settings.keep_checkpoints,
        end=end,
        limits=limits or guards.Limits(stall=settings.stall),
    )


def look_at(
    watch: Watch,
    rows: Sequence[Row],
    prompts: Mapping[str, Prompt],
    frames: Frames,
    settings: TrainSettings,
    most_tokens: int,
    place: Place,
    trainer: Any,
    opened: models.Opened,
) -> None:
    """Let a watch look at held-out rows, if the settings say so."""
    if not rows:
        return
    looker = HeldOut(rows, prompts, frames, settings, most_tokens, place.crew)
    looks = watch.looks
    looks.look = lambda: looker(trainer, opened.processor, opened.opening)
    looks.every, looks.keep_best, looks.patience = settings.evaluate_every, settings.keep == "best", settings.patience


def figures(
    rows: Sequence[Row], plan: Plan, found: checkpoints.Checkpoint | None, acted: dict[str, Any], watch: Watch
) -> dict[str, Any]:
    """Fields of the summary that both trainers have."""
    done = len(watch.lines)
    times = Counter(plan.places[: len(plan.places) * done // plan.steps])
    looks, kept = watch.looks, done
    if looks.best and looks.keep_best:
        kept = looks.best[1]
    return {
        "rows": len(rows),
        "steps": done,
        "never_shown": len(rows) - len(times),
        "shown_again": sum(number > 1 for number in times.values()),
        "resumed": found.step if found else UNSET,
        "held_out": UNSET if looks.best is None else {"best": looks.best[0], "at": looks.best[1], "kept": kept},
        "tokens_per_second": watch.speed() or UNSET,
        "effective": acted,
    }
