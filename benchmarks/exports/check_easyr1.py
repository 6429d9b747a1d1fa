"""Loads an export with the RLHFDataset of an EasyR1 checkout, and its reward as EasyR1's batch reward is called.

PYTHONPATH=EASYR1 ENV/verl/bin/python benchmarks/exports/check_easyr1.py EXPORT RELEASE VIDEOS FRAMES MODEL

EasyR1 is on no index and its package is called verl, too: its checkout goes first on the path of verl's environment,
whose transformers is newer than EasyR1's own pin (below 5).
"""

import runpy
from pathlib import Path

import common

common.on_cpu()
asked = common.here(common.arguments())

import yaml  # noqa: E402
from transformers import AutoProcessor  # noqa: E402
from verl.utils.dataset import RLHFDataset  # noqa: E402

processor = AutoProcessor.from_pretrained(asked.model)
config = yaml.safe_load(Path("config.yaml").read_text())
taken = ("prompt_key", "answer_key", "image_key", "video_key", "image_dir", "video_fps", "min_pixels", "max_pixels")
data = RLHFDataset(
    "rl.jsonl", processor.tokenizer, processor, max_prompt_length=100_000, filter_overlong_prompts=False,
    **{name: config["data"][name] for name in taken},
)  # fmt: skip
compute_score = runpy.run_path("reward.py")["compute_score"]
limits = config["worker"]["reward"]["reward_function_kwargs"]
rows = list(common.right(asked.release, "rl", asked.videos, asked.frames))
assert len(data) == len(rows), (len(data), len(rows))
times = scored = 0
for place, each in enumerate(rows):
    item = data[place]
    ids = [int(token) for token, kept in zip(item["input_ids"], item["attention_mask"], strict=True) if kept]
    times += common.check_times(common.texts_between(ids, processor.tokenizer, "<|image_pad|>"), each)
    files = item["multi_modal_data"]["images"]  # the worker opens these
    shown = [common.opened(Path(name)).tobytes() for name in files]
    assert shown == [picture.tobytes() for picture in each.pictures], "a picture is not the store's"
    said = common.answers(each.sample)
    found = compute_score(
        [{"response": text, "response_length": 9, "ground_truth": item["ground_truth"]} for text in said], **limits
    )
    for scores, text in zip(found, said, strict=True):
        wanted = common.evaluated(each, text, ["tiou", "format"])
        assert all(scores[name] == value for name, value in wanted.items()), (scores, wanted)
        assert scores["overall"] == 0.9 * wanted["tiou"] + 0.1 * wanted["format"]
        scored += 1
common.told("EasyR1 rl", rows=len(rows), times=times, pictures=sum(len(each.pictures) for each in rows), rewards=scored)
