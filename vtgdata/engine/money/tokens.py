"""Estimates the tokens of a request before a server counts them: low and high guesses from text and frame sizes.

Text: from one token in 5 bytes (English) to one in 2 (numbers, many scripts). Images: models count them in many ways.
Low is one token for each patch of 32 x 32 pixels (Qwen3-VL). High is the largest of: one for each patch of 28 x 28
(Qwen2.5-VL); 85, and 170 for each tile of 512 x 512 (OpenAI, high detail); 258 for each tile whose side is two thirds
of the short side (Gemini 2.5); 1,120 (Gemini 3's default). Models that multiply their image tokens (gpt-4o-mini) take
more than high.
"""

import io
import math
from collections.abc import Iterable
from typing import NamedTuple

from vtgdata.files.video_files import PICTURES
from vtgdata.records import Footage, Image, Message

TURN = 16
"""Tokens that a chat template adds to one message, at most."""


class Range(NamedTuple):
    """A guess, from low to high."""

    low: float
    high: float

    def times(self, factor: float) -> "Range":
        """Both ends multiplied by a factor."""
        return Range(self.low * factor, self.high * factor)

    def plus(self, other: "Range") -> "Range":
        """Both ends added up."""
        return Range(self.low + other.low, self.high + other.high)


def of_text(size: float) -> Range:
    """Tokens of a text of `size` bytes (UTF-8)."""
    return Range(size / 5, size / 2)


def of_image(width: int, height: int) -> Range:
    """Tokens of an image of `width` x `height` pixels.

    >>> of_image(597, 336)
    Range(low=209, high=1548)
    """
    tile = min(max(256, int(min(width, height) / 1.5)), 768)
    small = max(width, height) <= 384
    return Range(
        _tiles(width, height, 32),
        max(
            _tiles(width, height, 28),
            85 + 170 * _tiles(width, height, 512),
            258 if small else 258 * _tiles(width, height, tile),
            1120,
        ),
    )


def of_footage(image: Range, frames: int) -> Range:
    """Tokens of frames shown as one video, each as large as an image of so many tokens: two frames may share them."""
    return Range(image.low * frames / 2, image.high * frames + TURN * frames)


def _tiles(width: int, height: int, side: int) -> int:
    return math.ceil(width / side) * math.ceil(height / side)


def of_messages(messages: Iterable[Message]) -> Range:
    """Tokens of rendered messages. All frames of a video have one size, so only the first image is measured."""
    low = high = 0.0
    image: Range | None = None
    for message in messages:
        high += TURN
        for part in message.parts:
            if isinstance(part, Image):
                image = image or of_image(*_size(part.jpeg))
                guess = image
            elif isinstance(part, Footage):
                image = image or of_image(*_size(part.jpegs[0]))
                guess = of_footage(image, len(part.jpegs))
            else:
                guess = of_text(len(part.text.encode("utf-8", "surrogatepass")))
            low, high = low + guess.low, high + guess.high
    return Range(low, high)


def _size(jpeg: bytes) -> tuple[int, int]:
    from PIL import Image as Picture

    with Picture.open(io.BytesIO(jpeg), formats=PICTURES) as picture:
        return picture.size
