"""What the loader checks share: torchvision without CUDA, what is right for a row, and what a model is given of it.

Each check runs in its trainer's environment (setup.sh), loads an export with the trainer's own data classes, and
compares what reaches the model with the release itself: its prompts as vtgdata renders them, and the frame store.
"""

import argparse
import hashlib
import io
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np


def on_cpu() -> None:
    """Let torchvision's wheel for CUDA be imported beside torch for CPUs: it declares two operators that it lacks."""
    import torch

    for name in ("nms", "qnms"):
        signature = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
        try:
            torch.library.define(f"torchvision::{name}", signature)
        except RuntimeError:
            break  # it has them
    _note_metadata()


METADATA: list[Any] = []
"""The metadata that a processor of videos was last given: one for each video of the call; empty before any."""


def _note_metadata() -> None:
    """Let every processor of videos note what its caller says of the frames."""
    from transformers.video_processing_utils import BaseVideoProcessor

    preprocess = BaseVideoProcessor.preprocess

    def noting(self: Any, videos: Any, *more: Any, **settings: Any) -> Any:
        METADATA[:] = settings.get("video_metadata") or []
        return preprocess(self, videos, *more, **settings)

    BaseVideoProcessor.preprocess = noting


def stated_times() -> list[float] | None:
    """The times that the last video's metadata state: index / rate of each frame; None where nothing was stated."""
    if not METADATA or METADATA[-1] is None:
        return None
    one = METADATA[-1]
    named = one if isinstance(one, dict) else {name: getattr(one, name) for name in ("fps", "frames_indices")}
    return [float(index) / float(named["fps"]) for index in named["frames_indices"]]


class Right(NamedTuple):
    """What is right for a row of the release."""

    row: dict[str, Any]
    sample: Any
    prompt: Any
    times: Sequence[float]
    pictures: Sequence[Any]
    """The store's frames, decoded."""
    parts: list[Any]
    """Texts of the question, in order, and None in the place of each picture."""

    @property
    def time_texts(self) -> list[str]:
        """The words that stand right before each picture."""
        return [text for text, after in zip(self.parts, self.parts[1:], strict=False) if after is None]


def right(release: str, config: str, videos: str, frames: str) -> Iterator[Right]:
    """Each row of a config, from the release and the frame store alone."""
    from vtgdata.files.samples import row_sample
    from vtgdata.train.data import conversation, open_rows
    from vtgdata.video.frame_source import FrameSource

    rows, prompts = open_rows(release, [config])
    source = FrameSource(videos, frames)
    for row in rows:
        times, pictures = source(row)
        prompt, sample = prompts[row["prompt_id"]], row_sample(row)
        chat = conversation(prompt, sample, times)
        parts = [part.get("text") for message in chat if message["role"] == "user" for part in message["content"]]
        yield Right(row, sample, prompt, times, pictures, parts)


def arguments() -> argparse.Namespace:
    """EXPORT and the release that it is of, its videos, the frame store, and a model whose processor is used."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("export", "release", "videos", "frames", "model"):
        parser.add_argument(name)
    return parser.parse_args()


def here(asked: argparse.Namespace) -> argparse.Namespace:
    """The same with whole paths, after going to the export's folder, as its launch script does."""
    for name in ("export", "release", "videos", "frames", "model"):
        path = Path(getattr(asked, name))
        setattr(asked, name, str(path.resolve()) if path.exists() else str(path))
    os.chdir(asked.export)
    return asked


def model_type(folder: str) -> str:
    """The type that a model's config.json states."""
    return json.loads((Path(folder) / "config.json").read_text())["model_type"]


TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.content is string %}{{ m.content }}{% else %}"
    "{% for p in m.content %}{% if p.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif p.type == 'video' %}<|vision_start|><|video_pad|><|vision_end|>{% else %}{{ p.text }}{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""As Qwen's: our tiny models have chat templates without a place for a video."""


def with_places(processor: Any) -> Any:
    """The processor, its chat template with a place for videos."""
    if "video" not in (processor.chat_template or ""):
        processor.chat_template = TEMPLATE
    return processor


class Found(NamedTuple):
    """What of a row was compared."""

    times: int
    pictures: int
    worst: float
    """Largest mean difference of a picture, in levels of 0 to 255."""


def check_inputs(ids: Sequence[int], inputs: Any, each: Right, processor: Any) -> Found:
    """Compare what a model is given of a row, ids and pixels, with what is right for pictures or for one video."""
    if "pixel_values_videos" in inputs:
        return check_video(ids, inputs, each, processor)
    times = check_times(texts_between(ids, processor.tokenizer, "<|image_pad|>"), each)
    grids = np.asarray(inputs["image_grid_thw"])
    pixels = np.split(np.asarray(inputs["pixel_values"]), np.cumsum(grids.prod(-1))[:-1])
    assert len(grids) == len(each.pictures), (len(grids), len(each.pictures))
    worst = 0.0
    for grid, values, picture in zip(grids, pixels, each.pictures, strict=True):
        worst = max(worst, close(shown(values, grid, processor.image_processor)[0], picture, 2.0))
    return Found(times, len(grids), worst)


def check_video(ids: Sequence[int], inputs: Any, each: Right, processor: Any) -> Found:
    """Compare the frames of one video, and the times that the model is told of them, by its family's rule."""
    (grid,) = np.asarray(inputs["video_grid_thw"])
    frames = shown(np.asarray(inputs["pixel_values_videos"]), grid, processor.video_processor)
    assert len(frames) == len(each.pictures), (len(frames), len(each.pictures))
    worst = max(close(found, picture, 2.0) for found, picture in zip(frames, each.pictures, strict=True))
    pairs = [(one + two) / 2 for one, two in zip(each.times[::2], each.times[1::2], strict=True)]
    step = each.times[1] - each.times[0]
    own = stated_times()
    if own is not None:
        assert len(own) == len(each.times), (own, each.times)
        assert all(abs(one - two) <= 0.01 for one, two in zip(own, each.times, strict=True)), (own, each.times)
    text = processor.tokenizer.decode(ids)
    if told_text := re.findall(r"<(\d+\.\d) seconds>", text):  # Qwen3-VL: a text before each pair
        assert own is not None, "times are told that nobody stated"
        rule = [f"{(one + two) / 2:.1f}" for one, two in zip(own[::2], own[1::2], strict=True)]
        assert told_text == rule, (told_text, rule)
        for said, pair in zip(told_text, pairs, strict=True):
            assert abs(float(said) - pair) <= 0.06 <= step / 2, (said, pair)
        return Found(len(pairs), len(frames), worst)
    seconds = inputs.get("second_per_grid_ts")  # Qwen2.5-VL: one mean rate
    if seconds is None:
        raise AssertionError(f"the model is told no times: {sorted(inputs)}")
    (said,) = np.asarray(seconds, dtype=np.float64).ravel()
    for number, pair in enumerate(pairs):
        assert abs(number * said + step / 2 - pair) <= min(0.011, step / 2), (number, said, pair)
    return Found(len(pairs), len(frames), worst)


def shown(pixels: Any, grid: Any, processor: Any) -> np.ndarray:
    """The picture (height, width, 3) in [0, 255] that patches of a Qwen processor hold; of a pair, the first frame.

    Args:
        pixels: (t * h * w, channels * 2 * patch * patch) normalised.
        grid: (t, h, w) in patches.
        processor: an image or video processor.
    """
    t, h, w = (int(each) for each in grid)
    patch, merge, pair = processor.patch_size, processor.merge_size, processor.temporal_patch_size
    blocks = np.asarray(pixels, dtype=np.float64).reshape(
        t, h // merge, w // merge, merge, merge, 3, pair, patch, patch
    )
    # t, pair, rows of blocks, rows in a block, patch rows, columns ..., channels
    ordered = blocks.transpose(0, 6, 1, 3, 7, 2, 4, 8, 5)
    frames = ordered.reshape(t * pair, h * patch, w * patch, 3)
    return (frames * np.array(processor.image_std) + np.array(processor.image_mean)) * 255


def close(found: np.ndarray, picture: Any, most: float) -> float:
    """The mean difference in levels between a shown picture and the store's, brought to its size; at most `most`."""
    from PIL import Image

    size = (found.shape[1], found.shape[0])
    expected = picture if picture.size == size else picture.resize(size, Image.Resampling.BICUBIC)
    away = float(np.abs(found - np.asarray(expected, dtype=np.float64)).mean())
    assert away <= most, f"a picture differs by {away:.2f} levels"
    return away


def texts_between(ids: Sequence[int], tokenizer: Any, mark: str) -> list[str]:
    """The decoded text before each run of a mark's token, and that after the last."""
    token = tokenizer.convert_tokens_to_ids(mark)
    pieces: list[list[int]] = [[]]
    inside = False
    for each in ids:
        if each == token:
            inside = True
            continue
        if inside:
            pieces.append([])
            inside = False
        pieces[-1].append(each)
    return [tokenizer.decode(piece, skip_special_tokens=False) for piece in pieces]


def check_times(found: Sequence[str], each: Right) -> int:
    """Compare the texts before the pictures with our own prompt's, character by character; returns how many."""
    own = [text.replace("<|vision_end|>", "").removesuffix("<|vision_start|>") for text in found]
    wanted = [text for text in each.parts if text is not None]
    assert len(found) == len(each.pictures) + 1, (len(found), len(each.pictures))
    assert own[0].endswith(wanted[0]), (own[0], wanted[0])
    assert own[1:-1] == wanted[1 : len(each.pictures)], (own[1:-1], wanted[1 : len(each.pictures)])
    after = wanted[len(each.pictures)] if len(wanted) > len(each.pictures) else ""
    assert own[-1].startswith(after), (own[-1], after)
    return len(each.time_texts)


def conversations(file: str, rows: Sequence[Right]) -> list[list[Right]]:
    """The rows of each conversation in a data file of SFT: several where questions were packed (`--pack`)."""
    import pyarrow.parquet as pq

    path = Path(file)
    lines = pq.read_table(path).to_pylist() if path.suffix == ".parquet" else map(json.loads, path.open())
    counts = [sum(turn["role"] == "assistant" for turn in line["messages"]) for line in lines]
    assert sum(counts) == len(rows), (sum(counts), len(rows))
    ends = np.cumsum(counts).tolist()
    return [list(rows[end - count : end]) for end, count in zip(ends, counts, strict=True)]


def check_learned(text: str, learned: str, group: Sequence[Right]) -> int:
    """Compare what is learnt with all answers of a conversation, and its words with all their questions, in order.

    Args:
        text: all that the model is given of the conversation, decoded.
        learned: the part of it that has labels.
        group: its rows.

    Returns how many answers are learnt.
    """
    at = 0
    for each in group:
        place = learned.find(each.row["target"], at)
        assert place >= 0 and (at > 0 or place == 0), (each.row["target"], learned)
        at = place + len(each.row["target"])
    assert len(learned) <= sum(len(each.row["target"]) + len("<|im_end|>\n\n") for each in group), learned
    at = 0
    for each in group:
        at = text.find(each.row["query"], at) + 1
        assert at > 0, (each.row["query"], text)
    return len(group)


ANSWERS = (
    "<think>I see it.</think><answer>{start} to {end}</answer>",
    "<answer>{start} to {end}</answer>",
    "It happens from {start} s to {late} s.",
    "<think>?</think><answer>{end} to {start}</answer>",
    "I cannot tell.",
    "",
)


def answers(sample: Any) -> list[str]:
    """Answers of many kinds to one sample: right, cut short, reversed, refused, empty."""
    start, end = (sample.windows[0].start, sample.windows[0].end) if sample.windows else (1.0, 2.0)
    return [text.format(start=start, end=end, late=end + 1.7) for text in ANSWERS]


def evaluated(each: Right, said: str, names: Sequence[str]) -> dict[str, float]:
    """The scores that a rollout of this answer gets."""
    from vtgdata.conversation import answer
    from vtgdata.files import plugins

    read = answer.parse(said, duration=each.sample.video.duration, form=each.prompt.form, finish_reason="stop")
    return {name: float(plugins.load("scores", name).score([read], [each.sample])[0]) for name in names}


def digest(picture: bytes) -> str:
    """SHA-256 of a picture's bytes."""
    return hashlib.sha256(picture).hexdigest()


def told(name: str, **facts: object) -> None:
    """Print what a check found."""
    print(name, json.dumps(facts, default=str))
    sys.stdout.flush()


def opened(path: Path) -> Any:
    """A picture of the export."""
    from PIL import Image

    return Image.open(io.BytesIO(path.read_bytes())).convert("RGB")
