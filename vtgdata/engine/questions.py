"""The question about each sample: its messages and frames, or those of a control."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec

from vtgdata.conversation.prompt import PROPOSAL, Prompt, load_prompt, render
from vtgdata.engine import proposals
from vtgdata.engine.settings import AskSettings
from vtgdata.engine.work_keys import Question
from vtgdata.errors import VtgError
from vtgdata.files.samples import SampleTable, open_samples
from vtgdata.records import Frames, NotTold, Sample, Video
from vtgdata.video import blind, sampling
from vtgdata.video.model_families import mismatch
from vtgdata.video.store import FrameStore

log = logging.getLogger("vtgdata")
Told = Callable[[Sequence[float]], tuple[float, ...]]
"""Seconds of the frames -> seconds that a model is told of them; see `VideoModel.told`."""


def load_samples(settings: AskSettings) -> SampleTable:
    """The samples that the settings select; warns where their frames are counted in patches of another size.

    Raises VtgError when none is left, or when the settings choose frames in two ways.
    """
    refuse_telling(settings)
    if (wrong := mismatch(settings.frame_sampling(), settings.models_asked())) is not None:
        log.warning("--preset %s: %s", settings.preset, wrong)
    samples = open_samples(settings.samples, where=settings.where or None, limit=settings.limit)
    if not samples:
        raise VtgError(
            f"{settings.samples}: no sample is left" + (f" where {settings.where}." if settings.where else ".")
        )
    return samples


def refuse_telling(settings: AskSettings, option: str = "prompt") -> None:
    """Raise VtgError where the prompt tells what of the answer is known. Args: option: that names the prompt."""
    prompt = load_prompt(settings.prompt)
    if prompt.reveals and not settings.tells:
        raise VtgError(
            f"--{option} {settings.prompt}: it tells the model the {prompt.reveals[0]}, so its answers measure "
            f"nothing. Take {prompt.teaches}; only build-coldstart asks with such a prompt."
        )


def frame_store(settings: AskSettings) -> FrameStore | None:
    """The store that the frames come from; None without --videos."""
    if not settings.videos:
        return None
    folder = Path(settings.frames) if settings.frames else None
    return FrameStore(Path(settings.videos), settings.frame_sampling(), folder)


def questions(
    samples: Sequence[Sample],
    prompt: Prompt,
    store: FrameStore | None,
    settings: AskSettings,
    condition: str,
    told: Told | None = None,
) -> Iterator[Question]:
    """The question for each sample, made when it is pulled: only then is its video decoded.

    A sighted question's frames may be left out; its `look` then reads them. `told`: of a model that is shown frames as
    one video.
    """
    donors = _donors(samples, store, settings) if condition == "blind" else {}
    others = blind.other_queries(samples, settings.seed) if condition == "other_query" else {}
    proposed = proposals.of_file(settings, samples) if PROPOSAL in prompt.reveals else None
    for sample in samples:
        if proposed is not None:
            extra = sample.extra | {PROPOSAL: proposed.get(sample.sample_id, [])}
            sample = msgspec.structs.replace(sample, extra=extra)
        sample = msgspec.structs.replace(sample, query=others.get(sample.sample_id, sample.query))
        if store is None:
            yield _question(sample, _unseen(sample, settings), prompt, told)
        elif condition in ("blind", "blank"):
            yield _question(sample, _blinded(sample, store, donors), prompt, told)
        else:
            look = partial(_seen, sample, store, prompt, told)
            yield _question(sample, store.times(sample.video), prompt, told, look)


def check_controls(samples: Sequence[Sample], conditions: Iterable[str], seed: int) -> None:
    """Raise VtgError if the samples allow no control that is asked for, so that nothing is paid for before it is known.

    A control with other videos may still turn out to be impossible, when too few of them can be read.
    """
    for condition in set(conditions):
        if condition == "blind":
            blind.donors(list({sample.video.video_id: sample.video for sample in samples}.values()), seed)
        elif condition == "other_query":
            blind.other_queries(samples, seed)


def _donors(samples: Sequence[Sample], store: FrameStore | None, settings: AskSettings) -> dict[str, Video]:
    """For each video id, the video whose pixels replace its own in the blind control."""
    # Only videos that can be seen: a donor that fails would count against the blind score.
    videos = {sample.video.video_id: sample.video for sample in samples}.values()
    readable = [video for video in videos if store is None or store.times(video).status == "ok"]
    return blind.donors(readable, settings.seed)


def _blinded(sample: Sample, store: FrameStore, donors: Mapping[str, Video]) -> Frames:
    frames = store.frames(sample.video)
    if frames.status != "ok":
        return frames
    return blind.blinded(frames, store.frames(donors[sample.video.video_id]) if donors else None)


def _seen(sample: Sample, store: FrameStore, prompt: Prompt, told: Told | None) -> Question:
    return _question(sample, store.frames(sample.video), prompt, told)


def _question(
    sample: Sample, frames: Frames, prompt: Prompt, told: Told | None, look: Callable[[], Question] | None = None
) -> Question:
    problem, times = None if frames.status == "ok" else f"video {frames.status}", frames.times
    if told is not None and problem is None:
        try:
            times = told(frames.times)
        except NotTold as error:
            problem = f"video cannot be shown as one, only as frames (--as frames): {error}"
    images = frames.images or (b"",) * len(frames.times)
    shown = render(prompt, sample, frames.times, images, as_video=told is not None) if problem is None else ()
    return Question(
        sample_id=sample.sample_id,
        messages=shown,
        prompt_id=prompt.id,
        frames_id=frames.frames_id,
        frame_times=times,
        problem=problem,
        look=look,
    )


def _unseen(sample: Sample, settings: AskSettings) -> Frames:
    """Frames without pixels, for a model that does not look at videos: only the times that frames would have."""
    if sample.video.duration is None:
        return Frames(
            frames_id="none", times=(), images=(), duration=0.0, status="of unknown duration, and no --videos"
        )
    times = sampling.times(sample.video.duration, settings.frame_sampling())
    return Frames(frames_id="none", times=times, images=(), duration=sample.video.duration, status="ok")
