"""The course of a run: from the last whole checkpoint, or the start, to its end, or to where a guard rail stops it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from vtgdata.train import checkpoints, guards
from vtgdata.train.session import Place
from vtgdata.train.watch import Watch

log = logging.getLogger("vtgdata")


def go(
    trainer: Any, watch: Watch, place: Place, carry: Callable[[Mapping[str, Any]], None] | None = None
) -> checkpoints.Checkpoint | None:
    """Train to the end, from the last whole checkpoint if there is one, which is returned.

    Args:
        trainer: TRL's.
        watch: of the run.
        place: of the run.
        carry: takes what the run carried when the checkpoint was made.
    """
    found = checkpoints.last(place.kept)
    if found and carry:
        carry(found.carried)
    watch.take_up(found)
    if place.crew.writes:
        checkpoints.tidy(place.kept, watch.keep, watch.looks.checkpoint(place.kept, watch.steps))
    place.crew.wait()
    begun = time.monotonic()
    try:
        trainer.train(resume_from_checkpoint=str(found.path) if found else None)
    except RuntimeError as error:
        if not guards.broke(error):
            raise
        raise watch.broken_off(guards.BROKEN) from error
    watch.settle(found, trainer.model)
    watch.spent = time.monotonic() - begun
    best = watch.looks.checkpoint(place.kept, watch.steps)
    if best and (watch.looks.over or trainer.state.global_step == watch.steps):
        log.info("%s: the model of %s is kept, the best on held-out rows", watch.command, best.name)
        trainer._load_from_checkpoint(str(best))
    return found
