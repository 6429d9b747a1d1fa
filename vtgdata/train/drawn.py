"""How answers are drawn while a model is trained on its own answers: as its pass rates were measured, unless told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec

from vtgdata.engine.rollouts import read_sampling
from vtgdata.records import Sampling
from vtgdata.train.data import Row
from vtgdata.train.settings import TrainSettings


class DrawSettings(TrainSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of commands that train a model on its own answers."""

    temperature: Annotated[float, msgspec.Meta(gt=0)] | None = None
    """Temperature of sampling, above 0. This and the five below are by default those of the rows' pass rates."""
    top_p: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None
    """Nucleus sampling: share of the probability to draw from, in (0, 1]."""
    top_k: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """Number of the likeliest tokens to draw from; 0 for all."""
    min_p: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    """Least probability of a token to draw, as a share of the likeliest one's; 0 for no bound."""
    repetition_penalty: Annotated[float, msgspec.Meta(gt=0)] | None = None
    """Penalty on tokens that prompt or answer already has; 1 for none."""
    max_new_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """Maximum tokens of an answer, reasoning included."""


def sampling(settings: DrawSettings, rows: Sequence[Row]) -> Sampling:
    """How answers are drawn: as the settings say, else as the rows' pass rates were measured.

    Pass rates are those of the policy that is trained only if both draw alike.
    """
    stated = next((read_sampling(row["sampling"]) for row in rows if row.get("sampling")), Sampling())
    given = {
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "top_k": settings.top_k,
        "min_p": settings.min_p,
        "repetition_penalty": settings.repetition_penalty,
        "max_tokens": settings.max_new_tokens,
    }
    return msgspec.structs.replace(stated, **{name: value for name, value in given.items() if value is not None})
