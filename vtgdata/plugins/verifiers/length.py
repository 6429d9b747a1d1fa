"""Length: the reasoning is neither empty nor endless, in words; two signs of a script without blanks count as one."""

import re
from collections.abc import Sequence

from vtgdata.conversation.verifying import (
    Reasons,
    VerifierExample,
    each,
    example_row,
    example_sample,
    prompt_of,
    reason,
    reasoning_of,
)
from vtgdata.errors import VtgError
from vtgdata.files.schemas import Row
from vtgdata.records import Sample

_JOINED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
_WORD = re.compile(r"[^\W_](?:[\w'.-]*\w)?")


def verify(rows: Sequence[Row], sample: Sample, frames: object, *, least: float = 3, most: float = 1000) -> Reasons:
    """`too_short` or `too_long`, with the number of words; nothing for an answer to a prompt that asks for none."""
    if not 0 <= least <= most:
        raise VtgError(f"length: least={least:g} and most={most:g} must be 0 <= least <= most.")

    def why(row: Row) -> str | None:
        thought = reasoning_of(row)
        if not thought and ((prompt := prompt_of(row)) is None or not prompt.form.reasoning):
            return None
        words = words_in(thought)
        if words < least:
            return reason("too_short", words)
        return reason("too_long", words) if words > most else None

    return each(rows, why)


def words_in(text: str) -> int:
    """Number of words, numbers among them."""
    if text.isascii():
        return len(_WORD.findall(text))
    joined = len(_JOINED.findall(text))
    return len(_WORD.findall(_JOINED.sub(" ", text))) + (joined + 1) // 2


_SAMPLE = example_sample()
EXAMPLE = VerifierExample(
    sample=_SAMPLE,
    rows=tuple(
        example_row(f"<think>{thought}</think><answer>5.0 to 10.0</answer>", _SAMPLE)
        for thought in (".", "The door opens.", "He opens the door slowly. " * 300, "He opens the door slowly. " * 2)
    ),
    reasons=("too_short", None, "too_long", None),
)
