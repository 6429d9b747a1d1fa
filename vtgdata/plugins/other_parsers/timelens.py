"""How TimeLens reads an answer (arXiv 2512.14698), as does lmms-eval's task of that name: a range, else two numbers.

The first `A - B` or `A to B` in the whole text counts, reasoning and refusals included; without one, the first two
numbers. Known failures: a number directly followed by a unit loses its decimals (`12.5s to 20.0s` gives (12.0, 20.0));
a draft in the reasoning counts; `(policy 2024-05-01)` gives (2024.0, 5.0); a second window is dropped. If nothing can
be read, TimeLens itself uses a window after the video's end; this parser returns None.
"""

import math
import re

_RANGE = re.compile(r"(?<!\d)(\d++(?:\.\d++)?)\s{0,3}(?:-|–|to)\s{0,3}(\d++(?:\.\d++)?)")
# Whole words only: if a letter follows the decimals, only the part before the decimal point matches.
_NUMBER = re.compile(r"\b(?:\d++\.\d++\b|\d++\b)")


def read(text: str, duration: float | None) -> tuple[tuple[float, float], ...] | None:
    """The first range, or the first two numbers; `duration` is not used.

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
"""A text in the form that this parser expects, and the pairs it reads."""
