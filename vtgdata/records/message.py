"""What a prompt is made of: messages of texts, frames and videos."""

from typing import Literal

import msgspec


class Text(msgspec.Struct, frozen=True, tag="text"):
    """A piece of text in a message."""

    text: str
    data: tuple[tuple[int, int], ...] | None = None
    """Where the words of a sample stand in it: (start, end) in characters, in order. They are data: a control token of
    a model that is spelt out in them is plain text. None where nobody says; then all of it may be data."""


class Image(msgspec.Struct, frozen=True, tag="image"):
    """A frame in a message: JPEG bytes and the time it shows, in seconds."""

    jpeg: bytes
    time: float


class Footage(msgspec.Struct, frozen=True, tag="footage"):
    """A whole video in a message: frames that were chosen already, which the model is told the times of by itself."""

    jpegs: tuple[bytes, ...]
    times: tuple[float, ...]
    """Seconds from the start of the video, one for each frame, rising."""


Part = Text | Image | Footage


class Message(msgspec.Struct, frozen=True):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    parts: tuple[Part, ...]
