"""A pilot: a few samples, drawn by corpus, from whose answers follows what the whole will cost and yield.

The share of samples that get a trace has a Wilson interval, the mean cost of a sample one of two standard errors; what
follows from both takes the ends of both, so that it is rather too wide than too narrow. It is for samples drawn alone:
many queries of few videos say less than as many of different ones.
"""

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from vtgdata.engine.money.plan_words import Bounds
from vtgdata.engine.money.prices import PICO, shown
from vtgdata.engine.money.tokens import Range
from vtgdata.engine.turns import Taught, TurnSettings, Yield
from vtgdata.errors import BudgetReached, Conflict
from vtgdata.files import fingerprint
from vtgdata.files.meta import read_meta
from vtgdata.files.samples import SampleTable
from vtgdata.metrics.intervals import wilson

Z = 1.959963984540054


class Dollars(msgspec.Struct, frozen=True, kw_only=True):
    """An amount between two ends, in US dollars."""

    low: float
    high: float | None
    """None where it may be any amount: perhaps no answer is kept."""


Money = Dollars | Literal["unknown"]


class OfTeacher(msgspec.Struct, frozen=True, kw_only=True):
    """What a pilot says of one teacher."""

    taught: Taught
    """Of the pilot's samples."""
    rate: Bounds
    """Share of the samples it is asked about that get a trace; 0 to 1 where it was asked about none."""
    per_trace: Money
    """For each kept trace, what a judge cost included."""
    asked: Bounds
    """Of the whole: samples it will be asked about."""
    with_trace: Bounds
    """Of the whole: samples that will get a trace from it."""
    cost: Money
    """Of the whole, the pilot's included."""


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """What a pilot says of the whole."""

    samples: int
    """Of the pilot."""
    of: int
    """Samples in all."""
    teachers: list[OfTeacher]
    with_trace: Bounds
    """Samples that will have a trace."""
    cost: Money
    """Of all teachers and of a judge, the pilot's included."""


def refuse_over_whole(settings: TurnSettings) -> None:
    """Raise Conflict where a pilot's few rows would take the place of a whole that is there already."""
    made = read_meta(Path(settings.out))
    if settings.pilot is None or settings.go_on or settings.dry_run or made is None:
        return
    if made.settings.get("pilot") is None or made.settings.get("go_on"):
        raise Conflict(
            f"--pilot: {settings.out} holds the tables of the whole, and a pilot would write those of "
            f"{settings.pilot} samples over them. Name another --out for the pilot, or leave out --pilot."
        )


def draw(samples: SampleTable, n: int, seed: int) -> SampleTable:
    """At most n samples, in their order: each corpus by its share and at least one, in it drawn by the seed.

    A sample's place in the draw depends on its id alone, so that a larger pilot has the smaller one's samples.
    """
    corpora = samples.frame["corpus"].to_list()
    ids: list[str] = samples.frame["sample_id"].to_list()
    sizes = shares(Counter(corpora), n)
    order = sorted(range(len(ids)), key=lambda place: fingerprint.short([seed, ids[place]]))
    taken: Counter[str] = Counter()
    chosen: set[str] = set()
    for place in order:
        if taken[corpora[place]] < sizes[corpora[place]]:
            taken[corpora[place]] += 1
            chosen.add(ids[place])
    return samples.only(lambda sample: sample.sample_id in chosen)


def shares(counts: Counter[str], n: int) -> dict[str, int]:
    """How many of n are drawn of each group: by its size, but at least one of each if there are enough.

    Source: Sainte-Lague's divisors.

    >>> shares(Counter(a=900, b=90, c=10), 20)
    {'a': 17, 'b': 2, 'c': 1}
    """
    order = sorted(counts, key=lambda name: (-counts[name], name))
    found = {name: int(place < n) for place, name in enumerate(order)}
    for _ in range(min(n, sum(counts.values())) - sum(found.values())):
        found[max(order, key=lambda name: (counts[name] > found[name]) * counts[name] / (found[name] + 0.5))] += 1
    return found


def forecast(yields: Sequence[Yield], n: int, of: int) -> Forecast:
    """What the yields of a pilot of n samples say of all `of`; one for each teacher, in turn."""
    left, total, traced = Range(of, of), Range(0.0, 0.0), Range(0.0, 0.0)
    found: list[OfTeacher] = []
    known = True
    for each in yields:
        one = _of_teacher(each, left)
        found.append(one)
        left = Range(max(0.0, left.low - one.with_trace.high), max(0.0, left.high - one.with_trace.low))
        traced = Range(traced.low + one.with_trace.low, traced.high + one.with_trace.high)
        if one.cost == "unknown":
            known = known and one.asked.high == 0
        else:
            total = Range(total.low + one.cost.low, total.high + (one.cost.high or 0.0))
    return Forecast(
        samples=n, of=of, teachers=found, with_trace=Bounds(low=traced.low, high=min(float(of), traced.high)),
        cost=Dollars(low=total.low, high=total.high) if known else "unknown",
    )  # fmt: skip


def _of_teacher(each: Yield, left: Range) -> OfTeacher:
    """Args: left: samples that it will be asked about."""
    taught, costs = each.told(), each.costs()
    n, kept = taught.asked, taught.samples_with_trace
    low, high = wilson(kept / n, n) if n else (0.0, 1.0)
    asked = Bounds(low=math.floor(left.low), high=math.ceil(left.high))
    cost: Money = "unknown"
    per_trace: Money = "unknown"
    if costs is not None and (n or not left.high):
        mean, off = _mean(list(costs.values()))
        ends = max(0.0, mean - off), mean + off
        cost = Dollars(low=left.low * ends[0] / PICO, high=left.high * ends[1] / PICO)
        traces = taught.traces / kept if kept else 1.0
        per_trace = Dollars(low=ends[0] / PICO / high / traces, high=ends[1] / PICO / low / traces if low else None)
    return OfTeacher(
        taught=taught, rate=Bounds(low=low, high=high), per_trace=per_trace, asked=asked, cost=cost,
        with_trace=Bounds(low=math.floor(left.low * low), high=math.ceil(left.high * high)),
    )  # fmt: skip


def _mean(costs: Sequence[int]) -> tuple[float, float]:
    """Mean of costs, and how far its interval reaches to both sides."""
    n = len(costs)
    if not n:
        return 0.0, 0.0
    mean = sum(costs) / n
    variance = sum((cost - mean) ** 2 for cost in costs) / (n - 1) if n > 1 else 0.0
    return mean, Z * math.sqrt(variance / n)


def refuse(found: Forecast, budget: float | None) -> None:
    """Raise BudgetReached when what the whole will at least cost is more than the budget."""
    if budget is None or found.cost == "unknown" or found.cost.low <= budget:
        return
    raise BudgetReached(
        f"the pilot says that the whole costs {_money(found.cost)}, more than the budget of {budget:g} dollars. Its "
        "answers are kept: the same command with a higher --budget goes on, and so does one without --pilot and "
        "--go-on, until the budget is used up."
    )


def words(found: Forecast) -> list[str]:
    """A forecast in lines for people."""
    lines = [f"pilot: {found.samples:,} of {found.of:,} samples"]
    for one in found.teachers:
        taught = one.taught
        lines.append(
            f"{taught.model}: {taught.samples_with_trace:,} of {taught.asked:,} samples got a trace, in the whole "
            f"{100 * one.rate.low:.0f} to {100 * one.rate.high:.0f} %; a kept trace costs {_money(one.per_trace)}"
        )
        lines += [f"  {name}: {kept:,} of {asked:,}" for name, (asked, kept) in taught.corpora.items()]
        lines += [f"  not kept: {reason} {count:,}" for reason, count in taught.reasons.items()]
        lines.append(
            f"  the whole: asked about {one.asked.low:,.0f} to {one.asked.high:,.0f} samples, {_money(one.cost)}"
        )
    traced = f"{found.with_trace.low:,.0f} to {found.with_trace.high:,.0f}"
    return [*lines, f"the whole: {traced} samples with a trace, {_money(found.cost)} in all"]


def _money(cost: Money) -> str:
    if cost == "unknown":
        return "an unknown amount"
    low = shown(round(cost.low * PICO))
    high = "any amount" if cost.high is None else shown(round(cost.high * PICO))
    return low if low == high else f"{low} to {high}"
