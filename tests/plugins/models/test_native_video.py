"""Frames as one video (`--as video`): what a model is fed is its library's own call, and what is recorded is true."""

import asyncio
import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from support.builders import make_sample
from support.drawn_videos import SIDE, draw, picture
from support.fed import open_model, same
from support.tiny_families import build
from vtgdata.errors import VtgError
from vtgdata.files.samples import write_samples
from vtgdata.records import Footage, Message, NotTold, Request, Sampling, Text
from vtgdata.stages import difficulty
from vtgdata.video.decode import jpeg

pytest.importorskip("torch", reason="needs vtgdata[train]")
TOLD = ("qwen3_vl", "qwen2_5_vl", "qwen3_5")
NOT_TOLD = ("internvl", "llava_onevision", "qwen2_vl", "gemma3")
EVEN, ODD, UNEVEN = (0.0, 1.5, 3.0, 4.5, 6.0, 7.5), (0.0, 0.5, 1.0, 1.5, 2.0), (0.0, 0.5, 3.0, 10.0)
MARKS = "<|vision_start|><|video_pad|><|vision_end|>"
VIDEO_PART = "{%- elif p['type'] == 'video' -%}{{ '" + MARKS + "' }}{%- elif p['type'] == 'text' -%}"


def _slow_after_first(names: tuple[str, ...]) -> list[Any]:
    return [names[0], *(pytest.param(name, marks=pytest.mark.slow) for name in names[1:])]


@pytest.fixture(scope="module", params=_slow_after_first(TOLD))
def told(request, tmp_path_factory) -> tuple[str, Path, Any]:
    folder = build(request.param, tmp_path_factory.mktemp("told") / request.param)
    return request.param, folder, open_model(folder)


def footage(times: tuple[float, ...]) -> Footage:
    return Footage(tuple(jpeg(picture(number), (SIDE, SIDE)) for number in range(len(times))), times)


def asked(times: tuple[float, ...]) -> tuple[Message, ...]:
    return (Message("user", (Text("In the video, ", ()), footage(times), Text(" when does it fall?", ()))),)


def fed(model: Any, messages: tuple[Message, ...]) -> dict[str, Any]:
    from vtgdata.plugins.models._transformers.inputs import prompt_inputs

    return prompt_inputs(model.processor, messages, model.plain, model.video)


def by_its_library(folder: Path, times: tuple[float, ...], template: bool) -> dict[str, Any]:
    """The processor's own call, with the metadata of a file of 20 frames a second that holds these frames.

    `template`: by a chat template that has a part for a video, as the published ones have; else its marks are text.
    """
    import io

    from PIL import Image
    from transformers import AutoProcessor

    fresh = AutoProcessor.from_pretrained(folder)
    if template:
        fresh.chat_template = fresh.chat_template.replace("{%- elif p['type'] == 'text' -%}", VIDEO_PART)
    part = {"type": "video"} if template else {"type": "text", "text": MARKS}
    content = [{"type": "text", "text": "In the video, "}, part, {"type": "text", "text": " when does it fall?"}]
    text = fresh.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True, tokenize=False)
    assert text.count("<|video_pad|>") == 1
    frames = np.stack([np.asarray(Image.open(io.BytesIO(each)).convert("RGB")) for each in footage(times).jpegs])
    step = times[1] - times[0]
    metadata = {
        "fps": 20.0,
        "frames_indices": [round(time * 20) for time in times],
        "total_num_frames": round(len(times) * step * 20),
    }
    made = fresh(
        text=[text], videos=[frames], video_metadata=[metadata], do_sample_frames=False, add_special_tokens=False,
        return_tensors="pt",
    )  # fmt: skip
    return {name: value for name, value in made.items() if name != "video_metadata"}


@pytest.mark.parametrize("times", [EVEN, ODD])
def test_what_the_model_is_fed_is_its_librarys_own_call(told, times):
    name, folder, model = told
    made, theirs = fed(model, asked(times)), by_its_library(folder, times, template=name != "qwen3_vl")
    assert set(made) >= {"input_ids", "pixel_values_videos", "video_grid_thw"}
    assert int(made["video_grid_thw"][0][0]) == -(-len(times) // 2)
    assert same(made, theirs)


@pytest.mark.parametrize("times", [EVEN, ODD, UNEVEN])
def test_the_recorded_times_are_those_in_the_text_or_in_the_positions(told, times):
    name, _, model = told
    if name == "qwen2_5_vl" and times == UNEVEN:
        with pytest.raises(NotTold, match="one rate"):
            model.told(times)
        return
    if name != "qwen2_5_vl":
        for few in ((1.0,), (0.0, 0.03, 0.06, 0.09)):
            with pytest.raises(NotTold):
                model.told(few)
    made = fed(model, asked(times))
    assert model.told(times) == pytest.approx(_read(name, model, made), abs=1e-9)
    # A pair is told within itself.
    even = [*times, *times[-1:]][: -(-len(times) // 2) * 2]
    for said, first, last in zip(model.told(times), even[::2], even[1::2], strict=True):
        assert first - 0.05 <= said <= last + 0.05


def _read(name: str, model: Any, made: dict[str, Any]) -> list[float]:
    """The times that a fed prompt tells: out of its text, or of the positions that its model reckons."""
    if name != "qwen2_5_vl":
        text = model.processor.tokenizer.decode(made["input_ids"][0])
        return [float(said) for said in re.findall(r"<(\d+\.\d) seconds>", text)]
    positions, _ = model.model.model.get_rope_index(
        made["input_ids"], made["mm_token_type_ids"], None, made["video_grid_thw"], made["second_per_grid_ts"],
        made["attention_mask"],
    )  # fmt: skip
    shown = made["input_ids"][0] == model.processor.video_token_id
    temporal = positions[0, 0][shown].unique()
    return ((temporal - temporal[0]) / model.model.config.vision_config.tokens_per_second).tolist()


def test_several_videos_of_several_lengths_are_answered_in_one_batch(told):
    _, _, model = told
    drawn = Sampling(max_tokens=3, temperature=0.0)

    async def answers(*shown: tuple[float, ...]) -> list[list[str | None]]:
        requests = [Request(sample_id="s", messages=asked(each), sampling=drawn, seeds=(1,)) for each in shown]
        replies = await asyncio.gather(*(model.generate(request) for request in requests))
        assert all(reply.error is None for each in replies for reply in each)
        return [[reply.text for reply in each] for each in replies]

    together = asyncio.run(answers(EVEN, ODD))
    assert together == [asyncio.run(answers(each))[0] for each in (EVEN, ODD)]


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    """Three samples: two with a drawn video of 9 s, one whose frames are shown for unequal times."""
    folder = tmp_path_factory.mktemp("world")
    for number in range(2):
        draw(folder / f"videos/v{number}.mp4", 36, 4)
    draw(folder / "videos/v2.mp4", 8, times=[0.0, 0.25, 0.5, 0.75, 1.0, 5.0, 8.0, 8.5])
    samples = [make_sample(f"test:{number}", video_id=f"v{number}", duration=9.0) for number in range(3)]
    write_samples(folder / "samples.parquet", samples)
    return folder


def rollouts(world: Path, model: Path, form: Any, out: Path) -> pl.DataFrame:
    settings = difficulty.Settings(
        samples=str(world / "samples.parquet"), model=f"transformers_local:{model}", videos=str(world / "videos"),
        frames=str(world / "frames"), num_frames=6, short_side=28, max_tokens=4, n=2, out=str(out), max_failed=1.0,
        as_=form,
    )  # fmt: skip
    difficulty.run(settings)
    return pl.read_parquet(out / "rollouts.parquet")


def test_a_run_records_the_times_that_the_model_was_told_and_asks_anew_in_the_other_form(told, world, tmp_path):
    name, folder, _ = told
    as_frames = rollouts(world, folder, "frames", tmp_path / "frames")
    as_video = rollouts(world, folder, "video", tmp_path / "video")
    assert not set(as_frames["key"]) & set(as_video["key"]), "the form is in the work key"
    assert set(as_frames["frames_id"]) >= set(as_video["frames_id"]) - {""}, "the same pixels, decoded once"
    right = [0.8, 3.8, 6.8] if name != "qwen2_5_vl" else [0.0, 3.0, 6.0]
    for row in as_video.filter(pl.col("sample_id") != as_video["sample_id"][-1]).iter_rows(named=True):
        assert row["error"] is None and row["frame_times"] == right
    for row in as_video.filter(pl.col("sample_id") == as_video["sample_id"][-1]).iter_rows(named=True):
        if name == "qwen2_5_vl":
            assert row["error"].startswith("video cannot be shown as one, only as frames")
        else:
            assert row["error"] is None and row["frame_times"] != right
    rates = pl.read_parquet(tmp_path / "video" / "pass_rates.parquet")
    assert '"shown_as": "video"' in rates["frame_sampling"][0]


@pytest.mark.parametrize("family", _slow_after_first(NOT_TOLD))
def test_a_family_that_is_told_no_seconds_is_refused_before_a_video_is_opened(family, world, tmp_path):
    folder = build(family, tmp_path / family)
    with pytest.raises(VtgError, match="Take --as frames") as caught:
        rollouts(world, folder, "video", tmp_path / "out")
    why = "no seconds" if family != "gemma3" else "not known by which rule"
    assert family in str(caught.value) and why in str(caught.value)


def test_a_model_that_takes_no_video_is_refused(world, tmp_path):
    settings = difficulty.Settings(
        samples=str(world / "samples.parquet"), model=f"scripted:{world / 'samples.parquet'}", out=str(tmp_path / "o"),
        as_="video",
    )  # fmt: skip
    with pytest.raises(VtgError, match=r"takes no video\. Take --as frames"):
        difficulty.run(settings)
