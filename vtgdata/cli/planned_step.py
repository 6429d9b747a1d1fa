"""What a step of a recipe would do, as `vtgdata run --dry-run` says it."""

from typing import Any, Literal

import msgspec
from msgspec import UNSET

from vtgdata.cli.recipe_costs import Ends


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """A file or folder that is not there, and where to get it."""

    path: str
    get: str


class PlannedStep(msgspec.Struct, frozen=True, kw_only=True):
    """What one step would do."""

    id: str
    command: str
    settings: dict[str, Any]
    """That it would run with."""
    rows: Ends | None = None
    """Rows that it makes or takes; None where nothing is known."""
    calls: Ends | None = None
    """Answers to ask for, or to draw while training; None for a step that asks nothing."""
    tokens_in: Ends | None = None
    tokens_out: Ends | None = None
    cost: Ends | Literal["unknown"] | None = None
    """US dollars; None for a step that asks nothing."""
    hours: Ends | None = None
    """With one server that reads 2,000 to 20,000 tokens a second and writes 200 to 4,000."""
    each: bool = False
    """Whether the number of calls is not known: then tokens, cost and hours are those of one call."""
    missing: list[Missing] = msgspec.field(default_factory=list[Missing])
    plan: Any = UNSET
    """Of a training: what it would take, a record of `train.plan`; its sizes are those of the recipe's earlier steps
    where the release is not made yet."""
