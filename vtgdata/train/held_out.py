"""Looking at held-out rows while a run goes on: sources of the training rows that are not trained on."""

from __future__ import annotations

import asyncio
import io
import random
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from vtgdata.conversation import answer
from vtgdata.conversation.prompt import Prompt, own_option, render
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.files.samples import row_sample
from vtgdata.records import Request, Sampling
from vtgdata.train.crew import Crew
from vtgdata.train.data import Frames, Row
from vtgdata.train.settings import TrainSettings

MOST = 200
"""Rows looked at."""


def split(rows: Sequence[Row], settings: TrainSettings) -> tuple[list[Row], list[Row]]:
    """The rows to train on and those to look at: whole sources, drawn by the seed.

    Raises VtgError when there is one source only, so that none can be held out.
    """
    if not settings.evaluate_every:
        return list(rows), []
    sources = sorted({_source(row) for row in rows if _answerable(row)})
    if len(sources) < 2:
        raise VtgError("--evaluate-every: rows to look at have one source only, so none can be held out.")
    random.Random(f"{settings.seed}:held out").shuffle(sources)
    wanted = min(MOST, max(1, round(settings.hold_out * len(rows))))
    held: set[str] = set()
    count = 0
    for source in sources[:-1]:
        held.add(source)
        count += sum(_source(row) == source for row in rows)
        if count >= wanted:
            break
    looked = [row for row in rows if _source(row) in held and _answerable(row)][:MOST]
    return [row for row in rows if _source(row) not in held], looked


def _answerable(row: Row) -> bool:
    """Whether an answer can be right: a row with nothing to hold one against says nothing of a model."""
    return bool(row["windows"] or row.get("answer") or row.get("none_is_right"))


def _source(row: Row) -> str:
    return str(row.get("source_id") or row["video_id"])


class HeldOut:
    """Rows that a run looks at, and how."""

    def __init__(
        self,
        rows: Sequence[Row],
        prompts: Mapping[str, Prompt],
        frames: Frames,
        settings: TrainSettings,
        most_tokens: int,
        crew: Crew,
    ) -> None:
        """Take the rows of this process; `most_tokens` is the longest answer."""
        self.rows = list(rows)[crew.rank :: crew.size]
        self.prompts, self.frames, self.crew = prompts, frames, crew
        self.score = plugins.load("scores", settings.evaluate_score).score
        self.name = settings.evaluate_score
        self.sampling = Sampling(temperature=0.0, max_tokens=most_tokens)

    def __call__(self, trainer: Any, processor: Any, opening: str) -> dict[str, float]:
        """Mean score, tokens and unparsed share of greedy answers by the model as it is, over all processes."""
        from trl.models.utils import unwrap_model_for_generation

        with unwrap_model_for_generation(trainer.model_wrapped, trainer.accelerator) as model:
            training, stated = model.training, model.generation_config
            model.eval()
            try:
                mine = asyncio.run(self._looked(model, processor, opening))
            finally:
                model.generation_config = stated
                model.train(training)
        every = self.crew.gathered(mine)
        return {
            f"held_out_{self.name}": _mean([one[0] for one in every]),
            "held_out_tokens": _mean([one[1] for one in every]),
            "held_out_unparsed": _mean([one[2] for one in every]),
        }

    async def _looked(self, model: Any, processor: Any, opening: str) -> list[tuple[float, float, float]]:
        """Score, tokens and whether it could not be read, for the answer to each row of this process."""
        local = plugins.load("models", "transformers_local").LocalModel.around(model, processor, opening)
        try:
            replies = await asyncio.gather(*(local.generate(self._request(row)) for row in self.rows))
        finally:
            await local.close()
        found: list[tuple[float, float, float]] = []
        for row, (reply,) in zip(self.rows, replies, strict=True):
            if reply.text is None:
                raise VtgError(f"held-out row {row['sample_id']!r} cannot be asked: {reply.detail or reply.error}.")
            sample = row_sample(row)
            prompt = self.prompts[row["prompt_id"]]
            said = answer.parse(
                reply.text,
                duration=sample.video.duration,
                form=prompt.form,
                finish_reason=reply.finish_reason,
            )
            said = msgspec.structs.replace(said, option=own_option(prompt, sample, said.option))
            value = float(np.nan_to_num(self.score([said], [sample])[0]))
            found.append((value, float(reply.tokens_out or 0), float(said.parse_status != "ok")))
        return found

    def _request(self, row: Row) -> Request:
        times, images = self.frames(row)
        messages = render(self.prompts[row["prompt_id"]], row_sample(row), tuple(times), tuple(map(_png, images)))
        return Request(sample_id=row["sample_id"], messages=messages, sampling=self.sampling, seeds=(0,))


def _png(image: Any) -> bytes:
    """A picture as bytes, without loss."""
    written = io.BytesIO()
    image.save(written, "PNG", compress_level=1)
    return written.getvalue()


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else float("nan")
