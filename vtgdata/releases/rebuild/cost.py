"""What it would cost to ask a model again for the answers of a step, in words."""

import re
from collections.abc import Sequence

from vtgdata.engine.money import prices
from vtgdata.engine.money.prices import Price
from vtgdata.releases.rebuild.record import Answers


def asking(answers: Answers, table: Sequence[Price]) -> str:
    """What asking again would take.

    Args:
        answers: those that the step got.
        table: prices; the first one for a model's name counts, whatever its host, since a release names no server.

    >>> asking(Answers(models=["openai_api:m"], rows=8, tokens_in=1000, tokens_out=20), [])
    'asking again is 8 requests to openai_api:m, about 1,000 tokens in and 20 out, price unknown (--prices FILE)'
    """
    if not answers.models:
        return "nobody knows how many they were, since their file was gone when the release was made"
    tokens = f"about {answers.tokens_in:,} tokens in and {answers.tokens_out:,} out"
    requests = f"{answers.rows:,} requests to {', '.join(answers.models)}"
    return f"asking again is {requests}, {tokens}, {_dollars(answers, table)}"


def _dollars(answers: Answers, table: Sequence[Price]) -> str:
    names = [name.partition(":")[2] or name for name in answers.models]
    found = [_price(name, table) or _price(_LATER.split(name)[0], table) for name in names]
    known = [price for price in found if price is not None]
    if len(known) < len(names):
        return "price unknown (--prices FILE)"
    each = max(price.cost(*_mean(answers)) for price in known)
    price = next(price for price in known if price.cost(*_mean(answers)) == each)
    said = ", ".join(part for part in (price.host, price.date) if part)
    return f"about ${prices.dollars(each * answers.rows):,.2f}{f' by the price of {said}' if said else ''}"


def _price(name: str, table: Sequence[Price]) -> Price | None:
    return next((price for price in table if price.holds_for(name, [price.host])), None)


_LATER = re.compile(r"[@\[]")
"""What a model's id has after its name: a version, changed fields of its requests."""


def _mean(answers: Answers) -> tuple[int, int]:
    """Tokens of a request and of an answer, on average, rounded up."""
    rows = max(answers.rows, 1)
    return -(-answers.tokens_in // rows), -(-answers.tokens_out // rows)
