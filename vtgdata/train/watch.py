"""What a run says and keeps while it goes: a line of training.jsonl a step, progress, and whole checkpoints."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from vtgdata.errors import VtgError
from vtgdata.files import live, outside
from vtgdata.train import checkpoints, guards
from vtgdata.train.crew import Crew
from vtgdata.train.guards import Trouble
from vtgdata.train.looks import Looks

log = logging.getLogger("vtgdata")
LOG = "training.jsonl"
ROWS = "rows.jsonl"
"""The samples that each step showed, a line a step."""
COMPLETIONS = "completions"
"""Folder of the tables of completions."""


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
        limits: guards.Limits | None = None,
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
            limits: from when on the run is in trouble, and stops.
        """
        self.command, self.kept, self.crew, self.steps, self.names = command, kept, crew, steps, names
        every = save_every or min(50, max(1, steps // 20))
        self.save_every, self.keep, self.boundary = -(-every // boundary) * boundary, keep, boundary
        self.end, self.limits = end or steps, limits or guards.Limits(stall=0)
        self.lines: list[dict[str, Any]] = []
        self.carried: Callable[[], Mapping[str, Any]] = dict
        """What the run carries from step to step besides the trainer's own state, called when a checkpoint is made."""
        self.at_step: list[Callable[[dict[str, Any]], None]] = []
        """Called with each step's line; what raises ends the run."""
        self.to_line: Callable[[], Mapping[str, Any]] = dict
        """More figures of the step that has just ended."""
        self.from_line: list[Callable[[Mapping[str, Any]], Mapping[str, Any]]] = []
        """Further figures that follow from a step's line, before it is noted, and from the lines before it."""
        self.looks = Looks()
        """At held-out rows."""
        self.trouble: Trouble | None = None
        """Why the run stops; the writing process finds it, and all know it."""
        self.spent = 0.0
        """Seconds that training took, set when it has ended."""
        self._shown: list[str] = []
        self._tokens: list[float] = []
        self._work = live.Work("steps", steps)
        self._told = live.teller(command)
        self._first = self._since = 0

    def take_up(self, checkpoint: checkpoints.Checkpoint | None) -> None:
        """Go on from a checkpoint, or begin: the logs keep the lines up to there. All processes call it."""
        self._first = checkpoint.step if checkpoint else 0
        if self.crew.writes:
            for name in (LOG, ROWS):
                checkpoints.cut_log(self.kept / name, self._first)
            checkpoints.cut_tables(self.kept / COMPLETIONS, self._first)
        self.crew.wait()
        if checkpoint:
            log.info("%s: goes on from step %d of %d", self.command, checkpoint.step, self.steps)
            self.lines = [msgspec.json.decode(line) for line in outside.read_bytes(self.kept / LOG).splitlines()]
            self._since = len(self.lines)
            self._work = live.Work("steps", self.steps, begun=checkpoint.step)
            self.looks.remember(self.lines)

    def line(self, step: int, figures: Mapping[str, Any]) -> bool:
        """Note a step's figures, as the trainer logs them; returns whether it logged any."""
        if "num_tokens" in figures:
            self._tokens.append(float(figures["num_tokens"]))
        known = {ours: figures[theirs] for theirs, ours in self.names.items() if theirs in figures}
        if not known:
            return False
        entry = {"step": step, **known, **self.to_line(), **self.looks.figures()}
        for more in self.from_line:
            entry |= more(entry)
        self.lines.append(entry)
        shown, self._shown = self.crew.gathered(self._shown), []
        self._write(LOG, entry)
        self._write(ROWS, {"step": step, "rows": shown})
        if self.crew.writes:
            self._tell(entry)
        for act in self.at_step:
            act(entry)
        return True

    def look(self, step: int) -> bool:
        """Look whether the run is in trouble; returns whether it stops after this step. All processes call it."""
        if self.trouble is None and self.crew.writes:
            ends = guards.learnt_nothing(self.lines, self.limits) if step >= self.steps else None
            self.trouble = guards.trouble(self.lines, self.limits, self._since) or ends
        self.trouble = self.crew.told(self.trouble)
        return self.trouble is not None and (step % self.boundary == 0 or step >= self.steps)

    def sound(self, model: Any) -> bool:
        """Whether all weights are finite, so that a checkpoint of them is of use. All processes call it."""
        if guards.finite(model.parameters(), self.crew):
            return True
        self.trouble = self.trouble or Trouble("weights are no longer finite. Lower --learning-rate")
        return False

    def settle(self, found: checkpoints.Checkpoint | None, model: Any) -> None:
        """See that a run that has ended is a success; raises VtgError when it stopped, or has learnt nothing."""
        if self.trouble is None and found is not None and found.step >= self.steps:
            nothing = guards.learnt_nothing(self.lines, self.limits) if self.crew.writes else None
            self.trouble = self.crew.told(nothing)
        if self.trouble is None:
            self.sound(model)
        if self.trouble is not None:
            raise self.broken_off(self.trouble)

    def broken_off(self, trouble: Trouble) -> VtgError:
        """The error of a run that stopped: what is wrong, what is kept, and how to go on."""
        step = self.lines[-1]["step"] if self.lines else self._first
        words = f"{self.command} stopped at step {step} of {self.steps}: {trouble.words.removesuffix('.')}."
        last = checkpoints.last(self.kept)
        if last is None:
            return VtgError(f"{words} There is no checkpoint from before it, so the same command begins anew.")
        anyway = f" (add {trouble.option} 0 to go on all the same)" if trouble.option else ""
        if self._first and step <= self._first + self.boundary and not trouble.option:
            anyway = ", though it stopped at once again"
        return VtgError(
            f"{words} The checkpoint of step {last.step} is kept, and the same command goes on from there{anyway}. "
            "With other settings a run begins anew; to begin it with these weights, give "
            f"--model {last.path} and another --out."
        )

    def note_rows(self, ids: Sequence[str]) -> None:
        """Note rows that enter the model at the step that runs."""
        self._shown += ids

    def _write(self, name: str, entry: Mapping[str, Any]) -> None:
        if self.crew.writes:
            with (self.kept / name).open("ab") as file:
                file.write(msgspec.json.encode(entry) + b"\n")

    def _tell(self, entry: Mapping[str, Any]) -> None:
        shown = [f"{name} {entry[name]:.4g}" for name in ("loss", "reward", "seen", "tokens") if name in entry]
        self._work.done, self._work.more = entry["step"], ", ".join(shown)
        self._told(self._work.state())

    def saves(self, step: int) -> bool:
        """Whether a checkpoint is due after a step; none after the last, whose model is the result."""
        return step < self.steps and (step % self.save_every == 0 or step == self.end)

    def saved(self, step: int) -> None:
        """Mark the checkpoint of a step as whole, and delete older ones; all processes call it."""
        self.crew.wait()
        if self.crew.writes:
            checkpoints.seal(self.kept / f"checkpoint-{step}", step, self.carried())
            checkpoints.tidy(self.kept, self.keep, self.looks.checkpoint(self.kept, self.steps))
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
            def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
                guards.drop_gradient(model, watch.crew)

            def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **more: Any) -> None:
                if watch.line(state.global_step, logs or {}) and watch.look(state.global_step):
                    control.should_training_stop = True
                    control.should_save = watch.sound(more["model"])

            def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
                step = state.global_step
                best = watch.looks.at(step, watch.steps)
                if control.should_save or best or watch.saves(step):
                    control.should_save = watch.sound(model)
                over = watch.looks.over or step >= watch.end
                control.should_training_stop = control.should_training_stop or over

            def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
                watch.saved(state.global_step)

        return _Callback()


def _mean(lines: list[dict[str, Any]], name: str) -> float | None:
    values = [line[name] for line in lines if line.get(name) is not None]
    return sum(values) / len(values) if values else None
