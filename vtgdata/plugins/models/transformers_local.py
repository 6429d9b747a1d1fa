"""A local model in this process: any transformers image-text-to-text model with its processor.

`transformers_local:PATH` (or a Hub id). An answer depends only on its prompt and its seed, never on the other answers
in its batch: batches have a fixed number of rows, prompt lengths are padded to a multiple of `STEP`, and each row is
sampled with its own seed.
"""

import asyncio
import io
from pathlib import Path
from typing import Any

from vtgdata.errors import VtgError
from vtgdata.files import fingerprint, plugins
from vtgdata.records import Endpoint, Image, Message, ModelExample, Reply, Request, Sampling

LOCAL = True
"""It needs no server, so answers cost nothing."""
NEEDS = "transformers"
ROWS = 64
"""Answers in a batch, unless `--concurrency` is given."""

_MODEL_FILES = {".safetensors", ".bin", ".json", ".jinja", ".model", ".txt"}
"""Suffixes of weights, configurations, tokenizers and chat templates, but not of logs or cards."""

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
        self.model, self.processor, commit = _load(path, trust)
        self.model.eval()
        self.device = _device()
        self.model.to(self.device)
        self.rows = rows
        self.concurrency = 2 * rows
        self.id = f"transformers_local:{_identity(path, commit)}"
        self.waiting: list[_Row] = []
        self.worker: asyncio.Task[None] | None = None

    async def generate(self, request: Request) -> list[Reply]:
        """One reply per seed; rows of all requests in flight share batches."""
        try:
            inputs = self._inputs(request.messages)
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

    def _inputs(self, messages: tuple[Message, ...]) -> dict[str, Any]:
        """The processor's tensors for one prompt, unpadded."""
        from PIL import Image as Pillow

        images = [
            Pillow.open(io.BytesIO(part.jpeg)).convert("RGB")
            for message in messages
            for part in message.parts
            if isinstance(part, Image)
        ]
        text = self.processor.apply_chat_template(chat(messages), add_generation_prompt=True, tokenize=False)
        return dict(self.processor(text=[text], images=images or None, return_tensors="pt"))

    def _batch(self, rows: list[_Row]) -> list[Reply]:
        import torch

        # Fill up the batch with its last row: with constant shapes, sums do not depend on what else is in the batch.
        full = rows + [rows[-1]] * (self.rows - len(rows))
        length, sampling = rows[0].length, rows[0].sampling
        tokenizer = self.processor.tokenizer
        batch = _collate([row.inputs for row in full], length, tokenizer.pad_token_id)
        batch = {name: tensor.to(self.device) for name, tensor in batch.items()}
        with torch.inference_mode():
            output = self.model.generate(
                **batch,
                generation_config=_greedy(self.model, tokenizer, sampling.max_tokens),
                logits_processor=[_SeededDraw([row.seed for row in full], sampling)]
                if sampling.temperature > 0
                else [],
            )
        ends = _ends(self.model, tokenizer)
        return [
            self._reply(output[i, length:].tolist(), ends, int(row.inputs["input_ids"].shape[1]))
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


class _SeededDraw:
    """Seeded sampling as a logits processor for greedy decoding.

    It applies the temperature and nucleus (top-p) sampling, then adds Gumbel noise from each row's own seed. The arg
    max of logits plus Gumbel noise is a draw from their softmax (Gumbel, 1954).
    """

    def __init__(self, seeds: list[int], sampling: Sampling) -> None:
        import torch

        self.generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        self.sampling = sampling

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Perturbed logits. Args: scores: (rows, vocabulary). Returns the same shape."""
        import torch

        del input_ids
        scores = scores.float() / self.sampling.temperature
        if self.sampling.top_p < 1:
            ordered, order = scores.sort(descending=True)
            before = ordered.softmax(-1).cumsum(-1) - ordered.softmax(-1)
            scores = scores.masked_fill((before >= self.sampling.top_p).gather(-1, order.argsort(-1)), -torch.inf)
        uniform = torch.stack([torch.rand(scores.shape[-1], generator=generator) for generator in self.generators])
        noise = -torch.log(-torch.log(uniform.clamp(1e-20, 1 - 1e-7)))
        return scores + noise.to(scores.device)


def chat(messages: tuple[Message, ...]) -> list[dict[str, Any]]:
    """Messages in the form that chat templates expect: text parts, and placeholders for images."""
    return [
        {
            "role": message.role,
            "content": [
                {"type": "image"} if isinstance(part, Image) else {"type": "text", "text": part.text}
                for part in message.parts
            ],
        }
        for message in messages
    ]


def _collate(inputs: list[dict[str, Any]], length: int, pad: int) -> dict[str, Any]:
    """Join inputs into a batch: pad per-token tensors on the left to `length`, concatenate all others as they are."""
    import torch

    batch: dict[str, Any] = {}
    for name in inputs[0]:
        tensors = [one[name] for one in inputs]
        tokens = [one["input_ids"].shape[1] for one in inputs]
        if all(t.dim() == 2 and t.shape == (1, n) for t, n in zip(tensors, tokens, strict=True)):
            fill = pad if name == "input_ids" else 0
            tensors = [torch.nn.functional.pad(t, (length - t.shape[1], 0), value=fill) for t in tensors]
        batch[name] = torch.cat(tensors)
    return batch


def _ends(model: Any, tokenizer: Any) -> set[int]:
    ends = model.generation_config.eos_token_id
    ends = ends if isinstance(ends, list) else [ends]
    return {int(end) for end in (*ends, tokenizer.eos_token_id) if end is not None}


def _greedy(model: Any, tokenizer: Any, max_tokens: int) -> Any:
    """A generation config without the defaults stored with the model, so that `Sampling` alone decides the sampling."""
    from transformers import GenerationConfig

    return GenerationConfig(
        do_sample=False,
        max_new_tokens=max_tokens,
        eos_token_id=sorted(_ends(model, tokenizer)),
        pad_token_id=tokenizer.pad_token_id,
    )


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _load(path: str, trust: bool) -> tuple[Any, Any, str | None]:
    """The model, its processor, and the commit of both if they come from the Hub."""
    from safetensors import SafetensorError
    from transformers import AutoModelForImageTextToText, AutoProcessor
    from transformers.utils.hub import cached_file, extract_commit_hash

    try:
        commit = None if Path(path).is_dir() else extract_commit_hash(cached_file(path, "config.json"), None)
        revision = commit or "main"
        # Never None: transformers would ask the terminal whether to run the model's own code.
        own_code: dict[str, Any] = {"trust_remote_code": trust, "revision": revision}
        model = AutoModelForImageTextToText.from_pretrained(path, dtype="auto", **own_code)
        return model, AutoProcessor.from_pretrained(path, **own_code), commit
    # ImportError: this model's processor needs a package that is not installed.
    except (OSError, ValueError, ImportError, SafetensorError) as error:
        advice = (
            "It wants to run code of its own, which only trust_remote_code=true allows"
            if "trust_remote_code" in str(error)
            else "Name a folder with a whole model and its processor, as save_pretrained and `vtgdata train` write it"
            if Path(path).is_dir()
            else "There is no such folder here; name one, or a Hub id ORG/NAME that can be reached from here"
        )
        raise VtgError(
            f"transformers_local:{path}: no model can be loaded. {advice}. transformers says: {_first_line(error)}"
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]


def _identity(path: str, commit: str | None) -> str:
    """What identifies a model: a hash of a local folder's files that affect answers, or a Hub id with its commit.

    The commit is needed because the files behind a Hub id may change.
    """
    folder = Path(path)
    if not folder.is_dir():
        return f"{path}@{commit}" if commit else path
    files = sorted(file for file in folder.iterdir() if file.suffix in _MODEL_FILES and file.name != "meta.json")
    return fingerprint.short([[file.name, fingerprint.of_file(file)] for file in files])


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
