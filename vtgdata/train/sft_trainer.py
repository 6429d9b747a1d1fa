"""TRL's SFTTrainer that notes which rows enter the model at each step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

PLACES = "places"
"""Key of a batch: the places of its rows, which the model never sees."""


def trainer(note_rows: Callable[[Sequence[int]], None]) -> type:
    """An SFTTrainer that calls `note_rows` with the places of the rows of each batch that it trains on."""
    import torch
    from trl.trainer.sft_trainer import SFTTrainer

    class Trainer(SFTTrainer):
        model: Any

        def __init__(self, **parts: Any) -> None:
            super().__init__(**parts)
            collate = self.data_collator

            def with_places(rows: list[dict[str, Any]]) -> dict[str, Any]:
                batch = collate(rows)
                batch[PLACES] = torch.tensor([row["place"] for row in rows])
                return batch

            self.data_collator = with_places

        def compute_loss(self, model: Any, inputs: dict[str, Any], *more: Any, **named: Any) -> Any:
            places = inputs.pop(PLACES, None)
            if places is not None and self.model.training:
                note_rows(places.tolist())
            return super().compute_loss(model, inputs, *more, **named)

    return Trainer
