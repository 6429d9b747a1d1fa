"""The processes that train together: how many, which one writes, and what the writer tells the others.

torchrun and accelerate start the same command in every process, and say by variables which one each is. Only the first
holds the output folder, writes and prints; the others wait for its word and take part in the steps alone.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Any

import msgspec


class Crew(msgspec.Struct, frozen=True):
    """The processes of one training run, seen from one of them."""

    size: int
    rank: int

    @property
    def writes(self) -> bool:
        """Whether this process is the one that writes."""
        return self.rank == 0

    @classmethod
    def of_environment(cls) -> Crew:
        """As the launcher says; one process where there is none."""
        size, rank = (os.environ.get(name, "") for name in ("WORLD_SIZE", "RANK"))
        return cls(int(size), int(rank)) if size.isdecimal() and rank.isdecimal() else cls(1, 0)

    def meet(self) -> None:
        """Join the other processes, once; only the writer prints from now on."""
        if self.size == 1:
            return
        import torch
        from accelerate import PartialState

        PartialState(cpu=not torch.cuda.is_available())
        if not self.writes:
            logging.disable(logging.WARNING)
            sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  # open to the end

    def told(self, word: Any) -> Any:
        """What the writer says, in every process; what the others pass is ignored. All must call it."""
        if self.size == 1:
            return word
        from accelerate.utils import broadcast_object_list

        box = [word]
        broadcast_object_list(box, from_process=0)
        return box[0]

    def gathered(self, items: list[Any]) -> list[Any]:
        """The items of all processes, in their order. All must call it."""
        if self.size == 1:
            return items
        from accelerate.utils import gather_object

        return gather_object(items)

    def wait(self) -> None:
        """Go on when all processes are here."""
        if self.size > 1:
            from accelerate import PartialState

            PartialState().wait_for_everyone()
