"""Repetition: the reasoning does not go round in circles.

A model that is caught in a loop writes the same words until its tokens end. What frames show may stay the same for a
while, so that lists of frames repeat themselves too: their times differ, and so do the rows of words that hold them.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from vtgdata.conversation.verifying import (
    Reasons,
    VerifierExample,
    each,
    example_row,
    example_sample,
    reason,
    reasoning_of,
)
from vtgdata.errors import VtgError
from vtgdata.files.schemas import Row
from vtgdata.records import Sample

ROW = 4
"""Words of a row that is looked for again."""
SHORT = 12
"""Words below which nothing repeats itself."""
RUN = 6
"""Times that one word may follow itself, less one."""
_TOKEN = re.compile(r"\d+(?:[.:]\d+)*|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]|[^\W\d_]+")
_BLANK = str.maketrans(dict.fromkeys("!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~\\", " "))
_STUTTER = re.compile(r"(.{1,20}?)\1{14,}", re.DOTALL)


def verify(rows: Sequence[Row], sample: Sample, frames: object, *, most: float = 0.6) -> Reasons:
    """`repeats`, with the share of rows of words that stood before; at most `most` of them may."""
    if not 0 <= most <= 1:
        raise VtgError(f"repetition: most={most:g} must lie in [0, 1].")

    def why(row: Row) -> str | None:
        thought = reasoning_of(row)
        if len(thought) < 2 * SHORT:
            return None
        rough = thought.lower().translate(_BLANK).split()
        if thought.isascii() and len(rough) >= SHORT and len(set(rough)) - ROW >= (1.0 - most) * len(rough):
            return None  # so many words stand there for the first time that enough rows do
        words = _TOKEN.findall(thought.lower())
        if len(words) < SHORT:
            found = _STUTTER.search(thought) if len(thought) > 200 else None
            return reason("repeats", 1.0, found[1].strip()[:20]) if found else None
        again = 1.0 - len(set(zip(*(words[k:] for k in range(ROW)), strict=False))) / (len(words) - ROW + 1)
        if again > most:
            return reason("repeats", again)
        return reason("repeats", _run(words), "times one word") if _run(words) >= RUN else None

    return each(rows, why)


def _run(words: Sequence[str]) -> int:
    """How often one word follows itself, at most."""
    longest = run = 1
    for before, word in pairwise(words):
        run = run + 1 if word == before else 1
        longest = max(longest, run)
    return longest


_SAMPLE = example_sample()
EXAMPLE = VerifierExample(
    sample=_SAMPLE,
    rows=tuple(
        example_row(f"<think>{thought}</think><answer>5.0 to 10.0</answer>", _SAMPLE)
        for thought in (
            "open " * 500,
            "".join(f"At {second}.0 s the door is closed. " for second in range(20)),
            "The person opens the door with the left hand. " * 8,
            "The person walks to the door. The person opens the door. The person walks through the door.",
        )
    ),
    reasons=("repeats", None, "repeats", None),
)
