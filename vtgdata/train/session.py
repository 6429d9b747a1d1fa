"""One training run: the folder, the rows, the processes and the arguments that both trainers have in common."""

from __future__ import annotations

import logging
import shutil
import time
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from vtgdata.conversation.prompt import Prompt
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.files.step import Step, StepSummary, json_values
from vtgdata.train import arguments, checkpoints, launch
from vtgdata.train.batches import Batches, batches
from vtgdata.train.crew import Crew
from vtgdata.train.data import Frames, Row, inputs, open_rows, provenance
from vtgdata.train.facts import effective
from vtgdata.train.frames import tell_frames
from vtgdata.train.order import Plan
from vtgdata.train.settings import TrainSettings
from vtgdata.train.videos import with_video
from vtgdata.train.watch import LOG, Watch
from vtgdata.video.store import DECODER

__all__ = ["batches", "effective"]
log = logging.getLogger("vtgdata")
S = TypeVar("S", bound="Figures")


class Figures(StepSummary, frozen=True, kw_only=True):
    """What both trainers report of a run."""

    rows: int
    """Rows to train on."""
    steps: int
    never_shown: int = 0
    """Rows that no step showed."""
    shown_again: int = 0
    """Rows that were shown more than once."""
    resumed: int | UnsetType = UNSET
    """Step from which an interrupted run went on."""
    tokens_per_second: float | UnsetType = UNSET
    """Tokens of prompts and answers that each device trained on in a second, loading and saving left out."""
    effective: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    """The settings as they acted, those by size and by release filled in."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a run writes, and with whom it trains."""

    out: Path
    """Folder of the finished model."""
    kept: Path
    """Folder of log and checkpoints while it goes."""
    crew: Crew = Crew(1, 0)


Fit = Callable[[Any, Sequence[Row], Mapping[str, Prompt], Frames, Place], Figures]


def run(command: str, settings: TrainSettings, summary: type[S], fit: Fit, default: str, code: Sequence[str] = ()) -> S:
    """Train, and return the summary of the run, or of the earlier one that is up to date.

    Args:
        command: `train sft` or `train rl`.
        settings: of the command.
        summary: type of its summary.
        fit: trains on rows that are read.
        default: config of the release to train on unless `configs` names others.
        code: names of the command's module and the plug-ins that it loads.
    """
    crew = Crew.of_environment()
    shares = settings.configs or {default: 1.0}

    def as_step(of: TrainSettings) -> Step[S]:
        return Step(
            command,
            of,
            summary,
            code=[*code, plugins.module_name("decoders", DECODER)],
            inputs=inputs(settings.release, list(shares), settings.model),
            listings=[settings.videos],
            reads=[settings.release],
        )

    if crew.size == 1 and not launch.started_here() and (settings.launch > 1 or settings.accelerate):
        if (done := as_step(settings).up_to_date()) is not None:
            return done
        launch.start(command, settings)
        return _read(as_step(msgspec.structs.replace(settings, replace=False)))
    if settings.accelerate and crew.size > 1:
        raise VtgError(
            f"--accelerate {settings.accelerate}: another launcher has started {crew.size} processes already. Start "
            "the command once, or leave --accelerate out."
        )
    if settings.launch and settings.launch != crew.size:
        raise VtgError(
            f"--launch {settings.launch}: the launcher started {crew.size} process(es); they must be as many. A "
            "machine without as many GPUs, or a configuration for one process, starts fewer."
        )
    crew.meet()
    if not crew.writes:
        return _follow(settings, summary, fit, shares, crew)
    with crew.leading() as told, as_step(settings) as step:
        kept = step.out / f"{checkpoints.NAME}{step.identity()[:12]}"
        if (done := step.up_to_date()) is not None:
            shutil.rmtree(kept, ignore_errors=True)
            told({"done": json_values(done)})
            return done
        place = Place(out=step.start(), kept=checkpoints.folder(step.out, step.identity()), crew=crew)
        told({"out": str(place.out), "kept": str(place.kept)})
        made, left_out = _train(settings, shares, fit, place)
        for found in (place.kept / name for name in (LOG, "completions", "tensorboard")):
            if found.is_dir():
                shutil.copytree(found, place.out / found.name)
            elif found.exists():
                shutil.copy(found, place.out)
        facts = {"left_out": left_out, "data": provenance(settings.release, list(shares)), "out": settings.out}
        summed = msgspec.convert(msgspec.to_builtins(made) | msgspec.to_builtins(facts), summary)
        made = step.finish(summed, step.written())
        shutil.rmtree(kept, ignore_errors=True)
        told({"done": json_values(made)})
        return made


def _read(step: Step[S]) -> S:
    """The summary that other processes wrote."""
    done = step.up_to_date()
    if done is None:
        raise VtgError(f"{step.out}: the processes that trained left no model here; what they said is above.")
    return msgspec.structs.replace(done, up_to_date=UNSET)


def _follow(settings: TrainSettings, summary: type[S], fit: Fit, shares: Mapping[str, float], crew: Crew) -> S:
    """Take part in a run whose folder another process holds."""
    word = crew.followed()
    if "done" not in word:
        place = Place(out=Path(word["out"]), kept=Path(word["kept"]), crew=crew)
        _train(settings, shares, fit, place)
        word = crew.followed()
    return msgspec.convert(word["done"], summary)


def _train(
    settings: TrainSettings, shares: Mapping[str, float], fit: Fit, place: Place
) -> tuple[Figures, dict[str, int]]:
    from vtgdata.video.store import FrameSource

    rows, prompts = open_rows(settings.release, list(shares))
    tell_frames(rows, settings.model)
    frames = FrameSource(settings.videos, settings.frames)
    whole, left_out = with_video(rows, frames, settings)
    return fit(settings, whole, prompts, frames, place), left_out


def common(settings: TrainSettings, parameters: int, split: Batches, steps: int, kept: Path) -> dict[str, Any]:
    """Arguments of both trainers, as transformers names them."""
    import torch

    cuda = torch.cuda.is_available()
    again = {"auto": cuda, "yes": True, "no": False}[settings.gradient_checkpointing]
    return {
        "output_dir": str(kept),
        "max_steps": steps,
        "warmup_steps": settings.warmup,
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


def go(trainer: Any, watch: Watch, place: Place) -> checkpoints.Checkpoint | None:
    """Train to the end, from the last whole checkpoint if there is one, which is returned."""
    found = checkpoints.last(place.kept)
    if place.crew.writes:
        checkpoints.tidy(place.kept, watch.keep)
        watch.take_up(found)
    place.crew.wait()
    begun = time.monotonic()
    trainer.train(resume_from_checkpoint=str(found.path) if found else None)
    watch.spent = time.monotonic() - begun
    return found


def here(settings: TrainSettings) -> Place:
    """The place of a run that is one process and has no step: its out, with log and checkpoints in it."""
    out = Path(settings.out)
    out.mkdir(parents=True, exist_ok=True)
    return Place(out=out, kept=out)


def watched(
    command: str, settings: TrainSettings, place: Place, steps: int, names: Mapping[str, str], boundary: int = 1
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
    )


def figures(
    rows: Sequence[Row], plan: Plan, found: checkpoints.Checkpoint | None, acted: dict[str, Any], watch: Watch
) -> dict[str, Any]:
    """Fields of the summary that both trainers have."""
    times = Counter(plan.places)
    return {
        "rows": len(rows),
        "steps": plan.steps,
        "never_shown": len(rows) - len(times),
        "shown_again": sum(number > 1 for number in times.values()),
        "resumed": found.step if found else UNSET,
        "tokens_per_second": watch.speed() or UNSET,
        "effective": acted,
    }
