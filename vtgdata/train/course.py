"""The course of a run: from the last whole checkpoint, or the start, to its end, or to where a guard rail stops it."""

from __future__ import annotations

from typing import Any

from vtgdata.train import checkpoints, guards
from vtgdata.train.session import Place
from vtgdata.train.watch import Watch


def go(trainer: Any, watch: Watch, place: Place) -> checkpoints.Checkpoint | None:
    """Train to the end, from the last whole checkpoint if there is one, which is returned."""
    found = checkpoints.last(place.kept)
    if place.crew.writes:
        checkpoints.tidy(place.kept, watch.keep)
        watch.take_up(found)
    place.crew.wait()
    try:
        trainer.train(resume_from_checkpoint=str(found.path) if found else None)
    except RuntimeError as error:
        if not guards.broke(error):
            raise
        raise watch.stopped(guards.BROKEN) from error
    watch.settle(found, trainer.model)
    return found
