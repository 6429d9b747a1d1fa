"""What a run says and keeps while it goes: a line of training.jsonl a step, progress, and whole checkpoints."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from vtgdata.train import checkpoints
from vtgdata.train.crew import Crew

log = logging.getLogger("vtgdata")
LOG = "training.jsonl"
EVERY_SECONDS = 5.0
"""Between two lines of progress."""


class Watch:
    """Parts of a run that act at its steps; `callback` hands them to the trainer."""

    def __init__(
        self,
        command: str,
        kept: Path,
        crew: Crew,
        steps: int,
        names: Mapping[str, str],
        *,
        save_every: int,
        boundary: int = 1,
        keep: int = 2,
    ) -> None:
        """Watch a run.

        Args:
            command: name of the command, for the lines of progress.
            kept: folder of the log and the checkpoints.
            crew: the processes that train.
            steps: number of steps of the run.
            names: {the trainer's name of a figure: ours}; a step's line has these.
            save_every: steps between checkpoints; 0 for a twentieth of all steps, 50 at most.
            boundary: steps between two places where a run can be taken up: where no generated answers wait in memory.
            keep: number of checkpoints kept.
        """
        self.command, self.kept, self.crew, self.steps, self.names = command, kept, crew, steps, names
        every = save_every or min(50, max(1, steps // 20))
        self.save_every, self.keep = -(-every // boundary) * boundary, keep
        self.lines: list[dict[str, Any]] = []
        self.carried: Callable[[], Mapping[str, Any]] = dict
        """What the run carries from step to step besides the trainer's own state, called when a checkpoint is made."""
        self.at_step: list[Callable[[dict[str, Any]], None]] = []
        """Called with each step's line; what raises ends the run."""
        self.to_line: Callable[[], Mapping[str, Any]] = dict
        """More figures of the step that has just ended."""
        self.spent = 0.0
        """Seconds that training took, set when it has ended."""
        self._tokens: list[float] = []
        self._begun = self._told = time.monotonic()
        self._first = 0

    def take_up(self, checkpoint: checkpoints.Checkpoint | None) -> None:
        """Go on from a checkpoint, or begin: the log keeps the lines up to there. The writing process calls it."""
        checkpoints.cut_log(self.kept / LOG, checkpoint.step if checkpoint else 0)
        self._first = checkpoint.step if checkpoint else 0
        if checkpoint:
            log.info("%s: goes on from step %d of %d", self.command, checkpoint.step, self.steps)
            self.lines = [msgspec.json.decode(line) for line in (self.kept / LOG).read_bytes().splitlines()]

    def line(self, step: int, figures: Mapping[str, Any]) -> None:
        """Note a step's figures, as the trainer logs them."""
        if "num_tokens" in figures:
            self._tokens.append(float(figures["num_tokens"]))
        known = {ours: figures[theirs] for theirs, ours in self.names.items() if theirs in figures}
        if not known:
            return
        entry = {"step": step, **known, **self.to_line()}
        self.lines.append(entry)
        if self.crew.writes:
            with (self.kept / LOG).open("ab") as file:
                file.write(msgspec.json.encode(entry) + b"\n")
            self._tell(entry)
        for act in self.at_step:
            act(entry)

    def _tell(self, entry: Mapping[str, Any]) -> None:
        now = time.monotonic()
        if now - self._told < EVERY_SECONDS and entry["step"] != self.steps:
            return
        self._told = now
        shown = [f"{name} {entry[name]:.4g}" for name in ("loss", "reward", "seen", "tokens") if name in entry]
        done = entry["step"] - self._first
        left = (now - self._begun) / max(1, done) * (self.steps - entry["step"])
        log.info(
            "%s: step %d of %d, %s, %s to go", self.command, entry["step"], self.steps, ", ".join(shown), span(left)
        )

    def saves(self, step: int) -> bool:
        """Whether a checkpoint is due after a step; none after the last, whose model is the result."""
        return step % self.save_every == 0 and step < self.steps

    def saved(self, step: int) -> None:
        """Mark the checkpoint of a step as whole, and delete older ones; all processes call it."""
        self.crew.wait()
        if self.crew.writes:
            checkpoints.seal(self.kept / f"checkpoint-{step}", step, self.carried())
            checkpoints.tidy(self.kept, self.keep)
        self.crew.wait()

    def first(self, name: str, steps: int) -> float | None:
        """Mean of a figure over the first steps; None where no step has it."""
        return _mean(self.lines[:steps], name)

    def last(self, name: str, steps: int) -> float | None:
        """Mean of a figure over the last steps; None where no step has it."""
        return _mean(self.lines[-steps:], name)

    def speed(self) -> float | None:
        """Tokens a second on each device; None where the trainer counts none, or the run went on from a checkpoint."""
        if not self._tokens or not self.spent or self._first:
            return None
        return round(self._tokens[-1] / self.spent / self.crew.size, 1)

    def callback(self) -> Any:
        """The watch as a callback of transformers' Trainer."""
        from transformers import TrainerCallback

        watch = self

        class _Callback(TrainerCallback):
            def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
                watch.line(state.global_step, logs or {})

            def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
                control.should_save = control.should_save or watch.saves(state.global_step)

            def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
                watch.saved(state.global_step)

        return _Callback()


def _mean(lines: list[dict[str, Any]], name: str) -> float | None:
    values = [line[name] for line in lines if line.get(name) is not None]
    return sum(values) / len(values) if values else None


def span(seconds: float) -> str:
    """A length of time for people, as in 2 h 05 min, 12 min, 40 s."""
    if seconds >= 3600:
        return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60):02d} min"
    return f"{int(seconds // 60)} min" if seconds >= 60 else f"{int(seconds)} s"
