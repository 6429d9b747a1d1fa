"""Settings in words: how the answers behind a published number were got, and what differs from how ours were asked."""

import re
from typing import Protocol

from msgspec import UnsetType

from vtgdata.conversation.prompt import load_prompt
from vtgdata.metrics.anchors import Setting
from vtgdata.records import FrameSampling

_ENDINGS = re.compile(r"(instruct|it|chat|fp8|awq|int[48]|bf16)\Z")
_PATH = re.compile(r".*[:/]")
_PARTS = {
    "frames": ("fps", "frames"),
    "tokens": ("tokens",),
    "reasoning": ("reasoning",),
    "prompt": ("prompt",),
    "temperature": ("temperature",),
}
"""{part of a setting: fields that tell it}."""


class Asked(Protocol):
    """The settings of an evaluation."""

    @property
    def model(self) -> list[str]:
        """Specs of the models; none for a file of predictions."""
        ...

    @property
    def limit(self) -> int | None:
        """Number of samples to take, if not all."""
        ...

    @property
    def where(self) -> str:
        """Condition on the samples; empty for all."""
        ...

    @property
    def prompt(self) -> str:
        """Name of the prompt."""
        ...

    @property
    def temperature(self) -> float:
        """0 is greedy."""
        ...

    @property
    def max_tokens(self) -> int:
        """Longest answer, in tokens."""
        ...

    def frame_sampling(self) -> FrameSampling:
        """Which frames were shown."""
        ...


def words(setting: Setting) -> dict[str, str]:
    """What a setting states, in words, by field."""
    said: dict[str, str] = {}
    if setting.fps is not None:
        said["fps"] = f"{setting.fps:g} frame{'' if setting.fps == 1 else 's'} a second"
    if setting.frames is not None:
        most = "at most " if setting.fps is not None else ""
        said["frames"] = setting.frames if isinstance(setting.frames, str) else f"{most}{setting.frames:,} frames"
    if setting.tokens is not None:
        said["tokens"] = f"{setting.tokens:,} visual tokens"
    if setting.as_video is not None:
        said["as_video"] = "as one video" if setting.as_video else "as images"
    if setting.reasoning is not None:
        said["reasoning"] = "reasoning" if setting.reasoning else "no reasoning"
    if setting.temperature is not None:
        said["temperature"] = f"temperature {setting.temperature:g}"
    if setting.max_tokens is not None:
        said["max_tokens"] = f"answers of at most {setting.max_tokens:,} tokens"
    if setting.prompt is not None:
        said["prompt"] = f"prompt {setting.prompt}"
    return said


def not_stated(setting: Setting) -> list[str]:
    """The parts of a setting that its source does not tell."""
    stated = words(setting)
    return [word for word, fields in _PARTS.items() if not any(field in stated for field in fields)]


def differs(model: str, setting: Setting, asked: Asked) -> list[str]:
    """What a source states otherwise than an evaluation was set, in words, each with what it is here.

    Args:
        model: that the number is of.
        setting: of the number.
        asked: how ours were asked; of a file of predictions nobody knows it, and all that is stated is said.
    """
    stated = words(setting)
    if not asked.model:
        return list(stated.values())
    mine = _own_setting(asked)
    here = words(mine)
    # What is no number here is said by what decides it instead: 32 frames have no rate, a short side no token budget.
    taken = ", ".join(here[field] for field in ("fps", "frames") if field in here)
    here = {"tokens": _size(asked)} | here | {"fps": taken, "frames": taken}
    told = [
        f"{text} (here {here[field]})"
        for field, text in stated.items()
        if getattr(setting, field) != getattr(mine, field)
    ]
    same = any(_bare(spec) == _bare(model) for spec in asked.model)
    return told if same else ["model", *told]


def _own_setting(asked: Asked) -> Setting:
    taken, prompt = asked.frame_sampling(), load_prompt(asked.prompt)
    return Setting(
        fps=taken.fps,
        frames=taken.frames,
        tokens=None if isinstance(taken.tokens, UnsetType) else taken.tokens.total,
        reasoning=prompt.form.reasoning,
        temperature=asked.temperature,
        max_tokens=asked.max_tokens,
        prompt=prompt.name,
        as_video=taken.as_video,
    )


def _size(asked: Asked) -> str:
    return f"a short side of {asked.frame_sampling().short_side} pixels"


def _bare(name: str) -> str:
    """A model's name without its path, punctuation, and words that every release of a model has.

    >>> _bare("openai_api:Qwen/Qwen3-VL-8B-Instruct"), _bare("Qwen3-VL-8B")
    ('qwen3vl8b', 'qwen3vl8b')
    """
    bare = re.sub(r"[^a-z0-9]", "", _PATH.sub("", name).lower())
    return _ENDINGS.sub("", bare)
