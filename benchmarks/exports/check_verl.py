"""Loads an export with verl's own RLHFDataset and MultiTurnSFTDataset, and its reward as verl's reward loop does.

ENV/verl/bin/python benchmarks/exports/check_verl.py EXPORT RELEASE VIDEOS FRAMES MODEL
"""

from pathlib import Path

import common

common.on_cpu()
asked = common.here(common.arguments())

from omegaconf import OmegaConf  # noqa: E402
from transformers import AutoProcessor  # noqa: E402
from verl.trainer.ppo.reward import get_custom_reward_fn  # noqa: E402
from verl.utils.dataset.multiturn_sft_dataset import MultiTurnSFTDataset  # noqa: E402
from verl.utils.dataset.rl_dataset import RLHFDataset, build_multimodal_processor_inputs  # noqa: E402

processor = common.with_places(AutoProcessor.from_pretrained(asked.model))
patch = processor.image_processor.patch_size
config = OmegaConf.create({"max_prompt_length": 100_000, "filter_overlong_prompts": False, "image_patch_size": patch})


def check_rl() -> None:
    """Frames or video of RL rows, and the reward."""
    data = RLHFDataset("rl.parquet", processor.tokenizer, config, processor)
    rows = list(common.right(asked.release, "rl", asked.videos, asked.frames))
    assert len(data) == len(rows)
    reward = get_custom_reward_fn(
        OmegaConf.create({"reward": {"custom_reward_function": {"path": "reward.py", "name": "compute_score"}}})
    )
    times = pictures = scored = 0
    worst = 0.0
    for place, each in enumerate(rows):
        item = data[place]
        messages = item["raw_prompt"]
        images, videos, audios = RLHFDataset._process_multi_modal_info(messages, patch, config)
        text = processor.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        inputs = build_multimodal_processor_inputs(processor, text=[text], images=images, videos=videos, audio=audios)
        found = common.check_inputs(inputs["input_ids"][0].tolist(), inputs, each, processor)
        times, pictures, worst = times + found.times, pictures + found.pictures, max(worst, found.worst)
        for _, metadata in videos or []:
            own = [index / metadata["fps"] for index in metadata["frames_indices"]]
            assert all(abs(one - two) <= 0.01 for one, two in zip(own, each.times, strict=True)), (own, each.times)
        for said in common.answers(each.sample):
            found = reward(
                data_source=item["data_source"],
                solution_str=said,
                ground_truth=item["reward_model"]["ground_truth"],
                extra_info=item["extra_info"] | {"num_turns": None, "rollout_reward_scores": {}},
            )
            wanted = common.evaluated(each, said, ["tiou", "format"])
            assert all(found[name] == value for name, value in wanted.items()), (found, wanted)
            assert found["score"] == 0.9 * wanted["tiou"] + 0.1 * wanted["format"]
            scored += 1
    common.told("verl rl", rows=len(rows), times=times, pictures=pictures, worst_levels=round(worst, 3), rewards=scored)


def check_sft() -> None:
    """Frames and targets of SFT rows."""
    data = MultiTurnSFTDataset(
        "sft.parquet",
        processor.tokenizer,
        OmegaConf.create({"max_length": 100_000, "truncation": "error", "pad_mode": "no_padding"}),
        processor,
    )
    rows = list(common.right(asked.release, "coldstart", asked.videos, asked.frames))
    packed = common.conversations("sft.parquet", rows)
    assert len(data) == len(packed)
    times = learnt = 0
    for place, group in enumerate(packed):
        item, each = data[place], group[0]
        ids = item["input_ids"].tolist()
        found = common.check_inputs(ids, item["multi_modal_inputs"], each, processor)
        times += found.times
        learned = [token for token, kept in zip(ids, item["loss_mask"].tolist(), strict=True) if kept]
        learnt += common.check_learned(processor.tokenizer.decode(ids), processor.tokenizer.decode(learned), group)
    common.told("verl sft", rows=len(rows), conversations=len(packed), learnt=learnt, times=times)


if Path("rl.parquet").exists():
    check_rl()
if Path("sft.parquet").exists():
    check_sft()
