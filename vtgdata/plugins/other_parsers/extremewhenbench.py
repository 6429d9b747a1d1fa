"""How ExtremeWhenBench reads an answer (arXiv 2606.12300): the first `A - B` of the first piece about the event.

Its reference script cuts the text at `!`, `?` and line ends, takes the first piece with "happen", "start" or "end", and
in it the first pair joined by a dash (`-`, `~`, `–`); the word `to` joins none. Its lmms-eval task
(`extremewhenbench:task=lmms_eval`) takes the last `A - B` or `A to B` of the whole text. Both put reversed pairs in
order. Known failures: `12.0 to 15.5` gives None in the first; in the second a pair in a remark after the answer counts.
Source: naver-ai/ExtremeWhenbench at 6d00ed8; nobody of this project has run it.
"""

import math
import re
from typing import Literal

_NUMBER = r"(\d++(?:\.\d++)?)"
_DASHED = re.compile(rf"(?<!\d){_NUMBER}\s{{0,3}}[-~–]\s{{0,3}}{_NUMBER}")
_EITHER = re.compile(rf"(?<!\d){_NUMBER}\s{{0,3}}(?:-|to)\s{{0,3}}{_NUMBER}", re.IGNORECASE)
_WORDS = ("happen", "start", "end")


def read(
    text: str, duration: float | None, *, task: Literal["reference", "lmms_eval"] = "reference"
) -> tuple[tuple[float, float], ...] | None:
    """The one pair, smaller number first; `duration` is not used.

    >>> read("The event happens in 15.5 - 12.0 seconds.", 60.0), read("It happens from 12.0 to 15.5.", 60.0)
    (((12.0, 15.5),), None)
    """
    del duration
    if task == "lmms_eval":
        found = [match.groups() for match in _EITHER.finditer(text)]
        said = found[-1] if found else None
    else:
        pieces = (piece for piece in re.split(r"[!?\n]", text) if any(word in piece.lower() for word in _WORDS))
        match = _DASHED.search(next(pieces, ""))
        said = match.groups() if match else None
    numbers = sorted(float(number) for number in said or ())
    return ((numbers[0], numbers[1]),) if len(numbers) == 2 and all(map(math.isfinite, numbers)) else None


EXAMPLE = ("The event happens in 12.0 - 15.5 seconds.", ((12.0, 15.5),))
"""A text in the form that this parser expects, and the pairs it reads."""
