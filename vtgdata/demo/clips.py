"""The training data of the base stage: endless batches of clips, composed from a bank of frames.

The bank's frames went through the same codec and JPEG as the drawn videos; no file of the corpus is read.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from vtgdata.demo import tiny
from vtgdata.demo.draw import as_seen, encode
from vtgdata.demo.scenes import PAIRS, SHAPES, STEPS, STYLES, DrawStyle, Segment, compose, draw_image, sentence, trace

if TYPE_CHECKING:
    import numpy as np
    import torch

BANK = 60
"""Frames of each pair and style."""
QUIZ = -1
"""A kind of clip besides levels 0 and 1: each frame shows the asked pair, a near miss or any pair, one third each."""
ANSWER = [-5, -3]
"""Positions, from the end, of the answer's two times: time, " to ", time, </answer> and the end of the turn."""
_BANK_SEED = 1_000_003


class Phase(NamedTuple):
    """A part of the curriculum: share of the steps, clip length in frames, kinds of clips, frames in a batch."""

    share: float
    shortest: int
    longest: int
    kinds: tuple[int, ...]
    frames: int


class Batch(NamedTuple):
    """`tokens` (clips, length), the last `answer` of them to be learnt, `weights` (clips, answer), `frames` uint8."""

    tokens: torch.Tensor
    answer: int
    weights: torch.Tensor
    frames: torch.Tensor


def curriculum(levels: Sequence[int]) -> tuple[Phase, ...]:
    """Plain short clips, then quizzes among them, then full length: matching is learnt soonest on short clips."""
    known = tuple(levels)
    if known == (0,):
        return Phase(0.35, 3, 6, (QUIZ, 0), 240), Phase(0.65, STEPS, STEPS, (0,), 240)
    return (
        Phase(0.25, 3, 5, known, 320),
        Phase(0.35, 3, 6, (QUIZ, *known), 320),
        Phase(0.40, STEPS, STEPS, (QUIZ, *known), 400),
    )


class Clips:
    """An endless source of batches: clips of bank frames, with the traces of a teacher that is always right."""

    def __init__(self, tokenizer: Any, levels: Sequence[int], seed: int) -> None:
        """Make the bank. Args: levels: 0, 1 or both; seed: of bank and clips."""
        import numpy as np
        import torch

        self.tokenizer = tokenizer
        self.rng = np.random.default_rng([seed, 5])
        self.phases = curriculum(levels)
        self.bank = {
            kind: torch.from_numpy(bank(kind, np.random.default_rng([seed + _BANK_SEED, kind + 1])))
            for kind in sorted({kind for phase in self.phases for kind in phase.kinds})
        }
        self.marks = [tokenizer.convert_tokens_to_ids(f"Ġ{word}") for word in ("yes", "no")]

    def batches(self, steps: int) -> Iterator[Batch]:
        """Batches of the curriculum, spread over `steps` steps."""
        ends = [round(steps * sum(phase.share for phase in self.phases[: k + 1])) for k in range(len(self.phases))]
        for number in range(steps):
            phase = self.phases[next(k for k, end in enumerate(ends) if number < end or end == ends[-1])]
            frames = int(self.rng.integers(phase.shortest, phase.longest + 1))
            yield self.batch(phase.frames // frames, frames, phase.kinds)

    def batch(self, count: int, frames: int, kinds: Sequence[int]) -> Batch:
        """A batch of `count` clips of `frames` frames; all rows have the same number of tokens."""
        import torch

        texts, pictures = [], []
        for _ in range(count):
            kind = kinds[int(self.rng.integers(len(kinds)))]
            asked, shown = self.clip(kind, frames)
            texts.append(_text(asked, shown, float(self.rng.integers(2, 11)) / 2))
            chosen = torch.from_numpy(self.rng.integers(BANK, size=frames))
            pictures.append(self.bank[kind][torch.tensor(shown), chosen])
        prompt = self.tokenizer(texts[0][0], add_special_tokens=False).input_ids
        tokens = torch.tensor(self.tokenizer([a + b for a, b in texts], add_special_tokens=False).input_ids)
        answer = tokens.shape[1] - len(prompt)
        truth = tokens[:, -answer:]
        weights = torch.ones(truth.shape)
        weights[torch.isin(truth, torch.tensor(self.marks))] = 4.0
        weights[:, ANSWER] = 4.0
        return Batch(tokens, answer, weights, torch.cat(pictures))

    def clip(self, kind: int, frames: int) -> tuple[int, list[int]]:
        """The pair that is asked for, and the pair of each frame."""
        if kind == QUIZ:
            return self.quiz(frames)
        spans = compose(kind, self.rng, frames)
        asked = spans[int(self.rng.integers(len(spans))) if self.rng.random() < 0.3 else 0][0]
        return asked, [next(pair for pair, first, last in spans if first <= k < last) for k in range(frames)]

    def quiz(self, frames: int) -> tuple[int, list[int]]:
        """A clip without segments; the asked pair comes at least once."""
        asked = int(self.rng.integers(len(PAIRS)))
        colour, shape = divmod(asked, len(SHAPES))
        shown = []
        for _ in range(frames):
            other = int(self.rng.integers(len(PAIRS)))
            near = colour * len(SHAPES) + other % len(SHAPES), other // len(SHAPES) * len(SHAPES) + shape
            shown.append((asked, near[int(self.rng.integers(2))], other)[int(self.rng.integers(3))])
        shown[int(self.rng.integers(frames))] = asked
        return asked, shown

    def right(self, hits: torch.Tensor) -> dict[str, float]:
        """Shares of right marks and of right answers. Args: hits: (clips, answer) bool."""
        # After <think>, five tokens a frame: time, colour, shape, mark and "; ".
        marks = hits[:, 4:-8:5]
        answers = hits[:, ANSWER].all(dim=1)
        return {"marks_right": marks.float().mean().item(), "answers_right": answers.float().mean().item()}


def _text(asked: int, shown: Sequence[int], step: float) -> tuple[str, str]:
    """Prompt and completion, exactly as the chat template renders them. Args: pairs, and seconds a frame."""
    times, duration = [k * step for k in range(len(shown))], len(shown) * step
    segments = [
        Segment(colour=PAIRS[pair][0], shape=PAIRS[pair][1], start=time, end=time + step)
        for pair, time in zip(shown, times, strict=True)
    ]
    query = sentence(asked)
    seen = "".join(f"{time:04.1f}<|vision_start|>{tiny.IMAGE}<|vision_end|>" for time in times)
    prompt = f"<|im_start|>user\nWhen: {query}?{seen}{duration:04.1f}{tiny.END}<|im_start|>assistant\n"
    return prompt, trace(segments, query, times, duration) + tiny.END


def bank(kind: int, rng: np.random.Generator) -> np.ndarray:
    """Frames of every pair as a model sees them: (pairs, BANK, 28, 28, 3) uint8."""
    import numpy as np

    order = rng.permutation(np.repeat(np.arange(len(PAIRS)), BANK))
    styles = (STYLES[kind] if kind != QUIZ else DrawStyle(rng.uniform(0.65, 1), rng.uniform(10, 18)) for _ in order)
    pictures = [draw_image(int(pair), style, rng) for pair, style in zip(order, styles, strict=True)]
    file = io.BytesIO(encode(((picture, 2) for picture in pictures), Fraction(8)))
    seen = as_seen(file, range(0, 2 * len(order), 2))
    return seen[np.argsort(order, kind="stable")].reshape(len(PAIRS), BANK, *seen.shape[1:])
