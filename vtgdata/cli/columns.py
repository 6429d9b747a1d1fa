"""The layout of tables: as wide as what they hold; folded, or several below each other, where that is too wide.

No table library is used for this: rich, tried at 80 columns, cuts numbers (`10…`), and drops no column.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from vtgdata.cli.output import GAP, cut, size
from vtgdata.files.outside_text import shown

COMFORTABLE = 20
"""Width in characters to which a wider column of text may be narrowed; below it, text is hard to read."""
MOST_IN_CELL = 200
"""Most characters of a cell on a terminal: a longer text is cut, and says by how much."""
_NUMBER = re.compile(r"[\[(]?[-+$]?\d[\d.,% \])+-]*\Z|[-?]?\Z")
"""A number, an interval, or a placeholder for one (`-`, `?` or nothing)."""
_PIECE = re.compile(r"\s*\S+?(?:[/|](?=\S{3})|[:=](?=[A-Za-z])|(?=\s|\Z))")
"""Text that stays on one line, with the spaces before it: a word, or a part of a path or of the name of a model."""


class Block(NamedTuple):
    """The lines of one table."""

    head: list[str]
    rule: str
    rows: list[str]


def blocks_of(header: Sequence[str], rows: Sequence[Sequence[Any]], width: int | None) -> list[Block]:
    """A table as one table or several below each other.

    If it is too wide, heads and text cells are folded; if that is not enough, the columns are split into several
    tables, each with the first column. A word or number is cut only if it is longer than half a line. A column without
    any text is left out.

    Args:
        header: one head per column. A column whose head occurs more than once (`95 %`) belongs to the column before it,
            and stays in one table with it if both fit.
        rows: one value per column.
        width: of the terminal, in characters; None for one line per row, with all but the first column right-aligned.
    """
    most = MOST_IN_CELL if width else None
    cells = [[_cell(value, most) for value in row] for row in (header, *rows)]
    filled = [list(c) for i, c in enumerate(zip(*cells, strict=True)) if i == 0 or width is None or any(c)]
    columns = [_Column(values, width, first=i == 0) for i, values in enumerate(filled)]
    if width is None:
        return [_block(columns)]
    blocks: list[Block] = []
    for block in _blocks(columns, width):
        _shrink(block, width)
        blocks.append(_block(block))
    return blocks


def table_lines(header: Sequence[str], rows: Sequence[Sequence[Any]], width: int | None) -> list[str]:
    """The same as lines, with an empty one between two tables."""
    lines: list[str] = []
    for block in blocks_of(header, rows, width):
        lines += [*([""] if lines else []), *block.head, block.rule, *block.rows]
    return lines


def _cell(value: Any, most: int | None) -> str:
    text = shown(str(value))
    return text if most is None else cut(text, most)


class _Column:
    """A column of a table: its cells, the head first, its alignment, and its current and its least width."""

    def __init__(self, cells: list[str], width: int | None, *, first: bool) -> None:
        self.cells = cells
        self.right = not first and (width is None or (any(cells[1:]) and all(map(_NUMBER.match, cells[1:]))))
        self.width = max(map(size, cells))
        indent = GAP if first else ""
        pieces = [piece for cell in cells for piece in enumerate(_pieces(cell) or [""])]
        kept = max(size(indent + piece.lstrip() if number else piece) for number, piece in pieces)
        wanted = kept if self.right else max(kept, COMFORTABLE)
        self.least = min(self.width, wanted, max(1, ((width or self.width) - len(GAP)) // 2))

    def folded(self, number: int, indent: str) -> list[str]:
        """The lines of one cell, each padded to the width of the column."""
        lines = _fold(self.cells[number], self.width, indent)
        spaces = [" " * (self.width - size(line)) for line in lines]
        return [space + line if self.right else line + space for line, space in zip(lines, spaces, strict=True)]


def _pieces(text: str) -> list[str]:
    """The parts of a text between which a line may be broken; a number or an interval is one part."""
    return [text] if _NUMBER.match(text) else _PIECE.findall(text)


def _fold(text: str, width: int, indent: str) -> list[str]:
    """A text as lines of at most this width; all but the first begin with the indent."""
    if size(text) <= width:
        return [text]
    lines = [""]
    for number, piece in enumerate(_pieces(text)):
        if number and size(lines[-1] + piece) > width:
            lines.append(indent)
            piece = piece.lstrip()
        lines[-1] += piece
        while size(lines[-1]) > width > len(indent) + 1:  # one word, longer than a line
            end = next(n for n in range(width, 0, -1) if size(lines[-1][:n]) <= width)
            lines[-1:] = [lines[-1][:end], indent + lines[-1][end:]]
    return lines


def _blocks(columns: list[_Column], width: int) -> list[list[_Column]]:
    """The columns as few tables as possible, of about the same width, each with the first column."""
    repeated = {head for head, n in Counter(column.cells[0] for column in columns).items() if n > 1}
    groups: list[list[_Column]] = []
    for column in columns[1:]:
        follows = bool(groups) and column.cells[0] in repeated and _fits([columns[0], *groups[-1], column], width)
        groups[-1:] = [[*groups[-1], column]] if follows else [*groups[-1:], [column]]
    dealt = [_deal(columns[:1], groups, room) for room in range(width, 0, -1)]
    return [blocks for blocks in dealt if len(blocks) == len(dealt[0])][-1]


def _deal(first: list[_Column], groups: list[list[_Column]], room: int) -> list[list[_Column]]:
    """Fill tables with groups of columns: as many as fit into `room` at their least widths, and at least one each."""
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
    """Narrow the widest column that is above its least width, again and again, until the table fits or none is left."""
    for column in columns:
        column.width = max(map(size, column.cells))
    while _total([column.width for column in columns]) > width:
        giving = [column for column in columns if column.width > column.least]
        if not giving:
            return
        max(giving, key=lambda column: column.width).width -= 1


def _block(columns: Sequence[_Column]) -> Block:
    """The lines of one table: the head, a rule, the rows."""
    head: list[str] = []
    rows: list[str] = []
    for number in range(len(columns[0].cells)):
        texts = [column.folded(number, GAP if number and i == 0 else "") for i, column in enumerate(columns)]
        high = max(map(len, texts))
        for text, column in zip(texts, columns, strict=True):
            missing = [" " * column.width] * (high - len(text))
            text[:] = missing + text if number == 0 else text + missing  # heads end directly above the rule
        (rows if number else head).extend(GAP.join(line).rstrip() for line in zip(*texts, strict=True))
    return Block(head, GAP.join("-" * column.width for column in columns), rows)
