"""Draws the pictures of cards as small SVG files, without a library: the same numbers give the same bytes.

All are black on white, whatever the page's colours are; markup in texts is escaped.
"""

import html
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from vtgdata.files.outside_text import shown

BLUE, ORANGE, GREY = "#4878a8", "#c8793c", "#d8d8d8"
DECADES = 100
"""A scale is logarithmic from this ratio of the largest number to the smallest."""
LETTER = 7
"""Approximate width in pixels of the widest letter at a font size of 12."""
MOST_LETTERS = 40
"""Of a label; a longer one is cut."""
WIDE = 560
"""Width in pixels of what is between the ends of an axis."""
HIGH = 200
"""Height in pixels of a histogram's bars."""


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """A sample as its timeline shows it."""

    sample_id: str
    query: str
    duration: float
    """Of the video, in seconds."""
    windows: list[list[float]]
    """[start, end] in seconds."""


class Scale(NamedTuple):
    """The axis of counts: from 0, or logarithmic where they span decades."""

    low: float
    """Where the axis begins: 0 if it is linear."""
    high: float
    ticks: tuple[int, ...]

    @classmethod
    def of(cls, counts: Sequence[int]) -> "Scale":
        """The scale on which all counts are to be seen; 0 has no length on any."""
        there = [count for count in counts if count > 0] or [1]
        if max(there) < DECADES * min(there):
            ticks = round_numbers(max(there))
            return cls(0.0, float(ticks[-1]), ticks)
        first, last = math.floor(math.log10(min(there))), math.floor(math.log10(max(there)))
        return cls(10.0**first / 2, float(max(there)), tuple(10**power for power in range(first, last + 1)))

    @property
    def words(self) -> str:
        """What the axis adds to its name."""
        return ", log scale" if self.low else ""

    def share(self, count: float) -> float:
        """Where a count lies on the axis, in [0, 1]."""
        if count <= 0:
            return 0.0
        if not self.low:
            return count / self.high
        return math.log(count / self.low) / math.log(self.high / self.low)


def round_numbers(most: float) -> tuple[int, ...]:
    """Whole ticks from 0 to the first round number at or above `most`: about five.

    >>> round_numbers(7), round_numbers(1240)
    ((0, 2, 4, 6, 8), (0, 500, 1000, 1500))
    """
    steps = (first * 10**power for power in range(20) for first in (1, 2, 5))
    step = next(step for step in steps if most / step <= 5)
    return tuple(range(0, step * math.ceil(most / step) + 1, step))


def funnel(heading: str, bars: Mapping[str, int], lost: str, counted: str) -> str:
    """Bars one below another, with the axis of counts below them.

    Args:
        heading: the title.
        bars: {label: count}, from what went in to what is left.
        lost: the beginning of the labels of losses, which have a colour of their own.
        counted: what is counted.
    """
    labels = [short(label) for label in bars]
    left = 16 + LETTER * max(map(len, labels))
    scale = Scale.of(list(bars.values()))
    bottom = 34 + 22 * len(bars)
    lines = [*_ticks(scale, lambda share: left + WIDE * share, 30, bottom)]
    for place, (label, count) in enumerate(zip(labels, bars.values(), strict=True)):
        top, width = 34 + 22 * place, WIDE * scale.share(count)
        lines.append(text(left - 8, top + 12, label, "end"))
        lines.append(rectangle(left, top, width, 16, ORANGE if label.startswith(lost) else BLUE))
        lines.append(text(left + width + 6, top + 12, f"{count:,}", "start"))
    lines.append(text(left + WIDE / 2, bottom + 34, counted + scale.words, "middle"))
    return picture(heading, left + WIDE + 90, bottom + 44, lines)


def histogram(heading: str, counts: Sequence[int], ticks: Sequence[str], names: tuple[str, str]) -> str:
    """Bars side by side above an axis of values, with the axis of counts at the left; empty ends are left out.

    Args:
        heading: the title.
        counts: (n,) rows in each bin.
        ticks: (n + 1,) the value at each edge of a bin, or (n,) that of each bin.
        names: what the values are, and what is counted.
    """
    filled = [place for place, count in enumerate(counts) if count]
    begin, end = (filled[0], filled[-1] + 1) if filled else (0, len(counts))
    edges = len(ticks) > len(counts)
    counts, ticks = counts[begin:end], ticks[begin : end + edges]
    scale, left, top = Scale.of(counts), 90, 50
    bottom, width = top + HIGH, min(80.0, WIDE / len(counts))
    wide = width * len(counts)
    lines = [*_ticks(scale, lambda share: bottom - HIGH * share, left, left + wide, upright=True)]
    for place, count in enumerate(counts):
        x, high = left + width * place, HIGH * scale.share(count)
        lines.append(rectangle(x + 1, bottom - high, width - 2, high, BLUE))
        if count:
            lines.append(text(x + width / 2, bottom - high - 4, f"{count:,}", "middle", 10))
    for place, tick in enumerate(ticks):
        x = left + width * (place + (0 if edges else 0.5))
        lines += [line(x, bottom, x, bottom + 4, "black"), text(x, bottom + 17, tick, "middle", 11)]
    lines.append(line(left, bottom, left + wide, bottom, "black"))
    lines.append(text(left + wide / 2, bottom + 38, names[0], "middle"))
    lines.append(text(10, top - 14, names[1] + scale.words, "start"))
    return picture(heading, left + max(WIDE, wide) + 40, bottom + 48, lines)


def timelines(heading: str, rows: Sequence[Timeline]) -> str:
    """Some samples: the whole video as a grey bar, the windows in blue, the query above; one axis of seconds."""
    ticks = round_numbers(max(row.duration for row in rows))
    left, wide = 30, WIDE + 80
    bottom = 34 + 44 * len(rows)
    lines: list[str] = []
    for tick in ticks:
        x = left + wide * tick / ticks[-1]
        lines += [line(x, 30, x, bottom + 4, GREY), text(x, bottom + 18, f"{tick:,}", "middle", 11)]
    for place, row in enumerate(rows):
        top = 34 + 44 * place
        lines.append(text(left, top + 12, short(row.query, wide // LETTER), "start"))
        lines.append(rectangle(left, top + 18, wide * row.duration / ticks[-1], 14, GREY))
        for start, end in row.windows:
            length = max(2.0, wide * (min(end, row.duration) - start) / ticks[-1])
            lines.append(rectangle(left + wide * start / ticks[-1], top + 18, length, 14, BLUE))
    lines.append(
        text(left + wide / 2, bottom + 38, "seconds from the first frame; blue: the annotated moments", "middle")
    )
    return picture(heading, left + wide + 40, bottom + 48, lines)


def _ticks(
    scale: Scale, at: Callable[[float], float], begin: float, end: float, upright: bool = False
) -> Iterator[str]:
    """Lines across the picture at the ticks of an axis of counts, with their numbers."""
    for tick in scale.ticks:
        place = at(scale.share(tick))
        if upright:
            yield line(begin, place, end, place, GREY)
            yield text(begin - 8, place + 4, f"{tick:,}", "end", 11)
        else:
            yield line(place, begin, place, end + 4, GREY)
            yield text(place, end + 16, f"{tick:,}", "middle", 11)


def short(words: str, most: int = MOST_LETTERS) -> str:
    """A text on one line, at most so long."""
    words = shown(" ".join(words.split()))
    return words if len(words) <= most else f"{words[: most - 1]}…"


def picture(heading: str, wide: float, high: float, lines: Sequence[str]) -> str:
    """The whole SVG file: the title, and what is drawn."""
    title = short(heading, int(wide - 20) // LETTER)
    box = f'viewBox="0 0 {number(wide)} {number(high)}" width="{number(wide)}" height="{number(high)}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {box} font-family="sans-serif" font-size="12" role="img">'
    name = f"<title>{html.escape(title)}</title>"
    shown_title = text(10, 20, title, "start").replace("<text ", '<text font-weight="bold" ')
    return "\n".join([head, name, '<rect width="100%" height="100%" fill="white"/>', shown_title, *lines, "</svg>\n"])


def number(value: float) -> str:
    """A length in pixels, with at most one decimal."""
    return re.sub(r"\.0$", "", f"{value:.1f}")


def rectangle(x: float, y: float, width: float, height: float, colour: str) -> str:
    """A filled rectangle."""
    return f'<rect x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}" fill="{colour}"/>'


def line(x: float, y: float, to_x: float, to_y: float, colour: str) -> str:
    """A thin line."""
    return f'<line x1="{number(x)}" y1="{number(y)}" x2="{number(to_x)}" y2="{number(to_y)}" stroke="{colour}"/>'


def text(x: float, y: float, words: str, anchor: str, size: int = 0) -> str:
    """A text in black."""
    font = f' font-size="{size}"' if size else ""
    place = f'x="{number(x)}" y="{number(y)}" text-anchor="{anchor}"{font}'
    return f'<text {place} fill="black">{html.escape(words)}</text>'
