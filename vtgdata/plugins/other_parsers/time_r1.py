"""How Time-R1 reads an answer (arXiv 2503.13377): the last `A to B` or `A and B`, with single blanks between.

Its evaluation searches the whole text, reasoning included; its reward searches only the last `<answer>`.
Known failures: `01:05 to 01:20` gives (5.0, 1.0); a window with a unit or a dash between the numbers is not found.
"""

import math
import re

_PAIR = re.compile(r"(?<!\d)(\d++\.?+\d*+) (?:to|and) (\d++\.?+\d*+)")


def read(text: str, duration: float | None) -> tuple[tuple[float, float], ...] | None:
    """The last pair of the text, as in Time-R1's evaluation; `duration` is not used.

    >>> read("<answer>12.5 to 17.8</answer>", 60.0), read("01:05 to 01:20", 100.0)
    (((12.5, 17.8),), ((5.0, 1.0),))
    """
    del duration
    found = _PAIR.findall(text)
    if not found:
        return None
    start, end = (float(number) for number in found[-1])
    return ((start, end),) if math.isfinite(start) and math.isfinite(end) else None


def read_reward(text: str, duration: float | None) -> tuple[tuple[float, float], ...] | None:
    """The last pair within the last `<answer>`, as in Time-R1's reward."""
    _, opened, rest = text.rpartition("<answer>")
    content, closed, _ = rest.partition("</answer>")
    return read(content, duration) if opened and closed else None


EXAMPLE = ("<answer>12.0 to 15.5</answer>", ((12.0, 15.5),))
"""A text in the form that this parser expects, and the pairs it reads."""
