"""Thirteen families of models: each is fed what its own library and TRL feed it, alone and in a batch.

pytest tests/plugins/models/test_families.py -s      prints a row for each family
"""

import asyncio
import io
import math
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest

from support.builders import draw_video, make_sample
from support.tiny_families import FAMILIES, build
from vtgdata.conversation.prompt import load_prompt, render
from vtgdata.files import plugins
from vtgdata.files.samples import write_samples
from vtgdata.records import Endpoint, Image, Message, Request, Sampling

pytest.importorskip("trl", reason="needs vtgdata[train]")

PROMPT = load_prompt("ground")
CELLS = ("as its library", "as TRL", "mixed batch", "odd query", "score", "no NaN")
ODD = (
    "a sign <|im_end|> <|endoftext|><image> <start_of_turn> <|image_pad|><fake_token_around_image><eos></s> "
    "<IMG_CONTEXT><|vision_start|><start_of_image><|image|> </think> <answer>1.0 to 2.0</answer> [gMASK] falls"
)
"""Control tokens and placeholders of all families, each whole."""


@pytest.fixture(scope="module", params=FAMILIES)
def family(request, tmp_path_factory) -> tuple[str, Path]:
    return request.param, build(request.param, tmp_path_factory.mktemp("families") / request.param)


def open_model(folder: Path, rows: int = 4) -> Any:
    return plugins.load("models", "transformers_local").connect(str(folder), Endpoint(concurrency=rows))


def picture(number: int) -> bytes:
    from PIL import Image as Pillow

    pixels = np.random.default_rng(number).integers(0, 255, (28, 28 + 4 * (number % 3), 3), dtype=np.uint8)
    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, "JPEG", quality=95)
    return file.getvalue()


def question(frames: int, query: str = "a red ball rolls") -> tuple[Message, ...]:
    times = tuple(float(number) for number in range(frames))
    return render(PROMPT, make_sample(query=query), times, tuple(picture(number) for number in range(frames)))


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


def as_its_library(model: Any, folder: Path) -> bool:
    """All tensors of a prompt, by the processor as its folder has it."""
    from transformers import AutoProcessor

    fresh = AutoProcessor.from_pretrained(folder)
    for frames in (1, 3):
        messages = question(frames)
        shown = iter(pictures(messages))
        content = [
            {"type": "image", "image": next(shown)} if isinstance(part, Image) else {"type": "text", "text": part.text}
            for part in messages[0].parts
        ]
        made = fresh.apply_chat_template(
            [{"role": "user", "content": content}],
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
        )
        if not same(ours(model, messages), dict(made)):
            return False
    return True


def collated(folder: Path, query: str) -> dict[str, Any]:
    """What TRL's collator makes of a row of ours for SFT, its prompt alone."""
    from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

    from vtgdata.train import data
    from vtgdata.train import model as models

    found = models.load(str(folder))
    shown = pictures(question(3))
    row = {
        "sample_id": "s", "corpus": "c", "split": "train", "video_id": "v", "duration": 30.0, "query": query,
        "windows": [[3.0, 9.0]], "prompt_id": "p", "target": "<think>It rolls.</think><answer>3.0 to 9.0</answer>",
    }  # fmt: skip
    rows = data.dataset(
        [row], {"p": PROMPT}, lambda row: ((0.0, 1.0, 2.0), shown), targets=True, plain=found.plain,
        opening=found.opening,
    )  # fmt: skip
    batch = DataCollatorForVisionLanguageModeling(found.processor, completion_only_loss=True)([rows[0]])
    length = int((batch["labels"][0] == -100).sum())
    with found.plain.as_it_came(found.processor):
        assert "\ufdd0" not in str(found.processor.tokenizer.backend_tokenizer.pre_tokenizer)
    per_token = {name for name, tensor in batch.items() if tensor.shape == batch["input_ids"].shape}
    return {name: t[:, :length] if name in per_token else t for name, t in batch.items() if name != "labels"}


def as_trl(model: Any, folder: Path) -> bool:
    """All tensors of a prompt, by the collator of TRL's SFT trainer; with control tokens in the query, too."""
    return all(same(ours(model, question(3, query)), collated(folder, query)) for query in ("a red ball rolls", ODD))


def mixed_batch(folder: Path) -> bool:
    """Greedy answers to prompts of 1, 3, 2 and 5 frames, together and one by one."""
    asked = [
        Request(sample_id=str(n), messages=question(n), sampling=Sampling(temperature=0.0, max_tokens=12), seeds=(1,))
        for n in (1, 3, 2, 5)
    ]

    async def together() -> list[Any]:
        model = open_model(folder)
        # One padded length, so that all are in one batch.
        plugins.load("models", "transformers_local").STEP = 1024
        return [reply[0] for reply in await asyncio.gather(*(model.generate(one) for one in asked))]

    async def alone() -> list[Any]:
        model = open_model(folder, 1)
        return [(await model.generate(one))[0] for one in asked]

    module = plugins.load("models", "transformers_local")
    step = module.STEP
    try:
        batch = asyncio.run(together())
        module.STEP = step
        single = asyncio.run(alone())
    finally:
        module.STEP = step
    assert all(reply.error is None for reply in (*batch, *single)), batch
    return [reply.text for reply in batch] == [reply.text for reply in single] and any(r.text for r in batch)


def odd_query(model: Any) -> bool:
    """The control tokens of a prompt are those of the same prompt with an ordinary query, and no letter is lost."""
    words = model.processor.tokenizer
    plain, odd = (ours(model, question(2, query))["input_ids"][0].tolist() for query in ("a red ball rolls", ODD))
    named = words.convert_tokens_to_ids(sorted(model.plain.tokens & set(words.added_tokens_encoder)))
    counted = [Counter(each for each in ids if each in named) for ids in (plain, odd)]
    return counted[0] == counted[1] and ODD in words.decode(odd, clean_up_tokenization_spaces=False)


def scored(folder: Path, out: Path) -> bool:
    """A pass rate for each sample, by the command."""
    from vtgdata.stages import difficulty

    draw_video(out / "videos/v1.mp4", seconds=3.0)
    draw_video(out / "videos/v2.mp4", seconds=1.0)
    samples = [make_sample("a", duration=3.0, windows=[(0.5, 2.0)])]
    samples.append(make_sample("b", video_id="v2", duration=1.0, windows=[(0.2, 0.8)], query=ODD))
    write_samples(out / "samples.parquet", samples)
    settings = difficulty.Settings(
        samples=str(out / "samples.parquet"), videos=str(out / "videos"), out=str(out / "out"),
        model=f"transformers_local:{folder}", n=2, fps=2.0, short_side=28, max_tokens=8, concurrency=4,
        frames=str(out / "frames"),
    )  # fmt: skip
    difficulty.run(settings)
    rates = pl.read_parquet(out / "out/pass_rates.parquet")
    values = rates["value"].to_list()
    return set(rates["sample_id"]) == {"a", "b"} and all(v is not None and math.isfinite(v) for v in values)


def no_nan(model: Any) -> bool:
    """Finite logits at all tokens of a padded batch of 1 and 4 frames."""
    import torch

    from vtgdata.plugins.models._transformers.collate import collate

    inputs = [ours(model, question(frames)) for frames in (1, 4)]
    length = max(each["input_ids"].shape[1] for each in inputs) + 7
    batch = collate(inputs, length, model.processor.tokenizer.pad_token_id)
    with torch.inference_mode():
        logits = model.model(**batch).logits
    return bool(torch.isfinite(logits[batch["attention_mask"].bool()]).all())


def test_it_is_fed_what_its_library_and_trl_feed_it(family, tmp_path, capsys):
    name, folder = family
    model = open_model(folder)
    row = dict(
        zip(
            CELLS,
            (
                as_its_library(model, folder), as_trl(model, folder), mixed_batch(folder), odd_query(model),
                scored(folder, tmp_path), no_nan(model),
            ),
            strict=True,
        )
    )  # fmt: skip
    said = " | ".join([f"{name:16}", *(f"{cell} {'yes' if holds else 'NO'}" for cell, holds in row.items())])
    with capsys.disabled():
        sys.stdout.write(f"\n{said}\n")
    assert all(row.values()), msgspec.json.encode(row)
