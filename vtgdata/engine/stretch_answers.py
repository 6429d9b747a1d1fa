"""Answers about the stretches of long videos: which stretches have the moment, and the moments on the video's clock."""

from collections.abc import Container, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from vtgdata.annotations import stretches
from vtgdata.annotations.stretches import Pair
from vtgdata.files.schemas import Row
from vtgdata.metrics.window_table import support
from vtgdata.records import Sample

COLUMNS = {
    "sample_id": "text", "stretch_id": "text", "start": "number", "end": "number", "share": "number", "n": "count",
    "n_failed": "count", "score": "number", "windows": "windows", "grounded": "flag", "grounded_share": "number",
    "grounded_n_failed": "count", "grounded_windows": "windows",
}  # fmt: skip
"""Columns of stretches.parquet, a row for each stretch; windows are on the clock of the whole video, and of those with
`grounded` nothing is known where no closer look was taken. Of `share` and `windows` nothing is known without an answer,
as where a retrieval model scored the stretches instead, and of `score` where none did."""


EDGE = 1.0
"""Seconds from an edge of a stretch at which a window lies at it: about what frames and answers tell apart."""


class Looked(NamedTuple):
    """What the answers about one stretch say."""

    stretch: Sample
    of: str
    """Id of the sample of the whole video."""
    start: float
    """Where the stretch begins in the video, in seconds."""
    share: float | None
    """Share of the answers that name a moment, in [0, 1]; None without any answer."""
    n: int
    """Answers; failed requests are none."""
    n_failed: int
    windows: list[Pair]
    """Time that at least half of the answers cover, in seconds of the whole video."""
    score: float | None = None
    """By a retrieval model, of which `n_failed` is 1 where it could not see the stretch; None where none was asked."""
    mean_score: float = 0.0
    """By the same, the mean over all frames: it decides between equal scores."""

    @property
    def known(self) -> bool:
        """Whether anything is known of the stretch: an answer, or a score."""
        return self.n > 0 or self.score is not None

    @property
    def cut(self) -> bool:
        """Whether a window lies at an edge of the stretch, which may have cut the moment; the video's start is none."""
        end = self.start + (self.stretch.video.duration or float("inf"))
        return any(0 < self.start >= first - EDGE or last >= end - EDGE for first, last in self.windows)


def looked(stretch: Sample, rows: Sequence[Row], wholes: Container[str] = ()) -> Looked:
    """What the rows of one stretch say; a sample that is no stretch is the whole of its video.

    Args: wholes: ids of the samples that were asked about, which may be stretches of an earlier run.
    """
    whole, (start, _) = stretches.named(stretch.sample_id) or (stretch.sample_id, (0.0, 0.0))
    if stretch.extra.get("stretch_of") != whole or stretch.sample_id in wholes:
        whole, start = stretch.sample_id, 0.0
    answered = [row for row in rows if row["error"] is None]
    said = [_windows(row) for row in answered]
    share = sum(map(bool, said)) / len(said) if said else None
    windows = stretches.put_back(agreed(said), start)
    return Looked(stretch, whole, start, share, len(said), len(rows) - len(answered), windows)


def _windows(row: Row) -> list[Pair]:
    """The windows of an answer; none of one that says that there is no moment, or that cannot be read."""
    return [(start, end) for start, end in row["windows"] or ()] if row["parse_status"] in (None, "ok") else []


def agreed(answers: Sequence[Sequence[Pair]]) -> list[Pair]:
    """The time that at least half of some answers cover: what one answer says, for one answer.

    >>> agreed([[(1, 5)], [(2, 6)], [(2, 4), (8, 9)]])
    [(2.0, 5.0)]
    """
    edges: list[tuple[float, int]] = []
    for windows in answers:
        for start, end in support(np.array(windows, dtype=np.float64).reshape(-1, 2)).tolist():
            edges += [(start, 1), (end, -1)]
    found: list[Pair] = []
    covering, begin = 0, None
    # At one time ends come before starts: a moment that ends where another begins is joined with it again below.
    for time, step in sorted(edges):
        covering += step
        inside = covering > 0 and 2 * covering >= len(answers)
        if inside and begin is None:
            begin = time
        elif not inside and begin is not None:
            if time > begin:
                found.append((begin, time))
            begin = None
    return joined(found)


def joined(windows: Iterable[Pair], gap: float = 0.0) -> list[Pair]:
    """Windows in order of time, those with at most `gap` seconds between them as one.

    >>> joined([(4, 6), (0, 2), (2.5, 3)], gap=0.5)
    [(0.0, 3.0), (4.0, 6.0)]
    """
    found: list[Pair] = []
    for start, end in sorted((float(start), float(end)) for start, end in windows):
        if found and start <= found[-1][1] + gap:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


def best(found: Sequence[Looked], least: float, most: int) -> list[Looked]:
    """The stretches of one video to look at closer, best first.

    Where a retrieval model scored them, those with the highest scores; of equal ones those with the higher mean, then
    the earlier. Else those in which most answers name a moment; of equal shares those come first in which no moment
    lies at an edge, where the neighbour may have all of it, of the others those with more of it; then the earlier.

    Args: least: share of the answers that must name a moment; most: that many at most.
    """
    having = [each for each in found if each.score is not None or (each.share and each.share >= least)]

    def order(each: Looked) -> tuple[float, ...]:
        seconds = sum(end - start for start, end in each.windows) if each.cut else 0.0
        return -(each.score or 0.0), -each.mean_score, -(each.share or 0.0), each.cut, -seconds, each.start

    return sorted(having, key=order)[:most]


def merged(found: Sequence[Looked], least: float, gap: float) -> list[list[float]]:
    """The set of windows of one video, from its stretches: those that most answers agree on first.

    Of equal ones those in the stretch with the higher score come first, then the earlier.

    Args: least: share of the answers that must name a moment; gap: see `joined`.
    """
    having = [each for each in found if each.share and each.share >= least]
    windows = joined((pair for each in having for pair in each.windows), gap)

    def rank(window: Pair) -> tuple[float, float]:
        return max(
            (each.share or 0.0, each.score or 0.0)
            for each in having
            if any(start <= window[1] and last >= window[0] for start, last in each.windows)
        )

    def order(window: Pair) -> tuple[float, float, Pair]:
        share, score = rank(window)
        return -share, -score, window

    ordered = sorted(windows, key=order)
    return [[round(start, 3), round(last, 3)] for start, last in ordered if round(start, 3) < round(last, 3)]


def row(first: Looked, closer: Looked | None) -> Row:
    """A row of stretches.parquet."""
    made: Row = {
        "sample_id": first.of, "stretch_id": first.stretch.sample_id, "start": first.start,
        "end": None if first.stretch.video.duration is None else first.start + first.stretch.video.duration,
        "share": first.share, "n": first.n, "n_failed": first.n_failed, "score": first.score,
        "windows": first.windows if first.n else None, "grounded": closer is not None,
    }  # fmt: skip
    if closer is None:
        return made
    return made | {
        "grounded_share": closer.share, "grounded_n_failed": closer.n_failed, "grounded_windows": closer.windows,
    }  # fmt: skip
