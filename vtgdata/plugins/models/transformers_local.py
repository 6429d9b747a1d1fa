"""A local model in this process: any transformers image-text-to-text model with its processor.

`transformers_local:PATH` (or a Hub id). An answer depends only on its prompt and its seed, never on the other answers
in its batch: batches have a fixed number of rows, prompt lengths are padded to a multiple of `STEP`, and each row is
sampled with its own seed.
"""

import asyncio
from pathlib import Path
from typing import Any

from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.plugins.models._transformers.batches import collate
from vtgdata.plugins.models._transformers.inputs import prompt_inputs
from vtgdata.plugins.models._transformers.loading import device, identity, load
from vtgdata.plugins.models._transformers.sampling import SeededDraw, ends, greedy
from vtgdata.records import Endpoint, ModelExample, Reply, Request, Sampling

LOCAL = True
"""It needs no server, so answers cost nothing."""
NEEDS = "transformers"
ROWS = 64
"""Answers in a batch, unless `--concurrency` is given."""

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


class LocalModel:
    """A transformers model; see the module's docstring."""

    looks = True

    def __init__(self, path: str, rows: int, *, trust: bool = False) -> None:
        # Any: the library's own annotations do not describe these classes.
        self.model: Any
        self.processor: Any
        self.model, self.processor, commit = load(path, trust)
        self.model.eval()
        self.device = device()
        self.model.to(self.device)
        self.rows = rows
        self.concurrency = 2 * rows
        self.id = f"transformers_local:{identity(path, commit)}"
        self.waiting: list[_Row] = []
        self.worker: asyncio.Task[None] | None = None

    async def generate(self, request: Request) -> list[Reply]:
        """One reply per seed; rows of all requests in flight share batches."""
        try:
            inputs = prompt_inputs(self.processor, request.messages)
        except OSError as error:  # Pillow raises it for bytes that are not an image
            return [_failed(error)] * len(request.seeds)
        rows = [_Row(inputs, request.sampling, seed) for seed in request.seeds]
        self.waiting.extend(rows)
        if self.worker is None or self.worker.done():
            self.worker = asyncio.create_task(self._work())
        return list(await asyncio.gather(*(row.future for row in rows)))

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
            try:
                replies = await asyncio.to_thread(self._batch, alike)
            except Exception as error:
                # If a batch cannot be computed (memory, a bad image), its rows fail, and can be asked again.
                replies = [_failed(error)] * len(alike)
            for row, reply in zip(alike, replies, strict=True):
                if not row.future.done():
                    row.future.set_result(reply)

    def _batch(self, rows: list[_Row]) -> list[Reply]:
        import torch

        # Fill up the batch with its last row: with constant shapes, sums do not depend on what else is in the batch.
        full = rows + [rows[-1]] * (self.rows - len(rows))
        length, sampling = rows[0].length, rows[0].sampling
        tokenizer = self.processor.tokenizer
        batch = collate([row.inputs for row in full], length, tokenizer.pad_token_id)
        batch = {name: tensor.to(self.device) for name, tensor in batch.items()}
        with torch.inference_mode():
            output = self.model.generate(
                **batch,
                generation_config=greedy(self.model, tokenizer, sampling.max_tokens),
                logits_processor=[SeededDraw([row.seed for row in full], sampling)] if sampling.temperature > 0 else [],
            )
        stops = ends(self.model, tokenizer)
        return [
            self._reply(output[i, length:].tolist(), stops, int(row.inputs["input_ids"].shape[1]))
            for i, row in enumerate(rows)
        ]

    def _reply(self, tokens: list[int], ends: set[int], prompt: int) -> Reply:
        stop = next((i for i, token in enumerate(tokens) if token in ends), None)
        said = tokens if stop is None else tokens[:stop]
        text = self.processor.tokenizer.decode(said, skip_special_tokens=True)
        return Reply(
            text=text, finish_reason="length" if stop is None else "stop", tokens_in=prompt, tokens_out=len(said)
        )


def _failed(error: Exception) -> Reply:
    """The reply for an answer that cannot be computed."""
    # The message has sizes and addresses of this run, so only the exception's type is published.
    return Reply(text=None, finish_reason="error", error=type(error).__name__, detail=str(error))


def connect(argument: str, endpoint: Endpoint, *, path: str = "", trust_remote_code: bool = False) -> LocalModel:
    """Load a model.

    Args:
        argument: a folder saved by `save_pretrained`, or a Hub id.
        endpoint: only its `concurrency` is used, as the number of answers in a batch.
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
    return LocalModel(argument, endpoint.concurrency or ROWS, trust=trust_remote_code is True)


EXAMPLE = ModelExample(argument="{tiny_model}")
