"""Rows chosen anew while RL runs: pass rates of the current checkpoint, a new selection, and on with it.

At each refresh the run stops at a whole checkpoint; `vtgdata score-difficulty` and `vtgdata select` treat it as any
model, with a journal of their own; and the next steps show what was selected. A run that was killed goes on there too.
"""

from __future__ import annotations

import contextlib
import logging
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from vtgdata.conversation.prompt import Prompt
from vtgdata.errors import VtgError
from vtgdata.files import child_processes, json_document
from vtgdata.files.pieces import read_frames
from vtgdata.files.samples import row_sample, write_samples
from vtgdata.files.whole import write_json
from vtgdata.records import FrameSampling, Sampling
from vtgdata.train.settings import TrainSettings
from vtgdata.video.presets import PRESETS

log = logging.getLogger("vtgdata")
Row = Mapping[str, Any]


class Refresh(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of --refresh."""

    every: int
    """Steps between two selections."""
    selector: str = "band:measure=mean_iou,low=0.2,high=0.8"
    """As of `vtgdata select`."""
    size: int = 0
    """Rows to select; 0 for all that the selector takes."""
    n: int = 8
    """Answers to each sample."""
    allow_degenerate: bool = False
    """Go on with a choice from which nothing can be learned, since no answer or every answer to it was right."""


def read(given: Mapping[str, Any]) -> Refresh | None:
    """The settings from what was typed; None from nothing.

    Raises VtgError when one is missing, unknown or of another type.
    """
    if not given:
        return None
    try:
        found = msgspec.convert(dict(given), Refresh)
    except msgspec.ValidationError as error:
        known = ", ".join(field.name for field in msgspec.structs.fields(Refresh))
        raise VtgError(f"--refresh: {str(error).splitlines()[0]}. It takes {known}; every is needed.") from error
    if found.every < 1 or found.n < 1 or found.size < 0:
        raise VtgError("--refresh: every and n are 1 or more, size is 0 or more.")
    return found


def ends(steps: int, refresh: Refresh | None) -> list[int]:
    """The step at which each part of a run ends; the last is the end of the run."""
    return [steps] if refresh is None else [*range(refresh.every, steps, refresh.every), steps]


def groups(rows: Sequence[Row]) -> dict[tuple[str, str], list[int]]:
    """Places of the rows that one command can ask about: those with one prompt and one frame sampling."""
    found: dict[tuple[str, str], list[int]] = {}
    for place, row in enumerate(rows):
        found.setdefault((row["prompt_id"], row["frame_sampling"]), []).append(place)
    return found


def select(
    folder: Path,
    checkpoint: Path,
    rows: Sequence[Row],
    prompts: Mapping[str, Prompt],
    refresh: Refresh,
    settings: TrainSettings,
    drawn: Sampling,
) -> list[int]:
    """Places of the rows that are shown from here on, one config after the other, each in the selector's order.

    Args:
        folder: of this refresh; what it holds already is not done again.
        checkpoint: folder of the model as it is now.
        rows: all rows of the run.
        prompts: by id.
        refresh: settings of the refresh.
        settings: settings of the run.
        drawn: how answers are drawn in training, and so here.

    Raises VtgError when a command fails, or when nothing was selected.
    """
    folder.mkdir(parents=True, exist_ok=True)
    chosen: list[int] = []
    steps: list[dict[str, Any]] = []
    for number, ((prompt_id, sampling), places) in enumerate(groups(rows).items()):
        steps += _steps(
            folder, number, places, rows, prompts[prompt_id], sampling, checkpoint, refresh, settings, drawn
        )
    write_json(folder / "recipe.json", {"out": str(folder / "runs"), "seed": settings.seed, "steps": steps})
    _run(folder / "recipe.json")
    for number, places in enumerate(groups(rows).values()):
        known = {rows[place]["sample_id"]: place for place in places}
        picked = folder / "runs" / f"pick-{number}" / "rows.parquet"
        chosen += [known[name] for frame in read_frames(picked, {"sample_id": "text"}) for name in frame["sample_id"]]
    if not chosen:
        raise VtgError(f"--refresh: {refresh.selector} took no row at {checkpoint.name}; the checkpoint stays there.")
    configs = list(dict.fromkeys(row.get("config", "") for row in rows))
    chosen.sort(key=lambda place: configs.index(rows[place].get("config", "")))
    log.info("refresh at %s: %d of %d rows selected", checkpoint.name, len(chosen), len(rows))
    return chosen


def _steps(
    folder: Path,
    number: int,
    places: Sequence[int],
    rows: Sequence[Row],
    prompt: Prompt,
    sampling: str,
    checkpoint: Path,
    refresh: Refresh,
    settings: TrainSettings,
    drawn: Sampling,
) -> list[dict[str, Any]]:
    """The two steps of a recipe that score and select some of the rows."""
    pool, text = folder / f"samples-{number}.parquet", folder / f"{prompt.name}.md"
    write_samples(pool, (row_sample(dict(rows[place])) for place in places))
    text.write_text(prompt.text, encoding="utf-8")
    share = len(places) / len(rows)
    return [
        {
            "id": f"hard-{number}",
            "command": "score-difficulty",
            "samples": str(pool),
            "model": f"transformers_local:{checkpoint}",
            "videos": settings.videos,
            "prompt": str(text),
            "n": refresh.n,
            # Answers that were asked before a kill and after it are those of one undisturbed run.
            "reproducible": True,
            "frames": settings.frames,
            **frame_settings(sampling),
            **msgspec.to_builtins(drawn),
        },
        {
            "id": f"pick-{number}",
            "command": "select",
            "pass_rates": f"@hard-{number}/pass_rates.parquet",
            "selector": refresh.selector,
            "size": max(1, round(refresh.size * share)) if refresh.size else len(places),
            "allow_degenerate": refresh.allow_degenerate,
        },
    ]


def frame_settings(sampling: str) -> dict[str, Any]:
    """The settings of a command that take the frames of a sampling, given as a row has it (JSON)."""
    taken = json_document.cell(sampling, "frame_sampling", FrameSampling)
    for name, preset in PRESETS.items():
        if preset == taken:
            return {"preset": name}
    return {
        "num_frames": taken.frames,
        "fps": taken.fps,
        "midpoint": taken.midpoint,
        "short_side": taken.short_side,
    }


def _run(recipe: Path) -> None:
    """Run a recipe in a process of its own; its words go to this one's log."""
    command, ours = child_processes.python("vtgdata", "run", str(recipe), "--json")
    command, environment = child_processes.that_ends_with_us(command, child_processes.computing() | ours)
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        words = process.stderr.read().strip().splitlines()[-1:] or ["it said nothing"]
    if process.returncode:
        said = words[0].removeprefix("vtgdata: ")
        with contextlib.suppress(ValueError, TypeError, KeyError):  # else it ended without its own words
            said = msgspec.json.decode(said)["error"]
        said = said.replace("--allow-degenerate", "--refresh allow_degenerate=true")
        raise VtgError(f"--refresh: {said} (`vtgdata run {recipe}`)")
