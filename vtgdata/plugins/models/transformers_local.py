"""A local model in this process: any transformers image-text-to-text model with its processor.

`transformers_local:PATH` (or a Hub id). Each row of a batch is drawn with its own seed, and prompt lengths are padded
to a multiple of `STEP`. A batch has the next of a few sizes, and at most as many rows as fit in memory: half as many
after it ran out. Sums in a batch of another size are rounded otherwise, so that a near tie between two tokens may break
the other way. With --reproducible all batches have one size, and an answer depends only on its prompt and its seed,
never on which other answers were missing.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET

from vtgdata.conversation.answer_text import opened
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.plugins.models._transformers import refusals
from vtgdata.plugins.models._transformers.batches import Room, context, filled, free_memory, is_out_of_memory
from vtgdata.plugins.models._transformers.collate import collate
from vtgdata.plugins.models._transformers.inputs import prompt_inputs
from vtgdata.plugins.models._transformers.loading import device, identity, load
from vtgdata.plugins.models._transformers.native_video import VideoFamily
from vtgdata.plugins.models._transformers.plain_text import PlainText
from vtgdata.plugins.models._transformers.sampling import SeededDraw, acted_words, generation_config, take_defaults
from vtgdata.records import Endpoint, ModelExample, Reply, Request, Sampling

LOCAL = True
"""It needs no server, so answers cost nothing."""
NEEDS = "transformers"
ROWS = 64
"""Most answers in a batch, unless `--concurrency` is given."""

STEP = 64
"""Prompt lengths are padded to a multiple of this many tokens."""


class _Row:
    """One answer to generate."""

    def __init__(self, inputs: dict[str, Any], sampling: Sampling, seed: int) -> None:
        self.inputs, self.sampling, self.seed = inputs, sampling, seed
        self.future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()

    @property
    def length(self) -> int:
        """Prompt length in tokens after padding; all rows of a batch have the same."""
        return -(-self.inputs["input_ids"].shape[1] // STEP) * STEP

    @property
    def tokens(self) -> int:
        """Tokens after padding, with the longest answer."""
        return self.length + self.sampling.max_tokens


class LocalModel:
    """A transformers model; see the module's docstring."""

    looks = True

    def __init__(self, path: str, rows: int, *, trust: bool = False, reproducible: bool = False) -> None:
        model, processor, commit, opening, prompted, _ = load(path, trust)
        model.eval()
        model.to(device())
        self._take(model, processor, opening, rows, reproducible, path)
        self.id = f"transformers_local:{identity(path, commit)}"
        changed = {"as-stated": acted_words(self.defaults.acted), "as-its-library": prompted}
        if whys := {how: why for how, why in changed.items() if why}:
            self.formerly, self.formerly_why = self.id, "; ".join(whys.values())
            self.id = ":".join([self.id, *whys])

    def _take(self, model: Any, processor: Any, opening: str, rows: int, reproducible: bool, path: str) -> None:
        self.model, self.processor, self.opening, self.device = model, processor, opening, model.device
        self.plain, self.video = PlainText(processor), VideoFamily(model, processor)
        self.no_video = self.video.refused
        self.refusals = refusals.Refusals(f"transformers_local:{path}")
        self.rows, self.room, self.reproducible = rows, Room(rows), reproducible
        self.concurrency = 2 * rows
        self.context = context(model)
        self.defaults = take_defaults(model, processor.tokenizer)
        self.waiting: list[_Row] = []
        self.worker: asyncio.Task[None] | None = None

    @classmethod
    def around(cls, model: Any, processor: Any, opening: str, rows: int = ROWS) -> "LocalModel":
        """A model that is in memory already, such as one that is being trained; its id is empty.

        Its generation_config is replaced: put the old one back when it has answered.
        """
        made = cls.__new__(cls)
        made._take(model, processor, opening, rows, False, "the model that is trained")
        made.id = ""
        return made

    def told(self, times: Sequence[float]) -> tuple[float, ...]:
        """The times that the model is told where frames are one video; see `VideoModel`."""
        return self.video.given(times).told

    async def generate(self, request: Request) -> list[Reply]:
        """One reply per seed; rows of all requests in flight share batches.

        Raises VtgError when prompt after prompt fails and none was ever answered (`Refusals`).
        """
        try:
            inputs = prompt_inputs(self.processor, request.messages, self.plain, self.video)
        except Exception as error:  # of any type: each family's processor, template and picture library has its own
            replies = [refusals.failed(error)] * len(request.seeds)
        else:
            # A prompt that is too long says nothing about the next one, so it is no refusal.
            if (past := self._past_context(inputs, request.sampling)) is not None:
                return [past] * len(request.seeds)
            replies = await self._answered(request, inputs)
        self.refusals.note(request, replies)
        return replies

    async def _answered(self, request: Request, inputs: dict[str, Any]) -> list[Reply]:
        rows = [_Row(inputs, request.sampling, seed) for seed in request.seeds]
        self.waiting.extend(rows)
        if self.worker is None or self.worker.done():
            self.worker = asyncio.create_task(self._work())
        self.refusals.open += 1
        try:
            return [self._whole(reply) for reply in await asyncio.gather(*(row.future for row in rows))]
        finally:
            self.refusals.open -= 1

    def _whole(self, reply: Reply) -> Reply:
        """The reply with the mark that opens its reasoning, if the chat template has written it in the prompt."""
        if not self.opening or reply.text is None:
            return reply
        return msgspec.structs.replace(reply, text=opened(reply.text, by_template=True))

    async def close(self) -> None:
        """Stop the worker."""
        if self.worker is not None:
            self.worker.cancel()

    async def _work(self) -> None:
        # First let every request that can start now add its rows: a full batch costs no more than a half-empty one.
        for _ in range(4):
            await asyncio.sleep(0)
        while self.waiting:
            first = self.waiting[0]
            alike = [r for r in self.waiting if r.length == first.length and r.sampling == first.sampling][: self.rows]
            chosen = set(map(id, alike))
            self.waiting = [row for row in self.waiting if id(row) not in chosen]
            replies = await asyncio.to_thread(self._replies, alike)
            for row, reply in zip(alike, replies, strict=True):
                if not row.future.done():
                    row.future.set_result(reply)

    def _replies(self, rows: list[_Row]) -> list[Reply]:
        """Replies to rows of one length and sampling: a batch that cannot be computed is halved, down to one row."""
        tokens = rows[0].tokens
        size = self.rows if self.reproducible else filled(len(rows), self.room.most(tokens))
        if len(rows) <= size:
            try:
                return self._batch(rows, size)
            except Exception as error:
                short = is_out_of_memory(error)
                if len(rows) == 1 or (short and self.reproducible):
                    return [_failed(error, self._advice(size) if short else "")] * len(rows)
                if short:
                    self.room.ran_out(tokens, size)
            # Not in the handler, where the error still holds the tensors of the failed batch.
            free_memory()
            size = min(size, self.room.most(tokens), -(-len(rows) // 2))
        return [reply for start in range(0, len(rows), size) for reply in self._replies(rows[start : start + size])]

    def _advice(self, size: int) -> str:
        if self.reproducible and size > 1:
            return (
                f"a batch of {size} answers does not fit, and --reproducible has one size: give --concurrency "
                f"{max(1, size // 2)} to all runs, or leave out --reproducible"
            )
        return (
            "not even one answer fits: show fewer or smaller frames (--num-frames, --short-side), lower --max-tokens, "
            "or take a smaller model"
        )

    def _past_context(self, inputs: dict[str, Any], sampling: Sampling) -> Reply | None:
        """The failure of a prompt that with its answer is longer than what the model takes; None if it is not."""
        prompt, most = int(inputs["input_ids"].shape[1]), sampling.max_tokens
        if self.context is None or prompt + most <= self.context:
            return None
        error = f"{prompt} tokens of prompt and {most} of --max-tokens, but the model takes {self.context}"
        return Reply(text=None, finish_reason="error", error=error, tokens_in=prompt)

    def _batch(self, rows: list[_Row], size: int) -> list[Reply]:
        import torch

        # Fill up the batch with its last row: the shapes, and with them how sums are rounded, depend on the size alone.
        full = rows + [rows[-1]] * (size - len(rows))
        length, sampling = rows[0].length, rows[0].sampling
        tokenizer = self.processor.tokenizer
        batch = collate([row.inputs for row in full], length, tokenizer.pad_token_id)
        batch = {name: tensor.to(self.device) for name, tensor in batch.items()}
        with torch.inference_mode():
            output = self.model.generate(
                **batch,
                generation_config=generation_config(self.defaults, sampling),
                logits_processor=[SeededDraw([row.seed for row in full], sampling, self.defaults.ends)]
                if sampling.temperature > 0
                else [],
            )
        stops = set(self.defaults.ends)
        return [
            self._reply(output[i, length:].tolist(), stops, int(row.inputs["input_ids"].shape[1]))
            for i, row in enumerate(rows)
        ]

    def _reply(self, tokens: list[int], ends: set[int], prompt: int) -> Reply:
        stop = next((i for i, token in enumerate(tokens) if token in ends), None)
        said = tokens if stop is None else tokens[:stop]
        text = self.processor.tokenizer.decode(said, skip_special_tokens=True)
        return Reply(
            text=text,
            finish_reason="length" if stop is None else "stop",
            tokens_in=prompt,
            tokens_out=len(said),
            varies=UNSET if self.reproducible else True,
        )


def _failed(error: Exception, advice: str = "") -> Reply:
    """The reply for an answer that cannot be computed; the advice says what to do about it."""
    # The message has sizes and addresses of this run, so only the exception's type is published.
    detail = "; ".join(text for text in (str(error), advice) if text)
    return Reply(text=None, finish_reason="error", error=type(error).__name__, detail=detail)


def connect(argument: str, endpoint: Endpoint, *, path: str = "", trust_remote_code: bool = False) -> LocalModel:
    """Load a model.

    Args:
        argument: a folder saved by `save_pretrained`, or a Hub id.
        endpoint: only its `concurrency` is used, as the most answers in a batch, and `reproducible`.
        path: the same as `argument`, if other settings are given: `transformers_local:path=DIR,trust_remote_code=true`.
        trust_remote_code: whether Python files in the model's folder may be run.

    Raises VtgError when the packages are not installed or the model cannot be loaded.
    """
    if trust_remote_code:
        plugins.refuse_foreign_code("trust_remote_code")
    argument = argument or path
    if not argument:
        raise VtgError("transformers_local needs a folder or a Hub id: transformers_local:PATH")
    if argument.startswith((".", "/")) and not Path(argument).is_dir():
        raise VtgError(f"transformers_local: there is no folder {argument}.")
    try:
        import torch  # noqa: F401
        import transformers  # noqa: F401
    except ModuleNotFoundError as error:
        raise VtgError(f"transformers_local needs {error.name}: pip install 'vtgdata[train]'") from error
    return LocalModel(
        argument, endpoint.concurrency or ROWS, trust=trust_remote_code is True, reproducible=endpoint.reproducible
    )


EXAMPLE = ModelExample(argument="{tiny_model}")
