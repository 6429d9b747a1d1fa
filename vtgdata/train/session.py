"""One training run: the folder, the rows, the processes and the arguments that both trainers have in common."""

from __future__ import annotations

import logging
import shutil
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from vtgdata.conversation.prompt import Prompt
from vtgdata.engine import trained_as
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.files.step import Step, StepSummary, json_values
from vtgdata.records import Sampling
from vtgdata.train import arguments, checkpoints, launch
from vtgdata.train import model as models
from vtgdata.train.crew import Crew
from vtgdata.train.data import Frames, Row, inputs, open_rows, provenance
from vtgdata.train.frames import tell_frames
from vtgdata.train.held_out import HeldOut
from vtgdata.train.order import Plan
from vtgdata.train.settings import LARGE, TrainSettings
from vtgdata.train.videos import with_video
from vtgdata.train.watch import LOG, ROWS, Watch
from vtgdata.video.store import DECODER

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
    held_out: dict[str, float] | UnsetType = UNSET
    """Best score on held-out rows, the step that gave it, and the step whose model is kept."""
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


def run(
    command: str,
    settings: TrainSettings,
    summary: type[S],
    fit: Fit,
    default: str,
    code: Sequence[str] = (),
    more: Sequence[str] = (),
) -> S:
    """Train, and return the summary of the run, or of the earlier one that is up to date.

    Args:
        command: `train sft` or `train rl`.
        settings: of the command.
        summary: type of its summary.
        fit: trains on rows that are read.
        default: config of the release to train on unless `configs` names others.
        code: names of the command's module and the plug-ins that it loads.
        more: further models that are read.
    """
    crew = Crew.of_environment()
    shares = settings.configs or {default: 1.0}

    def as_step(of: TrainSettings) -> Step[S]:
        return Step(
            command,
            of,
            summary,
            code=[*code, plugins.module_name("decoders", DECODER)],
            inputs=inputs(settings.release, list(shares), settings.model, *more),
            listings=[settings.videos],
            reads=[settings.release],
        )

    if crew.size == 1 and (settings.launch > 1 or settings.accelerate):
        if (done := as_step(settings).up_to_date()) is not None:
            return done
        launch.start(command, settings)
        return _read(as_step(msgspec.structs.replace(settings, replace=False)))
    if settings.launch and settings.launch != crew.size:
        raise VtgError(f"--launch {settings.launch}: {crew.size} processes were started; they must be as many.")
    crew.meet()
    if not crew.writes:
        return _follow(settings, summary, fit, shares, crew)
    with as_step(settings) as step:
        kept = step.out / f"{checkpoints.NAME}{step.identity()[:12]}"
        if (done := step.up_to_date()) is not None:
            shutil.rmtree(kept, ignore_errors=True)
            crew.told({"done": json_values(done)})
            return done
        place = Place(out=step.start(), kept=checkpoints.folder(step.out, step.identity()), crew=crew)
        crew.told({"out": str(place.out), "kept": str(place.kept)})
        made, left_out = _train(settings, shares, fit, place)
        for found in place.kept.glob("refresh-*"):
            shutil.copytree(found / "runs", place.out / found.name, ignore=shutil.ignore_patterns("journal*", ".*"))
        for found in (place.kept / name for name in (LOG, ROWS, "completions", "tensorboard")):
            if found.is_dir():
                shutil.copytree(found, place.out / found.name)
            elif found.exists():
                shutil.copy(found, place.out)
        facts = {"left_out": left_out, "data": provenance(settings.release, list(shares)), "out": settings.out}
        told = msgspec.convert(msgspec.to_builtins(made) | msgspec.to_builtins(facts), summary)
        made = step.finish(told, step.written())
        shutil.rmtree(kept, ignore_errors=True)
        crew.told({"done": json_values(made)})
        return made


def _read(step: Step[S]) -> S:
    """The summary that other processes wrote."""
    done = step.up_to_date()
    if done is None:
        raise VtgError(f"{step.out}: the processes that trained left no model here; what they said is above.")
    return msgspec.structs.replace(done, up_to_date=UNSET)


def _follow(settings: TrainSettings, summary: type[S], fit: Fit, shares: Mapping[str, float], crew: Crew) -> S:
    """Take part in a run whose folder another process holds."""
    word = crew.told(None)
    if "done" not in word:
        place = Place(out=Path(word["out"]), kept=Path(word["kept"]), crew=crew)
        _train(settings, shares, fit, place)
        word = crew.told(None)
    return msgspec.convert(word["done"], summary)


def _train(
    settings: TrainSettings, shares: Mapping[str, float], fit: Fit, place: Place
) -> tuple[Figures, dict[str, int]]:
    from vtgdata.video.frame_source import FrameSource

    rows, prompts = open_rows(settings.release, list(shares))
    tell_frames(rows, settings.model)
    for line in _asked_otherwise(settings, rows):
        log.warning("%s", line)
    frames = FrameSource(settings.videos, settings.frames)
    whole, left_out = with_video(rows, frames, settings)
    return fit(settings, whole, prompts, frames, place), left_out


def _asked_otherwise(settings: TrainSettings, rows: Sequence[Row]) -> list[str]:
    """Where the rows ask otherwise than those that the model was trained on before."""
    before = trained_as.of_model(f"transformers_local:{settings.model}")
    if before is None:
        return []
    first, second = f"{settings.model} was trained with", f"and the rows of {settings.release} have"
    return trained_as.words(before, trained_as.of_rows(rows), first, second)


class Batches(msgspec.Struct, frozen=True, kw_only=True):
    """How the sequences of a step are split over processes and over time."""

    total: int
    device: int
    """Sequences on one device at a time."""
    turns: int
    """Times that each device takes so many."""
    processes: int


def batches(total: int, device_batch: int, processes: int, parameters: int) -> Batches:
    """Split the sequences of a step.

    Raises VtgError when they cannot be split evenly.
    """
    if total % processes:
        raise VtgError(f"{processes} processes cannot share the {total} sequences of a step evenly.")
    piece = device_batch or (1 if parameters >= LARGE else total // processes)
    if (total // processes) % piece:
        raise VtgError(
            f"device_batch {piece} does not divide the {total} sequences of a step"
            + (f" over {processes} processes." if processes > 1 else ".")
        )
    return Batches(total=total, device=piece, turns=total // processes // piece, processes=processes)


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


def go(
    trainer: Any, watch: Watch, place: Place, carry: Callable[[Mapping[str, Any]], None] | None = None
) -> checkpoints.Checkpoint | None:
    """Train to the end, from the last whole checkpoint if there is one, which is returned.

    Args:
        trainer: TRL's.
        watch: of the run.
        place: of the run.
        carry: takes what the run carried when the checkpoint was made.
    """
    found = checkpoints.last(place.kept)
    if found and carry:
        carry(found.carried)
    watch.take_up(found)
    if place.crew.writes:
        checkpoints.tidy(place.kept, watch.keep, watch.best_checkpoint())
    place.crew.wait()
    trainer.train(resume_from_checkpoint=str(found.path) if found else None)
    best = watch.best_checkpoint()
    if best and (watch.stopped or trainer.state.global_step == watch.steps):
        log.info("%s: the model of %s is kept, the best on held-out rows", watch.command, best.name)
        trainer._load_from_checkpoint(str(best))
    return found


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
    return {
        "asked": msgspec.to_builtins(asked),
        "processes": split.processes,
        "sequences_per_step": split.total,
        "device_batch": args.per_device_train_batch_size,
        "gradient_accumulation_steps": args.gradient_accumulation_steps,
        "learning_rate": args.learning_rate,
        "lr_schedule": str(getattr(args.lr_scheduler_type, "value", args.lr_scheduler_type)),
        "warmup_steps": args.warmup_steps,
        "dtype": str(next(model.parameters()).dtype).removeprefix("torch."),
        "bf16": args.bf16,
        "gradient_checkpointing": bool(args.activation_checkpointing),
        "parameters": opened.parameters,
        "trained": models.trainable(model),
        **{name: getattr(args, name) for name in settings.trl},
    }


def here(settings: TrainSettings) -> Place:
    """The place of a run that is one process and has no step: its out, with log and checkpoints in it."""
    out = Path(settings.out)
    out.mkdir(parents=True, exist_ok=True)
    return Place(out=out, kept=out)


def watched(
    command: str,
    settings: TrainSettings,
    place: Place,
    steps: int,
    names: Mapping[str, str],
    boundary: int = 1,
    end: int = 0,
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
    watch.look = lambda: looker(trainer, opened.processor, opened.opening)
    watch.look_every, watch.keep_best, watch.patience = (
        settings.evaluate_every,
        settings.keep == "best",
        settings.patience,
    )


def figures(
    rows: Sequence[Row], plan: Plan, found: checkpoints.Checkpoint | None, acted: dict[str, Any], watch: Watch
) -> dict[str, Any]:
    """Fields of the summary that both trainers have."""
    done = len(watch.lines)
    times = Counter(plan.places[: len(plan.places) * done // plan.steps])
    kept = watch.best[1] if watch.best and watch.keep_best else done
    return {
        "rows": len(rows),
        "steps": done,
        "never_shown": len(rows) - len(times),
        "shown_again": sum(number > 1 for number in times.values()),
        "resumed": found.step if found else UNSET,
        "held_out": UNSET if watch.best is None else {"best": watch.best[0], "at": watch.best[1], "kept": kept},
        "effective": acted,
    }
