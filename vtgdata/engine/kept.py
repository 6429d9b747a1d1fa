"""Counts of what became of a run's answers: traces, reasons, marks, and where the kept windows lie."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET

from vtgdata.conversation.verifying import parted
from vtgdata.engine import choice
from vtgdata.engine.choice import Quota
from vtgdata.files.schemas import Row
from vtgdata.records import Sample

BLIND = "no_better_than_blind"
"""Reason of `beats_blind`."""
PENDING = "not_judged"
"""Reason of an answer without a verdict."""


class Outcome(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What became of the answers to one sample."""

    answers: int
    failed: str
    """The error of the first request that failed; empty where none did."""
    kept: tuple[str, ...]
    """Keys of the answers that are traces."""
    reasons: tuple[str, ...]
    """Of the others."""
    marks: tuple[str, ...]
    """Of the traces."""
    middles: tuple[tuple[float, ...], tuple[float, ...]]
    """Of the windows of traces, and of those that `beats_blind` left out, as shares of the video."""


def outcome(sample: Sample, traces: Sequence[Row]) -> Outcome:
    """What became of a sample's answers. Args: traces: of each answer, as `traced` makes them."""
    failed = next((trace["error"] for trace in traces if trace["error"]), "")
    kept = [trace for trace in traces if trace["kept"]]
    lost = [trace for trace in traces if not trace["kept"]]
    return Outcome(
        len(traces), failed, tuple(trace["key"] for trace in kept), tuple(trace["reason"] for trace in lost),
        tuple(mark for trace in kept for mark in trace["marks"]),
        (_middles(sample, kept), _middles(sample, [trace for trace in lost if trace["reason"] == BLIND])),
    )  # fmt: skip


def _middles(sample: Sample, traces: Sequence[Row]) -> tuple[float, ...]:
    if not sample.video.duration:
        return ()
    return tuple(sum(trace["windows"][0]) / 2 / sample.video.duration for trace in traces if trace["windows"])


class Tally:
    """Counts of what became of the rollouts."""

    def __init__(self, quota: Quota) -> None:
        self.quota = quota
        self.reasons: Counter[str] = Counter()
        self.marks: Counter[str] = Counter()
        self.kept: dict[str, str] = {}
        self.rollouts = 0
        self.middles: tuple[list[float], list[float]] = ([], [])
        """Of kept traces, and of those that `beats_blind` left out."""

    def add(self, sample: Sample, found: Outcome) -> None:
        """Count what became of a sample's rollouts."""
        self.quota.note(sample, found.kept)
        self.rollouts += found.answers
        self.kept |= dict.fromkeys(found.kept, sample.sample_id)
        self.marks.update(found.marks)
        self.reasons.update(found.reasons)
        for ours, its in zip(self.middles, found.middles, strict=True):
            ours += its

    def figures(self, over: Mapping[str, str]) -> dict[str, Any]:
        """The counts of a summary; traces over a quota are not kept."""
        reasons = self.reasons + Counter(parted(why).code for why in over.values())
        left = [sample_id for key, sample_id in self.kept.items() if key not in over]
        kept, lost = self.middles
        told = {"kept": choice.positions(kept), "without_beats_blind": choice.positions([*kept, *lost])}
        return {
            "rollouts": self.rollouts, "traces": len(left), "samples_with_trace": len(set(left)),
            "reasons": dict(sorted(reasons.items())), "marks": dict(sorted(self.marks.items())),
            "positions": told if lost else UNSET,
        }  # fmt: skip
