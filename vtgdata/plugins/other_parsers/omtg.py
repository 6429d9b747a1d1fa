"""How OMTG Bench's evaluation reads an answer (arXiv 2606.06294): tagged windows, else bare ones, else other forms.

`conversation.omtg_times` has the rules, which read the truth too. Known failures: tags inside the reasoning count;
`3s - 5s` and `01:05 - 01:20` without a unit give None. In the official code a pair that is tagged twice counts twice
and breaks the count of windows; here, as everywhere, it counts once. Source: VLMEvalKit at e8e78f0.
"""

import math

from vtgdata.conversation import omtg_times


def read(text: str, duration: float | None) -> tuple[tuple[float, float], ...] | None:
    """All pairs, by start; `duration` is not used.

    >>> read("<time>12.0 - 15.5 seconds</time>", 60.0), read("3s - 5s", 60.0)
    (((12.0, 15.5),), None)
    """
    del duration
    found = tuple(pair for pair in omtg_times.read(text) if all(map(math.isfinite, pair)))
    return found or None


EXAMPLE = ("<time>12.0 - 15.5 seconds</time> <time>20.0 - 31.0 seconds</time>", ((12.0, 15.5), (20.0, 31.0)))
"""A text in the form that this parser expects, and the pairs it reads."""
