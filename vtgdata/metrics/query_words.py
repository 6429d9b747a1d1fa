"""A guess from the words of the query alone: "the end of the song" is late, "opens the door" short, in any video.

For each word of the training queries it knows how much better or worse each window of a grid does where the word occurs
than elsewhere; for a query it adds these up and takes the best window. So it is what a model can earn that reads the
query and sees no frame. Words that few rows have count for less.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from vtgdata.metrics.answered import NOTHING, Answered
from vtgdata.metrics.answers import Answers, of_windows
from vtgdata.metrics.flat import Index
from vtgdata.metrics.truths import Truths
from vtgdata.metrics.window_grid import Fractions, grid, grid_ious, usable
from vtgdata.metrics.word_table import Words, words_in
from vtgdata.records import Sample
from vtgdata.records.windows import Array

GRID = 25
"""Bounds of windows are tried at multiples of 1/GRID of the duration."""
LEAST = 10
"""Fewest rows with a word for it to count."""
WEIGHT = 100
"""Rows with a word at which it counts half: with few rows, what its windows score is chance."""
PIECE = 16_384
"""Samples whose windows are looked at together."""
BLOCK = 256
"""Queries that are answered together."""


class WordGuess:
    """The window that fits the words of a query."""

    def __init__(self, windows: list[Fractions], overall: Array, words: Sequence[str], of_word: Array) -> None:
        """Args: overall: (windows,) mean IoU; of_word: (words, windows) how much better each does with a word."""
        self.until: list[float] = []
        self.windows = [windows[int(np.argmax(overall))]]
        """The window for a query of which no word is known."""
        self._grid, self._overall, self._of_word = windows, overall, of_word
        self._place = {word: place for place, word in enumerate(words)}

    def answer(self, sample: Sample) -> Answered:
        """The guess for one sample; the empty answer if the duration is not known."""
        if not sample.video.duration:
            return NOTHING
        known = [self._of_word[self._place[word]] for word in words_in(sample.query) if word in self._place]
        start, end = self._grid[int(np.argmax(self._overall + sum(known)))]
        return Answered(windows=np.array([[start * sample.video.duration, end * sample.video.duration]]))

    def answers(self, samples: Truths) -> Answers:
        """The guesses for many samples."""
        words = samples.words
        place = np.array([self._place.get(word, -1) for word in words.known], dtype=np.intp)
        known = _only(words, place)
        ends = np.cumsum(known.sizes)
        which = np.empty(len(samples), dtype=np.intp)
        for low in range(0, len(which), BLOCK):
            sizes = known.sizes[low : low + BLOCK]
            which[low : low + BLOCK] = self._best(known.code, ends[low : low + BLOCK] - sizes, sizes)
        chosen = np.array(self._grid)[which]
        return of_windows(chosen * samples.durations[:, None], ~np.isnan(samples.durations))

    def _best(self, code: Index, first: Index, sizes: Index) -> Index:
        """The best window for each of some queries. Args: first, sizes: where in `code` each one's words are."""
        order = np.argsort(-sizes, kind="stable")
        sums = np.zeros((len(sizes), len(self._grid)))
        # The words of a query are added one after the other, so that the order of the queries changes no digit.
        for number in range(int(sizes.max(initial=0))):
            longer = order[: int(np.count_nonzero(sizes > number))]
            sums[: len(longer)] += self._of_word[code[first[longer] + number]]
        sums += self._overall
        found = np.empty(len(sizes), dtype=np.intp)
        found[order] = sums.argmax(axis=1)
        return found


class _Known(NamedTuple):
    """Those of the words of n queries that count, query by query."""

    code: Index
    """(k,) which each is."""
    sizes: Index
    """(n,) number of words of each query."""


def _only(words: Words, place: Index) -> _Known:
    """The words that have a place, by their places. Args: place: (known,) -1 for none."""
    code = place[words.code]
    kept = code >= 0
    ends = np.concatenate([[0], np.cumsum(kept)])[np.cumsum(words.sizes)]
    return _Known(code[kept], np.diff(ends, prepend=0))


def query_words(samples: Sequence[Sample]) -> WordGuess:
    """The guess fitted on (training) samples: those with a window and a duration."""
    chosen = usable(samples)
    if not len(chosen):
        return WordGuess([(0.0, 1.0)], np.zeros(1), [], np.zeros((0, 1)))
    words, windows = chosen.words, grid(GRID)
    rows = np.bincount(words.code, minlength=len(words.known))
    counted = np.flatnonzero(rows >= LEAST)
    place = np.full(len(words.known), -1, dtype=np.intp)
    place[counted] = np.arange(len(counted))
    known = _only(words, place)
    total, sums = np.zeros((len(windows), 1)), np.zeros((len(windows), len(counted)))
    ends = np.cumsum(known.sizes)
    for low in range(0, len(chosen), PIECE):
        part = slice(low, min(low + PIECE, len(chosen)))
        sizes = known.sizes[part]
        code, everywhere = known.code[ends[low] - sizes[0] : ends[part.stop - 1]], np.zeros(len(sizes), dtype=np.intp)
        for number, ious in enumerate(grid_ious(chosen, windows, part)):
            # `add.at` adds one row after the other, so that pieces change no digit of a sum.
            np.add.at(total[number], everywhere, ious)
            np.add.at(sums[number], code, np.repeat(ious, sizes))
    overall, its = total[:, 0] / len(chosen), rows[counted][:, None]
    of_word = (np.ascontiguousarray(sums.T) / its - overall) * (its / (its + WEIGHT))
    return WordGuess(windows, overall, [words.known[i] for i in counted.tolist()], of_word)
