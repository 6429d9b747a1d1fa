"""Agree: the answers of a sample agree with each other, or with those of a second teacher.

With `rollouts`, a rollouts.parquet of another teacher, an answer is compared with that teacher's answers to the same
sample; without it, with the other answers of its own. One that has nobody to be compared with passes.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from vtgdata.conversation.verifying import (
    Reasons,
    VerifierExample,
    each,
    example_row,
    example_sample,
    reason,
    windows_of,
)
from vtgdata.errors import VtgError
from vtgdata.files.pieces import read_frames
from vtgdata.files.schemas import ROLLOUTS, Row
from vtgdata.records import Sample

WHOLE = True
Said = tuple[tuple[tuple[float, float], ...], str | None]
"""Windows and option of an answer."""


class Others(NamedTuple):
    """A second teacher's answers, by sample."""

    path: str
    said: Mapping[str, Sequence[Said]]


def prepare(samples: Sequence[Sample], *, rollouts: str = "", share: float = 0.5, least: float = 0.5) -> Others | None:
    """The second teacher's answers; raises VtgError when the file has none to any of these samples."""
    if not rollouts:
        return None
    del share, least
    wanted, said = {sample.sample_id for sample in samples}, dict[str, list[Said]]()
    columns = {name: ROLLOUTS[name] for name in ("sample_id", "windows", "option", "parse_status", "error")}
    for frame in read_frames(Path(rollouts), columns, needs=("sample_id", "windows")):
        for row in frame.iter_rows(named=True):
            if row["sample_id"] in wanted and not row["error"]:
                said.setdefault(row["sample_id"], []).append(_said(row))
    if not said:
        raise VtgError(f"agree: {rollouts} has no answer to any of these samples.")
    return Others(rollouts, said)


def verify(
    rows: Sequence[Row],
    sample: Sample,
    frames: object,
    *,
    prepared: Others | None = None,
    rollouts: str = "",
    share: float = 0.5,
    least: float = 0.5,
) -> Reasons:
    """`disagrees`, with the share of the others that agree with it.

    Args:
        rows: all answers of the sample.
        sample: it.
        frames: not used.
        prepared: the second teacher's answers.
        rollouts: its file.
        share: least share of the others that must agree.
        least: least IoU of windows that agree; options must be the same.
    """
    if not 0 <= share <= 1 or not 0 < least <= 1:
        raise VtgError(f"agree: share={share:g} must lie in [0, 1], and least={least:g} in (0, 1].")
    own = [None if row["error"] else _said(row) for row in rows]
    second = prepared.said.get(sample.sample_id, ()) if prepared else ()

    def why(row: Row) -> str | None:
        place = next(i for i, other in enumerate(rows) if other is row)
        mine = own[place]
        others = second if rollouts else [said for i, said in enumerate(own) if i != place and said is not None]
        if mine is None or not others:
            return None
        agreeing = sum(_agree(mine, other, least) for other in others) / len(others)
        return None if agreeing >= share else reason("disagrees", agreeing, f"of {len(others)}")

    return each(rows, why)


def _said(row: Row) -> Said:
    return tuple(windows_of(row)), row["option"]


def _agree(a: Said, b: Said, least: float) -> bool:
    if a[1] != b[1] or bool(a[0]) != bool(b[0]):
        return False
    if not a[0]:
        return a[1] is not None
    return all(any(_iou(x, y) >= least for y in b[0]) for x in a[0]) and all(
        any(_iou(x, y) >= least for x in a[0]) for y in b[0]
    )


def _iou(a: tuple[float, float], b: tuple[float, float]) -> float:
    shared = max(0.0, min(a[1], b[1]) - max(a[0], b[0]))
    return shared / (a[1] - a[0] + b[1] - b[0] - shared)


_SAMPLE = example_sample()
_SAID = "<think>The person opens the door.</think><answer>{}</answer>"
EXAMPLE = VerifierExample(
    sample=_SAMPLE,
    rows=tuple(
        example_row(_SAID.format(window), _SAMPLE, index=index)
        for index, window in enumerate(("5.0 to 10.0", "5.5 to 10.0", "5.0 to 9.0", "20.0 to 25.0"))
    ),
    reasons=(None, None, None, "disagrees"),
)
