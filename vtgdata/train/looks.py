"""When a run looks at held-out rows, which of its models is the best so far, and when it has waited long enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

BEGINNING = "held_out_"
"""Of the names of figures on held-out rows; the first of a line is the score."""


class Looks:
    """The looks of a run at held-out rows; none unless `look` is set."""

    def __init__(self) -> None:
        self.look: Callable[[], dict[str, float]] | None = None
        """Looks; the first figure that it gives is the score."""
        self.every, self.keep_best, self.patience = 0, False, 0
        self.best: tuple[float, int] | None = None
        """The best score and its step."""
        self.over = False
        """Whether patience ended the run."""
        self._figures: dict[str, float] = {}

    def at(self, step: int, steps: int) -> bool:
        """Look if it is time; returns whether the model is the best so far, and is to be kept before others come."""
        if self.look is None or (step % self.every and step != steps):
            return False
        self._figures = self.look()
        better = self._judge(step, next(iter(self._figures.values())))
        self.over = bool(self.patience and self.best and step - self.best[1] >= self.patience * self.every)
        return better and self.keep_best and step < steps

    def figures(self) -> dict[str, float]:
        """Figures of the step that has just ended, for its line; empty where it did not look."""
        found, self._figures = self._figures, {}
        return found

    def remember(self, lines: Sequence[Mapping[str, Any]]) -> None:
        """Know again the best of an interrupted run, from the lines of its log."""
        for line in lines:
            if scores := [value for name, value in line.items() if name.startswith(BEGINNING)]:
                self._judge(line["step"], scores[0])

    def checkpoint(self, kept: Path, steps: int) -> Path | None:
        """The checkpoint of the best model, if that one is to be kept and the last step did not give it."""
        if not (self.keep_best and self.best) or self.best[1] == steps:
            return None
        return kept / f"checkpoint-{self.best[1]}"

    def _judge(self, step: int, value: float) -> bool:
        better = self.best is None or value > self.best[0]
        if better:
            self.best = (value, step)
        return better
