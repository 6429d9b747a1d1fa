"""Which row is shown when: the whole order of a run, made before it begins, so that a run that goes on has it again.

Rows come from one or several configs of a release, each with its share of every step as nearly as whole rows allow. A
pass over a config has each of its rows once, shuffled by the seed and the number of the pass; by rank, in the
selector's order; by weight, as often as the row's weight says. A schedule takes each step's rows from a band of pass
rates that moves from easy to hard.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, count, islice
from typing import Any, Literal

import msgspec

from vtgdata.errors import VtgError
from vtgdata.train.settings import TrainSettings

Row = Mapping[str, Any]


class Schedule(msgspec.Struct, frozen=True):
    """Bands of pass rates: of the first step and of the last; between them they move evenly."""

    first: tuple[float, float]
    last: tuple[float, float]

    def at(self, step: int, steps: int) -> tuple[float, float]:
        """The band of a step, counted from 0."""
        share = step / max(1, steps - 1)
        low, high = (one + (other - one) * share for one, other in zip(self.first, self.last, strict=True))
        return low, high


def read_schedule(text: str) -> Schedule | None:
    """A schedule from a text such as `0.6-1.0:0.1-0.5`; None from an empty one.

    Raises VtgError when it is no such text, or a bound is not in [0, 1].
    """
    if not text:
        return None
    try:
        first, last = ([float(bound) for bound in band.split("-")] for band in text.split(":"))
        (a, b), (c, d) = first, last
    except ValueError:
        raise VtgError(
            f"--schedule {text}: write the bands of the first and of the last step, as 0.6-1.0:0.1-0.5."
        ) from None
    if not (0 <= a <= b <= 1 and 0 <= c <= d <= 1):
        raise VtgError(f"--schedule {text}: a band lies in [0, 1], its lower bound first.")
    return Schedule((a, b), (c, d))


class Source(msgspec.Struct, frozen=True):
    """Rows of one config."""

    name: str
    share: float
    """Of the rows of a step, all shares together being 1."""
    places: range
    """Places of its rows among all rows of the run."""


def sources(counts: Mapping[str, int], shares: Mapping[str, float]) -> list[Source]:
    """The sources of a run whose rows lie one config after the other; raises VtgError when a config has no rows."""
    total = sum(shares.values())
    found: list[Source] = []
    start = 0
    for name, rows in counts.items():
        if not rows:
            raise VtgError(f"config {name} of the release has no rows to train on.")
        found.append(Source(name, shares[name] / total, range(start, start + rows)))
        start += rows
    return found


def steps_of(epochs: float, rows: int, per_step: int) -> int:
    """Number of steps that show as many rows as so many passes have."""
    return max(1, math.ceil(epochs * rows / per_step))


def order(
    rows: Sequence[Row],
    found: Sequence[Source],
    *,
    per_step: int,
    steps: int,
    seed: int,
    by: Literal["shuffle", "rank", "weight"] = "shuffle",
    schedule: Schedule | None = None,
) -> Iterator[int]:
    """Places of the rows shown, `per_step` a step; it goes on after the last step, for groups that are replaced.

    Raises VtgError when rows lack what the order goes by: `rank`, `weight`, or for a schedule `value`.
    """
    streams = {
        source.name: _scheduled(rows, source, schedule, per_step, steps, seed)
        if schedule
        else _passes(rows, source, by, seed)
        for source in found
    }
    shown = dict.fromkeys(streams, 0)
    for step in count():
        due = {source.name: source.share * per_step * (step + 1) - shown[source.name] for source in found}
        taken = _whole(due, per_step)
        places: list[int] = []
        for name, number in taken.items():
            places += islice(streams[name], number)
            shown[name] += number
        if len(found) > 1 and by != "rank":
            random.Random(f"{seed}:step:{step}").shuffle(places)
        yield from places


def _whole(due: Mapping[str, float], total: int) -> dict[str, int]:
    """Whole numbers with a given sum that are nearest to what is due: largest remainders."""
    base = {name: max(0, math.floor(share + 1e-9)) for name, share in due.items()}
    while sum(base.values()) > total:
        base[max(base, key=lambda name: base[name])] -= 1
    rest = sorted(due, key=lambda name: base[name] - due[name])
    for name in islice(rest * (total + 1), total - sum(base.values())):
        base[name] += 1
    return base


def _passes(rows: Sequence[Row], source: Source, by: str, seed: int) -> Iterator[int]:
    places = list(source.places)
    if by == "rank":
        _need(rows, source, "rank", "select writes it, and the release keeps it")
        places.sort(key=lambda place: rows[place]["rank"])
    weights = [_weight(rows[place]) for place in places] if by == "weight" else []
    if by == "weight":
        _need(rows, source, "weight", "an audit's decisions give it")
    for number in count():
        drawn = random.Random(f"{seed}:{source.name}:{number}")
        chosen = _drawn(places, weights, drawn) if by == "weight" else list(places)
        if by != "rank":
            drawn.shuffle(chosen)
        yield from chosen


def _weight(row: Row) -> float:
    return float(row.get("weight") or 0.0)


def _need(rows: Sequence[Row], source: Source, column: str, hint: str) -> None:
    lacking = [rows[place]["sample_id"] for place in source.places if rows[place].get(column) is None]
    if lacking:
        raise VtgError(f"row {lacking[0]!r} of {source.name} has no {column} ({len(lacking)} rows have none): {hint}.")


def _drawn(places: Sequence[int], weights: Sequence[float], drawn: random.Random) -> list[int]:
    """As many places as there are, each as often as its weight says, give or take one: a systematic draw."""
    sums = list(accumulate(weights))
    if not sums[-1] > 0:
        raise VtgError("all rows have the weight 0: there is nothing to train on.")
    step = sums[-1] / len(places)
    start = drawn.random() * step
    return [places[min(bisect_left(sums, start + step * number), len(places) - 1)] for number in range(len(places))]


def _scheduled(
    rows: Sequence[Row], source: Source, schedule: Schedule, per_step: int, steps: int, seed: int
) -> Iterator[int]:
    """The least shown rows within the band of each step; where it holds too few, those nearest to it as well."""
    _need(rows, source, "value", "select writes the pass rate by which a row was chosen")
    drawn, shown = random.Random(f"{seed}:{source.name}:schedule"), dict.fromkeys(source.places, 0)
    wanted = max(1, round(per_step * source.share))
    for step in count():
        low, high = schedule.at(min(step, steps - 1), steps)

        def outside(place: int, low: float = low, high: float = high) -> float:
            return max(low - rows[place]["value"], rows[place]["value"] - high, 0.0)

        ties = {place: drawn.random() for place in source.places}
        inside = [place for place in source.places if outside(place) == 0.0]
        pool = (
            inside
            if len(inside) >= wanted
            else sorted(source.places, key=lambda place: (outside(place), ties[place]))[:wanted]
        )
        for place in sorted(pool, key=lambda place: (shown[place], ties[place]))[:wanted]:
            shown[place] += 1
            yield place


class Plan(msgspec.Struct, frozen=True):
    """The rows of a run, in the order in which its steps show them."""

    steps: int
    places: list[int]
    """By their places among the rows."""
    more: Iterator[int]
    """The rows that would come after the last step."""


def shown(
    rows: Sequence[Row],
    settings: TrainSettings,
    *,
    per_step: int,
    option: str,
    by: Literal["shuffle", "rank", "weight"] = "shuffle",
    schedule: Schedule | None = None,
) -> Plan:
    """The plan of a run.

    Args:
        rows: with the column `config` if there are several, one config after the other.
        settings: of the run.
        per_step: rows of a step.
        option: the setting that says so, for messages.
        by: order within a pass.
        schedule: bands of pass rates, instead of passes.

    Raises VtgError when there are fewer rows than a step shows: a step would then show a row twice.
    """
    if len(rows) < per_step:
        raise VtgError(
            f"{len(rows)} rows to train on, {per_step} a step: give {option} {len(rows)} or fewer, or select more rows."
            if rows
            else "no row to train on: select some, and make the release again."
        )
    counts: dict[str, int] = {}
    for row in rows:
        name = row.get("config", "")
        counts[name] = counts.get(name, 0) + 1
    shares = settings.configs or dict.fromkeys(counts, 1.0)
    steps = settings.steps or steps_of(settings.epochs, len(rows), per_step)
    stream = order(
        rows,
        sources(counts, {name: shares[name] for name in counts}),
        per_step=per_step,
        steps=steps,
        seed=settings.seed,
        by=by,
        schedule=schedule,
    )
    return Plan(steps, list(islice(stream, steps * per_step)), stream)
