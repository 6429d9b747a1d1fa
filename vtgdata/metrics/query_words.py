"""A guess from the words of the query alone: "the end of the song" is late, "opens the door" short, in any video.

For each word of the training queries it knows how much better or worse each window of a grid does where the word occurs
than elsewhere; for a query it adds these up and takes the best window. So it is what a model can earn that reads the
query and sees no frame. Words that few rows have count for less.
"""

import re
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from vtgdata.metrics.answered import NOTHING, Answered
from vtgdata.metrics.window_grid import Fractions, grid_ious, usable
from vtgdata.records import Sample
from vtgdata.records.windows import Array

GRID = 25
"""Bounds of windows are tried at multiples of 1/GRID of the duration."""
LEAST = 10
"""Fewest rows with a word for it to count."""
WEIGHT = 100
"""Rows with a word at which it counts half: with few rows, what its windows score is chance."""
PIECE = 10_000
"""Samples whose windows are looked at together."""

_WORD = re.compile(r"[^\W\d_]+")


class WordGuess:
    """The window that fits the words of a query."""

    def __init__(self, grid: list[Fractions], overall: Array, of_word: dict[str, Array]) -> None:
        self.until: list[float] = []
        self.windows = [grid[int(np.argmax(overall))]]
        """The window for a query of which no word is known."""
        self._grid, self._overall, self._of_word = grid, overall, of_word

    def answer(self, sample: Sample) -> Answered:
        """The guess for one sample; the empty answer if the duration is not known."""
        if not sample.video.duration:
            return NOTHING
        known = [self._of_word[word] for word in _words(sample.query) if word in self._of_word]
        start, end = self._grid[int(np.argmax(self._overall + sum(known)))]
        return Answered(windows=np.array([[start * sample.video.duration, end * sample.video.duration]]))


def query_words(samples: Sequence[Sample]) -> WordGuess:
    """The guess fitted on (training) samples: those with a window and a duration."""
    chosen = usable(samples)
    if not chosen:
        return WordGuess([(0.0, 1.0)], np.zeros(1), {})
    rows: dict[str, list[int]] = defaultdict(list)
    for i, sample in enumerate(chosen):
        for word in _words(sample.query):
            rows[word].append(i)
    counted = {word: np.array(its, dtype=np.intp) for word, its in rows.items() if len(its) >= LEAST}
    grid: list[Fractions] = []
    total, sums = np.zeros((0, 0)), dict.fromkeys(counted, np.zeros((0, 0)))
    # A sample has hundreds of windows, so only some samples' IoUs are there at a time.
    for low in range(0, len(chosen), PIECE):
        windows, ious = zip(*grid_ious(chosen[low : low + PIECE], GRID), strict=True)
        grid = [window for some in windows for window in some]
        table = np.concatenate(ious).T.copy()  # (samples, windows)
        total = _added(total, table)
        for word, its in counted.items():
            first, last = np.searchsorted(its, (low, low + PIECE)).tolist()
            if first < last:
                sums[word] = _added(sums[word], table[its[first:last] - low])
    overall = total[0] / len(chosen)
    of_word = {
        word: (sums[word][0] / len(its) - overall) * (len(its) / (len(its) + WEIGHT)) for word, its in counted.items()
    }
    return WordGuess(grid, overall, of_word)


def _added(total: Array, rows: Array) -> Array:
    """A sum of rows with more rows added, one after the other, so that pieces change no digit of it.

    Args: total: (1, windows), or (0, 0) for none yet; rows: (k, windows).
    """
    return np.add.reduce(np.concatenate([total, rows]) if len(total) else rows, axis=0, keepdims=True)


def _words(query: str) -> list[str]:
    return list(dict.fromkeys(_WORD.findall(query.casefold())))
