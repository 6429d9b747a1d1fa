"""What a training would do and take: its summary with --dry-run. Neither weights nor videos are read."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from vtgdata.conversation.prompt import Prompt
from vtgdata.engine.money.plan_words import Bounds
from vtgdata.engine.money.tokens import Range
from vtgdata.errors import VtgError
from vtgdata.files.meta import read_meta
from vtgdata.train import families, launch, launch_config, lengths, memory, sizes
from vtgdata.train.batches import Batches, batches
from vtgdata.train.crew import Crew
from vtgdata.train.data import Row, open_rows
from vtgdata.train.foreseen import Foreseen
from vtgdata.train.launch_config import Launched
from vtgdata.train.lengths import Lengths
from vtgdata.train.memory import How, Memory
from vtgdata.train.order import steps_of
from vtgdata.train.settings import CONFIGS, TrainSettings
from vtgdata.train.sizes import Sizes

CARD = 80e9
"""Bytes of the GPU that is assumed where a share of it is meant and none is here."""


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """What a training would do, and what it would take."""

    training: str
    """Its command, such as `train sft`."""
    model: str
    """Where the weights come from."""
    launches: list[str]
    """What is typed, and what that starts."""
    parameters: dict[str, int] | UnsetType = UNSET
    """Weights by part, and those that are trained; unset where the model's sizes are not known, as memory then is."""
    batch: Batches | UnsetType = UNSET
    lengths: Lengths | UnsetType = UNSET
    """Of the rows, in tokens; unset where neither a release nor an earlier step tells."""
    steps: int | UnsetType = UNSET
    tokens_per_step: Bounds | UnsetType = UNSET
    """Prompts and answers of all processes, from low to high."""
    memory: Memory | UnsetType = UNSET
    """On each GPU, for the longest rows and large videos."""
    tokens_per_second: float | UnsetType = UNSET
    """On each GPU."""
    throughput: Literal["stated", "measured"] | UnsetType = UNSET
    hours: Bounds | UnsetType = UNSET
    missing: list[str] = msgspec.field(default_factory=list[str])
    """What is not here, and therefore not told."""
    notes: list[str] = msgspec.field(default_factory=list[str])
    """What was assumed."""


def make(command: str, settings: TrainSettings, foreseen: Foreseen | None = None, typed: str = "") -> Planned:
    """The plan of a training.

    Args:
        command: of the training.
        settings: of the command.
        foreseen: what earlier steps of a recipe say, where the release or the model is not made yet.
        typed: the command as a person types it.

    Raises VtgError when settings contradict each other, such as a batch that the processes cannot share. What is
    missing is in the plan.
    """
    started = _started(settings)
    model = foreseen.model if foreseen and not Path(settings.model).exists() else settings.model
    missing: list[str] = []
    notes = [f"{settings.model} is not made yet; its sizes are those of {model}"] if model != settings.model else []
    if _is_rl(settings):
        _or_missing(lambda: families.check_rl(model), missing)
    teacher = getattr(settings, "teacher", "")
    taught: Sizes | None = _or_missing(lambda: sizes.of_model(teacher), missing) if teacher else None
    found: Sizes | None = _or_missing(lambda: sizes.of_model(model), missing)
    opened = _opened(settings, foreseen, missing, CONFIGS[command])
    told = _lengths(settings, found, model, foreseen, opened, notes) if found else None
    per_step, total = _per_step(settings)
    split = UNSET
    if found or settings.device_batch:
        split = batches(total, settings.device_batch, started.processes, found.parameters if found else 0)
    rows = len(opened[0]) if opened else told.rows if told else None
    steps = settings.steps or (steps_of(settings.epochs, rows, per_step) if rows else 0)
    if not steps:
        missing.append("steps and hours: the number of rows is not known before the release is made; give --steps")
    plan = Planned(
        training=command, model=model, launches=_launches(settings, started, typed or _typed(command, settings)),
        parameters=_parameters(found, settings) if found else UNSET, batch=split, lengths=told or UNSET,
        steps=steps or UNSET, missing=missing, notes=notes,
    )  # fmt: skip
    if found is None or told is None or isinstance(split, UnsetType) or (teacher and taught is None):
        return plan
    ends = told.prompt.plus(told.answer).times(total)
    each = Range(min(ends), max(ends))  # small pictures are enlarged, and may take more
    how = msgspec.structs.replace(_how(settings, started, split, told, notes), teacher=taught)
    plan = msgspec.structs.replace(
        plan, tokens_per_step=Bounds(low=each.low, high=each.high), memory=memory.memory(found, how)
    )
    return _with_hours(plan, settings, each, steps, started.processes)


def _per_step(settings: Any) -> tuple[int, int]:
    """Rows and sequences of a step."""
    if _is_rl(settings):
        return settings.prompts_per_step, settings.prompts_per_step * settings.rollouts
    rows = getattr(settings, "batch_size", 0) or settings.prompts_per_step
    return rows, rows


def _is_rl(settings: Any) -> bool:
    return hasattr(settings, "rollouts")


def _draws(settings: Any) -> bool:
    """Whether a training draws the model's own answers, rather than learn those of the rows."""
    return hasattr(settings, "max_new_tokens")


def _or_missing(get: Any, missing: list[str]) -> Any:
    try:
        return get()
    except VtgError as error:
        missing.append(str(error))
        return None


def _started(settings: TrainSettings) -> Launched:
    """The processes that train: as the launcher's file says, --launch, or a launcher by hand."""
    if settings.accelerate:
        stated = launch_config.read(launch_config.find(settings.accelerate))
        return msgspec.structs.replace(stated, processes=settings.launch or stated.processes)
    return Launched(processes=settings.launch or Crew.of_environment().size, mixed="bf16")


def _opened(
    settings: TrainSettings, foreseen: Foreseen | None, missing: list[str], default: str
) -> tuple[list[Row], dict[str, Prompt]] | None:
    """Rows and prompts of the release; None where it is not there, which earlier steps may make up for."""
    if not Path(settings.release).exists() and foreseen is not None and foreseen.sampling is not None:
        return None
    found = _or_missing(lambda: open_rows(settings.release, list(settings.configs or {default: 1.0})), missing)
    if found is None or not found[0]:
        missing.append("frames, tokens and memory: they follow from the rows of the release")
        return None
    return found


def _lengths(
    settings: Any, found: Sizes, model: str, foreseen: Foreseen | None, opened: Any, notes: list[str]
) -> Lengths | None:
    least = lengths.least_of_picture(model, found)
    if opened is not None:
        rows, prompts = opened
        longest = lengths.longest_answer(rows, settings.max_new_tokens) if _draws(settings) else None
        return lengths.of_rows(rows, prompts, found, least, longest)
    if foreseen is None or foreseen.sampling is None:
        return None
    answer = (settings.max_new_tokens if _draws(settings) else None) or foreseen.answer or 512
    notes.append(f"{settings.release} is not made yet; frames and longest answer are those of {foreseen.by}")
    return lengths.of_sampling(foreseen.sampling, answer, found, least, foreseen.rows)


def _parameters(found: Sizes, settings: TrainSettings) -> dict[str, int]:
    how = How(tokens=0, scored=0, lora=settings.lora, frozen=frozenset(settings.freeze))
    parts = {"vision": found.vision, "projector": found.projector, "language": found.language}
    return {**parts, "all": found.parameters, "trained": memory.trained(found, how)}


def _how(settings: Any, started: Launched, batch: Batches, told: Lengths, notes: list[str]) -> How:
    whole = settings.dtype == "float32" or (settings.dtype == "auto" and not settings.lora)
    rl = _is_rl(settings)
    share = settings.vllm_colocate if rl else 0.0
    if share:
        notes.append(f"vLLM's share is of a GPU of {CARD / 1e9:.0f} GB")
    own = _draws(settings) and not (share or getattr(settings, "vllm_server", ""))
    optimizer = _optimizer(str(settings.trl.get("optim", "adamw")), notes)
    return How(
        weight=4 if whole else 2,
        lora=settings.lora,
        quantized=bool(settings.quantize),
        frozen=frozenset(settings.freeze),
        optimizer=optimizer,
        sharding=started.sharding,
        processes=started.processes,
        checkpointing=settings.gradient_checkpointing != "no",
        sequences=batch.device,
        tokens=told.longest,
        scored=told.scored,
        seen=told.seen,
        generates=batch.device * batch.turns if own else 0,
        reference=rl and settings.beta > 0,
        vllm=share * CARD,
        sleeps=bool(rl and settings.vllm_sleep),
    )


def _optimizer(name: str, notes: list[str]) -> str:
    for word in ("8bit", "4bit"):
        if word in name:
            return word
    for word in ("lion", "sgd", "adafactor"):
        if word in name:
            return word
    if not name.startswith(("adamw", "paged_adamw")):
        notes.append(f"the state of optimiser {name} is counted as AdamW's")
    return "adamw"


def _with_hours(plan: Planned, settings: TrainSettings, each: Range, steps: int, processes: int) -> Planned:
    speed: float | None = settings.tokens_per_second or None
    by: Literal["stated", "measured"] = "stated"
    if speed is None:
        speed, by = _measured(settings), "measured"
    if speed is None:
        words = (
            "hours: no throughput is known; state --tokens-per-second of a GPU, or run a few steps with the same --out"
        )
        return msgspec.structs.replace(plan, missing=[*plan.missing, words])
    hours = each.times(steps / (speed * processes * 3600)) if steps else None
    return msgspec.structs.replace(
        plan, tokens_per_second=speed, throughput=by, hours=Bounds(low=hours.low, high=hours.high) if hours else UNSET
    )


def _measured(settings: TrainSettings) -> float | None:
    """Tokens a second on each device of an earlier run into the same folder."""
    made = read_meta(Path(settings.out)) if settings.out else None
    speed = (made.summary if made else {}).get("tokens_per_second")
    return float(speed) if isinstance(speed, int | float) and speed > 0 else None


def _typed(command: str, settings: TrainSettings) -> str:
    """The command with the settings that are not at their defaults."""
    given: list[str] = []
    for field in msgspec.structs.fields(type(settings)):
        value = getattr(settings, field.name)
        default = field.default if field.default is not msgspec.NODEFAULT else None
        if field.default_factory is not msgspec.NODEFAULT:
            default = field.default_factory()
        if field.name in ("release", "dry_run") or (not field.required and value == default):
            continue
        flag = "--" + field.name.replace("_", "-")
        if isinstance(value, bool):
            given.append(flag if value else f"--no-{flag[2:]}")
            continue
        items = [f"{key}={item}" for key, item in value.items()] if isinstance(value, dict) else value
        given += [f"{flag} {shlex.quote(str(item))}" for item in (items if isinstance(items, list) else [items])]
    return " ".join([f"vtgdata {command} {shlex.quote(settings.release)}", *given])


def _launches(settings: Any, started: Launched, typed: str) -> list[str]:
    """The commands of a training, one after the other."""
    lines: list[str] = []
    if getattr(settings, "vllm_server", ""):
        lines.append(
            f"trl vllm-serve --model {settings.model}   (on GPUs of its own, at {settings.vllm_server}; not run)"
        )
    if started.machines > 1:
        lines += [
            f"NODE_RANK={rank} MASTER_ADDR={os.environ.get('MASTER_ADDR', 'ADDRESS_OF_THE_FIRST')} {typed}"
            for rank in range(started.machines)
        ]
    else:
        lines.append(typed)
    if settings.launch > 1 or settings.accelerate:
        lines.append("starts: " + " ".join([*launch.words(settings, "python"), launch.MODULE, "SETTINGS.json"]))
    return lines
