"""What travels between a run and its decoding processes: plain data, checked when it comes in.

A library that a video has taken over can send what it likes, and must not be able to make the run do anything by it.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from vtgdata.errors import VideoUnreadable, VtgError
from vtgdata.records import FrameSampling, VideoFacts
from vtgdata.video.decode import Look
from vtgdata.video.encode import Copy

if TYPE_CHECKING:
    import numpy as np

SECONDS_PER_SECOND = 1.0
"""Further seconds for each second of a video that is decoded: slower than it is shown is as good as never."""
MOST_BYTES = 4 << 30
"""Of one answer; the raw pictures that are decoded at a time take an eighth of it."""
HEAD = 8
"""Bytes before a message, which say how long it is."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of a process."""

    limit: float
    """Seconds that it may take."""
    name: Literal["probe", "look", "frames", "copy"]
    decoder: str
    path: bytes
    """As the file system has it: a name need not be UTF-8."""
    sampling: FrameSampling | None = None
    times: tuple[float, ...] = ()
    copy: Copy | None = None


class Picture(msgspec.Struct, frozen=True, array_like=True):
    """Raw pixels."""

    height: int
    width: int
    rgb: bytes


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The process has started."""


class Probed(msgspec.Struct, frozen=True, tag=True):
    """Facts; the first of two answers to `look`, and those of the copy to `copy`."""

    facts: VideoFacts


class Looked(msgspec.Struct, frozen=True, tag=True):
    """What a video shows, as in `Look`."""

    duration: float
    times: tuple[float, ...]
    images: tuple[bytes, ...]


class Shown(msgspec.Struct, frozen=True, tag=True):
    """Raw pictures and their times."""

    pictures: list[Picture]
    times: list[float]


class Unreadable(msgspec.Struct, frozen=True, tag=True):
    """VideoUnreadable."""

    reason: str


class Refused(msgspec.Struct, frozen=True, tag=True):
    """Another error for the user."""

    words: str


class Broke(msgspec.Struct, frozen=True, tag=True):
    """An error of the library."""

    kind: str
    words: str


Answer = Ready | Probed | Looked | Shown | Unreadable | Refused | Broke
_encode = msgspec.msgpack.Encoder().encode
_call = msgspec.msgpack.Decoder(Call).decode
_answer = msgspec.msgpack.Decoder(Answer).decode


def framed(message: Call | Answer) -> bytes:
    """A message as it goes through a pipe."""
    packed = _encode(message)
    return len(packed).to_bytes(HEAD, "little") + packed


def call(packed: bytes) -> Call:
    """A call from its bytes, without their head."""
    return _call(packed)


def answer(packed: bytes) -> Answer:
    """An answer from its bytes, without their head; raises ValueError when they are none."""
    try:
        return _answer(packed)
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from error


def path_of(asked: Call) -> Path:
    """The file that a call is about."""
    return Path(os.fsdecode(asked.path))


def told(error: Exception) -> Answer:
    """An error, as it can travel."""
    if isinstance(error, VideoUnreadable):
        return Unreadable(error.reason)
    if isinstance(error, VtgError):
        return Refused(str(error))
    return Broke(type(error).__name__, repr(error)[:2000])


def answered(result: Any) -> Answer:
    """What a function of `look` gave, as it can travel."""
    if isinstance(result, VideoFacts):
        return Probed(result)
    if isinstance(result, Look):
        return Looked(result.duration, result.times, result.images)
    pictures, times = result
    raw = [Picture(one.shape[0], one.shape[1], one.tobytes()) for one in pictures]
    return Shown(raw, [float(time) for time in times])


def pictures(shown: Shown) -> tuple[list["np.ndarray"], list[float]]:
    """Raw pictures, each (height, width, 3) uint8 RGB, and their times; ValueError where the bytes are too few."""
    import numpy as np

    found = [np.frombuffer(one.rgb, np.uint8).reshape(one.height, one.width, 3) for one in shown.pictures]
    return found, shown.times


def asked(limit: float, name: Any, decoder: str, path: Path, *rest: FrameSampling | Copy | Sequence[float]) -> Call:
    """A call, from the arguments of the function of `look` that it names, or of `encode.write`."""
    given = rest[0] if rest else ()
    # Whole: the process may have been started in another folder than this one is in by now.
    where = os.fsencode(path.absolute())
    if isinstance(given, FrameSampling):
        return Call(limit=limit, name=name, decoder=decoder, path=where, sampling=given)
    if isinstance(given, Copy):
        return Call(limit=limit, name=name, decoder=decoder, path=where, copy=given)
    return Call(limit=limit, name=name, decoder=decoder, path=where, times=tuple(map(float, given)))
