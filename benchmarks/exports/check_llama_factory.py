"""Loads an export with LLaMA-Factory's own arguments, data set, template and collator.

ENV/llama_factory/bin/python benchmarks/exports/check_llama_factory.py EXPORT RELEASE VIDEOS FRAMES MODEL
"""

import sys
import types
from importlib.machinery import ModuleSpec
from pathlib import Path

import common

common.on_cpu()
asked = common.here(common.arguments())
sys.modules["torchaudio"] = types.ModuleType("torchaudio")  # its wheel wants CUDA; nothing here has sound
sys.modules["torchaudio"].__spec__ = ModuleSpec("torchaudio", None)

import torch  # noqa: E402
import yaml  # noqa: E402
from llamafactory.data import get_dataset, get_template_and_fix_tokenizer  # noqa: E402
from llamafactory.data.collator import SFTDataCollatorWith4DAttentionMask  # noqa: E402
from llamafactory.hparams import get_train_args  # noqa: E402
from llamafactory.model import load_tokenizer  # noqa: E402

config = yaml.safe_load(Path("config.yaml").read_text())
config |= {
    "model_name_or_path": asked.model, "bf16": False, "use_cpu": True, "overwrite_cache": True,
    "template": {"qwen3_vl": "qwen3_vl_nothink"}.get(common.model_type(asked.model), "qwen2_vl"),
}  # fmt: skip
model_args, data_args, training_args, _, _ = get_train_args(config)
opened = load_tokenizer(model_args)
tokenizer, processor = opened["tokenizer"], opened["processor"]
template = get_template_and_fix_tokenizer(tokenizer, data_args)
data = get_dataset(template, model_args, data_args, training_args, stage="sft", **opened)["train_dataset"]
collator = SFTDataCollatorWith4DAttentionMask(template=template, processor=processor, tokenizer=tokenizer)
rows = list(common.right(asked.release, "coldstart", asked.videos, asked.frames))
packed = common.conversations("sft.jsonl", rows)
times, pictures, worst, learnt = 0, 0, 0.0, 0
for item, group in zip(data, packed, strict=True):
    each = group[0]
    learned = [token for token, label in zip(item["input_ids"], item["labels"], strict=True) if label != -100]
    learnt += common.check_learned(tokenizer.decode(item["input_ids"]), tokenizer.decode(learned), group)
    batch = collator([dict(item)])
    ids = batch["input_ids"][0]
    found = common.check_inputs([int(token) for token in ids], dict(batch), each, processor)
    times, pictures, worst = times + found.times, pictures + found.pictures, max(worst, found.worst)
    assert torch.equal(ids[: len(item["input_ids"])], torch.tensor(item["input_ids"]))
common.told(
    "LLaMA-Factory sft", rows=len(rows), conversations=len(packed), learnt=learnt, times=times, pictures=pictures,
    worst_levels=round(worst, 3),
)  # fmt: skip
