"""What people read: made safe, broken between words where a terminal ends, and coloured where that helps.

Everything that a command prints passes through `Guarded`, so that this holds for every command.
"""

import contextlib
import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Generator, Iterable
from typing import Any, TextIO

from vtgdata.files import live
from vtgdata.files.outside_text import LAYOUT, order, safe

GAP = "  "
"""Indent of the lines on which a broken text goes on, and space between two columns of a table."""
MOST_LETTERS = 2_000
"""Most characters of one line on a terminal; a longer one, as a query may be, is cut, and says by how much."""
BARS = "\n\t\r"
"""What may pass on stderr: the progress bars of libraries go back to the beginning of their line."""
STYLES = {"head": "1", "good": "32", "bad": "1;31", "warning": "33", "dim": "2"}
"""{style: codes of the terminal}: bold, green, bold red, yellow, faint."""
_WORD = re.compile(
    r"\s*(?:`[^`\s][^`]{0,60}`\S*|[\[(][-+\d.,]+ [-+\d.,]+[\])]\S*"
    r"|[-+$]?\d[\d.,]* (?:%|s|min|h|MB|GB)(?![^\s,;:.)\]])\S*|\S+)"
)
"""Text that stays on one line, with the spaces before it: a command in quotes, an interval, a number with its unit, a
word."""


class Guarded:
    """An output in which everything that is written is `safe`: no text drives the terminal or shows a credential.

    If it is a terminal and `folds`, a line that is too long is broken between words.
    """

    def __init__(self, output: TextIO, keep: str = LAYOUT) -> None:
        """Wrap an output; `keep` are the control characters that may pass."""
        self._output, self._keep, self._open = output, keep, ""
        self.folds = False

    def write(self, text: str) -> int:
        """Write a text after it was made safe; the beginning of a line waits for its end, or for `flush`."""
        said = safe(text, self._keep)
        if self._keep == BARS and said:
            live.clear()
        if not self.folds or not self._output.isatty():
            return self._output.write(said)
        *lines, self._open = (self._open + said).split("\n")
        for line in lines:
            self._output.write("\n".join(folded(line, terminal_width())) + "\n")
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write texts, each as `write` does."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Write what waits."""
        if self._open:
            waiting, self._open = self._open, ""
            self._output.write("\n".join(folded(waiting, terminal_width())))
        self._output.flush()

    def order(self, text: str) -> None:
        """Write a text of ours that may drive the terminal."""
        if self._open:
            self.flush()
        self._output.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._output, name)


@contextlib.contextmanager
def guarded_output(*, folds: bool = False) -> Generator[None]:
    """Guard stdout and stderr while the block runs: what comes from outside is printed in one way alone.

    Args:
        folds: break lines of stdout that are longer than the terminal is wide.
    """
    out, err = _guarded(sys.stdout, LAYOUT), _guarded(sys.stderr, BARS)
    before, out.folds = out.folds, out.folds or folds
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            yield
        finally:
            with contextlib.suppress(BrokenPipeError, ValueError):
                out.flush()
            out.folds = before


def guard_output() -> None:
    """Guard stdout and stderr until the process ends."""
    sys.stdout, sys.stderr = _guarded(sys.stdout, LAYOUT), _guarded(sys.stderr, BARS)


def _guarded(output: TextIO, keep: str) -> Any:
    return output if isinstance(output, Guarded) else Guarded(output, keep)


def terminal_width() -> int | None:
    """Width of the terminal in characters; None if stdout is a pipe or a file."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def say(text: str, style: str = "") -> None:
    """Print a text as `print` does, in a style (`STYLES`) where stdout is a terminal that takes colours."""
    for line in text.split("\n"):
        lines = folded(safe(line, ""), terminal_width())
        order(sys.stdout, "".join(f"{painted(each, style, sys.stdout)}\n" for each in lines))


def painted(text: str, style: str, output: Any) -> str:
    """A text in a style, if the output is a terminal that takes colours, and NO_COLOR is not set (no-color.org)."""
    if not text or not style or not output.isatty() or os.environ.get("NO_COLOR"):
        return text
    return text if os.environ.get("TERM", "dumb") == "dumb" else f"\x1b[{STYLES[style]}m{text}\x1b[0m"


def size(text: str) -> int:
    """Width of a text on a terminal: a Chinese character takes two places, a combining accent none."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def cut(text: str, most: int) -> str:
    """A text of at most about `most` characters, which says what is left out.

    >>> cut("abcdefgh", 5)
    'abcde... (3 more characters)'
    """
    return text if len(text) <= most else f"{text[:most]}... ({len(text) - most:,} more characters)"


def folded(text: str, width: int | None) -> list[str]:
    r"""A line as lines of at most this width, broken between words; what follows the first is indented.

    A word that is longer than a line, as a path or a link may be, stays whole, so that it can be copied; a command of
    ours can be copied with all its lines.

    >>> folded("  mean 67.9 % [60.1, 70.2] of all", 22)
    ['  mean 67.9 %', '    [60.1, 70.2] of', '    all']
    >>> folded("vtgdata ingest mine raw --out work/mine", 30)
    ['vtgdata ingest mine raw \\', '  --out work/mine']
    """
    if width is None or size(text) <= width:
        return [text]
    indent = text[: len(text) - len(text.lstrip())] + GAP
    end = " \\" if text.lstrip().startswith("vtgdata ") else ""
    lines = [""]
    for word in _WORD.findall(cut(text, MOST_LETTERS)):
        if lines[-1].strip() and size(lines[-1] + word) > width - len(end):
            lines[-1] += end
            lines.append(indent + word.lstrip())
        else:
            lines[-1] += word
    return lines
