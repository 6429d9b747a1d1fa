"""Thirteen families of models: each is fed what its own library, TRL and a server feed it, alone and in a batch.

pytest -m "slow or not slow" tests/plugins/models/test_families.py -s      prints a row for each family
"""

import asyncio
import math
import sys
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from support.builders import draw_video, make_sample
from support.fed import ODD, PROMPT, controls, open_model, ours, pictures, question, same, served
from support.tiny_families import FAMILIES, build
from vtgdata.files import plugins
from vtgdata.files.samples import write_samples
from vtgdata.records import Image, Request, Sampling

pytest.importorskip("trl", reason="needs vtgdata[train]")
pytest.importorskip("fastapi", reason="needs vtgdata[serve]")


OFTEN = ("qwen2_5_vl", "qwen3_vl", "internvl", "gemma3", "smolvlm")
"""Families of which the row is always made: one for each way to place pictures in a prompt; the others are slow."""


@pytest.fixture(
    scope="module",
    params=[name if name in OFTEN else pytest.param(name, marks=pytest.mark.slow) for name in FAMILIES],
)
def family(request, tmp_path_factory) -> tuple[str, Path]:
    return request.param, build(request.param, tmp_path_factory.mktemp("families") / request.param)


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
        [row], {"p": PROMPT}, lambda row: ((0.0, 1.0, 2.0), shown), places=[0], targets=True, plain=found.plain,
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


def as_a_server(model: Any, folder: Path) -> bool:
    """All tensors of a prompt, by `transformers serve` asked over HTTP; no control token of a query is one there."""
    asked = [question(frames, query) for query in ("a red ball rolls", ODD) for frames in (1, 3)]
    given = served(folder, asked)
    ordinary = [same(ours(model, messages), each) for messages, each in zip(asked[:2], given[:2], strict=True)]
    odd = [controls(model, given[n]) == controls(model, given[n + 2]) for n in (0, 1)]
    return all((*ordinary, *odd))


def mixed_batch(model: Any, folder: Path) -> bool:
    """Prompts of 1, 3, 2 and 5 frames, together and one by one: the scores of the next token, and greedy answers."""
    prompts = [ours(model, question(frames)) for frames in (1, 3, 2, 5)]
    others = [ours(model, question(frames, first=frames % 2 + 1)) for frames in (1, 3, 2, 5)]
    batch, single = next_token(model, prompts), [next_token(model, [each])[0] for each in prompts]
    near, far = apart(batch, single), apart(next_token(model, others), single)
    return near < 1e-4 and far > 1e-2 and answers_are_the_same(folder)


def next_token(model: Any, inputs: list[dict[str, Any]]) -> Any:
    """The scores of the first token of the answer to each prompt, from one batch: (prompts, vocabulary)."""
    import torch

    from vtgdata.plugins.models._transformers.collate import collate

    pad = model.processor.tokenizer.pad_token_id
    batch = collate(inputs, max(each["input_ids"].shape[1] for each in inputs), pad)
    settings = {"max_new_tokens": 1, "do_sample": False, "return_dict_in_generate": True, "output_logits": True}
    with torch.inference_mode():
        return model.model.generate(**batch, **settings, pad_token_id=pad).logits[0]


def apart(one: Any, other: Any) -> float:
    """The largest difference of two sets of scores, in standard deviations; that of rounding is below 1e-5."""
    import torch

    other = torch.stack(list(other))
    return float((one - other).abs().max() / other.std())


def answers_are_the_same(folder: Path) -> bool:
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
    plain, odd = (ours(model, question(2, query)) for query in ("a red ball rolls", ODD))
    text = model.processor.tokenizer.decode(odd["input_ids"][0], clean_up_tokenization_spaces=False)
    return controls(model, plain) == controls(model, odd) and ODD in text


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


def test_it_is_fed_what_its_library_trl_and_a_server_feed_it(family, tmp_path, capsys):
    name, folder = family
    model = open_model(folder)
    row = {
        "as its library": as_its_library(model, folder),
        "as TRL": as_trl(model, folder),
        "as a server": as_a_server(model, folder),
        "mixed batch": mixed_batch(model, folder),
        "odd query": odd_query(model),
        "score": scored(folder, tmp_path),
        "no NaN": no_nan(model),
    }
    said = " | ".join([f"{name:16}", *(f"{cell} {'yes' if holds else 'NO'}" for cell, holds in row.items())])
    with capsys.disabled():
        sys.stdout.write(f"\n{said}\n")
    assert all(row.values()), msgspec.json.encode(row)
