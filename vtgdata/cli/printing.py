"""Plain text for people: aligned tables, percentages, counts. Control characters in annotation text are escaped.

A table on a terminal is wrapped until it fits. In a pipe or a file every row is one line, however wide, as scripts
expect. No table library is used for this: rich, tried at 80 columns, cuts numbers (`10…`).
"""

from __future__ import annotations

import contextlib
import math
import re
import shutil
import sys
import textwrap
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from vtgdata.files.outside_text import LAYOUT, safe, shown

if TYPE_CHECKING:
    from vtgdata.files.step import StepSummary

GAP = "  "
"""Space between two columns, and indent of the continuation lines of a wrapped text."""

COMFORTABLE = 20
"""Width in characters to which a wider column of text may be narrowed; below it, text is hard to read."""

_NUMBER = re.compile(r"[\[(]?[-+$]?\d[\d.,% \])+-]*\Z|[-?]?\Z")
"""A number, an interval, or a placeholder for one (`-`, `?` or nothing)."""
_PIECE = re.compile(r"\s*\S+?(?:[/|](?=\S{3})|[:=](?=[A-Za-z])|(?=\s|\Z))")
"""Text that stays on one line, with the spaces before it: a word, or a part of a path or of the name of a model."""


class Guarded:
    """An output in which everything that is written is `safe`: no text drives the terminal or shows a credential."""

    def __init__(self, output: TextIO, keep: str = LAYOUT) -> None:
        """Wrap an output; `keep` are the control characters that may pass."""
        self._output, self._keep = output, keep

    def write(self, text: str) -> int:
        """Write a text after it was made safe."""
        return self._output.write(safe(text, self._keep))

    def writelines(self, lines: Iterable[str]) -> None:
        """Write texts, each as `write` does."""
        for line in lines:
            self.write(line)

    def order(self, text: str) -> None:
        """Write a text of ours that may drive the terminal."""
        self._output.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._output, name)


BARS = "\n\t\r"
"""What may pass on stderr: the progress bars of libraries go back to the beginning of their line."""


@contextlib.contextmanager
def guarded_output() -> Iterator[None]:
    """Guard stdout and stderr while the block runs: what comes from outside is printed in one way alone."""
    out, err = _guarded(sys.stdout, LAYOUT), _guarded(sys.stderr, BARS)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        yield


def guard_output() -> None:
    """Guard stdout and stderr until the process ends."""
    sys.stdout, sys.stderr = _guarded(sys.stdout, LAYOUT), _guarded(sys.stderr, BARS)


def _guarded(output: TextIO, keep: str) -> Any:
    return output if isinstance(output, Guarded) else Guarded(output, keep)


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print aligned columns, wrapped to the terminal's width if stdout is a terminal."""
    print("\n".join(table_lines(header, rows, _terminal())))


def _terminal() -> int | None:
    """Width of the terminal in characters; None if stdout is a pipe or a file."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def table_lines(header: Sequence[str], rows: Sequence[Sequence[Any]], width: int | None) -> list[str]:
    """The lines of a table.

    If it is too wide, heads and text cells are wrapped; if that is not enough, the columns are split into several
    tables below each other, each with the first column. A word or number is cut only if it is longer than half a line.

    Args:
        header: one head per column. A column whose head occurs more than once (`95 %`) belongs to the column before it,
            and stays in one table with it if both fit.
        rows: one value per column.
        width: of the terminal, in characters; None for one line per row, with all but the first column right-aligned.
    """
    cells = [[shown(str(value)) for value in row] for row in (header, *rows)]
    columns = [_Column(list(values), width, first=i == 0) for i, values in enumerate(zip(*cells, strict=True))]
    if width is None:
        return _block(columns)
    lines: list[str] = []
    for block in _blocks(columns, width):
        _shrink(block, width)
        lines += [*([""] if lines else []), *_block(block)]
    return lines


class _Column:
    """A column of a table: its cells, the head first, its alignment, and its current and its least width."""

    def __init__(self, cells: list[str], width: int | None, *, first: bool) -> None:
        self.cells = cells
        self.right = not first and (width is None or (any(cells[1:]) and all(map(_NUMBER.match, cells[1:]))))
        self.width = max(map(_size, cells))
        kept = max(_size(text) + len(GAP) * bool(n) for cell in cells for n, text in enumerate(_pieces(cell) or [""]))
        wanted = kept if self.right else max(kept, COMFORTABLE)
        self.least = min(self.width, wanted, max(1, ((width or self.width) - len(GAP)) // 2))

    def folded(self, number: int, indent: str) -> list[str]:
        """The lines of one cell, each padded to the width of the column."""
        lines = _fold(self.cells[number], self.width, indent)
        spaces = [" " * (self.width - _size(line)) for line in lines]
        return [space + line if self.right else line + space for line, space in zip(lines, spaces, strict=True)]


def _size(text: str) -> int:
    """Width of a text on a terminal: a Chinese character takes two places, a combining accent none."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def _pieces(text: str) -> list[str]:
    """The parts of a text between which a line may be broken; a number or an interval is one part."""
    return [text] if _NUMBER.match(text) else _PIECE.findall(text)


def _fold(text: str, width: int, indent: str) -> list[str]:
    """A text as lines of at most this width; all but the first begin with the indent."""
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
            text[:] = missing + text if number == 0 else text + missing  # heads end directly above the rule
        lines += [GAP.join(line).rstrip() for line in zip(*texts, strict=True)]
        if number == 0:
            lines.append(GAP.join("-" * column.width for column in columns))
    return lines


def counts(title: str, values: Mapping[str, int]) -> None:
    """Print `title: a 3, b 1`, wrapped to the terminal's width if there is one; nothing for an empty mapping."""
    if values:
        # Lines are broken between two entries, never between a name and its number: NUL is a space that must not break.
        said = f"{shown(title)}: " + ", ".join(
            f"{shown(name)} {count:,}".replace(" ", "\0") for name, count in values.items()
        )
        start = said[: len(said) - len(said.lstrip())]
        width = _terminal()
        lines = _fold(said, width, start + GAP) if width else [said]
        print("\n".join(lines).replace("\0", " "))


def line(text: str, indent: str = GAP) -> None:
    """Print a text on one line, or wrapped between words to the terminal's width if there is one.

    All lines but the first begin with the indent; links are never broken.
    """
    width = _terminal()
    whole = {"break_long_words": False, "break_on_hyphens": False, "subsequent_indent": indent}
    print("\n".join(textwrap.wrap(shown(text), width, **whole)) if width else shown(text))


def percent(value: float | None) -> str:
    """A fraction as per cent with one decimal.

    >>> percent(0.6789)
    '67.9'
    """
    text = "-" if value is None or math.isnan(value) else f"{100 * value:.1f}"
    return "0.0" if text == "-0.0" else text


def interval(bounds: Sequence[float | None] | None) -> str:
    """An interval of fractions as per cent.

    >>> interval((0.5, 0.625))
    '[50.0, 62.5]'
    """
    if bounds is None or any(bound is None or math.isnan(bound) for bound in bounds):
        return ""
    return f"[{percent(bounds[0])}, {percent(bounds[1])}]"


def again(summary: StepSummary) -> str:
    """The remark `(up to date)` if the stage had nothing to do, else an empty text."""
    return "  (up to date)" if summary.up_to_date else ""
