"""Plain text for people: aligned tables, percentages, counts. Annotation text is never interpreted.

A table on a terminal is folded until it fits. In a pipe or a file every row is one line, however wide, as scripts have
always read it. No library for tables does the folding: rich, tried at 80 columns, cuts numbers (`10…`).
"""

from __future__ import annotations

import contextlib
import math
import re
import shutil
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from vtgdata.files.step import StepSummary

GAP = "  "
"""Between two columns, and at the beginning of the lines of a folded text after its first."""

LAYOUT = "\n\t"
"""Control characters that texts of many lines are made with."""

COMFORTABLE = 20
"""Characters that a column of text keeps, where it has so many: less is hard to read."""

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What moves the cursor, colours, turns the direction of writing, or cannot be written at all."""
_NUMBER = re.compile(r"[\[(]?[-+$]?\d[\d.,% \])+-]*\Z|[-?]?\Z")
"""A number or an interval, and what stands where there is none."""
_PIECE = re.compile(r"\s*\S+?(?:[/|](?=\S{3})|[:=](?=[A-Za-z])|(?=\s|\Z))")
"""What stays together, with the spaces before it: a word, or a part of a path or of the name of a model."""


def plain(text: str, keep: str = "") -> str:
    r"""A text without control characters, which stand as escapes instead; those of `keep` stay.

    >>> plain("red \x1b[31m")
    'red \\x1b[31m'
    """
    return _CONTROLS.sub(lambda c: c[0] if c[0] in keep else c[0].encode("unicode_escape").decode(), text)


class _Plain:
    """An output that takes text without control characters; lines still end."""

    def __init__(self, output: TextIO) -> None:
        self._output = output

    def write(self, text: str) -> int:
        return self._output.write(plain(text, keep=LAYOUT))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._output, name)


@contextlib.contextmanager
def plain_output() -> Iterator[None]:
    """Whatever is printed here, no text of a user's data drives the terminal."""
    with contextlib.redirect_stdout(_Plain(sys.stdout)):  # pyright: ignore[reportArgumentType]
        yield


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print aligned columns, on a terminal folded to its width."""
    print("\n".join(table_lines(header, rows, _terminal())))


def _terminal() -> int | None:
    """The columns of the terminal that stdout is, None where it is a pipe or a file."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def table_lines(header: Sequence[str], rows: Sequence[Sequence[Any]], width: int | None) -> list[str]:
    """The lines of a table.

    Where it is too wide, words of heads and texts go to a next line; where that is not enough, the columns are dealt
    out to several tables below each other, each with the first column. No word and no number is cut, unless it is
    longer than half a line.

    Args:
        header: one head per column. A head that stands twice says more of the column before it, and stays with it.
        rows: one value per column.
        width: of the terminal, in characters; None for one line per row, with all but the first column to the right.
    """
    cells = [[plain(str(value)) for value in row] for row in (header, *rows)]
    columns = [_Column(list(values), width, first=i == 0) for i, values in enumerate(zip(*cells, strict=True))]
    if width is None:
        return _block(columns)
    lines: list[str] = []
    for block in _blocks(columns, width):
        _shrink(block, width)
        lines += [*([""] if lines else []), *_block(block)]
    return lines


class _Column:
    """A column of a table: the head, the cells, and how wide it is, may be and must be."""

    def __init__(self, cells: list[str], width: int | None, *, first: bool) -> None:
        self.cells = cells
        self.right = not first and (width is None or (any(cells[1:]) and all(map(_NUMBER.match, cells[1:]))))
        self.width = max(map(_size, cells))
        kept = max(_size(text) + len(GAP) * bool(n) for cell in cells for n, text in enumerate(_pieces(cell) or [""]))
        wanted = kept if self.right else max(kept, COMFORTABLE)
        self.least = min(self.width, wanted, max(1, ((width or self.width) - len(GAP)) // 2))

    def folded(self, number: int, indent: str) -> list[str]:
        """The lines of one cell, all as wide as the column."""
        lines = _fold(self.cells[number], self.width, indent)
        spaces = [" " * (self.width - _size(line)) for line in lines]
        return [space + line if self.right else line + space for line, space in zip(lines, spaces, strict=True)]


def _size(text: str) -> int:
    """Places that a text takes on a terminal: two for a Chinese character, none for a combining accent."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def _pieces(text: str) -> list[str]:
    """The parts of a text between which a line may end; a number is one part, an interval too."""
    return [text] if _NUMBER.match(text) else _PIECE.findall(text)


def _fold(text: str, width: int, indent: str) -> list[str]:
    """A text as lines of at most this size, all but the first after an indent."""
    if _size(text) <= width:
        return [text]
    lines = [""]
    for number, piece in enumerate(_pieces(text)):
        if number and _size(lines[-1] + piece) > width:
            lines.append(indent)
            piece = piece.lstrip()
        lines[-1] += piece
        while _size(lines[-1]) > width > len(indent) + 1:  # one word, longer than a line
            end = next(n for n in range(width, 0, -1) if _size(lines[-1][:n]) <= width)
            lines[-1:] = [lines[-1][:end], indent + lines[-1][end:]]
    return lines


def _blocks(columns: list[_Column], width: int) -> list[list[_Column]]:
    """The columns as one table, or as several of about the same size with the first column in each."""
    repeated = {head for head, n in Counter(column.cells[0] for column in columns).items() if n > 1}
    groups: list[list[_Column]] = []
    for column in columns[1:]:
        follows = bool(groups) and column.cells[0] in repeated and _fits([columns[0], *groups[-1], column], width)
        groups[-1:] = [[*groups[-1], column]] if follows else [*groups[-1:], [column]]
    dealt = [_deal(columns[:1], groups, room) for room in range(width, 0, -1)]
    return [blocks for blocks in dealt if len(blocks) == len(dealt[0])][-1]


def _deal(first: list[_Column], groups: list[list[_Column]], room: int) -> list[list[_Column]]:
    """As many groups into each table as fit into this room when all columns are at their narrowest; one at least."""
    blocks = [first]
    for group in groups:
        if len(blocks[-1]) > 1 and not _fits([*blocks[-1], *group], room):
            blocks.append(first)
        blocks[-1] = [*blocks[-1], *group]
    return blocks


def _fits(columns: Sequence[_Column], width: int) -> bool:
    return _total([column.least for column in columns]) <= width


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _shrink(columns: Sequence[_Column], width: int) -> None:
    """Take from the widest column that can give, until the table fits or none can."""
    for column in columns:
        column.width = max(map(_size, column.cells))
    while _total([column.width for column in columns]) > width:
        giving = [column for column in columns if column.width > column.least]
        if not giving:
            return
        max(giving, key=lambda column: column.width).width -= 1


def _block(columns: Sequence[_Column]) -> list[str]:
    """The lines of one table: the head, a rule, the rows."""
    lines: list[str] = []
    for number in range(len(columns[0].cells)):
        texts = [column.folded(number, GAP if number and i == 0 else "") for i, column in enumerate(columns)]
        high = max(map(len, texts))
        for text, column in zip(texts, columns, strict=True):
            missing = [" " * column.width] * (high - len(text))
            text[:] = missing + text if number == 0 else text + missing  # heads stand on the rule
        lines += [GAP.join(line).rstrip() for line in zip(*texts, strict=True)]
        if number == 0:
            lines.append(GAP.join("-" * column.width for column in columns))
    return lines


def counts(title: str, values: Mapping[str, int]) -> None:
    """Print `title: a 3, b 1`, on a terminal folded to its width; nothing for an empty mapping."""
    if values:
        # A line ends between two of them, never between a name and its number: NUL is the space that holds.
        said = f"{plain(title)}: " + ", ".join(
            f"{plain(name)} {count:,}".replace(" ", "\0") for name, count in values.items()
        )
        start = said[: len(said) - len(said.lstrip())]
        width = _terminal()
        lines = _fold(said, width, start + GAP) if width else [said]
        print("\n".join(lines).replace("\0", " "))


def percent(value: float | None) -> str:
    """A fraction as per cent with one decimal.

    >>> percent(0.6789)
    '67.9'
    """
    return "-" if value is None or math.isnan(value) else f"{100 * value:.1f}"


def interval(bounds: Sequence[float | None] | None) -> str:
    """An interval of fractions as per cent.

    >>> interval((0.5, 0.625))
    '[50.0, 62.5]'
    """
    if bounds is None or any(bound is None or math.isnan(bound) for bound in bounds):
        return ""
    return f"[{percent(bounds[0])}, {percent(bounds[1])}]"


def again(summary: StepSummary) -> str:
    """A remark when nothing had to be done."""
    return "  (up to date)" if summary.up_to_date else ""
