"""The columns of the configs of a release."""

from collections.abc import Mapping

from vtgdata.files.schemas import DRAWN, DROPS, PASS_RATES, ROLLOUTS, SAMPLES, VERDICTS, VERIFIED

TRACED = "coldstart"
"""Beginning of the names of configs that hold traces."""
RATED = "difficulty"
"""Config of pass rates; those of another prompt are in a config such as `difficulty_qa`."""
# fmt: off
_ASKED = {
    "model_id": "text", "prompt_id": "text", "sampling_id": "text", "frames_id": "text", "frame_sampling": "text",
    **DRAWN,
}
_FIRST = {"first_version": "text"}
COLDSTART = SAMPLES | {"key": "text"} | _ASKED | {
    "frame_times": "numbers", "target": "text", "teacher_windows": "windows", "annotation_windows": "windows",
    "iou": "number",
} | _FIRST
CHOSEN = SAMPLES | _ASKED | {
    "measure": "text", "value": "number", "low": "number", "high": "number", "n": "count", "mean_iou": "number",
    "iou_std": "number", "rank": "count",
} | _FIRST
"""Columns of the rows that a selector chose (`rl`)."""
COLUMNS = {
    "samples": SAMPLES | _FIRST,
    "coldstart": COLDSTART,
    # A prompt's text is stored once in prompts/, not in every row.
    "difficulty": {name: kind for name, kind in (PASS_RATES | DRAWN).items() if name != "prompt"}
    | _FIRST,
    "rollouts": ROLLOUTS | _FIRST,
    "verdicts": VERDICTS | _FIRST,
    "rejected": {
        name: ROLLOUTS[name]
        for name in ("key", "sample_id", "model_id", "prompt_id", "text", "windows", "option", "parse_status", "iou")
    }
    | {"reason": "text", "number": "number", "detail": "text"}
    | _FIRST,
    "drops": DROPS | _FIRST,
}
"""{config: columns}; a config that is not here holds CHOSEN rows."""
MARKS = {"marks": VERIFIED["marks"]}
"""One more column of `coldstart`, where a trace has marks: files from before there were any stay as they are."""
# fmt: on


def kind_of(config: str) -> str:
    """The config whose columns a config has: `coldstart` for coldstart_qa; its own name where it is no such kind."""
    if config.startswith(TRACED):
        return TRACED
    return RATED if config.startswith(f"{RATED}_") else config


def known_columns(config: str) -> dict[str, str]:
    """The columns that every config of a name has."""
    return COLUMNS.get(kind_of(config), CHOSEN)


def columns_of(config: str, more: Mapping[str, str]) -> dict[str, str]:
    """The columns of a config, with those of samples that not every release has before `first_version`."""
    known = known_columns(config)
    return {name: known[name] for name in known if name not in _FIRST} | dict(more) | _FIRST
