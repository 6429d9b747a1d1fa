"""How TVG-R1 reads an answer (arXiv 2507.18100): from the first `<time>`, in its evaluation and in its reward.

The evaluation takes the first two numbers in the first `<time>`, or of the whole text if it has no two; the reward
decodes the first `<time>` as JSON. Known failures: a `<time>` inside the reasoning counts; `01:05 to 01:20` gives (1.0,
5.0); the evaluation ignores a minus sign; in the reward `(5.0, 10.0)`, `[5.0s, 10.0s]`, `[00:05, 00:10]` and two
windows give None, and a negative start is accepted.
"""

import json
import math
import re

_NUMBER = re.compile(r"\d++(?:\.\d++)?")


def read(text: str, duration: float | None) -> tuple[tuple[float, float], ...] | None:
    """The first two numbers, as in TVG-R1's evaluation; `duration` is not used.

    >>> read("<time>[5.2, 10.4]</time>", 60.0), read("01:05 to 01:20", 100.0)
    (((5.2, 10.4),), ((1.0, 5.0),))
    """
    del duration
    content = _first_time(text)
    return _two_numbers(content or "") or _two_numbers(text)


def read_reward(text: str, duration: float | None) -> tuple[tuple[float, float], ...] | None:
    """The first `<time>` as JSON, as in TVG-R1's reward.

    >>> read_reward("<think><time>[1, 2]</time></think> <time>[5.2, 10.4]</time>", 60.0)
    ((1.0, 2.0),)
    """
    del duration
    try:
        start, end = json.loads(_first_time(text) or "")
        pair = start / 1.0, end / 1.0
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None
    return (pair,) if math.isfinite(pair[0]) and math.isfinite(pair[1]) else None


def _first_time(text: str) -> str | None:
    _, opened, rest = text.partition("<time>")
    content, closed, _ = rest.partition("</time>")
    return content if opened and closed else None


def _two_numbers(text: str) -> tuple[tuple[float, float], ...] | None:
    numbers = [float(match[0]) for match, _ in zip(_NUMBER.finditer(text), range(2), strict=False)]
    if len(numbers) < 2 or not all(math.isfinite(number) for number in numbers):
        return None
    return ((numbers[0], numbers[1]),)


EXAMPLE = ("<time>[12.0, 15.5]</time>", ((12.0, 15.5),))
"""A text in the form that this parser expects, and the pairs it reads."""
