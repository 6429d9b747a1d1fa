"""Published files to try a reader on: `$VTGDATA_TEST_DATA`. They may not be passed on: a machine has them, or skips."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from vtgdata.annotations.normalise import normalise
from vtgdata.files import plugins
from vtgdata.records import Drop, RawRow, Sample


def published(*parts: str) -> Path:
    """A file or folder of the test data; skips the test where there is none."""
    root = os.environ.get("VTGDATA_TEST_DATA")
    if not root:
        pytest.skip("VTGDATA_TEST_DATA is not set")
    return Path(root, *parts)


class Ingested(NamedTuple):
    """What a published file gave: its rows, and the sample or drop that each became."""

    rows: list[RawRow]
    samples: list[Sample]
    drops: list[Drop]

    @property
    def repairs(self) -> dict[str, int]:
        """How many repairs of each kind the samples note."""
        return dict(Counter(repair.code for sample in self.samples for repair in sample.repairs))

    @property
    def reasons(self) -> dict[str, int]:
        """How many rows were dropped for each reason."""
        return dict(Counter(drop.reason for drop in self.drops))

    def with_repair(self, code: str) -> list[Sample]:
        """The samples that note a repair."""
        return [sample for sample in self.samples if code in {repair.code for repair in sample.repairs}]


def ingested(corpus: str, paths: Sequence[Path], split: str | None = None, **options: Any) -> Ingested:
    """Read files with a corpus's reader and normalise its rows; rows = samples + drops, to the row."""
    module = plugins.load("corpora", corpus)
    rows = list(module.read(paths, split, **options))
    found = list(normalise(rows, module.CORPUS, licence_of=lambda name: f"LicenseRef-{name}"))
    samples = [each for each in found if isinstance(each, Sample)]
    drops = [each for each in found if isinstance(each, Drop)]
    assert len(rows) == len(samples) + len(drops) == len(found)
    return Ingested(rows, samples, drops)
