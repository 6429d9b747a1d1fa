"""The README of an export: what was kept, how times are told, and how to start."""

from collections.abc import Collection, Mapping
from types import ModuleType
from typing import Any

from vtgdata.records.export import CONFIGS, Job
from vtgdata.releases.document import Release

_FORMS = {
    "frames": "Each video is a number of pictures. Before each picture stands its time, as text, exactly as the model "
    "was asked when traces and pass rates were made.",
    "video": "Each video is a list of pictures that the trainer takes for one video of one rate: picture i is shown at "
    "i / rate seconds, which is within 10 ms of its own time. The prompt has no times; the model's processor tells "
    "them.",
}
_START = "Start it with `bash launch.sh`; all paths begin in this folder."
_NO_START = "All paths begin in this folder."


def text(module: ModuleType, job: Job, summary: Mapping[str, Any], release: Release, names: Collection[str]) -> str:
    """The README in Markdown; `names` are those of the files beside the data."""
    document = release.document
    lines = [
        f"# {document.name} {document.version} for {module.TITLE} {module.VERSION}",
        "",
        f"Written by `vtgdata export` from the release {document.name} {document.version} (content "
        f"`{release.content[:16]}`). {_START if 'launch.sh' in names else _NO_START}",
        "",
        "| stage | file | rows | of the config |",
        "| --- | --- | --- | --- |",
        *(
            f"| {stage} | `{job.data[stage]}` | {summary['rows'].get(stage, 0):,} | "
            f"{CONFIGS[stage]}, {summary['questions'].get(stage, 0):,} rows |"
            for stage in job.stages
        ),
        "",
        "## Times",
        "",
        _FORMS[job.form] + (f" The rate is {job.rate:.6g} frames per second." if job.rate else ""),
        "",
        f"`frames/` has the pictures: {summary['linked'] + summary['copied']:,} of {summary['videos']:,} videos, "
        f"{summary['linked']:,} of them links that take no space of their own. They are read-only, since a change of "
        "one would be a change of all its links.",
        "",
        "## What was kept, and what was not",
        "",
        "Kept: every row's prompt as it was rendered, its frames, its target (SFT), and all that its answers are "
        "scored by (RL). Not kept: pass rates, traces that were not chosen, provenance; these are in the release.",
        "",
    ]
    left_out = summary["left_out"]
    lines += [f"Left out: {number:,} rows, since {why}." for why, number in left_out.items()] or [
        "No row was left out."
    ]
    if "rl" in job.stages:
        lines += ["", *_rewards(job)]
    return "\n".join([*lines, ""])


def _rewards(job: Job) -> list[str]:
    weights = ", ".join(f"{weight:g} {name}" for name, weight in job.training.rewards.items())
    return [
        "## Reward",
        "",
        f"`reward.py` scores an answer as evaluation does ({weights}), to the last bit: it calls vtgdata's own parser "
        "and scores, so that vtgdata must be installed in the trainer's environment (no extras, no torch). An answer "
        "that was cut off is read as far as it goes where the trainer does not tell of it.",
    ]
