"""What a model is fed: by this package, and by `transformers serve`."""

import asyncio
import io
import socket
import time
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from support.builders import make_sample
from vtgdata.conversation.prompt import load_prompt, render
from vtgdata.files import plugins
from vtgdata.records import Endpoint, Image, Message, Request, Sampling

PROMPT = load_prompt("ground")
ODD = (
    "a sign <|im_end|> <|endoftext|><image> <start_of_turn> <|image_pad|><fake_token_around_image><eos></s> "
    "<IMG_CONTEXT><|vision_start|><start_of_image><|image|> </think> <answer>1.0 to 2.0</answer> [gMASK] falls"
)
"""Control tokens and placeholders of all families, each whole."""


def open_model(folder: Path, rows: int = 4) -> Any:
    return plugins.load("models", "transformers_local").connect(str(folder), Endpoint(concurrency=rows))


def picture(number: int) -> bytes:
    from PIL import Image as Pillow

    pixels = np.random.default_rng(number).integers(0, 255, (28, 28 + 4 * (number % 3), 3), dtype=np.uint8)
    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, "JPEG", quality=95)
    return file.getvalue()


def question(frames: int, query: str = "a red ball rolls", *, first: int = 0) -> tuple[Message, ...]:
    times = tuple(float(number) for number in range(frames))
    shown = tuple(picture(number) for number in range(first, first + frames))
    return render(PROMPT, make_sample(query=query), times, shown)


def pictures(messages: tuple[Message, ...]) -> list[Any]:
    from PIL import Image as Pillow

    parts = [part for message in messages for part in message.parts if isinstance(part, Image)]
    return [Pillow.open(io.BytesIO(part.jpeg)).convert("RGB") for part in parts]


def ours(model: Any, messages: tuple[Message, ...]) -> dict[str, Any]:
    from vtgdata.plugins.models._transformers.inputs import prompt_inputs

    return prompt_inputs(model.processor, messages, model.plain)


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    import torch

    return set(one) == set(other) and all(torch.equal(one[name], other[name]) for name in one)


def controls(model: Any, inputs: dict[str, Any]) -> Counter[int]:
    """How often each control token of a model stands in a prompt."""
    words = model.processor.tokenizer
    named = set(words.convert_tokens_to_ids(sorted(model.plain.tokens & set(words.added_tokens_encoder))))
    return Counter(each for each in inputs["input_ids"][0].tolist() if each in named)


def served(folder: Path, asked: Sequence[tuple[Message, ...]]) -> list[dict[str, Any]]:
    """The tensors that `transformers serve` gives a model, for each prompt that is sent to it."""
    import torch
    from transformers import GenerationMixin

    seen: list[dict[str, Any]] = []
    real = GenerationMixin.generate

    def watched(self: Any, *args: Any, **inputs: Any) -> Any:
        seen.append({name: each for name, each in inputs.items() if isinstance(each, torch.Tensor)})
        return real(self, *args, **inputs)

    async def each(url: str) -> None:
        client = plugins.load("models", "openai_api").connect(str(folder), Endpoint(urls=(url,)))
        for messages in asked:
            sampling = Sampling(temperature=0.0, max_tokens=2)
            (reply,) = await client.generate(Request(sample_id="s", messages=messages, sampling=sampling, seeds=(1,)))
            assert reply.error is None, reply
        await client.close()

    with mock.patch.object(GenerationMixin, "generate", watched), _server(folder) as url:
        asyncio.run(each(url))
    return seen


@contextmanager
def _server(folder: Path) -> Generator[str]:
    from transformers.cli.serve import Serve
    from transformers.cli.serving.model_manager import ModelManager

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # Its list of models would be that of the Hub's cache, which may not be there.
    with mock.patch.object(ModelManager, "get_gen_models", lambda *_: []):
        serving = Serve(str(folder), host="127.0.0.1", port=port, device="cpu", non_blocking=True)
        try:
            while not serving.server.started:
                time.sleep(0.02)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            serving.kill_server()
