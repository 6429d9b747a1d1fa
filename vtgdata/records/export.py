"""What is handed to an export plug-in: rows of a release as conversations with pictures, for another trainer."""

from typing import Any, Literal, Protocol

import msgspec

from vtgdata.records.frames import FrameSampling
from vtgdata.records.model import Sampling

Stage = Literal["sft", "rl"]
STAGES: tuple[Stage, ...] = ("sft", "rl")
CONFIGS: dict[Stage, str] = {"sft": "coldstart", "rl": "rl"}
"""The config of a release that each stage is trained on."""


class Picture(msgspec.Struct, frozen=True):
    """A frame in a turn: its file, relative to the export, and the time it shows, in seconds."""

    path: str
    time: float


class Clip(msgspec.Struct, frozen=True):
    """All frames in a turn as one video: frame i is shown at i / rate seconds."""

    paths: tuple[str, ...]
    rate: float
    """Frames per second."""


class Turn(msgspec.Struct, frozen=True):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    parts: tuple[str | Picture | Clip, ...]

    def marked(self, image: str = "<image>", video: str = "<video>") -> str:
        """The turn as one text, with a mark in the place of each picture and clip.

        >>> Turn("user", ("0.0 s", Picture("a.jpg", 0.0), "When?")).marked()
        '0.0 s<image>When?'
        """
        return "".join(
            part if isinstance(part, str) else image if isinstance(part, Picture) else video for part in self.parts
        )


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """One row to write: a conversation."""

    number: int
    """Place of the row in its file, from 0."""
    sample_id: str
    turns: tuple[Turn, ...]
    """For SFT the answers to learn are the turns of the assistant; for RL there are none."""
    truth: str
    """JSON from which `vtgdata.metrics.reward` scores an answer; of the first query if there are several."""
    size: tuple[int, int]
    """Width and height of the pictures, in pixels."""
    packed: bool = False
    """Whether conversations of its file may have several questions, each with its answer to learn."""

    @property
    def pictures(self) -> list[str]:
        """The files of all pictures, in order."""
        return [part.path for turn in self.turns for part in turn.parts if isinstance(part, Picture)]

    @property
    def clips(self) -> list[Clip]:
        """All clips, in order."""
        return [part for turn in self.turns for part in turn.parts if isinstance(part, Clip)]


class VideoRule(msgspec.Struct, frozen=True, kw_only=True):
    """How a trainer is told the times of a list of frames that it takes for one video."""

    scope: Literal["row", "run"]
    """Whether each row has a rate of its own, or one rate holds for the whole run."""
    only: float | None = None
    """The one rate that the trainer takes, if it cannot be told another."""
    families: tuple[str, ...] = ()
    """Families of models that are told the right times; empty for all that tell seconds."""
    why: str = ""
    """What is in the way, for the error."""


class Training(msgspec.Struct, frozen=True, kw_only=True):
    """How the export is to be trained on, for configuration files."""

    model: str
    rewards: dict[str, float]
    pack: int
    """Most questions in a conversation of SFT."""
    rollouts: int
    prompts_per_step: int
    batch_size: int
    epochs: float
    rl_learning_rate: float
    sft_learning_rate: float
    beta: float
    seed: int
    opened: bool
    """Whether the model's chat template opens the reasoning itself."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What is known once all rows are written; a plug-in makes its configuration of it."""

    stages: tuple[Stage, ...]
    data: dict[Stage, str]
    """{stage: name of its data file}."""
    form: Literal["frames", "video"]
    training: Training
    sampling: Sampling
    """How answers are drawn in RL: as pass rates were measured."""
    frame_samplings: tuple[FrameSampling, ...]
    most_frames: int
    """Of a row."""
    most_pixels: int
    """Of a picture."""
    rate: float | None
    """Frames per second of every row; None for `frames`, or if the rows differ."""
    family: str | None
    """Of the model, as `qwen2_5_vl` or `qwen3_vl`, if its folder or name tells it."""

    @property
    def prompt_tokens(self) -> int:
        """A bound on the tokens of a prompt: those of its pictures, of their times, and of the words."""
        return self.most_frames * (self.most_pixels // 28**2 + 32) + 2048


class ExportModule(Protocol):
    """The module of an export plug-in."""

    TITLE: str
    VERSION: str
    """Of the trainer, for which the schema was tried."""
    FILES: dict[Stage, str]
    """{stage that the trainer has: name of its data file}: JSON lines (`.jsonl`) or Parquet (`.parquet`)."""
    MARKS: tuple[str, ...]
    """Texts that the trainer takes for pictures or the like, wherever they stand."""
    VIDEO: dict[Stage, VideoRule | str]
    """How frames are given as one video in each stage, or why they cannot be."""
    SYSTEM: bool
    """Whether a conversation may begin with a system message."""

    def row(self, row: Exported, stage: Stage) -> dict[str, Any]:
        """A row as the trainer reads it."""
        ...

    def files(self, job: Job) -> dict[str, str]:
        """{name: text} of further files: configuration, launch command, reward."""
        ...
