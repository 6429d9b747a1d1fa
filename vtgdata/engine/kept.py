"""Counts of what became of a run's answers: traces, reasons, marks, and where the kept windows lie."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import UNSET

from vtgdata.conversation.verifying import parted
from vtgdata.engine import choice
from vtgdata.engine.choice import Quota
from vtgdata.files.schemas import Row
from vtgdata.records import Sample

BLIND = "no_better_than_blind"
"""Reason of `beats_blind`."""


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

    def add(self, sample: Sample, traces: Sequence[Row]) -> None:
        """Count a sample's rollouts."""
        self.quota.note(sample, traces)
        self.rollouts += len(traces)
        for trace in traces:
            if trace["kept"]:
                self.kept[trace["key"]] = sample.sample_id
                self.marks.update(trace["marks"])
            else:
                self.reasons[trace["reason"]] += 1
            if sample.video.duration and trace["windows"] and (trace["kept"] or trace["reason"] == BLIND):
                middle = sum(trace["windows"][0]) / 2 / sample.video.duration
                self.middles[not trace["kept"]].append(middle)

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
