"""The plots of a release: their numbers, stored in release.json, and small SVG files, drawn without a library."""

import html
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vtgdata.records.windows import Array

_EDGES = (10, 20, 30, 60, 120, 180, 300, 600, 1800)
"""Bounds of the bars for durations, in seconds."""
TITLES = {
    "rows": "From raw rows to samples: what was left out, by reason",
    "traces": "From the teacher's answers to traces: what was left out, by reason",
    "durations": "Samples by their video's duration",
    "positions": "Samples by the middle of their first moment, as a share of the video",
    "pass_rates": "Samples by pass rate (higher is easier)",
}
LEFT_OUT = "left out: "
"""Prefix of the labels of losses in a funnel; their bars have a colour of their own."""
_MOST_BARS, _MOST_LETTERS = 24, 40
_LETTER = 7
"""Approximate width in pixels of the widest letter at a font size of 12."""


class Bars:
    """Numbers for the plots, gathered from the rows piece by piece."""

    def __init__(self) -> None:
        self._durations, self._positions = [0] * (len(_EDGES) + 1), [0] * 10
        self._rates: dict[str, tuple[list[Array], set[int]]] = {}
        self._samples = 0

    def samples(self, frame: Any) -> None:
        """Take rows of `samples`: a Polars frame with durations and windows, in seconds."""
        import polars as pl

        self._samples += frame.height
        known = frame.filter(pl.col("duration").fill_null(0) != 0)
        seconds: Array = known["duration"].to_numpy()
        places = np.searchsorted(np.array(_EDGES), seconds, side="left")
        self._durations = (np.bincount(places, minlength=len(_EDGES) + 1) + self._durations).tolist()
        first = known.filter(pl.col("windows").list.len() > 0)
        middle = first.select(pl.col("windows").list.first().list.sum() / 2 / pl.col("duration")).to_series()
        self._positions = (_tenths(middle.to_numpy()) + self._positions).tolist()

    def rates(self, frame: Any) -> None:
        """Take rows of `difficulty`: a Polars frame with measure, value and n."""
        for (measure,), rows in frame.group_by(["measure"]):
            values, counts = self._rates.setdefault(measure, ([], set()))
            given = rows.filter(rows["value"].is_not_null())
            values.append(given["value"].to_numpy())
            counts.update(given["n"].unique())

    def take(self, other: "Bars | None") -> None:
        """Take over the pass rates that another gathered."""
        if other is not None:
            self._rates |= other._rates

    def figures(self, drops: Mapping[str, int], models: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
        """{plot: {label: rows}} of the plots that a release has numbers for.

        Args:
            drops: {reason: raw rows that became no sample}.
            models: the facts in release.json about the models that were asked.
        """
        found = {
            "rows": _funnel("raw rows", drops, "samples", self._samples) if drops else {},
            "traces": _traces([model for model in models if model["role"] == "teacher"]),
            "durations": _labelled(_duration_labels(), self._durations),
            "positions": _labelled(_TENTHS, self._positions),
        }
        for measure, (values, counts) in sorted(self._rates.items()):
            found[f"pass_rates {measure}"] = _pass_rates(measure, np.concatenate(values), counts)
        return {name: bars for name, bars in found.items() if bars}


def _funnel(first: str, lost: Mapping[str, int], last: str, left: int) -> dict[str, int]:
    """Bars of a funnel: all that went in, losses by reason with the most common first, and what is left."""
    ordered = sorted(lost.items(), key=lambda item: (-item[1], item[0]))
    shown = ordered if len(ordered) <= _MOST_BARS else ordered[: _MOST_BARS - 1]
    others = sum(count for _, count in ordered[len(shown) :])
    bars = {first: left + sum(lost.values())} | {f"{LEFT_OUT}{reason}": count for reason, count in shown}
    return bars | ({f"{LEFT_OUT}{len(ordered) - len(shown)} other reasons": others} if others else {}) | {last: left}


def _traces(teachers: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    if not teachers:
        return {}
    lost: Counter[str] = Counter()
    for model in teachers:
        lost.update(model["not_kept"])
    return _funnel("answers", lost, "traces kept", sum(model["kept"] for model in teachers))


def _pass_rates(measure: str, values: Array, counts: set[int]) -> dict[str, int]:
    """Bars by tenths; but by number of passes if all rows have the same small n, since tenths would leave gaps."""
    n = next(iter(counts)) if len(counts) == 1 else 0
    if not measure.startswith("iou>=") or not 0 < n <= _MOST_BARS - 1:
        return _labelled(_TENTHS, _tenths(values).tolist())
    passed: Counter[int] = Counter(np.rint(values * n).astype(int).tolist())
    return {f"{k} of {n} answers": passed[k] for k in range(n + 1)}


def _duration_labels() -> list[str]:
    return [f"{low} to {high} s" for low, high in zip((0, *_EDGES), _EDGES, strict=False)] + [f"over {_EDGES[-1]} s"]


_TENTHS = [f"{place / 10:.1f} to {(place + 1) / 10:.1f}" for place in range(10)]


def _tenths(values: Array) -> NDArray[np.int64]:
    """(10,) How many of the values, in [0, 1], lie in each tenth."""
    return np.bincount(np.clip((values * 10).astype(int), 0, 9), minlength=10)


def _labelled(labels: Sequence[str], counts: Sequence[int]) -> dict[str, int]:
    return dict(zip(labels, counts, strict=True)) if any(counts) else {}


def title(name: str) -> str:
    """The title of a plot."""
    kind, _, measure = name.partition(" ")
    return TITLES[kind] + (f", {measure}" if measure else "")


def file_name(name: str) -> str:
    """Path of a plot inside a release; the same in every version that has it.

    >>> file_name("pass_rates iou>=0.5")
    'plots/pass_rates-iou-0.5.svg'
    """
    return f"plots/{re.sub('[^A-Za-z0-9._]+', '-', name)}.svg"


def svg(heading: str, bars: Mapping[str, int]) -> str:
    """A bar chart as SVG, one bar a line, with label and number; markup in texts is escaped.

    Black on white whatever the page's colours are. The longest label decides how much room labels get.
    """
    most = max(bars.values()) or 1
    labels = [_short(label, _MOST_LETTERS) for label in bars]
    left = 16 + _LETTER * max(map(len, labels))
    lines = [_text(10, 20, _short(heading, (left + 460) // _LETTER), "start")]
    for place, (label, count) in enumerate(zip(labels, bars.values(), strict=True)):
        top, width = 34 + 20 * place, max(round(380 * count / most, 1), 1.0 if count else 0.0)
        colour = "#c8793c" if label.startswith(LEFT_OUT) else "#4878a8"
        lines.append(_text(left - 6, top + 12, label, "end"))
        lines.append(f'<rect x="{left}" y="{top}" width="{width}" height="15" fill="{colour}"/>')
        lines.append(_text(left + 6 + width, top + 12, f"{count:,}", "start"))
    wide, high = left + 470, 44 + 20 * len(bars)
    box = f'viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" font-family="sans-serif" font-size="12"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {box}>'
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *lines, "</svg>\n"])


def _short(words: str, most: int) -> str:
    return words if len(words) <= most else f"{words[: most - 1]}…"


def _text(x: Any, y: int, words: str, anchor: str) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="black">{html.escape(words)}</text>'
