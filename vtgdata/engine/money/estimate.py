"""What answers will take, guessed from the samples and narrowed by answers that are there.

A guess has two ends (see `tokens`): the duration gives the number of frames, and each frame is 16:9, with a short side
between half of --short-side (smaller videos are not enlarged) and all of it. Where a preset knows the model's patches,
visual tokens are counted for a video of 320 x 240 and one of 1920 x 1080 (see `patches`). Output tokens are between 16
and --max-tokens. Answers to at least two samples narrow both: output tokens by their mean, input tokens by what a frame
took. Servers tell tokens of a whole prompt, so what its text took is guessed low and high, and the rest is of frames:
that widens the range only where videos to ask about have another number of frames than those answered. The range then
holds 99.7 % of what may come, by Student's t with a sample as the unit, since the answers to one sample are alike; it
never leaves the guess, unless the mean does.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from vtgdata.conversation.prompt import Prompt
from vtgdata.engine.askable import obstacles
from vtgdata.engine.journal.counts import Answers, PerSample
from vtgdata.engine.money import tokens
from vtgdata.engine.money.patches import Patches, VisualTokens
from vtgdata.engine.money.tokens import Range
from vtgdata.engine.settings import AskSettings
from vtgdata.records import FrameSampling, Sample
from vtgdata.records.times import format_time
from vtgdata.video import sampling

LEAST_OUT = 16
"""Tokens of the shortest answer: two times in tags."""
UNKNOWN_FRAMES = 64
"""Frames of a video of unknown length, if the sampling does not fix their number."""
JPEG_BYTES = 0.4
"""Bytes for each pixel of a frame, at most."""

_T = {1: 235.8, 2: 19.2, 3: 9.22, 4: 6.62, 5: 5.51, 6: 4.90, 7: 4.53, 8: 4.28, 10: 3.96, 15: 3.59, 20: 3.42, 30: 3.27}
"""{degrees of freedom: Student's t for a two-sided 99.73 %}, which is 3 where there are many."""


class Estimate(NamedTuple):
    """Counts over the samples of one part of a plan, and tokens of an answer to do."""

    cached: int
    samples: tuple[int, int]
    """Samples that can be asked about: surely, and at most."""
    cannot: dict[str, int]
    """{why: number of samples that cannot be asked about}."""
    videos: int
    """Number of videos that are missing."""
    tokens_in: Range
    tokens_out: Range
    measured: int
    """Number of answers that narrowed the guess; 0 if it is a guess alone."""
    frame_bytes: float
    """Bytes of the frames of all videos to ask about, if none is stored yet."""
    set_aside: int
    """Least input tokens that a budget sets aside for one request; 0 if there is nothing to do."""
    visual: VisualTokens | None
    """Visual tokens of the rows to ask about, where a preset knows the model's patches."""


class Size(NamedTuple):
    """Size of one prompt, or the mean of several."""

    text: float
    """Bytes (UTF-8)."""
    frames: float
    visual: Range
    """Tokens of all frames."""


class Guesses:
    """Guesses the tokens of one prompt, from its text and from number and size of its frames."""

    def __init__(self, settings: AskSettings, prompt: Prompt, looks: bool) -> None:
        self.settings = settings
        self.taken = settings.frame_sampling()
        self.fixed = len(f"{prompt.system}{prompt.body}".encode())
        self.time = len(format_time(100.0, prompt.time, prompt.unit))
        self.width, self.height = _frame_size(self.taken)
        small, large = tokens.of_image(self.width // 2, self.height // 2), tokens.of_image(self.width, self.height)
        self.image = Range(small.low, large.high) if looks else Range(0.0, 0.0)
        if looks and self.taken.as_video:
            self.image = tokens.of_footage(self.image, 1)
        self.patches = Patches.of(self.taken) if looks else None
        self.visual: dict[int, Range] = {}
        self.least_image = tokens.of_image(1, 1).high if looks else 0.0

    def of(self, sample: Sample) -> Size:
        """The size of a sample's prompt."""
        frames = _frames(sample, self.taken)
        text = "".join((sample.query, *sample.options))
        size = self.fixed + frames * self.time + len(text.encode("utf-8", "surrogatepass"))
        return Size(size, frames, self._visual(frames))

    def _visual(self, frames: int) -> Range:
        if self.patches is None:
            return self.image.times(frames)
        if frames not in self.visual:
            self.visual[frames] = self.patches.of_frames(frames)
        return self.visual[frames]

    def pixels(self, frames: int) -> int:
        """Pixels of each of so many frames of a video of 1280 x 720."""
        if self.patches is None:
            return self.width * self.height
        width, height = sampling.frame_size(1280, 720, frames, self.patches.taken)
        return width * height

    def text(self, size: Size) -> Range:
        """Tokens of the text of a prompt of this size."""
        return tokens.of_text(size.text).plus(Range(0, 2 * tokens.TURN))

    def tokens(self, size: Size) -> Range:
        """Tokens of a prompt of this size."""
        return self.text(size).plus(size.visual)

    def least(self, size: Size) -> float:
        """The lowest high end that `tokens.of_messages` may guess for such a prompt: with the smallest frames.

        The prompt's own text has slots that are not sent: it is left out.
        """
        return tokens.of_text(size.text - self.fixed).high + self.least_image * size.frames


def estimate(
    settings: AskSettings,
    samples: Iterable[Sample],
    guesses: Guesses,
    there: Answers,
    most: int,
    earlier: Mapping[str, PerSample],
) -> Estimate:
    """One pass over the samples: there may be more than memory holds.

    Args:
        settings: of the step.
        samples: it asks about.
        guesses: of the tokens of their prompts.
        there: which answers exist.
        most: answers wanted of each, at most.
        earlier: tokens of earlier answers by sample, which narrow the guess.
    """
    told, cannot, missing = obstacles(settings), Counter[str](), set[str]()
    cached = sure = doubtful = waiting = 0
    text, frames, visual, stored, least = 0.0, 0.0, Range(0.0, 0.0), 0.0, math.inf
    videos, counts = set[str](), set[int]()
    told_in: list[tuple[float, Size]] = []
    for sample in samples:
        why = told(sample)
        if why is not None:
            cannot[why[0]] += 1
            doubtful += not why[1]
            if why[0] == "video missing":
                missing.add(sample.video.video_id)
            if why[1]:
                continue
        else:
            sure += 1
        size = guesses.of(sample)
        if sample.sample_id in earlier:
            told_in.append((earlier[sample.sample_id].tokens_in, size))
        has = there.count(sample.sample_id, most)
        cached += has
        if has < most:
            waiting += 1
            text, frames, visual = text + size.text, frames + size.frames, visual.plus(size.visual)
            counts.add(int(size.frames))
            least = min(least, guesses.least(size))
            if guesses.image.high and sample.video.video_id not in videos:
                stored += size.frames * guesses.pixels(int(size.frames))
            videos.add(sample.video.video_id)
    mean = Size(text / max(1, waiting), frames / max(1, waiting), visual.times(1 / max(1, waiting)))
    guess = guesses.tokens(mean) if waiting else Range(0.0, 0.0)
    said = Range(min(LEAST_OUT, settings.max_tokens), settings.max_tokens)
    outs = [each.tokens_out for each in earlier.values()]
    enough = len(told_in) > 1 and len(outs) > 1
    return Estimate(
        cached=cached,
        samples=(sure, sure + doubtful),
        cannot=dict(cannot),
        videos=len(missing),
        tokens_in=_narrowed(guess, _carried(guesses, mean, told_in), waiting) if enough else guess,
        tokens_out=_narrowed(said, (outs,), waiting) if enough else said,
        measured=sum(each.n for each in earlier.values()) if enough else 0,
        frame_bytes=stored * JPEG_BYTES,
        set_aside=int(least) + 1 if waiting else 0,
        visual=guesses.patches.of_rows(counts, visual.times(1 / waiting)) if guesses.patches and waiting else None,
    )


def _carried(guesses: Guesses, mean: Size, told: Sequence[tuple[float, Size]]) -> list[list[float]]:
    """What prompts like those that wait would have taken, by each prompt that was answered: text low, and text high.

    Args:
        guesses: of tokens.
        mean: size of those that wait.
        told: tokens of each prompt that was answered, and its size.
    """
    if not guesses.image.high:
        return [[taken * guesses.text(mean).high / guesses.text(size).high for taken, size in told]]
    return [
        [text + max(0.0, taken - guesses.text(size)[end]) * mean.frames / size.frames for taken, size in told]
        for end, text in enumerate(guesses.text(mean))
    ]


def _narrowed(guess: Range, found: Sequence[Sequence[float]], waiting: int) -> Range:
    """The mean of what was found, with the error of its prediction for the samples that wait, within the guess.

    Args:
        guess: made before anything was found.
        found: what was found, counted in each of several ways; the range holds all of them.
        waiting: number of samples that wait.
    """
    ends = [_around(each, waiting) for each in found]
    low, high = min(mean - error for mean, error in ends), max(mean + error for mean, error in ends)
    means = [mean for mean, _ in ends]
    return Range(max(low, min(guess.low, *means)), min(high, max(guess.high, *means)))


def _around(found: Sequence[float], waiting: int) -> tuple[float, float]:
    """The mean of what was found, and the error of its prediction."""
    n = len(found)
    mean = sum(found) / n
    spread = math.sqrt(sum((each - mean) ** 2 for each in found) / (n - 1))
    return mean, _student(n - 1) * spread * math.sqrt(1 / n + 1 / max(1, waiting))


def _student(freedom: int) -> float:
    return _T[max(known for known in _T if known <= freedom)]


def _frame_size(taken: FrameSampling) -> tuple[int, int]:
    if isinstance(taken.tokens, msgspec.UnsetType):
        return round(taken.short_side * 16 / 9), taken.short_side
    return sampling.frame_size(1280, 720, taken.frames or UNKNOWN_FRAMES, taken)


def _frames(sample: Sample, taken: FrameSampling) -> int:
    if sample.video.duration is None:
        return taken.frames or UNKNOWN_FRAMES
    return len(sampling.times(sample.video.duration, taken))
