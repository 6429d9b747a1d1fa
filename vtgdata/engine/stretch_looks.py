"""The looks at the stretches of long videos: which seem to have the moment, and what is said of the best ones."""

import math
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

import msgspec

from vtgdata.engine import stretch_answers
from vtgdata.engine.collect import collect, too_many
from vtgdata.engine.retrieval import Scores
from vtgdata.engine.settings import AskSettings
from vtgdata.engine.stretch_answers import Looked
from vtgdata.files.parquet import write_parquet
from vtgdata.files.samples import SampleTable, samples_frame
from vtgdata.files.schemas import ROLLOUTS, Row
from vtgdata.records import Sample

FIRST, CLOSER, STRETCHES = "rollouts.parquet", "grounded.parquet", "stretches.parquet"
"""Names of the tables: answers of the first look, of the closer look, and what both say of each stretch."""


class Ways(msgspec.Struct, frozen=True, kw_only=True):
    """How stretches are chosen and their windows put together: the settings of the same names of propose."""

    least_share: float
    best: int
    join: float


class Looks:
    """What is said of the stretches of long videos, first of all of them and then of the best ones."""

    def __init__(self, model: str, ways: Ways, wholes: set[str]) -> None:
        """Nothing is asked yet. Args: model: spec of the one to ask; wholes: ids of the samples."""
        self.model, self.ways, self.wholes = model, ways, wholes
        self.answers = self.frames = self.tokens_in = self.tokens_out = self.n_failed = 0
        self.failed: str | None = None
        """The message when more stretches of a look failed than may."""
        self.model_id = ""
        self.first: list[Looked] = []
        self.again: dict[str, Looked] = {}
        """{id of a stretch: the closer look at it}."""
        self.closer = False

    def ask_all(self, settings: AskSettings, cut: SampleTable, out: Path) -> None:
        """The first look, by the model itself. Args: out: folder for the table of its answers."""
        self.first = self._asked(settings, cut, out / FIRST)

    def take_scores(self, scores: Scores, cut: SampleTable, max_failed: float) -> None:
        """The first look, by a retrieval model. Args: max_failed: share of stretches that may lack a score."""
        unasked = (stretch_answers.looked(stretch, [], self.wholes) for stretch in cut)
        for of, own in groupby(unasked, key=lambda each: each.of):
            for each, (score, mean) in zip(own, scores.of[of].tolist(), strict=True):
                unseen = math.isnan(score)
                self.n_failed += unseen
                seen = {"n_failed": 1} if unseen else {"score": score, "mean_score": mean}
                self.first.append(each._replace(**seen))
        self.failed = too_many(self.n_failed, len(self.first), scores.first_failure, max_failed)

    def chosen(self, path: str) -> SampleTable:
        """The stretches to look at closer. Args: path: of the samples, for messages."""
        return table(path, (each.stretch for own in self._by_sample() for each in self._best(own)))

    def look_closer(self, settings: AskSettings, chosen: SampleTable, out: Path) -> None:
        """Ask about the chosen stretches. Args: out: folder for the table of the answers."""
        self.closer = True
        if chosen:
            self.again = {each.stretch.sample_id: each for each in self._asked(settings, chosen, out / CLOSER)}

    def _asked(self, settings: AskSettings, samples: SampleTable, path: Path) -> list[Looked]:
        """What the model says about some stretches."""
        found: list[Looked] = []
        with collect(settings, samples, self.model) as collected:

            def rows() -> Iterator[Row]:
                for sample, its in collected.by_sample():
                    found.append(stretch_answers.looked(sample, its, self.wholes))
                    self._count(its)
                    yield from its

            write_parquet(path, rows(), ROLLOUTS)
        self.model_id = collected.model_id
        self.n_failed += collected.n_failed
        self.failed = self.failed or collected.failure(settings.max_failed)
        return found

    def _count(self, rows: list[Row]) -> None:
        answered = [row for row in rows if row["error"] is None]
        self.answers += len(answered)
        self.frames += sum(len(row["frame_times"]) for row in answered)
        self.tokens_in += sum(row["tokens_in"] or 0 for row in answered)
        self.tokens_out += sum(row["tokens_out"] or 0 for row in answered)

    def _by_sample(self) -> Iterator[list[Looked]]:
        """What the first look says, video by video."""
        for _, own in groupby(self.first, key=lambda each: each.of):
            yield list(own)

    def _best(self, own: list[Looked]) -> list[Looked]:
        return stretch_answers.best(own, self.ways.least_share, self.ways.best)

    @property
    def beyond_best(self) -> int:
        """Stretches with a moment, as the model says, that were not looked at closer."""
        if not self.closer:
            return 0
        least = self.ways.least_share
        named = (sum(bool(each.share and each.share >= least) for each in own) for own in self._by_sample())
        return sum(max(0, count - self.ways.best) for count in named)

    def write(self, out: Path) -> None:
        """Write stretches.parquet, and the table of a look that was not taken, empty."""
        for name in (FIRST, CLOSER):
            if not (out / name).exists():
                write_parquet(out / name, [], ROLLOUTS)
        rows = (stretch_answers.row(each, self.again.get(each.stretch.sample_id)) for each in self.first)
        write_parquet(out / STRETCHES, rows, stretch_answers.COLUMNS)

    def sets(self) -> dict[str, list[list[float]]]:
        """{sample id: its set of windows}.

        There is none of a sample of which nothing is known, nor where no stretch that was answered has the moment and
        of another one nothing is known: it may lie there.
        """
        found: dict[str, list[list[float]]] = {}
        for own in self._by_sample():
            last = [self._again(each) for each in self._best(own)] if self.closer else own
            if any(each.known for each in own) and (not last or any(each.n for each in last)):
                windows = stretch_answers.merged(last, self.ways.least_share, self.ways.join)
                if windows or (all(each.known for each in own) and all(each.n for each in last)):
                    found[own[0].of] = windows
        return found

    def _again(self, first: Looked) -> Looked:
        """The closer look at a stretch, with the score that it had at first."""
        return self.again[first.stretch.sample_id]._replace(score=first.score)


def table(path: str, samples: Iterable[Sample]) -> SampleTable:
    """Samples in little memory: an hour-long video has a hundred stretches for each of its queries."""
    return SampleTable(path, samples_frame(list(samples)))
