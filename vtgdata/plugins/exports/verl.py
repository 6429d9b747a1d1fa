"""verl: GRPO and SFT on Parquet, a row each; pictures and videos are named in the row, marks stand in the text.

    {"data_source": "vtgdata", "prompt": [{"role": "user", "content": "0.0 s<image>When ..."}],
     "images": [{"image": "frames/ab/abcd/0000.jpg"}], "ability": "grounding",
     "reward_model": {"style": "rule", "ground_truth": TRUTH}, "extra_info": {"index": 0, "sample_id": "a"}}

Its reader of SFT rows hands the model no times of a video, so that SFT is on pictures only.
"""

import math
from typing import Any

from vtgdata.records.export import Exported, Job, Stage, VideoRule
from vtgdata.releases.exporting import scripts

TITLE, VERSION = "verl", "0.9.1"
FILES: dict[Stage, str] = {"rl": "rl.parquet", "sft": "sft.parquet"}
MARKS = ("<image>", "<video>", "<audio>")
SYSTEM = True
VIDEO: dict[Stage, VideoRule | str] = {
    "rl": VideoRule(scope="row"),
    "sft": "its reader of SFT rows drops the times of a video",
}
_SFT = "torchrun --standalone --nproc_per_node=${GPUS:-1} -m verl.trainer.sft_trainer"
_REWARD = '''
def compute_score(data_source, solution_str, ground_truth, extra_info=None, **_):
    """The reward of one answer, and its parts for the log; a part that does not apply is -1."""
    (scores,) = reward.scores([solution_str], [ground_truth], list(REWARDS), opened=OPENED)
    shown = {name: value if value == value else -1.0 for name, value in scores.items()}
    return {"score": reward.total(scores, REWARDS), **shown}
'''


def row(row: Exported, stage: Stage) -> dict[str, Any]:
    """A row of a Parquet file."""
    messages = [{"role": turn.role, "content": turn.marked()} for turn in row.turns]
    images = [{"image": path} for path in row.pictures]
    if stage == "sft":
        return {"messages": messages, "images": images, "sample_id": row.sample_id}
    videos = [{"video": list(clip.paths), "sample_fps": clip.rate} for clip in row.clips]
    return {
        "data_source": "vtgdata",
        "prompt": messages,
        **({"videos": videos} if videos else {"images": images}),
        "ability": "grounding",
        "reward_model": {"style": "rule", "ground_truth": row.truth},
        "extra_info": {"index": row.number, "sample_id": row.sample_id},
    }


def files(job: Job) -> dict[str, str]:
    """The reward and the launch script."""
    training = job.training
    made, commands = {}, []
    if "sft" in job.stages:
        commands.append(scripts.command(_SFT, _sft(job)))
    if "rl" in job.stages:
        made["reward.py"] = scripts.reward_file(TITLE, training, _REWARD)
        commands.append(scripts.command("python3 -m verl.trainer.main_ppo", _rl(job)))
    return made | {"launch.sh": scripts.launch(*commands)}


def _sft(job: Job) -> dict[str, object]:
    training = job.training
    return {
        "data.train_files": FILES["sft"],
        "data.train_batch_size": training.batch_size,
        "data.max_length": job.prompt_tokens + job.sampling.max_tokens,
        "data.truncation": "error",
        "model.path": training.model,
        "optim.lr": training.sft_learning_rate,
        "trainer.total_epochs": math.ceil(training.epochs),
        "trainer.seed": training.seed,
        "trainer.logger": ["console"],
        "trainer.default_local_dir": "checkpoints/sft",
    }


def _rl(job: Job) -> dict[str, object]:
    training, drawn = job.training, job.sampling
    return {
        "algorithm.adv_estimator": "grpo",
        "algorithm.use_kl_in_reward": False,
        "data.train_files": FILES["rl"],
        "data.val_files": FILES["rl"],
        "data.seed": training.seed,
        "data.train_batch_size": training.prompts_per_step,
        "data.image_patch_size": None,
        "data.filter_overlong_prompts": False,
        "data.truncation": "error",
        "data.max_prompt_length": job.prompt_tokens,
        "data.max_response_length": drawn.max_tokens,
        "actor_rollout_ref.model.path": training.model,
        "actor_rollout_ref.actor.optim.lr": training.rl_learning_rate,
        "actor_rollout_ref.actor.ppo_mini_batch_size": training.prompts_per_step,
        "actor_rollout_ref.actor.use_kl_loss": training.beta > 0,
        "actor_rollout_ref.actor.kl_loss_coef": training.beta,
        "actor_rollout_ref.rollout.name": "vllm",
        "actor_rollout_ref.rollout.n": training.rollouts,
        "actor_rollout_ref.rollout.temperature": drawn.temperature,
        "actor_rollout_ref.rollout.top_p": drawn.top_p,
        "actor_rollout_ref.rollout.top_k": drawn.top_k or -1,
        "reward.custom_reward_function.path": "reward.py",
        "reward.custom_reward_function.name": "compute_score",
        "trainer.total_epochs": math.ceil(training.epochs),
        "trainer.val_before_train": False,
        "trainer.test_freq": -1,
        "trainer.logger": ["console"],
        "trainer.default_local_dir": "checkpoints/rl",
    }
