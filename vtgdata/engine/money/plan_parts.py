"""The parts of a plan, one for each model and condition, and their sum."""

from typing import NamedTuple

import msgspec

from vtgdata.engine.money.patches import VisualTokens
from vtgdata.engine.money.prices import Price
from vtgdata.engine.money.tokens import Range


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What one model is asked under one condition."""

    spec: str
    condition: str
    wanted: Range
    """Answers wanted; low and high differ with --adaptive."""
    cached: int
    exact: bool
    """Whether `cached` is exact: see `journal.counts.Answers`."""
    failed: int
    """Answers that failed before and are to be asked again."""
    cannot: dict[str, int]
    """{why: number of samples that cannot be asked about}; their answers are not wanted."""
    missing_videos: int
    outdated: tuple[int, str] = (0, "")
    """Answers that are there and are asked again all the same, and why: see `records.RenewedModel`."""
    tokens_in: Range
    """Input tokens of all answers to do."""
    tokens_out: Range
    visual: VisualTokens | None = None
    """Visual tokens of the rows to ask about, where a preset knows the model's patches."""
    measured: int
    """Number of answers from which the tokens were measured; 0 if they are guessed."""
    price: Price | None
    set_aside: int | None
    """Picodollars that a budget sets aside for one request, at least; None where nothing is to do or no price known."""
    hours: Range | None
    """With --concurrency requests at a time; None before enough answers were measured."""
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
        # Price the mean prompt, not the sum: above a number of tokens another price may hold.
        low, high = (self.price.cost(int(into / n), int(out / n)) * int(n) if n else 0 for n, into, out in ends)
        return low, high


class Plan(NamedTuple):
    """What a step would do."""

    parts: list[Part]
    spent: int
    """Picodollars spent before, as its journals say."""
    uncounted: int
    """Answers in its journals of unknown cost."""

    @property
    def cost(self) -> tuple[int, int] | None:
        """Picodollars of all parts; None if a part with something to do has an unknown price."""
        if any(part.cost is None and part.to_do.high for part in self.parts):
            return None
        return self.known_cost

    @property
    def known_cost(self) -> tuple[int, int]:
        """Picodollars of the parts whose price is known."""
        costs = [part.cost for part in self.parts if part.cost is not None]
        return sum(low for low, _ in costs), sum(high for _, high in costs)
