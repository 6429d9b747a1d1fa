"""What a run says and keeps while it goes: a line of training.jsonl a step, progress, and whole checkpoints."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from vtgdata.train import checkpoints
from vtgdata.train.crew import Crew

log = logging.getLogger("vtgdata")
LOG = "training.jsonl"
ROWS = "rows.jsonl"
"""The samples that each step showed, a line a step."""
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
        end: int = 0,
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
            end: step at which this part of the run ends, with a checkpoint; 0 for the last.
        """
        self.command, self.kept, self.crew, self.steps, self.names = command, kept, crew, steps, names
        every = save_every or min(50, max(1, steps // 20))
        self.save_every, self.keep, self.end = -(-every // boundary) * boundary, keep, end or steps
        self.lines: list[dict[str, Any]] = []
        self.carried: Callable[[], Mapping[str, Any]] = dict
        """What the run carries from step to step besides the trainer's own state, called when a checkpoint is made."""
        self.at_step: list[Callable[[dict[str, Any]], None]] = []
        """Called with each step's line; what raises ends the run."""
        self.to_line: Callable[[], Mapping[str, Any]] = dict
        """More figures of the step that has just ended."""
        self.look: Callable[[], dict[str, float]] | None = None
        """Looks at held-out rows; the first figure that it gives is the score."""
        self.look_every, self.keep_best, self.patience = 0, False, 0
        self.best: tuple[float, int] | None = None
        """The best held-out score and its step."""
        self.stopped = False
        """Whether patience ended the run."""
        self._looked: dict[str, float] = {}
        self._shown: list[str] = []
        self.spent = 0.0
        """Seconds that training took, set when it has ended."""
        self._tokens: list[float] = []
        self._begun = self._told = time.monotonic()
        self._first = 0

    def take_up(self, checkpoint: checkpoints.Checkpoint | None) -> None:
        """Go on from a checkpoint, or begin: the log keeps the lines up to there. All processes call it."""
        if self.crew.writes:
            for name in (LOG, ROWS):
                checkpoints.cut_log(self.kept / name, checkpoint.step if checkpoint else 0)
        self.crew.wait()
        self._first = checkpoint.step if checkpoint else 0
        if not checkpoint:
            return
        log.info("%s: goes on from step %d of %d", self.command, checkpoint.step, self.steps)
        self.lines = [msgspec.json.decode(line) for line in (self.kept / LOG).read_bytes().splitlines()]
        for line in self.lines:
            if found := {name: value for name, value in line.items() if name.startswith("held_out_")}:
                self._judge(line["step"], next(iter(found.values())))

    def looks(self, step: int) -> bool:
        """Look at held-out rows if it is time; returns whether the model is the best one so far."""
        if self.look is None or (step % self.look_every and step != self.steps):
            return False
        self._looked = self.look()
        better = self._judge(step, next(iter(self._looked.values())))
        self.stopped = bool(self.patience and self.best and step - self.best[1] >= self.patience * self.look_every)
        return better

    def best_checkpoint(self) -> Path | None:
        """The checkpoint of the best model, if that one is to be kept and another step than the last gave it."""
        if not (self.keep_best and self.best) or self.best[1] == self.steps:
            return None
        return self.kept / f"checkpoint-{self.best[1]}"

    def _judge(self, step: int, value: float) -> bool:
        better = self.best is None or value > self.best[0]
        if better:
            self.best = (value, step)
        return better

    def line(self, step: int, figures: Mapping[str, Any]) -> None:
        """Note a step's figures, as the trainer logs them."""
        if "num_tokens" in figures:
            self._tokens.append(float(figures["num_tokens"]))
        known = {ours: figures[theirs] for theirs, ours in self.names.items() if theirs in figures}
        if not known:
            return
        entry = {"step": step, **known, **self.to_line(), **self._looked}
        self._looked = {}
        self.lines.append(entry)
        shown, self._shown = self.crew.gathered(self._shown), []
        self._write(LOG, entry)
        self._write(ROWS, {"step": step, "rows": shown})
        if self.crew.writes:
            self._tell(entry)
        for act in self.at_step:
            act(entry)

    def note_rows(self, ids: Sequence[str]) -> None:
        """Note rows that enter the model at the step that runs."""
        self._shown += ids

    def _write(self, name: str, entry: Mapping[str, Any]) -> None:
        if self.crew.writes:
            with (self.kept / name).open("ab") as file:
                file.write(msgspec.json.encode(entry) + b"\n")

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
        return step < self.steps and (step % self.save_every == 0 or step == self.end)

    def saved(self, step: int) -> None:
        """Mark the checkpoint of a step as whole, and delete older ones; all processes call it."""
        self.crew.wait()
        if self.crew.writes:
            checkpoints.seal(self.kept / f"checkpoint-{step}", step, self.carried())
            checkpoints.tidy(self.kept, self.keep, self.best_checkpoint())
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
                step = state.global_step
                best = watch.looks(step) and watch.keep_best and step < watch.steps
                control.should_save = control.should_save or best or watch.saves(step)
                control.should_training_stop = control.should_training_stop or watch.stopped or step >= watch.end

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
