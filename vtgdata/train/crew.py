"""The processes that train together: how many, which one writes, and what the writer tells the others.

torchrun and accelerate start the same command in every process, and say by variables which one each is. Only the first
holds the output folder, writes and prints; the others wait for its word and take part in the steps alone.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from vtgdata.errors import VtgError, of_process


class _UntilMet:
    """An output that passes nothing on until the processes have met: up to there all of a machine say the same."""

    def __init__(self, output: Any) -> None:
        self._output = output

    def write(self, text: str) -> int:
        return self._output.write(text) if _met else len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._output, name)


_met = False


def hush() -> None:
    """In all but the first process of a machine: print nothing until the processes have met."""
    if Crew.of_environment().size > 1 and os.environ.get("LOCAL_RANK", "0") != "0":
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  # open to the end
        sys.stderr = _UntilMet(sys.stderr)


def says_errors() -> bool:
    """Whether this process is to print the error that ends it: of processes that have met, the first that fails."""
    if not _met:
        return True
    try:
        from torch.distributed.distributed_c10d import _get_default_store

        return _get_default_store().add("vtgdata_failed", 1) == 1
    except Exception:  # the others, or the store, have gone: twice is better than never
        return True


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
        """Join the other processes, once; only the writer prints from now on, but for errors."""
        global _met
        if self.size == 1:
            return
        import torch
        from accelerate import PartialState

        PartialState(cpu=not torch.cuda.is_available())
        _met = True
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

    @contextlib.contextmanager
    def leading(self) -> Iterator[Callable[[Any], Any]]:
        """For the writer: `told` for what the others wait for; if it fails before they train, they hear why."""
        busy = False

        def tell(word: Any) -> Any:
            nonlocal busy
            busy = "done" not in word
            return self.told(word)

        try:
            yield tell
        except VtgError as error:
            if not busy:
                self.told({"failed": type(error).__name__, "words": str(error)})
            raise

    def followed(self) -> Any:
        """For the others: what the writer says; raises its error when it has failed."""
        word = self.told(None)
        if "failed" in word:
            raise of_process(word["failed"], word["words"])
        return word

    def wait(self) -> None:
        """Go on when all processes are here."""
        if self.size > 1:
            from accelerate import PartialState

            PartialState().wait_for_everyone()
