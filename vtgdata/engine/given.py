"""Answers that were given before: rows of a rollouts.parquet in the place of a model, so that nothing is asked.

Each answer is scored anew, and its text read anew unless its reading still holds (`readings`); its key, frames and
model stay those of the row.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from vtgdata.conversation.prompt import Prompt, load_prompt
from vtgdata.engine import rollouts
from vtgdata.engine.adaptive.rounds import Places
from vtgdata.engine.readings import reading_of, same_reading
from vtgdata.engine.settings import AskSettings
from vtgdata.engine.spool import WantedAnswer
from vtgdata.engine.stored_rows import StoredRows, rows_of
from vtgdata.errors import VtgError
from vtgdata.files.schemas import Row
from vtgdata.records import Reply, Sample, Sampling

log = logging.getLogger("vtgdata")


class Turn(NamedTuple):
    """Whose answers are meant, where several teachers were asked in turn."""

    place: int
    """From 0, for the one that was asked first."""
    of: int
    """Teachers in all."""


ONLY = Turn(0, 1)
NOT_ASKED = "not asked yet"
"""The error of a row whose request was never made."""


CHUNK = 256
"""Samples whose answers are read and scored at a time."""


class Stored(NamedTuple):
    """Some samples with their stored answers."""

    samples: list[Sample]
    counts: list[int]
    """How many answers each has."""
    same: list[bool]
    """Whether those of each were read as they would be now (`readings`)."""
    table: Any
    """An Arrow table with the columns of rollouts: their answers, one sample after another."""


class Scorer(NamedTuple):
    """Makes rows of stored answers, as the engine would make them now."""

    model_id: str
    sampling: Sampling
    prompt: Prompt
    scores: tuple[str, ...]
    """Score plug-ins to add to the rows."""

    def rows(self, stored: Stored) -> tuple[list[Row], bool]:
        """The rows, and whether each holds as it is but for its scores; else texts were parsed anew."""
        before = rows_of(stored.table, unread=_ANEW)
        asked = [sample for sample, count in zip(stored.samples, stored.counts, strict=True) for _ in range(count)]
        same = [same for same, count in zip(stored.same, stored.counts, strict=True) for _ in range(count)]
        readings = [reading_of(row) if held else None for row, held in zip(before, same, strict=True)]
        anew = [row for row, reading in zip(before, readings, strict=True) if reading is None]
        read, answers = rollouts.read(
            [_wanted(row) for row in anew],
            {row["key"]: reply for row in anew if (reply := _reply(row)) is not None},
            {sample.sample_id: sample for sample in stored.samples},
            self.model_id, self.sampling, self.prompt.form, prompt=self.prompt,
        )  # fmt: skip
        parsed = iter(zip(read, answers, strict=True))
        pairs = [
            next(parsed) if reading is None else (row, reading) for row, reading in zip(before, readings, strict=True)
        ]
        found = [row for row, _ in pairs]
        rollouts.score_rows(found, [answer for _, answer in pairs], asked, self.scores)
        return found, not anew


_ANEW = ("iou", "scores")
"""Columns of a row that are made anew: its label may have changed."""


class GivenAnswers:
    """The answers of a file, by sample; only those to the prompt and with the sampling of the settings."""

    def __init__(self, path: str, settings: AskSettings, scores: Sequence[str], turn: Turn = ONLY) -> None:
        """Open the file; raises VtgError when it has none of these answers, or two for one place.

        Args:
            path: a rollouts.parquet.
            settings: of the stage.
            scores: score plug-ins to add to the rows.
            turn: whose answers of the file are meant: its first rows are those of the teacher that was asked first.
        """
        self.path, self.settings, self.scores, self.turn = path, settings, scores, turn
        self.depth: dict[str, int] = {}
        """How many answers of a sample count, by its id, where it is not n."""
        self.prompt: Prompt = load_prompt(settings.prompt)
        stored = StoredRows(path, self.prompt.id, rollouts.sampling_id(settings.sampling()))
        models = stored.models()
        if not 1 <= len(models) <= turn.of:
            most = "one is" if turn.of == 1 else f"at most {turn.of} (--model and --then) are"
            raise VtgError(
                f"--rollouts {path}: has answers of {len(models)} models to prompt {self.prompt.id} with sampling "
                f"{rollouts.sampling_id(settings.sampling())}, and {most} needed. Give the rollouts.parquet that the "
                "same command wrote."
            )
        asked = models[turn.place : turn.place + 1]
        self.model_id = asked[0] if asked else ""
        self.rows = stored.of_model(self.model_id)
        self._same: Callable[[Sample], bool] = lambda _: False

    @property
    def scorer(self) -> Scorer:
        """What makes rows of them."""
        return Scorer(self.model_id, self.settings.sampling(), self.prompt, tuple(self.scores))

    def of(self, samples: Sequence[Sample]) -> Iterator[tuple[Sample, list[Row], dict[str, Reply]]]:
        """Each sample with its rows, and no replies, since there is no journal."""
        for stored in self.stored(samples):
            yield from self._made(stored)

    def stored(self, samples: Iterable[Sample], depth: Mapping[str, int] | None = None) -> Iterator[Stored]:
        """CHUNK samples at a time, with the answers that count; raises VtgError where one is missing.

        Args: depth: how many answers count, by the sample's id; those of `count` if None.
        """
        each, n = iter(samples), self.settings.n
        depth = self.depth if depth is None else depth
        while chunk := list(islice(each, CHUNK)):
            counts = [self._counted(sample, depth.get(sample.sample_id, n)) for sample in chunk]
            names = [sample.sample_id for sample in chunk]
            yield Stored(
                chunk, counts, [self._same(sample) for sample in chunk], self.rows.take(zip(names, counts, strict=True))
            )

    def count(self, samples: Sequence[Sample], places: Places | None) -> None:
        """Note how many answers of each sample count: n, or as many as the adaptive rule wants, round by round."""
        self._same = same_reading(self.path)
        if self.turn.place and (unasked := sum(sample.sample_id not in self.rows for sample in samples)):
            log.warning(
                "--rollouts %s: has no answers of further teacher %d (--then) to %d of the %d samples that the earlier "
                "ones leave now, so these get no trace; without the option it is asked",
                self.path, self.turn.place, unasked, len(samples),
            )  # fmt: skip
        if places is None:
            return
        known = {sample.sample_id: sample for sample in samples}
        rounds = places.opening(list(known))
        while more := next(rounds, None) or places.deepen():
            self.depth.update(more)
            for stored in self.stored((known[name] for name in more), more):
                for sample, rows, _ in self._made(stored):
                    places.take(sample.sample_id, rows)

    def _made(self, stored: Stored) -> Iterator[tuple[Sample, list[Row], dict[str, Reply]]]:
        """Samples with their rows."""
        made = iter(self.scorer.rows(stored)[0])
        for sample, count in zip(stored.samples, stored.counts, strict=True):
            yield sample, list(islice(made, count)), {}

    def _counted(self, sample: Sample, n: int) -> int:
        """The number of rows of a sample that are taken: n, or none where a further teacher was not asked about it."""
        if self.turn.place and sample.sample_id not in self.rows:
            return 0  # an earlier teacher's answer was enough when these were asked
        lacking = self.rows.lacking(sample.sample_id, n)
        if lacking is not None:
            raise VtgError(
                f"--rollouts {self.path}: has no answer {lacking} to {sample.sample_id!r}, so these are not the "
                "answers to these samples. Without the option the model is asked."
            )
        return n


def _wanted(row: Row) -> WantedAnswer:
    error = row["error"] or ""
    return WantedAnswer(
        key=row["key"], sample_id=row["sample_id"], index=row["index"], prompt_id=row["prompt_id"],
        frames_id=row["frames_id"], frame_times=tuple(row["frame_times"]),
        problem=error if error.startswith("video ") else None,
    )  # fmt: skip


def _reply(row: Row) -> Reply | None:
    """The reply that gave a row; None if it was never asked for. Reasoning is in the text, as rows have it."""
    if row["error"] == NOT_ASKED:
        return None
    return Reply(
        text=row["text"], finish_reason=row["finish_reason"] or "stop", tokens_in=row["tokens_in"],
        tokens_out=row["tokens_out"], error=row["error"],
    )  # fmt: skip
