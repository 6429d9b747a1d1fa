"""The world of the shapes corpus: what a clip shows, what is asked of it, and what its teacher says.

A clip is ten equal steps long and shows one coloured shape at a time, in segments; no pair of colour and
shape comes twice, so every segment is one moment that a sentence can ask for. Everything here is a pure
function of its arguments: `draw.py` makes files of it, `base.py` training batches, and `teacher.py`
reads it back to play a teacher.

Levels of a query: 0, no other segment shares its colour or its shape; 1, another one does; 2, trivial: the
segment fills the whole clip.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

if TYPE_CHECKING:
    import numpy as np

STEPS = 10
SIDE = 28
COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (220, 40, 40),
    "green": (40, 190, 60),
    "blue": (60, 80, 240),
    "yellow": (235, 215, 40),
    "purple": (200, 60, 220),
    "cyan": (40, 210, 220),
}
SHAPES: tuple[str, ...] = ("square", "ring", "cross")
PAIRS: tuple[tuple[str, str], ...] = tuple((colour, shape) for colour in COLOURS for shape in SHAPES)

Error = Literal["none", "early", "late", "wrong_object"]


class Draws(Protocol):
    """What a seeded random generator must offer; `random.Random` and NumPy's Generator both do."""

    def random(self) -> float:
        """The next draw, in [0, 1)."""
        ...


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """One coloured shape and when it is shown: seconds, `0 <= start < end`."""

    colour: str
    shape: str
    start: float
    end: float


class DrawStyle(msgspec.Struct, frozen=True):
    """How clearly a frame is drawn: `contrast` in (0, 1], `noise` the grey background's deviation in [0, 255]."""

    contrast: float
    noise: float


STYLES: dict[int, DrawStyle] = {0: DrawStyle(1.0, 12.0), 1: DrawStyle(0.55, 20.0), 2: DrawStyle(1.0, 12.0)}


def draw_image(pair: int, style: DrawStyle, rng: np.random.Generator) -> np.ndarray:
    """One frame: (28, 28, 3) uint8, a shape on a noisy grey ground, up to 2 pixels off the centre.

    Args:
        pair: place in `PAIRS`.
        style: contrast and noise.
        rng: source of the place and the noise.
    """
    import numpy as np

    colour, shape = PAIRS[pair]
    x0, y0 = rng.integers(-2, 3, size=2)
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    x, y = x - SIDE // 2 + 0.5 - x0, y - SIDE // 2 + 0.5 - y0
    box = np.maximum(abs(x), abs(y)) <= 10
    radius = np.hypot(x, y)
    mask = {
        "square": box,
        "ring": (radius >= 6) & (radius <= 11),
        "cross": box & ((abs(x - y) <= 4) | (abs(x + y) <= 4)),
    }[shape]
    ground = 60 + rng.normal(0, style.noise, size=(SIDE, SIDE, 3))
    share = style.contrast * mask[..., None]
    return np.clip(ground * (1 - share) + np.array(COLOURS[colour]) * share, 0, 255).astype(np.uint8)


def compose(level: int, rng: np.random.Generator, steps: int = STEPS, longest: int = 3) -> list[tuple[int, int, int]]:
    """Segments of one clip as (pair, first step, step after the last); the main event is segment 0 of the list.

    Level 0: an event of 3 to 4 steps, all colours differ and no other segment has its shape. Level 1: an event of
    2 to 3 steps, every other segment shares its colour or its shape. Level 2: one segment fills the clip.

    Args:
        level: 0, 1 or 2, of the main event.
        rng: source of all choices.
        steps: length of the clip in steps.
        longest: longest segment besides the event, in steps.
    """
    main = int(rng.integers(len(PAIRS)))
    if level == 2:
        return [(main, 0, steps)]
    length = min(int(rng.integers(3, 5) if level == 0 else rng.integers(2, 4)), steps - 1)
    first = int(rng.integers(steps - length + 1))
    gaps = [_cut(0, first, longest, rng), _cut(first + length, steps, longest, rng)]
    spans = gaps[0] + gaps[1]
    others = _others(level, main, len(spans), rng)
    return [(main, first, first + length), *((pair, a, b) for pair, (a, b) in zip(others, spans, strict=True))]


def _cut(first: int, last: int, longest: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    while first < last:
        length = min(int(rng.integers(min(2, longest), longest + 1)), last - first)
        spans.append((first, first + length))
        first += length
    return spans


def _others(level: int, main: int, count: int, rng: np.random.Generator) -> list[int]:
    colour, shape = divmod(main, len(SHAPES))
    if level == 0:
        colours = [int(c) for c in rng.permutation(len(COLOURS)) if c != colour][:count]
        shapes = [s for s in range(len(SHAPES)) if s != shape]
        return [c * len(SHAPES) + shapes[int(rng.integers(2))] for c in colours]
    same_colour = [colour * len(SHAPES) + s for s in rng.permutation(len(SHAPES)) if s != shape]
    same_shape = [c * len(SHAPES) + shape for c in rng.permutation(len(COLOURS)) if c != colour]
    pairs: list[int] = []
    for _ in range(count):
        pool = same_colour if same_colour and (not same_shape or rng.random() < 0.5) else same_shape
        pairs.append(int(pool.pop()))
    return pairs


def level_of(pair: int, pairs: Sequence[int]) -> int:
    """Level of a query for `pair` in a clip that shows `pairs` (places in `PAIRS`, its own among them)."""
    others = [other for other in pairs if other != pair]
    if not others:
        return 2
    count = len(SHAPES)
    return int(any(other // count == pair // count or other % count == pair % count for other in others))


def sentence(pair: int) -> str:
    """The query of a pair.

    >>> sentence(8)
    'a blue cross'
    """
    colour, shape = PAIRS[pair]
    return f"a {colour} {shape}"


def draw_error(rng: Draws, level: int = 0) -> Error:
    """Which error a teacher makes this time: 65 % early, 10 % late, 10 % wrong object; none on level 2."""
    draw = rng.random()
    if level == 2 or 0.75 <= draw < 0.9:
        return "none"
    return "early" if draw < 0.65 else "late" if draw < 0.75 else "wrong_object"


def trace(
    segments: Sequence[Segment], query: str, frame_times: Sequence[float], duration: float, error: Error = "none"
) -> str:
    """What a teacher writes about a clip: every frame named and marked, then the answer.

    `early` ends the answer at the last frame that shows the event, `late` begins it one frame late (both are right
    answers where the event has one frame only), `wrong_object` marks and answers the segment that follows the
    event, or the first one. If no segment has the query's words, nothing is marked and the answer is empty.

    Args:
        segments: the clip, seconds.
        query: holds a colour and a shape among its words.
        frame_times: seconds, ascending; what the student will see.
        duration: seconds.
        error: the error to make.
    """
    ordered = sorted(segments, key=lambda segment: segment.start)
    words = query.lower().replace(".", " ").split()
    place = next((i for i, s in enumerate(ordered) if s.colour in words and s.shape in words), None)
    if place is not None and error == "wrong_object":
        place = (place + 1) % len(ordered)
    wanted = None if place is None else (ordered[place].colour, ordered[place].shape)
    # A frame's true time may lie a little before its segment's start, which is rounded to the annotation's grid.
    shown = [ordered[max((i for i, s in enumerate(ordered) if s.start <= t + 0.1), default=0)] for t in frame_times]
    marks = [(segment.colour, segment.shape) == wanted for segment in shown]
    lines = [
        f"{t:04.1f} {segment.colour} {segment.shape} {'yes' if mark else 'no'}"
        for t, segment, mark in zip(frame_times, shown, marks, strict=True)
    ]
    seen = [k for k, mark in enumerate(marks) if mark]
    answer = ""
    if seen:
        first, last = seen[0], seen[-1]
        times = [*frame_times, duration]
        late = error == "late" and last > first
        early = error == "early" and last > first
        answer = f"{times[first + late]:04.1f} to {times[last + (not early)]:04.1f}"
    return f"<think>{'; '.join([*lines, f'{duration:04.1f}'])}</think><answer>{answer}</answer>"
