"""Loads an export with ms-swift's own load_dataset and template, and its reward as a plug-in of ms-swift.

ENV/ms_swift/bin/python benchmarks/exports/check_ms_swift.py EXPORT RELEASE VIDEOS FRAMES MODEL
"""

import os
import re
from pathlib import Path

import common

common.on_cpu()
asked = common.here(common.arguments())
for line in re.findall(r"export (.*)", Path("launch.sh").read_text()):  # the variables of launch.sh
    for name, value in re.findall(r"(\w+)=(\S+)", line):
        os.environ[name] = str(Path.cwd()) if "PWD" in value else value

import runpy  # noqa: E402

from swift.dataset import load_dataset  # noqa: E402
from swift.model import get_processor  # noqa: E402
from swift.rewards import orms  # noqa: E402
from swift.template import get_template  # noqa: E402

processor = get_processor(asked.model, model_type=common.model_type(asked.model))


def loaded(file: str, mode: str) -> tuple[list, object]:
    """Rows as ms-swift's trainers get them, and a template in one of its modes."""
    data, _ = load_dataset([file], split_dataset_ratio=0.0, num_proc=1, remove_unused_columns=False, strict=True)
    template = get_template(processor, template_type=common.model_type(asked.model), max_length=100_000)
    template.set_mode(mode)
    # ms-swift has the ids of Qwen's own vocabulary written in it; our tiny models have another.
    template.image_token_id = processor.tokenizer.convert_tokens_to_ids("<|image_pad|>")
    template.video_token_id = processor.tokenizer.convert_tokens_to_ids("<|video_pad|>")
    return list(data), template


def check(file: str, config: str, mode: str) -> None:
    """Times, pictures and targets of a data file."""
    data, template = loaded(file, mode)
    rows = list(common.right(asked.release, config, asked.videos, asked.frames))
    packed = common.conversations(file, rows) if mode == "train" else [[each] for each in rows]
    times, pictures, worst, scored, learnt = 0, 0, 0.0, 0, 0
    for item, group in zip(data, packed, strict=True):
        each = group[0]
        inputs = template.encode({name: value for name, value in item.items() if value is not None})
        ids = [int(token) for token in inputs["input_ids"]]
        found = common.check_inputs(ids, inputs, each, processor)
        times, pictures, worst = times + found.times, pictures + found.pictures, max(worst, found.worst)
        if mode == "train":
            learned = [token for token, label in zip(ids, inputs["labels"], strict=True) if label != -100]
            said = processor.tokenizer.decode(learned)
            learnt += common.check_learned(processor.tokenizer.decode(ids), said, group)
        else:
            scored += check_reward(item, each)
    common.told(
        f"ms-swift {mode}", rows=len(rows), conversations=len(packed), learnt=learnt, times=times, pictures=pictures,
        worst_levels=round(worst, 3), rewards=scored,
    )  # fmt: skip


def check_reward(item: dict, each: common.Right) -> int:
    """The plug-in's scores, called with lists of columns as GRPO does."""
    said = common.answers(each.sample)
    columns = {"solution": [item["solution"]] * len(said), "messages": [item["messages"]] * len(said)}
    for name in ("tiou", "format"):
        found = orms[f"vtgdata_{name}"]()(completions=said, **columns)
        wanted = [common.evaluated(each, text, [name])[name] for text in said]
        assert found == wanted, (found, wanted)
    return len(said)


if Path("rl.jsonl").exists():
    runpy.run_path("reward.py")
    check("rl.jsonl", "rl", "transformers")
if Path("sft.jsonl").exists():
    check("sft.jsonl", "coldstart", "train")
