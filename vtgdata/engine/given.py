"""Answers that were given before: rows of a rollouts.parquet in the place of a model, so that nothing is asked.

The text of each answer is read and scored anew; its key, frames and model stay those of the row.
"""

import logging
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from vtgdata.conversation.prompt import Prompt, load_prompt
from vtgdata.engine import rollouts
from vtgdata.engine.adaptive.rounds import Places
from vtgdata.engine.settings import AskSettings
from vtgdata.engine.spool import WantedAnswer
from vtgdata.errors import VtgError
from vtgdata.files.parquet import read_parquet
from vtgdata.files.schemas import ROLLOUTS, Row
from vtgdata.records import Reply, Sample

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


class GivenAnswers:
    """The answers of a file, by sample; only those to the prompt and with the sampling of the settings."""

    def __init__(self, path: str, settings: AskSettings, scores: Sequence[str], turn: Turn = ONLY) -> None:
        """Read the file; raises VtgError when it has none of these answers, or two for one place.

        Args:
            path: a rollouts.parquet.
            settings: of the stage.
            scores: score plug-ins to add to the rows.
            turn: whose answers of the file are meant: its first rows are those of the teacher that was asked first.
        """
        self.path, self.settings, self.scores, self.turn = path, settings, scores, turn
        self.depth: dict[str, int] = {}
        """How many answers of each sample count, by its id."""
        self.prompt: Prompt = load_prompt(settings.prompt)
        wanted = (self.prompt.id, rollouts.sampling_id(settings.sampling()))
        self.rows: dict[str, dict[int, Row]] = {}
        by_model: dict[str, dict[str, dict[int, Row]]] = {}
        for row in read_parquet(path, needs=tuple(ROLLOUTS)):
            if (row["prompt_id"], row["sampling_id"]) == wanted:
                self._add(row, by_model.setdefault(row["model_id"], {}))
        if not 1 <= len(by_model) <= turn.of:
            most = "one is" if turn.of == 1 else f"at most {turn.of} (--model and --then) are"
            raise VtgError(
                f"--rollouts {path}: has answers of {len(by_model)} models to prompt {wanted[0]} with sampling "
                f"{wanted[1]}, and {most} needed. Give the rollouts.parquet that the same command wrote."
            )
        asked = list(by_model.items())[turn.place : turn.place + 1]
        self.model_id, self.rows = asked[0] if asked else ("", {})

    def _add(self, row: Row, rows: dict[str, dict[int, Row]]) -> None:
        held = rows.setdefault(row["sample_id"], {})
        if row["index"] in held:
            raise VtgError(
                f"--rollouts {self.path}: {row['sample_id']!r} has two answers with index {row['index']}. Give the "
                "rollouts.parquet of one command."
            )
        held[row["index"]] = row

    def of(self, samples: Sequence[Sample]) -> Iterator[tuple[Sample, list[Row], dict[str, Reply]]]:
        """Each sample with its rows, and no replies, since there is no journal."""
        for sample in samples:
            yield sample, self._made(sample, self.depth[sample.sample_id]), {}

    def count(self, samples: Sequence[Sample], places: Places | None) -> None:
        """Note how many answers of each sample count: n, or as many as the adaptive rule wants, round by round."""
        self.depth = dict.fromkeys((sample.sample_id for sample in samples), self.settings.n)
        if self.turn.place and (unasked := sum(name not in self.rows for name in self.depth)):
            log.warning(
                "--rollouts %s: has no answers of further teacher %d (--then) to %d of the %d samples that the earlier "
                "ones leave now, so these get no trace; without the option it is asked",
                self.path, self.turn.place, unasked, len(self.depth),
            )  # fmt: skip
        if places is None:
            return
        known = {sample.sample_id: sample for sample in samples}
        rounds = places.opening(list(known))
        while more := next(rounds, None) or places.deepen():
            for name, n in more.items():
                self.depth[name] = n
                places.take(name, self._made(known[name], n))

    def _made(self, sample: Sample, n: int) -> list[Row]:
        """The first n rows of a sample, read and scored as the engine does; raises VtgError when one is missing."""
        held = self.rows.get(sample.sample_id, {})
        if self.turn.place and not held:
            return []  # an earlier teacher's answer was enough when these were asked
        lacking = next((index for index in range(n) if index not in held), None)
        if lacking is not None:
            raise VtgError(
                f"--rollouts {self.path}: has no answer {lacking} to {sample.sample_id!r}, so these are not the "
                "answers to these samples. Without the option the model is asked."
            )
        rows = [held[index] for index in range(n)]
        return rollouts.finalize(
            [_wanted(row) for row in rows],
            {row["key"]: reply for row in rows if (reply := _reply(row)) is not None},
            {sample.sample_id: sample},
            model_id=self.model_id,
            sampling=self.settings.sampling(),
            form=self.prompt.form,
            prompt=self.prompt,
            scores=self.scores,
        )


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
