"""What a release's plots show, counted into release.json, and the plots: small SVG files that need no library."""

import html
import re
from collections.abc import Iterable, Mapping
from typing import Any

from vtgdata.tables import Row

_EDGES = (10, 20, 30, 60, 120, 180, 300, 600, 1800)
"""Seconds; durations are counted between them."""
TITLES = {
    "rows": "Raw rows: samples, and rows left out by reason",
    "durations": "Samples by their video's duration",
    "positions": "Samples by the middle of their first moment, as a share of the video",
    "pass_rates": "Rows by pass rate (higher is easier)",
}


def figures(configs: Mapping[str, list[Row]], drops: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """{plot: {label: rows}} of the plots that a release has numbers for."""
    samples = configs["samples"]
    found = {
        "rows": {"samples": len(samples), **drops} if drops else {},
        "durations": _durations(row["duration"] for row in samples if row["duration"]),
        "positions": _tenths(
            sum(row["windows"][0]) / 2 / row["duration"] for row in samples if row["windows"] and row["duration"]
        ),
    }
    for measure in sorted({row["measure"] for row in configs.get("difficulty", ())}):
        values = [row["value"] for row in configs["difficulty"] if row["measure"] == measure]
        found[f"pass_rates {measure}"] = _tenths(value for value in values if value is not None)
    return {name: bars for name, bars in found.items() if bars}


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
    """What a plot shows, in words."""
    kind, _, measure = name.partition(" ")
    return TITLES[kind] + (f", {measure}" if measure else "")


def file_name(name: str) -> str:
    """Where in a release a plot lies; the same in every version that has it.

    >>> file_name("pass_rates iou>=0.5")
    'plots/pass_rates-iou-0.5.svg'
    """
    return f"plots/{re.sub('[^A-Za-z0-9._]+', '-', name)}.svg"


def svg(heading: str, bars: Mapping[str, int]) -> str:
    """A bar chart, one bar a line, with its label and its number; text in it is text and no markup."""
    most = max(bars.values()) or 1
    lines = [_text(10, 20, heading, "start")]
    for place, (label, count) in enumerate(bars.items()):
        top, width = 34 + 20 * place, round(380 * count / most, 1)
        lines.append(_text(190, top + 12, label, "end"))
        lines.append(f'<rect x="196" y="{top}" width="{width}" height="15" fill="#4878a8"/>')
        lines.append(_text(202 + width, top + 12, f"{count:,}", "start"))
    height = 44 + 20 * len(bars)
    box = f'viewBox="0 0 660 {height}" font-family="sans-serif" font-size="12"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {box}>'
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *lines, "</svg>\n"])


def _text(x: Any, y: int, words: str, anchor: str) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{html.escape(words)}</text>'
