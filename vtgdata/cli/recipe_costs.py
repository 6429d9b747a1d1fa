"""Tokens, dollars and hours of the answers that a step of a recipe would ask for."""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from vtgdata.engine.money.tokens import Range
from vtgdata.files import plugins

GUESSED_SECONDS = (10.0, 300.0)
"""Lengths of a short and a long video, where no file tells any."""
PROMPT_SPEED, ANSWER_SPEED = Range(20_000.0, 2_000.0), Range(4_000.0, 200.0)
"""Tokens a second that are read and written, fast and slow: one server of a model of 3 to 8 billion parameters."""
LEAST_OUT = 16
"""Tokens of the shortest answer."""


class Ends(msgspec.Struct, frozen=True, kw_only=True):
    """The least and the most of a number."""

    low: float
    high: float


def tokens_of(record: Any, examples: tuple[Any, ...]) -> Range:
    """Tokens of one prompt: the mean over example samples, or over a short and a long video."""
    from vtgdata.conversation.prompt import load_prompt
    from vtgdata.engine.money.estimate import Guesses
    from vtgdata.records import Sample, Video

    if not examples:
        examples = tuple(
            Sample(sample_id=str(length), corpus="", split="", query="x" * 60, windows=(),
                   video=Video(video_id="v", file="v", duration=length))
            for length in GUESSED_SECONDS
        )  # fmt: skip
    models = record.model if isinstance(record.model, list) else [record.model]
    looks = any(not each.startswith("scripted") for each in models)
    guesses = Guesses(record, load_prompt(record.prompt), looks)
    found = [guesses.tokens(guesses.of(sample)) for sample in examples]
    if all(sample.sample_id in map(str, GUESSED_SECONDS) for sample in examples):
        return Range(min(each.low for each in found), max(each.high for each in found))
    return Range(sum(each.low for each in found) / len(found), sum(each.high for each in found) / len(found))


def each(count: Range, one: Range) -> Range:
    """As many as `count` of what takes `one`."""
    return Range(count.low * one.low, count.high * one.high)


def hours_of(into: Range, out: Range) -> Ends:
    """Hours of reading and writing so many tokens."""
    return Ends(
        low=(into.low / PROMPT_SPEED.low + out.low / ANSWER_SPEED.low) / 3600,
        high=(into.high / PROMPT_SPEED.high + out.high / ANSWER_SPEED.high) / 3600,
    )


def cost_of(
    record: Any, models: list[str], calls: Range, into: Range, out: Range, later: Sequence[str] = ()
) -> Ends | Literal["unknown"]:
    """US dollars of some calls, by the tokens of one; "unknown" where a price is.

    Args: later: models that are asked only about what the others leave, each about none or all; `calls.high` has them.
    """
    from vtgdata.engine.money import prices

    low = high = 0.0
    whole = len(models) + len(later)
    for place, spec in enumerate([*models, *later]):
        urls = record.endpoint
        if place >= len(models) and (own := record.then_endpoint[place - len(models) :][:1]):
            urls = own[0].split(",")
        price = prices.price_of(spec, plugins.parse_spec(spec).argument, urls, record.prices, free=record.free)
        if price is None:
            return "unknown"
        if place < len(models):
            low += prices.dollars(price.cost(int(into.low), int(out.low))) * calls.low / len(models)
        high += prices.dollars(price.cost(int(into.high), int(out.high))) * calls.high / whole
    return Ends(low=low, high=high)
