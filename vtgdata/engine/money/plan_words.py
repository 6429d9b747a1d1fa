"""A plan as JSON values, and in lines for people."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from vtgdata.engine.money.plan_parts import Part, Plan
from vtgdata.engine.money.prices import dollars
from vtgdata.engine.money.tokens import Range
from vtgdata.engine.settings import AskSettings
from vtgdata.files.step import Summary


def summary(made: Plan, settings: AskSettings) -> Summary:
    """A plan as JSON values; money in US dollars, what is unknown as "unknown"."""
    parts = [_summary(part) for part in made.parts]
    out = Path(settings.out).absolute()
    there = next(path for path in (out, *out.parents) if path.exists())
    total = {name: _sum(parts, name) for name in ("wanted", "to_do", "tokens_in", "tokens_out", "hours", "disk_bytes")}
    return {
        "plan": parts,
        **total,
        "cached": sum(part.cached for part in made.parts),
        "failed_before": sum(part.failed for part in made.parts),
        "cost": _money(made.cost),
        "spent": dollars(made.spent),
        "spent_uncounted": made.uncounted,
        "budget": settings.budget,
        "disk_free_bytes": shutil.disk_usage(there).free,
        "out": settings.out,
    }


def _summary(part: Part) -> Summary:
    price: Any = "unknown" if part.price is None else msgspec.to_builtins(part.price)
    return {
        "model": part.spec,
        "seeing": part.seeing,
        "wanted": _whole(part.wanted),
        "cached": part.cached,
        "cached_exact": part.exact,
        "failed_before": part.failed,
        "to_do": _whole(part.to_do),
        "tokens_in": _whole(part.tokens_in),
        "tokens_out": _whole(part.tokens_out),
        "measured_by": part.measured,
        "price": price,
        "cost": _money(part.cost),
        "hours": "unknown" if part.hours is None else part.hours._asdict(),
        "disk_bytes": _whole(part.disk),
    }


def _whole(range_: Range) -> dict[str, int]:
    return {"low": round(range_.low), "high": round(range_.high)}


def _money(cost: tuple[int, int] | None) -> dict[str, float] | str:
    return "unknown" if cost is None else {"low": dollars(cost[0]), "high": dollars(cost[1])}


def _sum(parts: Sequence[Summary], name: str) -> dict[str, float] | str:
    """The sum over the parts that have something to do; unknown where one of them is."""
    values = [part[name] for part in parts if part["to_do"]["high"] or part[name] != "unknown"]
    if "unknown" in values:
        return "unknown"
    return {end: sum(value[end] for value in values) for end in ("low", "high")}


def words(planned: Summary) -> list[str]:
    """A plan in lines for people."""
    parts: list[Summary] = planned["plan"]
    todo = [part for part in parts if part["to_do"]["high"]]
    how = "measured" if todo and all(part["measured_by"] for part in todo) else "guessed"
    lines = [
        f"{_span(planned['to_do'])} of {_span(planned['wanted'])} answers to do, {_there(planned)}",
        f"tokens in {_span(planned['tokens_in'])}, out {_span(planned['tokens_out'])} ({how})",
        f"cost {_cost(planned)}; spent before {_spent(planned)}",
        f"hours {_span(planned['hours'], '', 1)}",
        f"disk {_span(_gigabytes(planned['disk_bytes']), '', 3)} GB of {planned['disk_free_bytes'] / 1e9:,.0f} GB free",
    ]
    unpriced = sorted({part["model"] for part in parts if part["price"] == "unknown"})
    return lines + [f"the price of {name} is unknown: name it with --prices FILE" for name in unpriced]


def _there(planned: Summary) -> str:
    about = "" if all(part["cached_exact"] for part in planned["plan"]) else "about "
    again = f", {planned['failed_before']:,} failed before" if planned["failed_before"] else ""
    return f"{about}{planned['cached']:,} there{again}"


def _cost(planned: Summary) -> str:
    prices = [part["price"] for part in planned["plan"]]
    if all(_free(price) for price in prices):
        return "nothing (it runs on this machine)"
    dated = sorted({f"{price['model']} of {price['date']}" for price in prices if price != "unknown" and price["date"]})
    return _span(planned["cost"], "$", 2) + (f" (price: {', '.join(dated)})" if dated else "")


def _spent(planned: Summary) -> str:
    if planned["spent_uncounted"]:
        return f"at least ${planned['spent']:,.2f}: what {planned['spent_uncounted']:,} answers cost is unknown"
    return f"${planned['spent']:,.2f}"


def _free(price: Any) -> bool:
    return price != "unknown" and not (price["input"] or price["output"])


def _gigabytes(size: dict[str, float]) -> dict[str, float]:
    return {end: value / 1e9 for end, value in size.items()}


def _span(value: dict[str, float] | str, unit: str = "", digits: int = 0) -> str:
    """A range as text.

    >>> _span({"low": 3, "high": 1200}), _span("unknown"), _span({"low": 0.5, "high": 0.5}, "$", 2)
    ('3 to 1,200', 'unknown', '$0.50')
    """
    if isinstance(value, str):
        return value
    low, high = (f"{unit}{value[end]:,.{digits}f}" for end in ("low", "high"))
    return low if low == high else f"{low} to {high}"
