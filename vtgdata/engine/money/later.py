"""Parts of a plan of which earlier answers, or scores, decide what is asked: at most so many of each sample's parts."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from vtgdata.engine.journal.counts import Answers
from vtgdata.engine.settings import AskSettings
from vtgdata.records import Sample


class Later(NamedTuple):
    """What is asked once it is known about which stretches of each video."""

    settings: AskSettings
    stretches: Sequence[Sample]
    """Of all samples, those of one sample together."""
    best: int
    """Of each sample, at most."""


def likeliest(stretches: Sequence[Sample], there: Answers, best: int) -> Iterator[Sample]:
    """Of each sample as many stretches as may be asked about: those that have answers already, then the first.

    Which ones it will be is not known; they are of one length, so that they take as much.
    """
    for _, own in groupby(stretches, key=lambda each: each.extra.get("stretch_of", each.sample_id)):
        yield from sorted(own, key=lambda each: each.sample_id not in there.masks)[:best]
