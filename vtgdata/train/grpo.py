"""TRL's GRPOTrainer with three additions: dead groups replaced, an oracle answer in the group, and the rows it saw.

Made for TRL 1.16: it overrides `_generate`, `_calculate_rewards` and `_generate_and_score_completions`, and relies on
what the first returns. A test fails when a newer TRL changes that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import msgspec

from vtgdata.train.oracle import advantages

PARTS = (
    *("prompt_ids", "completion_ids", "tool_mask", "completions", "logprobs", "extra_fields", "images"),
    "tool_images",
)
"""What `_generate` returns, in order."""


class Additions(msgspec.Struct, kw_only=True):
    """What a run adds to GRPO, and the counts of it."""

    more: Iterator[int]
    """Places of rows for groups that are replaced."""
    build: Callable[[int], dict[str, Any]]
    """Makes a row of a place, as the dataset does."""
    note_rows: Callable[[Sequence[str]], None]
    """Called with the sample ids of a batch, one a group, once its answers are there."""
    rounds: int = 0
    """Times that dead groups of a batch are replaced at most."""
    oracle: Callable[[str], str] | None = None
    """Gives the annotation's answer of a sample, in the form that its prompt asks for; None for no oracle."""
    drawn: int = 0
    """Rows taken from `more` so far."""
    dead: int = 0
    """Dead groups seen since the last line of the log."""
    replaced: int = 0
    """Groups replaced since the last line of the log."""

    def carried(self) -> dict[str, Any]:
        """What a run that goes on needs to know."""
        return {"drawn": self.drawn}

    def line(self) -> dict[str, Any]:
        """Counts for the log; they begin anew."""
        if not self.rounds:
            return {}
        dead, replaced, self.dead, self.replaced = self.dead, self.replaced, 0, 0
        return {"dead_groups": dead, "replaced_groups": replaced}

    def skip(self, carried: Mapping[str, Any]) -> None:
        """Go on where a checkpoint was made: the rows that were taken until then are taken."""
        self.drawn = int(carried.get("drawn", 0))
        deque(islice(self.more, self.drawn), maxlen=0)


def trainer(additions: Additions) -> type:
    """A GRPOTrainer that has the additions."""
    import torch
    from trl.data_utils import prepare_multimodal_messages
    from trl.trainer.grpo_trainer import GRPOTrainer

    class Trainer(GRPOTrainer):
        model: Any
        num_generations: Any
        replaced_before: dict[int, int]
        """{group of the last batch, over all processes: how often it was replaced before}."""
        _rows: list[dict[str, Any]]
        _rewards: Any

        def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
            self._rows = inputs
            self.replaced_before = {}
            output = super()._generate_and_score_completions(inputs)
            if self.model.training:
                if additions.oracle:
                    _with_oracle(self, output)
                additions.note_rows([row["sample_id"] for slot, row in enumerate(self._rows) if self._first(slot)])
            return output

        def _generate(self, prompts: list[Any]) -> tuple[Any, ...]:
            made = super()._generate(prompts)
            if not self.model.training:
                return made
            for _ in range(additions.rounds):
                dead = self._dead(prompts, made)
                additions.dead += len(dead)
                if not dead:
                    break
                made = self._replaced(prompts, made, dead)
            if additions.oracle:
                made = self._oracle_said(made)
            return made

        def _calculate_rewards(self, *given: Any) -> Any:
            self._rewards = super()._calculate_rewards(*given)
            return self._rewards

        def _group(self, slot: int, slots: int) -> int:
            """The group of a slot of this process: groups may span processes."""
            return (self.accelerator.process_index * slots + slot) // self.num_generations

        def _first(self, slot: int) -> bool:
            return (self.accelerator.process_index * len(self._rows) + slot) % self.num_generations == 0

        def _dead(self, prompts: list[Any], made: tuple[Any, ...]) -> list[int]:
            """Groups whose answers all earn the same, over all processes: nothing can be learnt from them."""
            extra, metrics = dict(self._pending_extra_logs), dict(self._pending_metrics)
            rewards = self._calculate_rewards(self._rows, prompts, list(made[3]), made[1])
            for pending, before in ((self._pending_extra_logs, extra), (self._pending_metrics, metrics)):
                pending.clear()
                pending.update(before)
            total = (rewards * self.reward_weights.to(rewards.device)).nansum(dim=1).view(-1, self.num_generations)
            spread = total.max(dim=1).values - total.min(dim=1).values
            return [int(group) for group in torch.nonzero(spread < 1e-6).flatten()]

        def _replaced(self, prompts: list[Any], made: tuple[Any, ...], dead: list[int]) -> tuple[Any, ...]:
            """The answers, those of dead groups replaced by answers to the next rows; rows and prompts go with them."""
            fresh = {group: additions.build(next(additions.more)) for group in dead}
            additions.drawn += len(dead)
            additions.replaced += len(dead)
            self.replaced_before |= {group: self.replaced_before.get(group, 0) + 1 for group in dead}
            slots = [slot for slot in range(len(prompts)) if self._group(slot, len(prompts)) in fresh]
            for slot in slots:
                row = fresh[self._group(slot, len(prompts))]
                self._rows[slot] = row
                prompts[slot] = prepare_multimodal_messages(row["prompt"], images=row["images"])
            alone = self.accelerator.num_processes == 1
            # Processes gather figures of their answers: they must have as many.
            again = super()._generate([prompts[slot] for slot in slots] if alone else prompts)
            return _spliced(made, again, slots, range(len(slots)) if alone else slots)

        def _oracle_said(self, made: tuple[Any, ...]) -> tuple[Any, ...]:
            """The answers, the last of each group replaced by the annotation's."""
            assert additions.oracle is not None
            tokenizer, end = self._tokenizer, self._tokenizer.eos_token_id
            parts = [list(part) if isinstance(part, list) else part for part in made]
            for slot, row in enumerate(self._rows):
                if not self._is_oracle(slot):
                    continue
                said = additions.oracle(row["sample_id"])
                parts[1][slot] = [*tokenizer(said, add_special_tokens=False)["input_ids"], end]
                parts[3][slot] = [{"role": "assistant", "content": said}]
            return tuple(parts)

        def _is_oracle(self, slot: int) -> bool:
            place = self.accelerator.process_index * len(self._rows) + slot
            return place % self.num_generations == self.num_generations - 1

    def _with_oracle(self: Trainer, output: dict[str, Any]) -> None:
        """Put OraRL's advantages in the place of GRPO's, and take what it does not keep out of the loss."""
        rewards = (self._rewards * self.reward_weights.to(self._rewards.device)).nansum(dim=1)
        groups = rewards.view(-1, self.num_generations).tolist()
        flat = torch.tensor([value for group in groups for value in advantages(group[:-1], group[-1])])
        mine = slice(
            self.accelerator.process_index * len(self._rows), (self.accelerator.process_index + 1) * len(self._rows)
        )
        device = output["advantages"].device
        output["advantages"] = flat[mine].to(device, output["advantages"].dtype)
        kept = (output["advantages"] != 0).to(output["completion_mask"].dtype).unsqueeze(1)
        output["completion_mask"] = output["completion_mask"] * kept
        every: Any = self.accelerator.gather(output["completion_mask"].sum())
        output["num_items_in_batch"] = every.sum().clamp(min=1)

    return Trainer


def _spliced(
    made: tuple[Any, ...], again: tuple[Any, ...], slots: Sequence[int], places: Sequence[int]
) -> tuple[Any, ...]:
    """What was made, the slots taken from what was made again, where they have other places."""

    def both(old: Any, new: Any) -> Any:
        if not isinstance(old, list) or not isinstance(new, list):
            return old
        whole = list(old)
        for slot, place in zip(slots, places, strict=True):
            if place < len(new):
                whole[slot] = new[place]
        return whole

    return tuple(both(old, new) for old, new in zip(made, again, strict=True))
