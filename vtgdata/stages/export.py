"""export: a release in another trainer's files, with frames, rewards, configuration and launch command.

The rows are those of the configs `coldstart` (SFT) and `rl` (RL), their prompts rendered as our models are asked, their
frames those of the frame store as JPEG files.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Annotated, Literal

import msgspec

from vtgdata.engine.rollouts import read_sampling
from vtgdata.errors import VtgError
from vtgdata.files import live, outside, plugins
from vtgdata.files.step import Step, StepSettings, StepSummary
from vtgdata.files.whole import write_text
from vtgdata.metrics import reward_names
from vtgdata.records import Sampling
from vtgdata.records.export import CONFIGS, STAGES, Clip, Exported, Job, Picture, Stage, Training
from vtgdata.releases import hub, open_release
from vtgdata.releases.document import Release
from vtgdata.releases.exporting import readme, writing
from vtgdata.releases.exporting.one_video import Rates
from vtgdata.releases.exporting.rows import Row, conversation, packed, prompts_of, rows_of
from vtgdata.releases.exporting.seen import Seen
from vtgdata.video import told_times
from vtgdata.video.frame_source import FrameSource
from vtgdata.video.model_families import told_family
from vtgdata.video.store import DECODER

log = logging.getLogger("vtgdata")
FRAMES = "frames"
"""Folder of the pictures."""
Count = Annotated[int, msgspec.Meta(ge=1)]
Least = Annotated[float, msgspec.Meta(ge=0)]


class Settings(StepSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of export."""

    format: str
    """The trainer: verl, easyr1, ms_swift, llama_factory, trl or xtuner."""
    release: str
    """A release's folder, or `org/name@tag` on the Hub."""
    videos: str
    """Folder of the videos."""
    out: str
    """Output folder."""
    as_: Literal["frames", "video"] = msgspec.field(default="frames", name="as")
    """Form of a video: frames (pictures, each after its time as text, as our models are asked) or video (all frames as
    one video with a rate; refused where a trainer would be told other times)."""
    stages: list[Stage] = msgspec.field(default_factory=list[Stage])
    """What to export: sft (config coldstart), rl, or both; by default what trainer and release have."""
    pack: Count = 1
    """Most questions about one video in a conversation of SFT, the frames in the first of them."""
    model: str = "Qwen/Qwen2.5-VL-7B-Instruct"
    """Folder or Hub name of the model to train, for configuration and launch command."""
    rewards: dict[str, float] = msgspec.field(default_factory=lambda: {"tiou": 0.9, "format": 0.1})
    """Score plug-ins and their weights, for RL, named as for `train rl`: with settings, as products (tiou*format), or
    for the rows of one task alone (grounded_qa/answer=0.5)."""
    opened: bool = False
    """The model's chat template opens the reasoning itself (`<think>`), so that no answer has that mark."""
    rollouts: Annotated[int, msgspec.Meta(ge=2)] = 8
    """Answers to each prompt, for RL."""
    prompts_per_step: Count = 8
    """Samples in a step of RL."""
    batch_size: Count = 32
    """Conversations in a step of SFT."""
    epochs: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    """Passes over the rows."""
    rl_learning_rate: Least = 1e-6
    """Learning rate of RL."""
    sft_learning_rate: Least = 1e-5
    """Learning rate of SFT."""
    beta: Least = 0.0
    """Weight of the KL divergence from the starting model, for RL."""
    seed: int = 7
    """Seed that the trainer is given."""
    max_failed: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    """Largest share of rows that may be left out: their video is missing or unreadable, or the trainer would take their
    words for marks of its own."""
    frames: str = ""
    """Folder of the frame store; empty for the user's cache."""


class Summary(StepSummary, frozen=True, kw_only=True):
    """What was written."""

    format: str
    form: Literal["frames", "video"]
    rows: dict[str, int]
    """{stage: number of conversations}."""
    questions: dict[str, int]
    """{stage: number of rows of the release in them}."""
    left_out: dict[str, int]
    """{reason: number of rows}."""
    videos: int
    """Videos whose frames were put into the folder."""
    linked: int
    """Pictures that take no space of their own."""
    copied: int
    """Pictures that were copied, since a link could not be made."""
    bytes: int
    """Of all pictures."""
    rate: float | None
    """Frames per second of every row, if the form is video and they have one."""
    out: str
    """Output folder."""


def run(settings: Settings) -> Summary:
    """Write the export.

    Raises VtgError when the trainer has no such stage or form, the release no such rows, too many rows cannot be
    exported, or the frames cannot be told as one video.
    """
    path = hub.local(settings.release)
    release = open_release(path)
    module = plugins.load("exports", settings.format)
    stages = _stages(settings, module, release)
    reward_names.check_weights(settings.rewards)
    for name in settings.rewards:
        reward_names.read(name)
    inputs = [data.file for stage in stages for data in release.document.configs[CONFIGS[stage]].values()]
    inputs += [prompt.file for prompt in release.document.prompts]
    with Step(
        "export",
        settings,
        Summary,
        code=[
            __name__,
            plugins.module_name("exports", settings.format),
            plugins.module_name("decoders", DECODER),
            *reward_names.modules(list(settings.rewards)),
        ],
        inputs=[release.path / name for name in inputs],
        listings=[settings.videos],
        reads=[settings.release],
    ) as step:
        if (done := step.up_to_date()) is not None:
            return done
        made = _Export(settings, module, release, stages)
        made.look()
        out = step.start()
        summary = made.write(out)
        return step.finish(summary, step.written())


def _stages(settings: Settings, module: ModuleType, release: Release) -> tuple[Stage, ...]:
    """The stages to export; raises VtgError when trainer or release lacks one that was asked for, or has none."""
    there: list[Stage] = [stage for stage in STAGES if CONFIGS[stage] in release.document.configs]
    for stage in settings.stages:
        if stage not in module.FILES:
            raise VtgError(f"--stages {stage}: {module.TITLE} has no such training; it has {', '.join(module.FILES)}.")
        if stage not in there:
            raise VtgError(f"{settings.release}: has no config {CONFIGS[stage]!r}, which {stage} is trained on.")
    found: tuple[Stage, ...] = tuple(
        stage for stage in there if stage in module.FILES and stage in (settings.stages or STAGES)
    )
    if not found:
        wanted = " or ".join(repr(CONFIGS[stage]) for stage in module.FILES)
        raise VtgError(f"{settings.release}: has no config {wanted}, and {module.TITLE} is trained on nothing else.")
    if settings.pack > 1 and "sft" not in found:
        raise VtgError(
            f"--pack {settings.pack}: it joins questions for SFT, and only {', '.join(found)} is written. Leave it out."
        )
    return _as_video(settings, module, found) if settings.as_ == "video" else found


def _as_video(settings: Settings, module: ModuleType, stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
    """The stages in which the trainer takes frames as a video; the others are left out unless they were asked for."""
    family = told_family(settings.model)
    if family and (why := told_times.refused(family)):
        raise VtgError(f"--as video: --model {settings.model}: {why}. Take --as frames.")
    refused = {stage: module.VIDEO[stage] for stage in stages if isinstance(module.VIDEO[stage], str)}
    if len(refused) == len(stages) or (refused and settings.stages):
        stage, why = next(iter(refused.items()))
        raise VtgError(f"--as video: {module.TITLE}, {stage}: {why}. Take --as frames.")
    for stage, why in refused.items():
        log.warning("export: %s is left out, since %s: %s", stage, module.TITLE, why)
    return tuple(stage for stage in stages if stage not in refused)


class _Export:
    """One export while it is written."""

    def __init__(self, settings: Settings, module: ModuleType, release: Release, stages: tuple[Stage, ...]) -> None:
        self.settings, self.module, self.release, self.stages = settings, module, release, stages
        self.prompts = prompts_of(release)
        self.seen = Seen(FrameSource(settings.videos, settings.frames))
        self.left_out: Counter[str] = Counter()
        self.sampling = Sampling()
        self.rates = Rates(settings.as_ == "video", told_family(settings.model) or None)
        self.most_pixels = self.most_frames = 0
        self.tally: Counter[str] = Counter()

    def look(self) -> None:
        """Look at every row once: its video, its words, and whether its frames are one video."""
        first, drawn, rows = "", "", 0
        for stage in self.stages:
            self.seen.look(rows_of(self.release, stage, self.prompts))
            for row in live.counted(rows_of(self.release, stage, self.prompts), "rows looked at"):
                rows += 1
                if why := self._unfit(row):
                    self.left_out[why] += 1
                    first = first or f"{row['sample_id']!r}"
                    continue
                if stage == "rl" and row["sampling"] and row["sampling"] != drawn:
                    drawn = row["sampling"]
                    self.sampling = read_sampling(drawn)
                look = self.seen.of(row)
                self.most_frames = max(self.most_frames, look.frames)
                self.rates.add(row["sample_id"], look, self.module.VIDEO[stage], self.module.TITLE)
        lost = sum(self.left_out.values())
        if lost > self.settings.max_failed * rows or lost == rows:
            words = ", ".join(f"{number}: {why}" for why, number in sorted(self.left_out.items()))
            raise VtgError(
                f"{self.settings.release}: {lost} of {rows} rows cannot be exported ({words}); the first is {first}. "
                "Mend them, or leave such rows out with --max-failed SHARE."
            )
        if lost:
            log.warning("export: %d of %d rows are left out, first %s", lost, rows, first)

    def _unfit(self, row: Row) -> str | None:
        """Why a row cannot be exported."""
        if (status := self.seen.of(row).status) != "ok":
            return f"the video is {status}"
        if self.prompts[row["prompt_id"]].system and not self.module.SYSTEM:
            return f"its prompt has a system message, which {self.module.TITLE} does not take"
        return writing.taken_for_mark(row, self.prompts[row["prompt_id"]], self.module.MARKS)

    def write(self, out: Path) -> Summary:
        """Write data, pictures, configuration and README."""
        rows: dict[str, int] = {}
        questions: dict[str, int] = {}
        for stage in self.stages:
            with writing.writer(out / self.module.FILES[stage]) as write:
                for exported, count in self._conversations(stage, out):
                    write(self.module.row(exported, stage))
                    rows[stage] = rows.get(stage, 0) + 1
                    questions[stage] = questions.get(stage, 0) + count
        job = self._job()
        files = self.module.files(job)
        for name, text in files.items():
            write_text(out / name, text)
        summary = Summary(
            format=self.settings.format,
            form=self.settings.as_,
            rows=rows,
            questions=questions,
            left_out=dict(sorted(self.left_out.items())),
            videos=self.tally["videos"],
            linked=self.tally["linked"],
            copied=self.tally["copied"],
            bytes=self.tally["bytes"],
            rate=job.rate,
            out=self.settings.out,
        )
        write_text(out / "README.md", readme.text(self.module, job, msgspec.to_builtins(summary), self.release, files))
        return summary

    def _conversations(self, stage: Stage, out: Path) -> Iterator[tuple[Exported, int]]:
        there = live.counted(rows_of(self.release, stage, self.prompts), f"{stage} rows written")
        fit = (row for row in there if not self._unfit(row))
        for number, rows in enumerate(packed(fit, self.settings.pack if stage == "sft" else 1)):
            yield self._conversation(rows, stage, number, out), len(rows)

    def _conversation(self, rows: Sequence[Row], stage: Stage, number: int, out: Path) -> Exported:
        frames, size = self.seen.frames(rows[0])
        names, laid = self.seen.put(rows[0], out / FRAMES)
        self.tally.update(linked=laid.linked, copied=laid.copied, bytes=laid.bytes, videos=bool(laid.bytes))
        self.most_pixels = max(self.most_pixels, size[0] * size[1])
        paths = [f"{FRAMES}/{name}" for name in names]
        shown: Sequence[Picture] | Clip = [Picture(*each) for each in zip(paths, frames.times, strict=True)]
        if self.settings.as_ == "video":
            shown = Clip(tuple(paths), self.rates.of(self.seen.of(rows[0])))
        made = conversation(rows, self.prompts[rows[0]["prompt_id"]], shown, stage, number, size)
        return msgspec.structs.replace(made, packed=stage == "sft" and self.settings.pack > 1)

    def _job(self) -> Job:
        given = {name: getattr(self.settings, name) for name in Training.__struct_fields__}
        if Path(self.settings.model).is_dir():  # the launch script goes to the export's folder first
            given["model"] = str(outside.resolved(self.settings.model))
        return Job(
            stages=self.stages,
            data={stage: self.module.FILES[stage] for stage in self.stages},
            form=self.settings.as_,
            training=Training(**given),
            sampling=self.sampling,
            frame_samplings=tuple(self.seen.samplings),
            most_frames=self.most_frames,
            most_pixels=self.most_pixels,
            rate=self.rates.common,
            family=self.rates.family,
        )
