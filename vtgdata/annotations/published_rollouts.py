"""Answers and difficulties that others publish: the facts of such a form, and one row of it.

A bare number called difficulty says little: whose answer, how many, and whether higher is easier. A form says what it
knows, and what it does not.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from vtgdata.annotations import ids
from vtgdata.annotations.items import Item
from vtgdata.annotations.text import duration, number, sequence, windows, words
from vtgdata.conversation.answer import Form, parse
from vtgdata.records import RawRow
from vtgdata.records.windows import as_pairs

UNKNOWN = "unknown"
"""Id of a model, or of frames, of which nothing is published."""


class PublishedForm(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of all rows of a form."""

    title: str
    source: str
    """Where the form was read: repository and commit."""
    corpus: str
    """The corpus with which sample ids begin."""
    license: str
    direction: str
    """What the published number or answer is, and which way it points, in words."""
    model: str = UNKNOWN
    """Whose answers they are."""
    sampling: str = UNKNOWN
    """How they were drawn, as `rollouts.sampling_id` writes it."""
    answers: Form | None = None
    """The form of the published answers' text; None where only numbers are published."""
    measure: str = "mean_iou"
    """The measure of the published numbers."""
    unknown: tuple[str, ...] = ()
    """What is not published."""


class Published(NamedTuple):
    """One row."""

    row: RawRow
    texts: tuple[str, ...] = ()
    """What the model answered, in order."""
    values: tuple[float, ...] = ()
    """The measure of each answer, in [0, 1], higher is easier; where only that is published."""
    form: Form | None = None
    """The form of this row's answers, if it is not that of all rows."""


class FormExample(msgspec.Struct, frozen=True, kw_only=True):
    """A form's own small test: invented rows in its real syntax."""

    text: str
    """The file."""
    rows: list[tuple[str, int, float]]
    """(query, answers, mean of the form's default measure) of each row, in order; rows that become drops are left
    out."""


_QUOTED = re.compile('["\u201c](.+)["\u201d]', re.DOTALL)
_ANSWER = re.compile(r"<answer>(.*?)</answer>", re.DOTALL)


def quoted(prompt: str) -> str:
    """The query in a prompt: what stands between its first and its last double quote, else all but the video's mark.

    >>> quoted('<video>To pinpoint the event "a "big" dog" in the video, give <answer> 1 to 2 </answer>.')
    'a "big" dog'
    """
    found = _QUOTED.search(prompt)
    return (found[1] if found else prompt.replace("<video>", "")).strip()


def in_unit(value: Any, name: str) -> float:
    """A number in [0, 1]; raises ValueError for any other value."""
    found = number(value)
    if not 0 <= found <= 1:
        raise ValueError(f"{name} is {found:g}, no number in [0, 1]")
    return found


def of_chat(record: Item, fields: Mapping[str, Any], split: str = "train") -> RawRow:
    """A row of RL data: `problem` with the query in quotes, `answer` (or `solution`) with the window, `videos`.

    Raises ValueError when one of them is missing or cannot be read.
    """
    named: Sequence[Any] = sequence(fields["videos"], "videos") if "videos" in fields else [fields.get("video")]
    if not named:
        raise ValueError("videos is empty")
    path = words(named[0], "the video")
    stated = fields.get("answer", fields.get("solution"))
    length = duration(fields.get("duration"))
    parts = path.split("/")
    video = ids.named(path, youtube=True)
    return RawRow(
        origin=record.origin,
        raw=record.raw,
        video_id=video.video_id,
        file=video.file,
        query=quoted(words(fields.get("problem", fields.get("query")), "problem")),
        windows=_windows(stated, length),
        split=split,
        duration=length,
        source_id=video.source_id,
        source_start=video.source_start,
        source_corpus=parts[-2] if len(parts) > 1 else "",
        published_id=None,
        extra={},
    )


def _windows(stated: Any, length: float | None) -> Any:
    if not isinstance(stated, str):
        return windows(stated)
    inside = _ANSWER.search(stated)
    found = parse(inside[0] if inside else stated, duration=length, form=Form(reasoning=False, several=True))
    if not found.windows:
        raise ValueError(f"answer {stated[:80]!r} names no window")
    return as_pairs(found.windows)
