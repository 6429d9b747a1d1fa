"""Tokens, dollars and hours of the answers that a step of a recipe would ask for."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

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


class Later(NamedTuple):
    """A model that is asked only about what the answers of others leave, each time about none or all."""

    spec: str
    urls: Sequence[str]


def later_of(record: Any) -> tuple[list[Later], list[Later]]:
    """The further teachers of a step, and its judge, once for each teacher whose answers it may be asked about."""
    then: list[str] = getattr(record, "then", [])
    own = [url.split(",") for url in getattr(record, "then_endpoint", [])]
    teachers = [Later(*each) for each in zip(then, own or [record.endpoint] * len(then), strict=False)]
    verify: list[str] = getattr(record, "verify", [])
    if not verify or verify == ["none"]:
        return teachers, []
    from vtgdata.engine import judging

    told = [each.settings for each in judging.judges(verify) if each.settings.get("model")]
    judges = [Later(str(each["model"]), str(each.get("endpoint", "")).split() or record.endpoint) for each in told]
    return teachers, judges * (1 + len(then))


def cost_of(
    record: Any, models: list[str], calls: Range, into: Range, out: Range, later: Sequence[Later] = ()
) -> Ends | Literal["unknown"]:
    """US dollars of some calls, by the tokens of one; "unknown" where a price is.

    Args: later: see `Later`; `calls.high` has their calls.
    """
    from vtgdata.engine.money import prices

    low = high = 0.0
    whole = len(models) + len(later)
    asked = [Later(spec, record.endpoint) for spec in models]
    for place, (spec, urls) in enumerate([*asked, *later]):
        price = prices.price_of(spec, plugins.parse_spec(spec).argument, urls, record.prices, free=record.free)
        if price is None:
            return "unknown"
        if place < len(models):
            low += prices.dollars(price.cost(int(into.low), int(out.low))) * calls.low / len(models)
        high += prices.dollars(price.cost(int(into.high), int(out.high))) * calls.high / whole
    return Ends(low=low, high=high)
