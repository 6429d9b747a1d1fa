"""What release.json says of a config's rows, counted while they are written."""

from collections import Counter
from typing import Any

from vtgdata.releases.plots import Bars

_COUNTED = ("corpus", "split", "license", "task")


class Tally:
    """Counts over the rows of one config."""

    def __init__(self, config: str) -> None:
        self._config = config
        self._counts: dict[str, Counter[str]] = {}
        self.reasons: Counter[str] = Counter()
        """{reason: rows}, for `drops`."""
        self.samplings: set[str] = set()
        """How frames were sampled, as JSON, where a model was asked about the rows."""
        self.bars = Bars()

    def add(self, frame: Any) -> None:
        """Count some rows, a Polars frame with all columns of the config."""
        for name in _COUNTED:
            if name in frame.columns:
                counts = self._counts.setdefault(name, Counter())
                for value, rows in frame[name].value_counts().rows():
                    counts[str(value)] += rows
        if self._config == "drops":
            self.reasons.update(dict(frame["reason"].value_counts().rows()))
        elif "frame_sampling" in frame.columns:
            self.samplings |= set(filter(None, frame["frame_sampling"].unique()))
        if self._config == "samples":
            self.bars.samples(frame)
        elif self._config == "difficulty":
            self.bars.rates(frame)

    def counts(self) -> dict[str, dict[str, int]]:
        """{column: {value: rows}} for corpus, split, license and task, as far as the config has them."""
        return {name: dict(sorted(counts.items())) for name, counts in self._counts.items()}
