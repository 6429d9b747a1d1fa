"""What is reported of groups of samples: their size, what a blind guess scores there, and what two of them share."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from vtgdata.annotations import overlap
from vtgdata.annotations.overlap import Group
from vtgdata.metrics import baselines, grounding
from vtgdata.records import Sample


class BlindGuess(msgspec.Struct, frozen=True, kw_only=True):
    """What answers without looking score on the rows that they were fitted on: position bias.

    Each is {window: (start, end) as fractions of the duration, metric: a fraction}.
    """

    mean_window: dict[str, Any]
    best_constant: dict[str, Any]


class GroupReport(msgspec.Struct, frozen=True, kw_only=True):
    """A split of a corpus."""

    corpus: str
    split: str
    benchmark: bool
    """Whether papers report scores on it: then it may not be trained on."""
    rows: int
    videos: int
    label_versions: dict[str, int]
    """{version: rows}."""
    blind_guess: BlindGuess | None
    """None where no row has a window and a duration."""


class PairReport(msgspec.Struct, frozen=True, kw_only=True):
    """What two groups have in common; see `overlap.Shared`."""

    first: str
    second: str
    """Corpus and split."""
    sources: int
    youtube: int
    queries: int
    duplicates: int
    contaminates: bool


def group_report(group: Group, samples: Sequence[Sample]) -> GroupReport:
    """The report on the rows of one group."""
    versions = Counter(sample.label_version for sample in samples)
    return GroupReport(
        corpus=group.corpus,
        split=group.split,
        benchmark=group.benchmark,
        rows=len(samples),
        videos=len({sample.video.file for sample in samples}),
        label_versions=dict(sorted(versions.items())),
        blind_guess=_blind_guess(samples),
    )


def _blind_guess(samples: Sequence[Sample]) -> BlindGuess | None:
    usable = [sample for sample in samples if sample.windows and sample.video.duration]
    if not usable:
        return None
    return BlindGuess(
        mean_window=_scored(baselines.training_mean(usable).windows[0], usable),
        best_constant=_scored(baselines.best_constant(usable), usable),
    )


def _scored(window: tuple[float, float], samples: Sequence[Sample]) -> dict[str, Any]:
    ious = np.array(baselines.constant_ious(samples, window))
    return {"window": window, **grounding.metrics(ious)}


def pair_report(pair: overlap.Shared) -> PairReport:
    """The report on what two groups share."""
    return PairReport(
        first=str(pair.first),
        second=str(pair.second),
        sources=pair.sources,
        youtube=pair.youtube,
        queries=pair.queries,
        duplicates=pair.duplicates,
        contaminates=pair.contaminates,
    )
