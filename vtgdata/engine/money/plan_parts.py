"""What a plan is made of: a part for each model and what it is shown, and their sum."""

from typing import NamedTuple

import msgspec

from vtgdata.engine.money.prices import Price
from vtgdata.engine.money.tokens import Range


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What one model is asked under one condition."""

    spec: str
    seeing: str
    wanted: Range
    """Answers; more than one number with --adaptive."""
    cached: int
    exact: bool
    """Whether `cached` is exact: see `held.Answers`."""
    failed: int
    """Answers that failed before; they are to do again."""
    tokens_in: Range
    """Of all answers to do."""
    tokens_out: Range
    measured: int
    """Answers by which the tokens were measured; 0 where they are guessed."""
    price: Price | None
    hours: Range | None
    """With all of --concurrency at work; None before there are answers."""
    disk: Range
    """Bytes of journal, tables and stored frames."""

    @property
    def to_do(self) -> Range:
        """Answers to ask for."""
        return Range(max(0.0, self.wanted.low - self.cached), max(0.0, self.wanted.high - self.cached))

    @property
    def cost(self) -> tuple[int, int] | None:
        """Picodollars, low and high; None where the price is unknown."""
        if self.price is None:
            return None
        ends = zip(self.to_do, self.tokens_in, self.tokens_out, strict=True)
        # By the mean prompt, since a long one may have another price.
        low, high = (self.price.cost(int(into / n), int(out / n)) * int(n) if n else 0 for n, into, out in ends)
        return low, high


class Plan(NamedTuple):
    """What a step would do."""

    parts: list[Part]
    spent: int
    """Picodollars that its journals say were spent."""
    uncounted: int
    """Answers in its journals whose cost nobody knows."""

    @property
    def cost(self) -> tuple[int, int] | None:
        """Picodollars of all parts; None where the price of one is unknown that has something to do."""
        if any(part.cost is None and part.to_do.high for part in self.parts):
            return None
        return self.known_cost

    @property
    def known_cost(self) -> tuple[int, int]:
        """Picodollars of the parts whose price is known."""
        costs = [part.cost for part in self.parts if part.cost is not None]
        return sum(low for low, _ in costs), sum(high for _, high in costs)
