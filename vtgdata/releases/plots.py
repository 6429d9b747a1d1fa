"""The plots of a release: their numbers, stored in release.json, and small SVG files, drawn without a library."""

import html
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from vtgdata.files.schemas import Row

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


def figures(
    configs: Mapping[str, list[Row]], drops: Mapping[str, int], models: Sequence[Mapping[str, Any]]
) -> dict[str, dict[str, int]]:
    """{plot: {label: rows}} of the plots that a release has numbers for.

    Args:
        configs: rows by config.
        drops: {reason: raw rows that became no sample}.
        models: the facts in release.json about the models that were asked.
    """
    samples = configs["samples"]
    found = {
        "rows": _funnel("raw rows", drops, "samples", len(samples)) if drops else {},
        "traces": _traces([model for model in models if model["role"] == "teacher"]),
        "durations": _durations(row["duration"] for row in samples if row["duration"]),
        "positions": _tenths(
            sum(row["windows"][0]) / 2 / row["duration"] for row in samples if row["windows"] and row["duration"]
        ),
    }
    for measure in sorted({row["measure"] for row in configs.get("difficulty", ())}):
        rows = [row for row in configs["difficulty"] if row["measure"] == measure and row["value"] is not None]
        found[f"pass_rates {measure}"] = _pass_rates(measure, rows)
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


def _pass_rates(measure: str, rows: Sequence[Row]) -> dict[str, int]:
    """Bars by tenths; but by number of passes if all rows have the same small n, since tenths would leave gaps."""
    counts = {row["n"] for row in rows}
    n = counts.pop() if len(counts) == 1 else 0
    if not measure.startswith("iou>=") or not 0 < n <= _MOST_BARS - 1:
        return _tenths(row["value"] for row in rows)
    passed = Counter(round(row["value"] * n) for row in rows)
    return {f"{k} of {n} answers": passed[k] for k in range(n + 1)}


def _durations(seconds: Iterable[float]) -> dict[str, int]:
    labels = [f"{low} to {high} s" for low, high in zip((0, *_EDGES), _EDGES, strict=False)] + [f"over {_EDGES[-1]} s"]
    counts = [0] * len(labels)
    for value in seconds:
        counts[sum(value > edge for edge in _EDGES)] += 1
    return dict(zip(labels, counts, strict=True)) if any(counts) else {}


def _tenths(values: Iterable[float]) -> dict[str, int]:
    counts = [0] * 10
    for value in values:
        counts[min(max(int(value * 10), 0), 9)] += 1
    return {f"{place / 10:.1f} to {(place + 1) / 10:.1f}": n for place, n in enumerate(counts)} if any(counts) else {}


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
