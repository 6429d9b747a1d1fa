"""A plan as a record, and in lines for people."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from vtgdata.engine.money.patches import VisualTokens
from vtgdata.engine.money.plan_parts import Part, Plan
from vtgdata.engine.money.prices import PICO, Price, dollars, shown
from vtgdata.engine.money.tokens import Range
from vtgdata.engine.settings import AskSettings

Unknown = Literal["unknown"]
PILOT = "; a pilot narrows it: the same command with --limit 20, whose answers are kept and count"
MEND = "name it with --prices FILE, or say --free if it costs nothing"


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """The least and the most of a number that is not known exactly."""

    low: float
    high: float


class PlannedPart(msgspec.Struct, frozen=True, kw_only=True):
    """What one model would be asked under one condition."""

    model: str
    """Its spec."""
    condition: str = msgspec.field(name="seeing")
    """`sighted`, or the name of a control."""
    wanted: Bounds
    """Answers; more than one number with --adaptive."""
    cached: int
    """Answers that the journals hold."""
    cached_exact: bool
    """Whether `cached` is exact."""
    failed_before: int
    """Answers that failed before; they are to do again."""
    cannot_ask: dict[str, int]
    """{why: number of samples that cannot be asked about}; they are in none of the other numbers, but those that may
    be readable again (`video unreadable`) are in the high ends."""
    missing_videos: int
    asked_again: int | UnsetType = UNSET
    """Answers that the journals hold and that are to do again, since the model's id changed; set where there are some,
    as the reason is."""
    asked_again_why: str | UnsetType = UNSET
    to_do: Bounds
    """Answers to ask for."""
    tokens_in: Bounds
    """Of all answers to do."""
    tokens_out: Bounds
    visual_tokens: VisualTokens | UnsetType = UNSET
    """Of a row; set where a preset knows the model's patches."""
    measured_by: int
    """Answers by which the tokens were measured; 0 where they are guessed."""
    price: Price | Unknown
    cost: Bounds | Unknown
    """US dollars."""
    set_aside: float | Unknown
    """US dollars that a budget sets aside for one request, at least."""
    hours: Bounds | Unknown
    """With all of --concurrency at work."""
    disk_bytes: Bounds
    """Of journal, tables and stored frames."""


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """What a command that asks would do, and what it would take: its summary with --dry-run."""

    plan: list[PlannedPart]
    """A part for each model and what it is shown; the fields below sum them up."""
    wanted: Bounds | Unknown
    to_do: Bounds | Unknown
    tokens_in: Bounds | Unknown
    tokens_out: Bounds | Unknown
    hours: Bounds | Unknown
    disk_bytes: Bounds | Unknown
    cached: int
    failed_before: int
    cannot_ask: dict[str, int]
    """{why: number of samples that cannot be asked about}, as many as of the part with most."""
    missing_videos: int
    cost: Bounds | Unknown
    """US dollars."""
    spent: float
    """US dollars that the journals say were spent."""
    spent_uncounted: int
    """Answers in the journals whose cost nobody knows."""
    budget: float | None
    """US dollars; None without --budget."""
    disk_free_bytes: int
    """Where the output folder is."""
    out: str
    """Output folder."""


def summary(made: Plan, settings: AskSettings) -> Planned:
    """A plan as a record; money in US dollars, what is unknown as "unknown"."""
    parts = [_part(part) for part in made.parts]
    out = Path(settings.out).absolute()
    there = next(path for path in (out, *out.parents) if path.exists())
    nothing: dict[str, int] = {}
    cannot = [nothing, *(part.cannot for part in made.parts)]
    return Planned(
        plan=parts,
        wanted=_sum(parts, [part.wanted for part in parts]),
        to_do=_sum(parts, [part.to_do for part in parts]),
        tokens_in=_sum(parts, [part.tokens_in for part in parts]),
        tokens_out=_sum(parts, [part.tokens_out for part in parts]),
        hours=_sum(parts, [part.hours for part in parts]),
        disk_bytes=_sum(parts, [part.disk_bytes for part in parts]),
        cached=sum(part.cached for part in made.parts),
        failed_before=sum(part.failed for part in made.parts),
        cannot_ask=max(cannot, key=lambda each: sum(each.values())),
        missing_videos=max((part.missing_videos for part in made.parts), default=0),
        cost=_money(made.cost),
        spent=dollars(made.spent),
        spent_uncounted=made.uncounted,
        budget=settings.budget,
        disk_free_bytes=shutil.disk_usage(there).free,
        out=settings.out,
    )


def _part(part: Part) -> PlannedPart:
    return PlannedPart(
        model=part.spec,
        condition=part.condition,
        wanted=_whole(part.wanted),
        cached=part.cached,
        cached_exact=part.exact,
        failed_before=part.failed,
        cannot_ask=part.cannot,
        missing_videos=part.missing_videos,
        asked_again=part.outdated[0] or UNSET,
        asked_again_why=part.outdated[1] or UNSET,
        to_do=_whole(part.to_do),
        tokens_in=_whole(part.tokens_in),
        tokens_out=_whole(part.tokens_out),
        visual_tokens=part.visual or UNSET,
        measured_by=part.measured,
        price="unknown" if part.price is None else part.price,
        cost=_money(part.cost),
        set_aside="unknown" if part.set_aside is None else dollars(part.set_aside),
        hours="unknown" if part.hours is None else Bounds(low=part.hours.low, high=part.hours.high),
        disk_bytes=_whole(part.disk),
    )


def _whole(range_: Range) -> Bounds:
    return Bounds(low=round(range_.low), high=round(range_.high))


def _money(cost: tuple[int, int] | None) -> Bounds | Unknown:
    return "unknown" if cost is None else Bounds(low=dollars(cost[0]), high=dollars(cost[1]))


def _sum(parts: Sequence[PlannedPart], values: Sequence[Bounds | Unknown]) -> Bounds | Unknown:
    """The sum of one value of each part over those that have something to do; unknown where one of them is."""
    pairs = list(zip(parts, values, strict=True))
    if any(value == "unknown" and part.to_do.high for part, value in pairs):
        return "unknown"
    known = [value for value in values if value != "unknown"]
    return Bounds(low=sum(value.low for value in known), high=sum(value.high for value in known))


def words(planned: Planned) -> list[str]:
    """A plan in lines for people."""
    todo = [part for part in planned.plan if part.to_do.high]
    measured = min((part.measured_by for part in todo), default=0)
    how = f"measured by {measured:,} answers" if measured else f"guessed{PILOT if _dear(planned) else ''}"
    lines = [
        f"{_span(planned.to_do)} of {_span(planned.wanted)} answers to do, {_there(planned)}",
        *_cannot(planned),
        f"tokens in {_span(planned.tokens_in)}, out {_span(planned.tokens_out)} ({how})",
        *_visual(todo),
        f"cost {_cost(planned)}; spent before {_spent(planned)}",
        f"hours {_span(planned.hours, '{:,.1f}'.format)}",
        f"disk {_span(planned.disk_bytes, _gigabytes)} GB of {planned.disk_free_bytes / 1e9:,.0f} GB free",
    ]
    lines += _covered(planned, todo)
    lines += [
        f"{part.asked_again:,} answers are asked again: {part.asked_again_why}"
        for part in planned.plan
        if part.asked_again
    ]
    unpriced = sorted({part.model for part in planned.plan if part.price == "unknown"})
    return lines + [f"the price of {name} is unknown: {MEND}" for name in unpriced]


def _dear(planned: Planned) -> bool:
    """Whether the answers cost something, or nobody knows."""
    return planned.cost == "unknown" or planned.cost.high > 0


def _cannot(planned: Planned) -> list[str]:
    """A line about the samples that cannot be asked about."""
    if not planned.cannot_ask:
        return []
    each = ", ".join(f"{count:,} ({why})" for why, count in sorted(planned.cannot_ask.items()))
    missing = f"; {planned.missing_videos:,} videos are missing" if planned.missing_videos else ""
    return [f"not counted, since they cannot be asked about: {each} samples{missing}"]


def _covered(planned: Planned, todo: Sequence[PlannedPart]) -> list[str]:
    """A line where the budget covers no request."""
    aside = next((part.set_aside for part in todo if part.set_aside != "unknown" and part.to_do.low), None)
    if planned.budget is None or aside is None or planned.budget - planned.spent >= aside:
        return []
    return [
        f"the budget of {_dollars(planned.budget)} does not cover one request: at least {_dollars(aside)} is set "
        "aside for it, so nothing would be asked"
    ]


def _visual(todo: Sequence[PlannedPart]) -> list[str]:
    """A line for each different number of visual tokens that a row takes."""
    return list(dict.fromkeys(part.visual_tokens.words() for part in todo if part.visual_tokens is not UNSET))


def _there(planned: Planned) -> str:
    about = "" if all(part.cached_exact for part in planned.plan) else "about "
    again = f", {planned.failed_before:,} failed before" if planned.failed_before else ""
    return f"{about}{planned.cached:,} there{again}"


def _cost(planned: Planned) -> str:
    known = [part.price for part in planned.plan if part.price != "unknown"]
    if len(known) == len(planned.plan) and not any(price.input or price.output for price in known):
        return f"nothing ({'; '.join(sorted({price.source or 'that is its price' for price in known}))})"
    dated = sorted({f"{price.model} of {price.date}" for price in known if price.date})
    return _span(planned.cost, _dollars) + (f" (price: {', '.join(dated)})" if dated else "")


def _spent(planned: Planned) -> str:
    if planned.spent_uncounted:
        return f"at least {_dollars(planned.spent)}: what {planned.spent_uncounted:,} answers cost is unknown"
    return _dollars(planned.spent)


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:,.3f}"


def _dollars(amount: float) -> str:
    return shown(round(amount * PICO))


def _span(value: Bounds | Unknown, text: Callable[[float], str] = "{:,.0f}".format) -> str:
    """A range as text.

    >>> _span(Bounds(low=3, high=1200)), _span("unknown"), _span(Bounds(low=0.002, high=0.5), _dollars)
    ('3 to 1,200', 'unknown', '$0.002 to $0.50')
    """
    if isinstance(value, str):
        return value
    low, high = text(value.low), text(value.high)
    return low if low == high else f"{low} to {high}"
