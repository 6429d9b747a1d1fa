"""Readings of stored answers that still hold, so that millions of texts need not be parsed anew.

The reading of a text depends on the parser, on the form that the prompt asks for, on the video's duration and on the
sample's options; never on a label, a score or a threshold. A step that writes rollouts.parquet notes the parser in its
`meta.json`, which also names the samples that were asked about and the bytes of both files. Where any of it is unknown
or differs, or a file is another than it was, the text is parsed anew.
"""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from vtgdata.conversation.answer import MAX_TEXT
from vtgdata.conversation.answer_absence import MAY_SAY_SO
from vtgdata.conversation.answer_text import split_reasoning
from vtgdata.errors import VtgError
from vtgdata.files import code_fingerprint, fingerprint, outside, parquet_limits
from vtgdata.files.meta import maker
from vtgdata.files.schemas import Row
from vtgdata.records import Answer, Sample
from vtgdata.records.windows import from_pairs

READ_BY = ("vtgdata.conversation.answer", "vtgdata.conversation.prompt")
"""The modules that read answers: with all that they import they are the parser, the forms of prompts included."""


@cache
def parser() -> str:
    """The fingerprint of the parser's code."""
    return code_fingerprint.of_code(*READ_BY)


def same_reading(rollouts: str) -> Callable[[Sample], bool]:
    """The function that tells whether the answers to a sample in a file were read as they would be now.

    Args:
        rollouts: a rollouts.parquet; only answers to the prompt of the present run are meant.
    """
    known = _asked_about(rollouts)
    if known is None:
        return lambda _: False
    return lambda sample: known.get(sample.sample_id) == hash((sample.video.duration, sample.options))


def _asked_about(rollouts: str) -> dict[str, int] | None:
    """{sample: hash of its duration and options} of the samples that answers were given to and read by this parser."""
    path = Path(rollouts)
    made = maker(path, fingerprint.of_path(path))
    if made is None or made.name not in made.meta.outputs or made.meta.parser != parser():
        return None
    samples = made.meta.settings.get("samples")
    if not isinstance(samples, str) or samples not in made.meta.inputs:
        return None
    place = Path(samples)
    try:
        if not outside.is_file(place) or fingerprint.of_path(place) != made.meta.inputs[samples]:
            return None
        frame: Any = parquet_limits.frame(place)
    except (OSError, VtgError):
        return None
    n = frame.height
    columns = (frame[name].to_list() if name in frame.columns else [None] * n for name in ("sample_id", *_DECIDES))
    return {name: hash((duration, tuple(options or ()))) for name, duration, options in zip(*columns, strict=True)}


_DECIDES = ("duration", "options")


def reading_of(row: Row) -> Answer | None:
    """The reading that a row has; None where the row does not have all of it, so that its text must be parsed."""
    status, reasoning = row["parse_status"], row["reasoning"]
    windows = from_pairs(row["windows"] or ())
    if row["error"] or status is None or row["finish_reason"] is None or (status in MAY_SAY_SO and not windows):
        return None  # whether it says that there is no such moment is in no column
    # Reasoning that a server returned apart from the text was put into it in tags, and may read otherwise there.
    if not _holds(row["text"] or "", reasoning):
        return None
    return Answer(
        windows=windows, option=row["option"], parse_status=status, strict_ok=bool(row["strict_ok"]),
        reasoning=reasoning, has_reasoning=bool(reasoning.strip()),
    )  # fmt: skip


def _holds(text: str, reasoning: str) -> bool:
    """Whether the reasoning of a text, as it would be read now, is the stored one."""
    if not text.startswith("<think>"):
        return True  # it was never apart
    if text.startswith(f"<think>{reasoning}</think>") and _PLAIN.fullmatch(reasoning) and len(text) < MAX_TEXT:
        return "assistantfinal" not in text
    return reasoning == split_reasoning(text[-MAX_TEXT:].replace("<\\/", "</"))[0]


_PLAIN = re.compile(r"\w(?:[\w\s.,:;!?'\"()-]*[\w.,;!?'\")])?", re.ASCII)
"""A reasoning in which no other mark can be, and that no blank begins or ends."""
