"""A metered model: writes the cost of each answer into its reply, and asks nothing that the budget might not cover.

Before a request goes out its highest possible cost is reserved: the prompt's tokens, guessed high, and max_tokens for
each answer. So the spend can exceed the budget only by requests in flight, and only where prompts have more tokens than
guessed. Guesses are corrected by the tokens that servers reported for earlier answers.
"""

import asyncio
from typing import Any

import msgspec

from vtgdata.engine.money import tokens
from vtgdata.engine.money.prices import PICO, Price, dollars, shown
from vtgdata.errors import BudgetReached
from vtgdata.records import Model, NotSent, Reply, Request

ENOUGH = 20
"""Number of answers with known tokens from which on these replace guesses."""


class Metered:
    """A model that asks another one, prices its answers and keeps to a budget."""

    def __init__(
        self,
        model: Model,
        price: Price | None,
        *,
        budget: float | None = None,
        spent: int = 0,
    ) -> None:
        """Put a meter on a model.

        Args:
            model: to ask.
            price: of its tokens; None if unknown, and then the budget is not enforced.
            budget: US dollars that may be spent in all; None for no limit.
            spent: picodollars spent before.
        """
        self.model, self.price = model, price
        self.id, self.concurrency, self.looks = model.id, model.concurrency, model.looks
        self.limit = None if budget is None else round(budget * PICO)
        self.spent = spent
        self.reserved = self.in_flight = 0
        self.measured, self.ratio = 0, 0.0
        """Number of answers with known tokens, and the largest ratio of a prompt's tokens to the high guess."""
        self.changed = asyncio.Event()
        self.stopped = False
        """Whether nothing more may be sent."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)

    async def generate(self, request: Request) -> list[Reply]:
        """The model's replies, each with its cost; raises BudgetReached when the budget covers no more requests."""
        if self.price is None:
            return await self.model.generate(request)
        if self.price.free:
            return [msgspec.structs.replace(reply, cost=0.0) for reply in await self.model.generate(request)]
        guess = tokens.of_messages(request.messages).high
        most = self._most(guess, request.sampling.max_tokens)
        whole = most * len(request.seeds)
        await self._reserve(whole)
        try:
            return [self._priced(reply, guess, most) for reply in await self.model.generate(request)]
        finally:
            self.reserved, self.in_flight = self.reserved - whole, self.in_flight - 1
            self.changed.set()

    def stop(self) -> None:
        """Send nothing more until `close`: requests that wait for room in the budget raise NotSent."""
        self.stopped = True
        self.changed.set()
        stop = getattr(self.model, "stop", None)
        if stop is not None:
            stop()

    async def close(self) -> None:
        """Close the model; it can be asked again, also in another event loop."""
        self.reserved, self.in_flight, self.changed, self.stopped = 0, 0, asyncio.Event(), False
        await self.model.close()

    def _most(self, guess: float, max_tokens: int) -> int:
        """Highest cost of one answer, in picodollars."""
        assert self.price is not None
        factor = self.ratio if self.measured >= ENOUGH else max(1.0, self.ratio)
        return self.price.cost(int(guess * factor) + 1, max_tokens)

    async def _reserve(self, amount: int) -> None:
        """Wait until the budget has room for so many picodollars.

        Requests in flight mostly cost less than was reserved. Raises BudgetReached when none is in flight, and NotSent
        when nothing more may be sent.
        """
        while self.limit is not None and self.spent + self.reserved + amount > self.limit:
            if self.stopped:
                raise NotSent
            if not self.in_flight:
                raise BudgetReached(self._words(amount))
            self.changed.clear()
            await self.changed.wait()
        self.reserved, self.in_flight = self.reserved + amount, self.in_flight + 1

    def _priced(self, reply: Reply, guess: float, most: int) -> Reply:
        """The reply with its cost; an answer with unknown tokens is assumed to cost `most`."""
        assert self.price is not None
        given, said = reply.tokens_in, reply.tokens_out
        if reply.error is not None and given is None and said is None:
            # Servers do not charge for an error, as a rule; if one does, nobody can know it here.
            return reply
        unknown = reply.error is None and (given is None or said is None)
        cost = most if unknown else self.price.cost(max(0, given or 0), max(0, said or 0))
        self.spent += cost
        if reply.tokens_in and guess:
            self.measured, self.ratio = self.measured + 1, max(self.ratio, reply.tokens_in / guess)
        return msgspec.structs.replace(reply, cost=dollars(cost))

    def _words(self, amount: int) -> str:
        assert self.limit is not None
        return (
            f"the budget of {shown(self.limit)} is used up: {shown(self.spent)} is spent, and one request more may "
            f"cost {shown(amount)}."
        )
