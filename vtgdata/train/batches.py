"""How the sequences of a training step are split over processes and over time."""

from __future__ import annotations

import msgspec

from vtgdata.errors import VtgError
from vtgdata.train.settings import LARGE


class Batches(msgspec.Struct, frozen=True, kw_only=True):
    """How the sequences of a step are split over processes and over time."""

    total: int
    device: int
    """Sequences on one device at a time."""
    turns: int
    """Times that each device takes so many."""
    processes: int


def batches(total: int, device_batch: int, processes: int, parameters: int) -> Batches:
    """Split the sequences of a step.

    Raises VtgError when they cannot be split evenly.
    """
    if total % processes:
        raise VtgError(f"{processes} processes cannot share the {total} sequences of a step evenly.")
    piece = device_batch or (1 if parameters >= LARGE else total // processes)
    if (total // processes) % piece:
        raise VtgError(
            f"device_batch {piece} does not divide the {total} sequences of a step"
            + (f" over {processes} processes." if processes > 1 else ".")
        )
    return Batches(total=total, device=piece, turns=total // processes // piece, processes=processes)
