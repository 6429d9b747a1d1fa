"""One training run: its folder, its rows and its processes, for every trainer."""

from __future__ import annotations

import logging
import shutil
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
from vtgdata.train import checkpoints, launch
from vtgdata.train.crew import Crew
from vtgdata.train.data import Frames, Row, inputs, open_rows, provenance
from vtgdata.train.frames import tell_frames
from vtgdata.train.settings import TrainSettings
from vtgdata.train.videos import with_video
from vtgdata.train.watch import COMPLETIONS, LOG, ROWS
from vtgdata.video.store import DECODER

log = logging.getLogger("vtgdata")
S = TypeVar("S", bound="Figures")


class Figures(StepSummary, frozen=True, kw_only=True):
    """What every trainer reports of a run."""

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
    left_out: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    """{reason: number of rows that could not be trained on}; grows as reasons are looked at."""


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
        command: such as `train sft`.
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
        made = _train(settings, shares, fit, place)
        for found in place.kept.glob("refresh-*"):
            shutil.copytree(found / "runs", place.out / found.name, ignore=shutil.ignore_patterns("journal*", ".*"))
        for found in (place.kept / name for name in (LOG, ROWS, COMPLETIONS, "tensorboard")):
            if found.is_dir():
                shutil.copytree(found, place.out / found.name)
            elif found.exists():
                shutil.copy(found, place.out)
        facts = {"left_out": place.left_out, "data": provenance(settings.release, list(shares)), "out": settings.out}
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


def _train(settings: TrainSettings, shares: Mapping[str, float], fit: Fit, place: Place) -> Figures:
    from vtgdata.video.frame_source import FrameSource

    rows, prompts = open_rows(settings.release, list(shares))
    tell_frames(rows, settings.model)
    for line in _asked_otherwise(settings, rows):
        log.warning("%s", line)
    frames = FrameSource(settings.videos, settings.frames)
    whole, left_out = with_video(rows, frames, settings)
    place.left_out.update(left_out)
    return fit(settings, whole, prompts, frames, place)


def _asked_otherwise(settings: TrainSettings, rows: Sequence[Row]) -> list[str]:
    """Where the rows ask otherwise than those that the model was trained on before."""
    before = trained_as.of_model(f"transformers_local:{settings.model}")
    if before is None:
        return []
    first, second = f"{settings.model} was trained with", f"and the rows of {settings.release} have"
    return trained_as.words(before, trained_as.of_rows(rows), first, second)


def here(settings: TrainSettings) -> Place:
    """The place of a run that is one process and has no step: its out, with log and checkpoints in it.

    Raises VtgError when it holds what a run would cut or delete: nobody knows whose that is.
    """
    out = Path(settings.out)
    out.mkdir(parents=True, exist_ok=True)
    kept = [path.name for name in (LOG, ROWS, COMPLETIONS, "checkpoint-*") for path in out.glob(name)]
    if kept:
        raise VtgError(f"{out}: holds {kept[0]} of another run. Name a new folder.")
    return Place(out=out, kept=out)
