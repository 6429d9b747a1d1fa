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
from vtgdata.metrics.truths import shares_of
from vtgdata.metrics.window_table import tiou_array
from vtgdata.records import Sample
from vtgdata.records.windows import Array

CODE = "no_better_than_blind"
MOST_TRUTHS = 128
"""Truths that an answer is compared with."""
MOST_WINDOWS = 8
"""Windows of one truth that are looked at."""
LEAST_TRUTHS = 50
"""Fewest truths of other sources that say where moments lie: of fewer, every window of a grid counts alike."""
STEPS = 100
"""Steps of a table of windows, into which a video is cut."""


class Range(NamedTuple):
    """The truths of videos of similar durations."""

    shares: Array
    """(k, m, 2) shares of their videos, NaN where a truth has fewer windows than another."""
    sources: list[str]
    """(k,) whose they are."""
    table: Array
    """(STEPS + 1, STEPS + 1) what a window earns whose start and end are so many steps into its video."""


class Truths(NamedTuple):
    """Truths of a pool, for each range of durations."""

    ends: Array
    """(r - 1,) seconds at which the next range begins."""
    ranges: list[Range]


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
    drawn = [[known[i] for i in rng.permutation(rows)[:MOST_TRUTHS].tolist()] for rows in ranges]
    return Truths(np.array(firsts[1:]), [_range(some) for some in drawn])


def _range(samples: Sequence[Sample]) -> Range:
    found = [shares_of(sample)[""][:MOST_WINDOWS] for sample in samples]
    shares = np.full((len(found), max(map(len, found)), 2), np.nan)
    for place, windows in enumerate(found):
        shares[place, : len(windows)] = windows
    return Range(shares, [sample.video.source for sample in samples], _table(shares))


def _table(shares: Array) -> Array:
    """What each window of a grid earns on average. Args: shares: (k, m, 2)."""
    steps = np.arange(STEPS + 1) / STEPS
    table = np.zeros((len(steps), len(steps)))
    for row, start in enumerate(steps.tolist()):
        said = np.stack([np.full(len(steps) - row, start), steps[row:]], axis=1)
        table[row, row:] = _earned(said, shares)
    return table


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
        above = row["iou"] - _blind(said, duration, others)
        return None if above >= margin else reason(CODE, above, "IoU above other truths")

    return each(rows, why)


def _others(prepared: Truths | None, sample: Sample) -> Range:
    """The other truths for a sample: without those of its own source, or every window alike where few are left."""
    if prepared is None or not sample.video.duration:
        return _GRID
    of = prepared.ranges[int(np.searchsorted(prepared.ends, sample.video.duration, side="right"))]
    own = sample.video.source
    if own not in of.sources:
        return of if len(of.sources) >= LEAST_TRUTHS else _GRID
    left = [place for place, source in enumerate(of.sources) if source != own]
    if len(left) < LEAST_TRUTHS:
        return _GRID
    return Range(of.shares[left], [of.sources[place] for place in left], np.zeros((0, 0)))


def _blind(said: Sequence[tuple[float, float]], duration: float, others: Range) -> float:
    """What an answer earns on average against other truths; of several windows, their mean."""
    if not others.table.size:
        return float(_earned(np.array(said) / duration, others.shares).mean())
    scale = STEPS / duration
    values = [others.table[min(STEPS, round(a * scale)), min(STEPS, round(b * scale))] for a, b in said]
    return float(sum(values)) / len(values)


def _earned(said: Array, shares: Array) -> Array:
    """(w,) mean over truths of the best IoU with each. Args: said: (w, 2); shares: (k, m, 2)."""
    return tiou_array(said[:, None, None], shares[None]).max(axis=2).mean(axis=1)


_ENDS = np.arange(21) / 20
_WINDOWS: Array = np.array([(a, b) for a in _ENDS for b in _ENDS if a < b])[:, None]
_GRID = Range(_WINDOWS, [], _table(_WINDOWS))
"""Every window whose ends are twentieths of a video."""


def _pool() -> tuple[Sample, ...]:
    """Truths that lie alike: the second half of the video."""
    return tuple(
        example_sample(f"pool{number}", windows=[(15.0 + 0.05 * number, 30.0 - 0.05 * number)]) for number in range(60)
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
