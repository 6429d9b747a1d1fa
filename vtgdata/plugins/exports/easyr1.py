"""EasyR1: GRPO on JSON lines: one question as text, marks in it for the row's pictures, and one string for the reward.

    {"problem": "0.0 s<image>When ...", "answer": TRUTH, "images": ["frames/ab/abcd/0000.jpg"]}

Its reader takes every list of frames for 2 frames per second, and its call of Qwen3-VL's processor samples the frames
again at 24, so that a list is right for Qwen2.5-VL at 2 frames per second alone.
"""

import math
from typing import Any

from vtgdata.files.whole import json_text
from vtgdata.records.export import Exported, Job, Stage, VideoRule
from vtgdata.releases.exporting import scripts

TITLE, VERSION = "EasyR1", "b44b311"
FILES: dict[Stage, str] = {"rl": "rl.jsonl"}
MARKS = ("<image>", "<video>")
SYSTEM = False
VIDEO: dict[Stage, VideoRule | str] = {
    "rl": VideoRule(
        scope="row",
        only=2.0,
        families=("qwen2_5_vl",),
        why="takes a list of frames for 2 frames per second, and tells only Qwen2.5-VL so",
    )
}
_REWARD = '''REWARD_NAME, REWARD_TYPE = "vtgdata", "batch"


def compute_score(reward_inputs, most_tokens=None, **_):
    """The rewards of a batch of answers; a part that does not apply is -1."""
    cut = [most_tokens is not None and each["response_length"] >= most_tokens for each in reward_inputs]
    found = reward.scores(
        [each["response"] for each in reward_inputs],
        [each["ground_truth"] for each in reward_inputs],
        list(REWARDS),
        opened=OPENED,
        cut=cut,
    )
    return [
        {"overall": reward.total(scores, REWARDS), **{n: v if v == v else -1.0 for n, v in scores.items()}}
        for scores in found
    ]
'''


def row(row: Exported, stage: Stage) -> dict[str, Any]:
    """A line of a JSON lines file."""
    del stage
    (turn,) = row.turns
    made: dict[str, Any] = {"problem": turn.marked(), "answer": row.truth}
    if row.clips:
        return made | {"videos": [list(clip.paths) for clip in row.clips]}
    return made | {"images": row.pictures}


def files(job: Job) -> dict[str, str]:
    """The reward, the configuration and the launch script."""
    command = "python3 -m verl.trainer.main config=config.yaml worker.reward.reward_function=reward.py:compute_score"
    return {
        "reward.py": scripts.reward_file(TITLE, job.training, _REWARD),
        "config.yaml": "".join(f"{name}: {json_text(value)}\n" for name, value in _config(job).items()),
        "launch.sh": scripts.launch(command),
    }


def _config(job: Job) -> dict[str, object]:
    training, drawn = job.training, job.sampling
    return {
        "data": {
            "train_files": FILES["rl"],
            "val_files": FILES["rl"],
            "prompt_key": "problem",
            "answer_key": "answer",
            "image_key": "images",
            "video_key": "videos",
            "image_dir": ".",
            "video_fps": 2.0,
            "min_pixels": 16,
            "max_pixels": job.most_pixels,
            "max_prompt_length": job.prompt_tokens,
            "max_response_length": drawn.max_tokens,
            "rollout_batch_size": training.prompts_per_step,
            "filter_overlong_prompts": False,
            "format_prompt": None,
            "seed": training.seed,
        },
        "algorithm": {
            "adv_estimator": "grpo",
            "disable_kl": training.beta == 0,
            "use_kl_loss": training.beta > 0,
            "kl_coef": training.beta,
        },
        "worker": {
            "actor": {
                "global_batch_size": training.prompts_per_step,
                "model": {"model_path": training.model},
                "optim": {"lr": training.rl_learning_rate},
            },
            "rollout": {
                "n": training.rollouts,
                "limit_images": job.most_frames,
                "temperature": drawn.temperature,
                "top_p": drawn.top_p,
                "top_k": drawn.top_k or -1,
            },
            "reward": {"reward_function_kwargs": {"most_tokens": drawn.max_tokens}},
        },
        "trainer": {
            "total_epochs": math.ceil(training.epochs),
            "project_name": "vtgdata",
            "experiment_name": "rl",
            "logger": ["console"],
            "val_before_train": False,
            "val_freq": -1,
            "save_checkpoint_path": "checkpoints/rl",
        },
    }
