"""Visual tokens of rows whose model is known by its patches: exact for a video's size, without opening a video."""

import math
from collections.abc import Iterable
from typing import NamedTuple

import msgspec
from msgspec import UnsetType

from vtgdata.engine.money.tokens import Range
from vtgdata.records import FrameSampling, TokenBudget
from vtgdata.video import qwen_frames, sampling

SMALL, LARGE = (320, 240), (1920, 1080)
"""Sizes of videos, in pixels, between which the tokens of a row are told: their own size is not known yet."""
MARKS = 2
"""Tokens that begin and end an image."""
TIME = 12
"""Most tokens of the time of a pair of frames in a video, with those that begin and end the pair."""
LEAST_OF_IMAGE = {28: 4, 32: 64}
"""{side of a patch: least tokens of an image}: a model's image processor enlarges smaller ones, unless its folder says
otherwise. Qwen2.5-VL 3,136 pixels, Qwen3-VL 65,536. The high ends count it."""


class VisualTokens(msgspec.Struct, frozen=True, kw_only=True):
    """Visual tokens of the rows to ask about; each is a pair, of the row with least and of the row with most.

    The least is for a video of 320 x 240 pixels, the most for one of 1920 x 1080.
    """

    patch: int
    """Side in pixels of the square that one token stands for."""
    frames: tuple[int, int]
    """Frames of a row."""
    as_images: tuple[int, int]
    """Tokens of a row whose frames are sent as images."""
    as_video: tuple[int, int]
    """Tokens of a row whose frames are sent as a video (`--as video`), as the preset's own system does."""
    mean: tuple[float, float]
    """Mean tokens of a row as it is shown, with those that begin and end each frame: for small videos and for large
    ones."""

    def words(self) -> str:
        """All of it but the mean, in a line."""
        images, video, frames = (_span(ends) for ends in (self.as_images, self.as_video, self.frames))
        return (
            f"visual tokens of a row: {images} as images, {video} as a video, for {frames} frames in patches of "
            f"{self.patch} pixels (videos from {_size(SMALL)} to {_size(LARGE)})"
        )


def _span(ends: tuple[int, int]) -> str:
    return f"{ends[0]:,}" if ends[0] == ends[1] else f"{ends[0]:,} to {ends[1]:,}"


def _size(video: tuple[int, int]) -> str:
    return f"{video[0]} x {video[1]}"


class Patches(NamedTuple):
    """Counts visual tokens by the token budget of a sampling."""

    taken: FrameSampling
    budget: TokenBudget

    @classmethod
    def of(cls, taken: FrameSampling) -> "Patches | None":
        """For a sampling that knows the model's patches; None for any other."""
        budget = taken.tokens
        if isinstance(budget, UnsetType) or isinstance(budget.rule, UnsetType):
            return None
        return cls(taken, budget)

    def of_frames(self, frames: int) -> Range:
        """Tokens of the frames of one video as they are shown, for a small video and for a large one."""
        if self.taken.as_video:
            times = TIME * math.ceil(frames / 2)
            return Range(self._tokens(SMALL, frames).as_video, self._tokens(LARGE, frames).as_video + times)
        return self.of_images(frames)

    def of_images(self, frames: int) -> Range:
        """Tokens of the frames of one video as images, for a small video and for a large one."""
        marks = MARKS * frames
        return Range(self._tokens(SMALL, frames).as_images + marks, self._enlarged(LARGE, frames) + marks)

    def of_rows(self, frames: Iterable[int], mean: Range) -> VisualTokens:
        """What to tell of rows with these numbers of frames, at least one, and this mean number of tokens."""
        counts = sorted(set(frames))
        small = [self._tokens(SMALL, count) for count in counts]
        large = [self._tokens(LARGE, count) for count in counts]
        return VisualTokens(
            patch=self.budget.patch,
            frames=(counts[0], counts[-1]),
            as_images=(min(each.as_images for each in small), max(self._enlarged(LARGE, count) for count in counts)),
            as_video=(min(each.as_video for each in small), max(each.as_video for each in large)),
            mean=(round(mean.low, 1), round(mean.high, 1)),
        )

    def _enlarged(self, video: tuple[int, int], frames: int) -> int:
        """Tokens as images, none of which is smaller than the model's image processor lets it be."""
        size = sampling.frame_size(*video, frames, self.taken)
        least = LEAST_OF_IMAGE.get(self.budget.patch, 1)
        alone = TokenBudget(total=16_384, least=least, most=16_384, patch=self.budget.patch)
        return qwen_frames.tokens(qwen_frames.frame_size(*size, 1, alone), frames, alone).as_images

    def _tokens(self, video: tuple[int, int], frames: int) -> qwen_frames.Tokens:
        return qwen_frames.tokens(sampling.frame_size(*video, frames, self.taken), frames, self.budget)
