"""Messages between a run and its decoding processes: plain data, checked on receipt.

A library that a malicious video has taken over can send anything, and must not be able to control the run with it.
"""

import os
import re
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from vtgdata.errors import VideoUnreadable, VtgError
from vtgdata.records import Finding, FrameSampling, VideoFacts
from vtgdata.records.file_parts import FilePart
from vtgdata.video.decode import SampledFrames
from vtgdata.video.encode import Copy

if TYPE_CHECKING:
    import numpy as np

SECONDS_PER_SECOND = 1.0
"""Seconds added to a time limit per second of video: decoding slower than real time counts as hanging."""
MOST_BYTES = 4 << 30
"""Largest answer; the raw pictures decoded at a time (`decode.DECODED_BYTES`) take an eighth of it."""
_MOST_WORDS = 300
"""Characters of a library's own words that are kept."""
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
"""Where an object lies in memory, which differs from run to run."""
HEAD = 8
"""Bytes before a message that state its length."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A request to a decoding process."""

    limit: float
    """Seconds that the process may take."""
    name: Literal["probe", "look", "frames", "copy", "survey"]
    decoder: str
    path: bytes
    """In bytes, as the file system has it: a name need not be UTF-8."""
    sampling: FrameSampling | None = None
    times: tuple[float, ...] = ()
    copy: Copy | None = None
    facts: VideoFacts | None = None
    """Of the file, where they are known, for `look`; else it is probed."""
    part: FilePart | None = None
    """For `look`: the part of the file to look at; None for all of it."""


class Picture(msgspec.Struct, frozen=True, array_like=True):
    """Raw pixels."""

    height: int
    width: int
    rgb: bytes


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The process has started."""


class Probed(msgspec.Struct, frozen=True, tag=True):
    """Facts of a video: the answer to `probe`, the first of two to `look`, and to `copy` (facts of the copy)."""

    facts: VideoFacts


class Sampled(msgspec.Struct, frozen=True, tag=True):
    """The sampled frames of a video, as in `decode.SampledFrames`: the second answer to `look`."""

    duration: float
    times: tuple[float, ...]
    images: tuple[bytes, ...]


class Shown(msgspec.Struct, frozen=True, tag=True):
    """Raw pictures and their times: the answer to `frames`."""

    pictures: list[Picture]
    times: list[float]


class Surveyed(msgspec.Struct, frozen=True, tag=True):
    """What is wrong with a video: the answer to `survey`."""

    findings: tuple[Finding, ...]


class Unreadable(msgspec.Struct, frozen=True, tag=True):
    """The call raised VideoUnreadable."""

    reason: str


class Refused(msgspec.Struct, frozen=True, tag=True):
    """The call raised another VtgError, or what the decoder needs is not installed: no fault of the video."""

    words: str


class Broke(msgspec.Struct, frozen=True, tag=True):
    """The call raised any other error, such as a library's."""

    kind: str
    words: str
    """What it says, in one line that can stand in a published table: the file without its folder, no addresses."""


Answer = Ready | Probed | Sampled | Shown | Surveyed | Unreadable | Refused | Broke
_encode = msgspec.msgpack.Encoder().encode
_call = msgspec.msgpack.Decoder(Call).decode
_answer = msgspec.msgpack.Decoder(Answer).decode


def framed(message: Call | Answer) -> bytes:
    """The bytes of a message for a pipe: its length, then the message."""
    packed = _encode(message)
    return len(packed).to_bytes(HEAD, "little") + packed


def call(packed: bytes) -> Call:
    """Decode a call from its bytes, without the length before them."""
    return _call(packed)


def answer(packed: bytes) -> Answer:
    """Decode an answer from its bytes, without the length before them; raises ValueError when they are no answer."""
    try:
        return _answer(packed)
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from error


def path_of(message: Call) -> Path:
    """The file that a call is about."""
    return Path(os.fsdecode(message.path))


def encode_error(error: Exception, path: Path, decoder: str) -> Answer:
    """The message for an error of a call about a file."""
    if isinstance(error, VideoUnreadable):
        return Unreadable(error.reason)
    if isinstance(error, VtgError):
        return Refused(str(error))
    if isinstance(error, ImportError):
        return Refused(_not_installed(error, decoder))
    said = " ".join(str(error).replace(str(path), path.name).split())
    return Broke(type(error).__name__, _ADDRESS.sub("", said)[:_MOST_WORDS])


def _not_installed(error: ImportError, decoder: str) -> str:
    """Name the package, and its version if there is one: every video would fail alike."""
    package = (error.name or "").partition(".")[0]
    try:
        version = f" ({package} {metadata.version(package)} is installed)" if package else ""
    except metadata.PackageNotFoundError:
        version = ""
    whose = f"the decoder {decoder}" if decoder else "decoding"
    newer = f" {package}" if version else ""
    return f"{whose} cannot be used here: {error}{version}. Mend the installation: `pip install -U vtgdata{newer}`."


def encode_result(result: Any) -> Answer:
    """The message for what a function of `decode` returned."""
    if isinstance(result, VideoFacts):
        return Probed(result)
    if isinstance(result, SampledFrames):
        return Sampled(result.duration, result.times, result.images)
    pictures, times = result
    raw = [Picture(one.shape[0], one.shape[1], one.tobytes()) for one in pictures]
    return Shown(raw, [float(time) for time in times])


def pictures(shown: Shown) -> tuple[list["np.ndarray"], list[float]]:
    """Raw pictures, each (height, width, 3) uint8 RGB, and their times; raises ValueError if bytes are missing."""
    import numpy as np

    found = [np.frombuffer(one.rgb, np.uint8).reshape(one.height, one.width, 3) for one in shown.pictures]
    return found, shown.times


def encode_call(
    limit: float, name: Any, decoder: str, path: Path, *rest: FrameSampling | Copy | Sequence[float] | VideoFacts | None
) -> Call:
    """A call, from the arguments of the function of `decode` that it names, or of `encode.write`."""
    given = rest[0] if rest else ()
    # The absolute path, since this process may have changed its folder after it started the worker.
    where = os.fsencode(path.absolute())
    if isinstance(given, FrameSampling):
        facts, part = (*rest[1:], None, None)[:2]
        return Call(
            limit=limit, name=name, decoder=decoder, path=where, sampling=given,
            facts=facts if isinstance(facts, VideoFacts) else None, part=part if isinstance(part, FilePart) else None,
        )  # fmt: skip
    if isinstance(given, Copy):
        return Call(limit=limit, name=name, decoder=decoder, path=where, copy=given)
    times = () if given is None or isinstance(given, VideoFacts) else tuple(map(float, given))
    return Call(limit=limit, name=name, decoder=decoder, path=where, times=times)
