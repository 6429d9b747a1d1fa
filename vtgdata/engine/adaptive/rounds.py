"""Adaptive pass rates from rows of rollouts: which samples to ask again, and what was decided about each.

Only complete prefixes count: the answers before a sample's first failed one. So a decision follows from the answers
alone, never from the order in which they arrived.
"""

from array import array
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from vtgdata.engine.adaptive.rule import PLACES, STEP, Floats, Prior, Rule, fit, judge, more
from vtgdata.engine.measures import Measure
from vtgdata.files.schemas import Row


class Places:
    """The rule, the prior fitted to the first round, and the values of each sample's answers so far."""

    def __init__(self, rule: Rule, measure: Measure, *, first: int, most: int) -> None:
        self.rule, self.measure, self.first, self.most = rule, measure, first, most
        self.prior: Prior | None = None
        self.found: dict[str, array[float]] = {}
        """For each sample, the values of its complete prefix, in [0, 1]."""
        self.waiting: set[str] = set()
        """Samples with a failed answer, which wait for another run, and samples to which the measure does not apply."""

    def take(self, sample_id: str, rows: Sequence[Row]) -> None:
        """Note a sample's rows; they replace those of an earlier round."""
        values = array("d", self.values(rows))
        self.found[sample_id] = values
        if len(values) < len(rows):
            self.waiting.add(sample_id)
        else:
            self.waiting.discard(sample_id)

    def values(self, rows: Sequence[Row]) -> list[float]:
        """The value, in [0, 1], of each answer in the complete prefix of a sample's rows."""
        found: list[float] = []
        for row in rows:
            value = self.measure.value(row)
            if value is None:
                break
            found.append(value)
        return found

    def opening(self, ids: Sequence[str]) -> Iterator[dict[str, int]]:
        """Yield the numbers of answers that are asked for before any decision, round by round: `first` of each sample.

        The answers of a round are taken before the next one is asked for.
        """
        yield dict.fromkeys(ids, self.first)

    def priors(self, ids: Sequence[str]) -> Prior:
        """The prior of some samples; here the one of the pool."""
        del ids
        return self.prior or fit([])

    def deepen(self) -> dict[str, int]:
        """For each sample that needs more answers, the total number wanted."""
        ids = [one for one, values in self.found.items() if values and one not in self.waiting]
        values = [self.found[one] for one in ids]
        if not ids:
            return {}
        if self.prior is None:
            self.prior = fit([one[: self.first] for one in values])
        _, chances = judge(*_totals(values), self.priors(ids), self.rule)
        counts = np.array([len(one) for one in values], dtype=np.float64)
        ask = more(chances, counts, self.rule, self.most)
        return {
            one: min(max(len(has) + STEP, self.first), self.most)
            for one, has, go in zip(ids, values, ask, strict=True)
            if go
        }

    def decided(self) -> dict[str, dict[str, Any]]:
        """For each sample with an answer: its likeliest place, posterior mean, and whether it is decided.

        `decided` is true when the sample's own probability of being misplaced is at most ERROR. Even when it is not,
        the misplaced share of the whole pool may be at most ERROR: see `summary`.
        """
        ids = [one for one, values in self.found.items() if values]
        if not ids:
            return {}
        prior = self.priors(ids)
        sums, counts = _totals([self.found[one] for one in ids])
        places, chances = judge(sums, counts, prior, self.rule)
        means = (prior.a + prior.weight * sums) / (prior.a + prior.b + prior.weight * counts)
        return {
            one: {
                "place": PLACES[place],
                "place_low": self.rule.low,
                "place_high": self.rule.high,
                "posterior_mean": mean,
                "decided": chance <= self.rule.error,
            }
            for one, place, mean, chance in zip(ids, places.tolist(), means.tolist(), chances.tolist(), strict=True)
        }

    def summary(self) -> dict[str, Any]:
        """Number of samples in each place, and the expected share of misplaced samples."""
        placed = [one["place"] for one in self.decided().values()]
        prior = self.prior or fit([])
        ids = [one for one, values in self.found.items() if values]
        sums, counts = _totals([self.found[one] for one in ids])
        _, chances = judge(sums, counts, self.priors(ids), self.rule)
        return {
            "places": {place: placed.count(place) for place in PLACES},
            "expected_misplaced": float(chances.mean()) if len(chances) else None,
            "asked_misplaced": self.rule.error,
            "prior": {"a": prior.a, "b": prior.b, "weight": prior.weight},
        }


def _totals(values: Sequence[Sequence[float]]) -> tuple[Floats, Floats]:
    return np.array([float(sum(v)) for v in values]), np.array([float(len(v)) for v in values])
