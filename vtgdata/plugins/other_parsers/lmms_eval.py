"""How lmms-eval (0.7) reads an answer in its task `charades_sta`: one range with a dash, else two sentences.

If the whole text has exactly one `A - B`, that is the answer, its ends put in order; several give None. If it has none,
the first number of each sentence with "start", "end" or "happen" counts (a sentence ends at a line end, `!` or `?`),
and two such numbers make a pair; a number directly followed by a unit loses its decimals. Known failures: `12.0 to
15.5` in a tag gives None; a draft in the reasoning counts; `starts at 12.0 seconds and ends at 15.5 seconds` and JSON
on one line give None; a reversed answer is put in order; `(policy 2024-05-01)` gives (5.0, 2024.0). Its task `timelens`
uses TimeLens's parser.
"""

import math
import re
from typing import Literal

from vtgdata.files import plugins

_RANGE = re.compile(r"(?<!\d)(\d++(?:\.\d++)?)\s{0,3}-\s{0,3}(\d++(?:\.\d++)?)")
_NUMBER = re.compile(r"\b(?:\d++\.\d++\b|\d++\b)")
_WORDS = ("start", "end", "happen")


def read(
    text: str, duration: float | None, *, task: Literal["charades_sta", "timelens"] = "charades_sta"
) -> tuple[tuple[float, float], ...] | None:
    """The only range, or the first numbers of two sentences, smaller number first; `duration` is not used.

    >>> read("30.4 - 24.3", 60.0), read("<answer>12.0 to 15.5</answer>", 60.0)
    (((24.3, 30.4),), None)
    """
    if task == "timelens":
        return plugins.load("other_parsers", "timelens").read(text, duration)
    ranges = [(float(start), float(end)) for start, end in _RANGE.findall(text)]
    pairs = ranges or _sentence_pairs(text)
    if len(pairs) != 1 or not all(math.isfinite(number) for number in pairs[0]):
        return None
    return ((min(pairs[0]), max(pairs[0])),)


def _sentence_pairs(text: str) -> list[tuple[float, float]]:
    sentences = [sentence for sentence in re.split(r"[!?\n]", text.lower()) if any(word in sentence for word in _WORDS)]
    firsts = [float(match[0]) for sentence in sentences if (match := _NUMBER.search(sentence))]
    return list(zip(firsts[::2], firsts[1::2], strict=False))


EXAMPLE = ("The event happens in 12.0 - 15.5 seconds.", ((12.0, 15.5),))
"""A text in the form that this parser expects, and the pairs it reads."""
