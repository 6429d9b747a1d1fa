"""Work keys: two answers with the same key are the same work, so nothing is asked twice."""

import hashlib
from collections.abc import Callable, Iterable
from typing import Any, Self

import msgspec

from vtgdata.files import fingerprint
from vtgdata.records import Footage, FrameSampling, Image, Message, Part, Sampling

KEY_LENGTH = 32
"""Hex digits of a key: 128 bits practically never collide, and take half the space of a whole SHA-256."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question to a model about one sample; any number of answers may be wanted."""

    sample_id: str
    messages: tuple[Message, ...]
    """Rendered messages; empty when there is a problem. Their images may be empty when there is a `look`."""
    prompt_id: str
    frames_id: str
    """Fingerprint of the pixels: the video's content, its sampling and the decoder."""
    frame_times: tuple[float, ...]
    """Seconds from the start of the video: the times of the frames; where they are shown as one video, those that the
    model is told, which for some models are one for each pair of frames; empty where nobody knows those."""
    problem: str | None = None
    """Why the question cannot be asked, and never is (`video missing`); None if it can."""
    look: Callable[[], Self] | None = None
    """Returns the same question with its pixels. Called only when an answer is missing, so that a run that has most
    answers reads few frames."""


def messages_hash(messages: Iterable[Message]) -> str:
    """SHA-256 (hex) of rendered messages. A frame counts by its time: its pixels are in the frames' fingerprint."""
    return fingerprint.of_value([[message.role, [_part(part) for part in message.parts]] for message in messages])


def _part(part: Part) -> list[Any]:
    if isinstance(part, Footage):
        return ["video", *part.times]
    return ["image", part.time] if isinstance(part, Image) else ["text", part.text]


def work_keys(question: Question, model_id: str, sampling: Sampling, n: int, seed: int) -> list[str]:
    """The keys of answers 0 to n - 1 to one question; see `work_key`."""
    # Greedy answers do not depend on the run's seed: another seed finds them in the journal.
    drawn = seed if sampling.temperature > 0 else None
    messages = messages_hash(question.messages)
    common = [question.sample_id, messages, question.frames_id, model_id, sampling, drawn]
    # Gives the digits of `fingerprint.of_value([*common, index])`, but hashes the common part once: there are millions.
    shared = hashlib.sha256(msgspec.json.encode(common, order="deterministic")[:-1])
    keys: list[str] = []
    for index in range(n):
        one = shared.copy()
        one.update(b",%d]" % index)
        keys.append(one.hexdigest()[:KEY_LENGTH])
    return keys


def work_key(question: Question, model_id: str, sampling: Sampling, index: int, seed: int) -> str:
    """The key of one answer: a hash of its index and of everything that may change the answer.

    Args:
        question: its sample id, messages and frames count; its problem does not.
        model_id: fingerprint of the model.
        sampling: how the answer is drawn.
        index: which of the answers to this question, from 0.
        seed: seed of the run; left out at temperature 0.
    """
    return work_keys(question, model_id, sampling, index + 1, seed)[index]


def seed_of(key: str) -> int:
    """The seed that an answer is drawn with, from its work key: 0 <= seed < 2**31.

    >>> seed_of("ffffffff00000000ffffffff00000000")
    2147483647
    """
    return int(key[:8], 16) >> 1


def answers_id(
    model_id: str, prompt_id: str, frames: FrameSampling, seen: bool, sampling: Sampling, seed: int, condition: str
) -> str:
    """A fingerprint of everything that the answers of one run have in common: 16 hex digits.

    Two answers with the same fingerprint, sample and index have the same key, unless the sample's query or video, or
    (for blind controls) the other samples, changed in between. So a plan can count answers without opening a video.

    Args:
        model_id: fingerprint of the model.
        prompt_id: of the prompt.
        frames: how the frames are chosen.
        seen: whether the frames come from videos; a model that does not look at videos needs only times.
        sampling: how answers are drawn.
        seed: of the run; left out at temperature 0.
        condition: `sighted`, or the name of a control.
    """
    drawn = seed if sampling.temperature > 0 else None
    return fingerprint.short([model_id, prompt_id, frames, seen, sampling, drawn, condition])
