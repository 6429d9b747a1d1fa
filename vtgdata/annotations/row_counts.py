"""Counts the rows of an ingest, and the samples and drops that they became, for its summary."""

from collections import Counter

from vtgdata.annotations import folders
from vtgdata.annotations.block_outcomes import Outcomes
from vtgdata.annotations.blocks import Block
from vtgdata.annotations.looks.gathering import Gathering
from vtgdata.annotations.published import Published, compared
from vtgdata.records import Corpus, Drop, RawRow, Sample


class Count:
    """Counts of the rows read, and of the samples and drops they became."""

    def __init__(self) -> None:
        self.samples = self.drops = 0
        self.empty = self.absent = self.no_duration = 0
        """Labelled samples without a usable window, those known to have no moment, those without a duration."""
        self.repairs: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.statuses: dict[str, str] = {}
        """File of a video -> its status, where it was probed."""
        self.gathering = Gathering()
        self._read: Counter[str] = Counter()
        self._files: dict[str, set[str]] = {}

    def row(self, row: RawRow, outcome: Sample | Drop) -> None:
        """Count a row, and the sample or drop that it became."""
        split = row.split
        if split not in self._files:
            self._files[split] = set()
        self._read[split] += 1
        self._files[split].add(row.file)
        self.gathering.add(row, outcome)
        self._outcome(outcome)

    def block(self, block: Block, became: Outcomes) -> None:
        """Count the rows of a block, and what they became."""
        self._read[block.split] += len(block)
        files = self._files.setdefault(block.split, set())
        files.update(video.file for video in set(block.videos))
        files.update(row.file for row in block.odd.values())
        for row, outcome in became.at(self.gathering.taken(len(block))):
            self.gathering.take(row, outcome)
        for outcome in became.each.values():
            self._outcome(outcome)
        self.samples += len(became.plain)
        if None in block.durations:
            self.no_duration += sum(block.durations[number] is None for number in became.plain)

    def _outcome(self, outcome: Sample | Drop) -> None:
        if isinstance(outcome, Drop):
            self.drops += 1
            self.reasons[outcome.reason] += 1
            return
        self.samples += 1
        video = outcome.video
        self.empty += outcome.labelled and not outcome.windows and not outcome.none_is_right
        self.absent += outcome.none_is_right
        if video.duration is None:
            self.no_duration += 1
        for repair in outcome.repairs:
            self.repairs[repair.code] += 1
        if video.status is not None:
            self.statuses[video.file] = video.status

    def published(self, corpus: Corpus, limit: int | None) -> dict[str, Published]:
        """The rows and videos read from each split, compared with the numbers that its corpus publishes."""
        return {split: self._compared(split, corpus, limit) for split in self._read}

    def _compared(self, split: str, corpus: Corpus, limit: int | None) -> Published:
        facts = next((known for known in corpus.splits if known.name == split), None)
        videos = len({folders.path(file) for file in self._files[split]} - {""})
        return compared(facts, rows=self._read[split], videos=videos, limit=limit)
