"""ms-swift: GRPO and SFT on JSON lines; marks in the text stand for the pictures that the row lists.

    {"messages": [{"role": "user", "content": "0.0 s<image>When ..."}, {"role": "assistant", "content": "..."}],
     "images": ["frames/ab/abcd/0000.jpg"], "solution": TRUTH}

A list of frames as a video gets the rate of the whole run, from the environment, whatever the row says.
"""

import shlex
from typing import Any

from vtgdata.records.export import Exported, Job, Stage, VideoRule
from vtgdata.releases.exporting import scripts

TITLE, VERSION = "ms-swift", "4.6.0"
FILES: dict[Stage, str] = {"sft": "sft.jsonl", "rl": "rl.jsonl"}
MARKS = ("<image>", "<video>", "<audio>", "<bbox>", "<ref-object>", "<cot-process>", "<start-image>")
SYSTEM = True
_RULE = VideoRule(scope="run", why="takes one rate a run, from the environment (FPS)")
VIDEO: dict[Stage, VideoRule | str] = {"sft": _RULE, "rl": _RULE}
_REWARD = """from swift.rewards import ORM, orms


def _orm(name):
    class Score(ORM):
        def __call__(self, completions, solution, **_):
            found = reward.scores(completions, solution, [name], opened=OPENED)
            return [None if score[name] != score[name] else score[name] for score in found]

    Score.__name__ = name
    return Score


for name in REWARDS:
    orms[f"vtgdata_{name}"] = _orm(name)
"""


def row(row: Exported, stage: Stage) -> dict[str, Any]:
    """A line of a JSON lines file."""
    made: dict[str, Any] = {"messages": [{"role": turn.role, "content": turn.marked()} for turn in row.turns]}
    if row.clips:
        made["videos"] = [list(clip.paths) for clip in row.clips]
    else:
        made["images"] = row.pictures
    return made | ({"solution": row.truth} if stage == "rl" else {})


def files(job: Job) -> dict[str, str]:
    """The reward and the launch script."""
    made, commands = {}, []
    if "sft" in job.stages:
        commands.append(scripts.command("swift sft", _sft(job), "--{name} {value}"))
    if "rl" in job.stages:
        made["reward.py"] = scripts.reward_file(TITLE, job.training, _REWARD)
        rewards = " ".join(shlex.quote(f"vtgdata_{name}") for name in job.training.rewards)
        weights = " ".join(map(str, job.training.rewards.values()))
        line = scripts.command("swift rlhf", _rl(job), "--{name} {value}")
        commands.append(f"{line} \\\n    --reward_funcs {rewards} \\\n    --reward_weights {weights}")
    return made | {"launch.sh": scripts.launch(*commands, before=_environment(job))}


def _environment(job: Job) -> str:
    """Variables that the trainer reads once: where paths begin, and the rate of all videos."""
    lines = ['export ROOT_IMAGE_DIR="$PWD"']
    if job.rate:
        lines.append(f"export FPS={job.rate!r} FPS_MAX_FRAMES={max(768, job.most_frames)}")
    return "\n".join(lines)


def _common(job: Job) -> dict[str, object]:
    return {
        "model": job.training.model,
        "num_train_epochs": job.training.epochs,
        "seed": job.training.seed,
        "data_seed": job.training.seed,
        "split_dataset_ratio": 0,
        "strict": True,
        "max_length": job.prompt_tokens + job.sampling.max_tokens,
        "truncation_strategy": "raise",
        "per_device_train_batch_size": 1,
        "torch_dtype": "bfloat16",
    }


def _sft(job: Job) -> dict[str, object]:
    return _common(job) | {
        "dataset": FILES["sft"],
        "learning_rate": job.training.sft_learning_rate,
        "gradient_accumulation_steps": job.training.batch_size,
        "output_dir": "checkpoints/sft",
    }


def _rl(job: Job) -> dict[str, object]:
    training, drawn = job.training, job.sampling
    return (
        {"rlhf_type": "grpo"}
        | _common(job)
        | {
            "dataset": FILES["rl"],
            "learning_rate": training.rl_learning_rate,
            "external_plugins": "reward.py",
            "num_generations": training.rollouts,
            "gradient_accumulation_steps": training.prompts_per_step * training.rollouts,
            "max_completion_length": drawn.max_tokens,
            "temperature": drawn.temperature,
            "top_p": drawn.top_p,
            "top_k": drawn.top_k or 0,
            "beta": training.beta,
            "output_dir": "checkpoints/rl",
        }
    )
