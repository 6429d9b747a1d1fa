"""The pictures of a model's card: its scores beside what they compare with, and its training, step by step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from vtgdata.files import json_document, outside
from vtgdata.releases.pictures import (
    BLUE,
    GREY,
    LETTER,
    ORANGE,
    WIDE,
    line,
    number,
    picture,
    rectangle,
    round_numbers,
    short,
    text,
)

FIGURES = {
    "loss": "loss",
    "reward": "mean reward",
    "seen": "seen: reward for looking, without what any video would earn",
    "frac_reward_zero_std": "share of groups without a gradient",
}
"""{figure of a step in training.jsonl: its name}, in the order in which they are drawn."""
OTHERS = {
    "blind": "the same model, another video's frames",
    "blank": "the same model, grey frames",
    "other_query": "the same model, another query",
    "constant": "best constant answer",
}
"""{score in model.json: its name}, what a model's scores compare with."""
POINTS = 300
"""Most points of a curve; of more steps the mean of some is drawn."""


def of_model(metrics: Mapping[str, Mapping[str, Any]], training: Path | None) -> dict[str, tuple[str, str]]:
    """The pictures of a model's card: {path: (title, SVG)}.

    Args:
        metrics: {metric: its value, low, high, and the scores of OTHERS}, as in `model.json`; may be empty.
        training: its training.jsonl; None without one.
    """
    found: dict[str, tuple[str, str]] = {}
    shown = [
        Score(name, each["value"], each["low"], each["high"],
              {words: each[key] for key, words in OTHERS.items() if each.get(key) is not None})
        for name, each in metrics.items()
        if 0 <= each["value"] <= 1
    ]  # fmt: skip
    if shown:
        title = "Scores, beside what they compare with"
        found["plots/scores.svg"] = title, scores(title, shown)
    drawn = _curves(training) if training is not None else []
    if drawn:
        title = "Training, step by step"
        found["plots/training.svg"] = title, curves(title, drawn)
    return found


def _curves(path: Path) -> list[Curve]:
    """The figures of a training that have more than one step; what is no number is left out."""
    points: dict[str, list[tuple[float, float]]] = {}
    for raw in outside.read_bytes(path).splitlines():
        try:
            entry = json_document.decode(raw, type=dict[str, Any])
        except msgspec.DecodeError:
            continue
        for name in FIGURES:
            value, step = entry.get(name), entry.get("step")
            if isinstance(value, int | float) and math.isfinite(value) and isinstance(step, int) and step >= 0:
                points.setdefault(name, []).append((float(step), float(value)))
    return [Curve(words, _few(points[name])) for name, words in FIGURES.items() if len(points.get(name, ())) > 1]


def _few(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most POINTS points: the means of as many steps each."""
    each = math.ceil(len(points) / POINTS)
    parts = [points[begin : begin + each] for begin in range(0, len(points), each)]
    return [(part[-1][0], sum(value for _, value in part) / len(part)) for part in parts]


class Score(NamedTuple):
    """A metric of a model, with what it compares with; all in [0, 1]."""

    name: str
    value: float
    low: float | None
    """Of its 95 % interval."""
    high: float | None
    others: Mapping[str, float]
    """{what: its score}."""


def scores(heading: str, found: Sequence[Score]) -> str:
    """Metrics one below another on an axis from 0 to 1: a bar, its interval as a line, what it compares with as marks.

    What it compares with is named below the axis, each with a mark of its own.
    """
    left = 16 + LETTER * max(len(short(each.name)) for each in found)
    bottom = 34 + 30 * len(found)
    names = list(dict.fromkeys(name for each in found for name in each.others))
    lines: list[str] = []
    for tick in (0, 0.2, 0.4, 0.6, 0.8, 1):
        x = left + WIDE * tick
        lines += [line(x, 30, x, bottom + 4, GREY), text(x, bottom + 18, f"{tick:g}", "middle", 11)]
    for place, each in enumerate(found):
        top = 36 + 30 * place
        lines.append(text(left - 8, top + 14, short(each.name), "end"))
        lines.append(rectangle(left, top, WIDE * each.value, 20, BLUE))
        if each.low is not None and each.high is not None:
            lines.append(line(left + WIDE * each.low, top + 10, left + WIDE * each.high, top + 10, "black"))
            lines += [
                line(left + WIDE * end, top + 5, left + WIDE * end, top + 15, "black") for end in (each.low, each.high)
            ]
        for name, value in each.others.items():
            lines.append(mark(names.index(name), left + WIDE * value, top + 10))
        lines.append(text(left + WIDE + 8, top + 14, f"{each.value:.3f}", "start"))
    lines.append(text(left + WIDE / 2, bottom + 36, "score; the black line is its 95 % interval", "middle"))
    for place, name in enumerate(names):
        lines += [mark(place, left, bottom + 52 + 18 * place), text(left + 14, bottom + 56 + 18 * place, name, "start")]
    return picture(heading, left + WIDE + 70, bottom + 50 + 18 * len(names), lines)


def mark(number_: int, x: float, y: float) -> str:
    """A mark of its own form: a circle, a diamond, a square, again from the first in white."""
    fill = (ORANGE, "white")[number_ // 3 % 2]
    if number_ % 3 == 0:
        return f'<circle cx="{number(x)}" cy="{number(y)}" r="5" fill="{fill}" stroke="black"/>'
    corners = ((0, -6), (6, 0), (0, 6), (-6, 0)) if number_ % 3 == 1 else ((-5, -5), (5, -5), (5, 5), (-5, 5))
    points = " ".join(f"{number(x + right)},{number(y + down)}" for right, down in corners)
    return f'<polygon points="{points}" fill="{fill}" stroke="black"/>'


class Curve(NamedTuple):
    """A figure by step."""

    name: str
    points: Sequence[tuple[float, float]]
    """(step, value)."""


def curves(heading: str, found: Sequence[Curve]) -> str:
    """Figures by step, each in a field of its own with its own scale, one below another."""
    steps = round_numbers(max(step for curve in found for step, _ in curve.points))
    left, high, gap = 90, 90, 44
    lines: list[str] = []
    for place, curve in enumerate(found):
        top = 50 + (high + gap) * place
        low, most = min(value for _, value in curve.points), max(value for _, value in curve.points)
        span = (most - low) or abs(most) or 1.0
        low, most = low - 0.05 * span, most + 0.05 * span
        lines.append(text(left, top - 6, curve.name, "start"))
        for tick in fractions(low, most):
            y = top + high * (most - tick) / (most - low)
            lines += [line(left, y, left + WIDE, y, GREY), text(left - 6, y + 4, f"{tick:g}", "end", 11)]
        path = " ".join(
            f"{number(left + WIDE * step / steps[-1])},{number(top + high * (most - value) / (most - low))}"
            for step, value in curve.points
        )
        lines.append(f'<polyline points="{path}" fill="none" stroke="{BLUE}" stroke-width="1.5"/>')
        lines.append(line(left, top + high, left + WIDE, top + high, "black"))
    bottom = 50 + (high + gap) * len(found) - gap
    for tick in steps:
        x = left + WIDE * tick / steps[-1]
        lines += [line(x, bottom, x, bottom + 4, "black"), text(x, bottom + 17, f"{tick:,}", "middle", 11)]
    lines.append(text(left + WIDE / 2, bottom + 36, "step", "middle"))
    return picture(heading, left + WIDE + 40, bottom + 46, lines)


def fractions(low: float, high: float) -> list[float]:
    """Two to five round numbers between two values.

    >>> fractions(0.12, 0.58), fractions(-3, 9)
    ([0.2, 0.4], [0.0, 5.0])
    """
    for step in (f * 10.0**power for power in range(math.ceil(math.log10(high - low)), -12, -1) for f in (1, 0.5, 0.2)):
        first, last = math.ceil(low / step), math.floor(high / step)
        if last > first:
            return [round(step * place, 12) for place in range(first, last + 1)]
    return [low, high]
