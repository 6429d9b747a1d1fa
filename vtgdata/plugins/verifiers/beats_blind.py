"""Beats blind: the answer scores more than the same answer would against the truths of other videos.

Where moments of a pool lie alike, one answer of their usual length and place is right often, whether or not anybody
looked: a trace of it teaches the place. Other truths are of other sources and of videos of a similar duration, as
shares of it (`metrics.other_truth`); without other samples, every window of a grid counts alike. An answer that is the
whole video says nothing, whatever it scores. What this leaves out changes where the kept moments lie: `build-coldstart`
prints that.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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
from vtgdata.files.schemas import Row
from vtgdata.metrics import other_truth
from vtgdata.metrics.window_table import tiou_array
from vtgdata.records import Sample
from vtgdata.records.windows import Array

CODE = "no_better_than_blind"
MOST_TRUTHS = 128
"""Truths that an answer is compared with."""
MOST_WINDOWS = 8
"""Windows of one truth that are looked at."""
LEAST_TRUTHS = 8
"""Fewest truths of other sources that say anything."""
_ENDS = np.arange(21) / 20
_GRID: Array = np.array([(a, b) for a in _ENDS for b in _ENDS if a < b])[:, None]
"""(210, 1, 2) every window whose ends are twentieths of a video."""


class Truths(NamedTuple):
    """Truths of a pool as shares of their videos, drawn anew for each range of durations."""

    ends: Array
    """(r - 1,) seconds at which the next range begins."""
    shares: list[Array]
    """Of each range (k, MOST_WINDOWS, 2), NaN where a truth has fewer windows."""
    sources: list[NDArray[np.object_]]
    """Of each range (k,) whose they are."""


def prepare(samples: Sequence[Sample], *, margin: float = 0.1, whole: float = 0.95) -> Truths | None:
    """The truths of a pool; None where it has none."""
    del margin, whole
    known = [sample for sample in samples if sample.windows and sample.video.duration]
    if not known:
        return None
    known.sort(key=lambda sample: sample.sample_id)
    ranges = other_truth.ranges_of(known, np.ones(len(known), dtype=np.bool_))
    rng = np.random.default_rng(0)
    firsts = [min(known[i].video.duration or 0.0 for i in rows.tolist()) for rows in ranges]
    drawn = [[known[i] for i in rng.permutation(rows)[: 2 * MOST_TRUTHS].tolist()] for rows in ranges]
    return Truths(
        np.array(firsts[1:]),
        [np.stack([_padded(other_truth.shares_of(sample)[""]) for sample in some]) for some in drawn],
        [np.array([sample.video.source for sample in some], dtype=np.object_) for some in drawn],
    )


def _padded(shares: Array) -> Array:
    found = np.full((MOST_WINDOWS, 2), np.nan)
    found[: len(shares)] = shares[:MOST_WINDOWS]
    return found


def verify(
    rows: Sequence[Row],
    sample: Sample,
    frames: object,
    *,
    prepared: Truths | None = None,
    margin: float = 0.1,
    whole: float = 0.95,
) -> Reasons:
    """`no_better_than_blind`, with what the answer scores above other truths, or `whole_video`, with its share of it.

    Args:
        rows: answers.
        sample: of one of them.
        frames: not used.
        prepared: the pool's truths.
        margin: IoU that an answer must score above what it scores against other truths.
        whole: share of the video from which on an answer is the whole of it; 1.01 lets every answer pass.
    """
    if not 0 <= margin <= 1 or whole <= 0:
        raise VtgError(f"beats_blind: margin={margin:g} must lie in [0, 1], and whole={whole:g} above 0.")
    duration = sample.video.duration
    others = _others(prepared, sample)

    def why(row: Row) -> str | None:
        said = windows_of(row)
        if not said or not duration or row["iou"] is None:
            return None
        covered = sum(end - start for start, end in said) / duration
        if len(said) == 1 and covered >= whole:
            return reason("whole_video", min(covered, 1.0))
        above = row["iou"] - _earned(np.array(said) / duration, others)
        return None if above >= margin else reason(CODE, above, "IoU above other truths")

    return each(rows, why)


def _others(prepared: Truths | None, sample: Sample) -> Array:
    """(k, m, 2) shares of other truths for a sample."""
    if prepared is None or not sample.video.duration:
        return _GRID
    of = int(np.searchsorted(prepared.ends, sample.video.duration, side="right"))
    shares = prepared.shares[of][prepared.sources[of] != sample.video.source][:MOST_TRUTHS]
    return shares if len(shares) >= LEAST_TRUTHS else _GRID


def _earned(said: Array, others: Array) -> float:
    """Mean over other truths of the best IoU with each; of several windows, their mean. Args: said: (w, 2)."""
    ious = tiou_array(said[:, None, None], others[None])
    return float(ious.max(axis=2).mean())


def _pool() -> tuple[Sample, ...]:
    """Truths that lie alike: the second half of the video."""
    return tuple(
        example_sample(f"pool{number}", windows=[(15.0 + 0.05 * number, 30.0 - 0.05 * number)]) for number in range(20)
    )


_SAMPLE = example_sample(windows=[(12.0, 24.0)])
_THOUGHT = "<think>The person opens the door.</think><answer>{}</answer>"
EXAMPLE = VerifierExample(
    sample=_SAMPLE,
    rows=tuple(
        example_row(_THOUGHT.format(window), _SAMPLE) for window in ("14.0 to 30.0", "12.0 to 22.0", "0.0 to 30.0")
    ),
    reasons=(CODE, None, "whole_video"),
    pool=_pool(),
)
