"""How TimeLens reads an answer (arXiv 2512.14698), and lmms-eval's task of that name: a range, else two numbers.

The first `A - B` or `A to B` of the whole text counts, reasoning and refusals included; without one, the first two
numbers. Known failures: a number that touches a unit loses its decimals (`12.5s to 20.0s` is (12.0, 20.0)); a draft
in the reasoning counts; `(policy 2024-05-01)` is (2024.0, 5.0); of two windows the second is dropped. TimeLens itself
puts a window after the video's end where nothing is read; here that is None.
"""

import math
import re

_RANGE = re.compile(r"(?<!\d)(\d++(?:\.\d++)?)\s{0,3}(?:-|–|to)\s{0,3}(\d++(?:\.\d++)?)")
# Whole words only: where a letter follows, the part before the point is the longest that fits.
_NUMBER = re.compile(r"\b(?:\d++\.\d++\b|\d++\b)")


def read(text: str, duration: float | None) -> tuple[tuple[float, float], ...] | None:
    """The first range, or the first two numbers; the duration is not looked at.

    >>> read("The event happens in 12.0 - 15.5 seconds.", 60.0), read("12.5s to 20.0s", 60.0)
    (((12.0, 15.5),), ((12.0, 20.0),))
    """
    del duration
    match = _RANGE.search(text)
    said = match.groups() if match else [m[0] for m, _ in zip(_NUMBER.finditer(text), range(2), strict=False)]
    numbers = [float(number) for number in said]
    if len(numbers) < 2 or not all(math.isfinite(number) for number in numbers):
        return None
    return ((numbers[0], numbers[1]),)


EXAMPLE = ("The event happens in 12.0 - 15.5 seconds.", ((12.0, 15.5),))
"""A text in the form that it is for, and the pairs read."""
