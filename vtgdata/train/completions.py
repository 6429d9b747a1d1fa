"""The table of completions: what a policy said at a step, what it earned, and where reward came from.

One Parquet file a step, `completions/step-000040.parquet`, a row for each answer of the whole step, whichever process
drew it. Of every step the share of prompts and the mean reward in each range of pass rates are logged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vtgdata.files.parquet import write_parquet
from vtgdata.train.checkpoints import table
from vtgdata.train.rewards import Rewards, text_of

COLUMNS = {
    "step": "count", "batch": "count", "group": "count", "sample_id": "text", "text": "text", "windows": "windows",
    "option": "text", "parse_status": "text", "strict_ok": "flag", "finish_reason": "text", "tokens_out": "count",
    "scores": "scores", "reward": "number", "others": "number", "advantage": "number", "pass_rate": "number",
    "pass_rate_bin": "text", "replaced": "count",
}  # fmt: skip
"""`batch` counts the draws of answers within a step, `group` the prompts of a batch, both from 0; `scores` has the
rewards by name, `others` what the answer earns on other videos' truths, `replaced` how many groups stood in the place
of this one before and were thrown away, since all of their answers earned the same."""
COPIED = ("sample_id", "others", "windows", "option", "parse_status", "strict_ok", "finish_reason", "tokens_out")
BINS = 5
"""Ranges of pass rates, of one width."""
UNKNOWN = "unknown"


def bin_of(value: float | None) -> str:
    """The range that a pass rate lies in: `0.2-0.4`; 1 lies in the last one.

    >>> bin_of(0.0), bin_of(0.2), bin_of(1.0), bin_of(None)
    ('0.0-0.2', '0.2-0.4', '0.8-1.0', 'unknown')
    """
    if value is None:
        return UNKNOWN
    number = min(BINS - 1, int(value * BINS + 1e-9))
    return f"{number / BINS:.1f}-{(number + 1) / BINS:.1f}"


class Completions:
    """Gathers the answers of each step, and writes those of some."""

    def __init__(
        self, folder: Path, rows: Sequence[Mapping[str, Any]], rewards: Rewards, *, every: int, steps: int, group: int
    ) -> None:
        """Name what is gathered.

        Args:
            folder: of the tables.
            rows: of the run; `value` is the pass rate by which a row was selected.
            rewards: of the run.
            every: steps between two tables, the first and the last one besides; 0 for none.
            steps: number of steps of the run.
            group: answers to each prompt.
        """
        self._folder, self._rewards, self._every, self._steps, self._group = folder, rewards, every, steps, group
        self._rates: dict[Any, float | None] = {row["sample_id"]: row.get("value") for row in rows}
        self._rates |= {place: row.get("value") for place, row in enumerate(rows)}
        self._rows: list[dict[str, Any]] = []
        self._step = self._written = 0
        self._batch = 0

    def scored(self, step: int, logs: Mapping[str, Any], replaced: Mapping[int, int]) -> None:
        """Take the answers of a batch.

        Args:
            step: that is trained on them, from 1 on; the first one where several steps are.
            logs: what TRL's trainer notes of its last batch, gathered from all processes: `completion`, `advantages`,
                and `extra`, the columns of `Rewards`.
            replaced: how often each group of the batch was replaced before; 0 where it is not named.
        """
        if step != self._step:
            self._step, self._batch, self._rows = step, 0, []
        extra = {name: list(column) for name, column in logs["extra"].items()}
        texts, advantages = list(logs["completion"]), list(logs["advantages"])
        for number, (completion, advantage) in enumerate(zip(texts, advantages, strict=True)):
            row = {name: extra[name][number] for name in COPIED}
            values = {name: extra[f"reward {name}"][number] for name in self._rewards.names}
            rate = self._rates.get(extra["key"][number])
            known = [weight * values[name] for name, weight in self._rewards.weighted if values[name] is not None]
            self._rows.append(
                row
                | {"step": step, "batch": self._batch, "group": number // self._group, "text": text_of(completion)}
                | {"scores": [{"name": name, "value": value} for name, value in values.items() if value is not None]}
                | {"reward": sum(known) if known else None, "advantage": advantage}
                | {"pass_rate": rate, "pass_rate_bin": bin_of(rate)}
                | {"replaced": replaced.get(number // self._group, 0)}
            )
        self._batch += 1

    def figures(self) -> dict[str, Any]:
        """Where reward came from in the last step, by range of pass rates.

        Each range has its groups, those in which all rewards were equal (`zero_std`), and the mean reward.
        """
        groups: dict[tuple[str, int, int], list[float | None]] = defaultdict(list)
        for row in self._rows:
            groups[row["pass_rate_bin"], row["batch"], row["group"]].append(row["reward"])
        found: dict[str, dict[str, Any]] = {}
        for name in sorted({name for name, _, _ in groups}):
            mine = [values for (of, _, _), values in groups.items() if of == name]
            known = [value for values in mine for value in values if value is not None]
            equal = sum(max(values, default=0.0) - min(values, default=0.0) < 1e-8 for values in map(_known, mine))
            mean = sum(known) / len(known) if known else None
            found[name] = {"groups": len(mine), "zero_std": equal, "reward": mean}
        return {"pass_rate_bins": found} if found else {}

    def write(self, step: int) -> None:
        """Write the table of a step that has ended, if one is due; the writing process calls it."""
        due = step in (1, self._steps) or step % self._every == 0 if self._every else False
        if due and self._rows and self._written != self._step:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_parquet(self._folder / table(self._step), self._rows, COLUMNS)
            self._written = self._step


def _known(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def follow(trainer: Any, completions: Completions) -> None:
    """Let a GRPOTrainer hand each batch of answers over once it has scored it."""
    score = trainer._generate_and_score_completions

    def scored(inputs: Any) -> Any:
        made = score(inputs)
        completions.scored(trainer.state.global_step + 1, trainer._logs, trainer.replaced_before)
        return made

    trainer._generate_and_score_completions = scored
