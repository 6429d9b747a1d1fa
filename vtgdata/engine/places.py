"""Adaptive pass rates on rows of rollouts: which samples to ask further, and what was decided of each.

Only complete prefixes count: the answers before a sample's first failed one. So what is decided follows from the
answers alone, never from the order in which they came.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from vtgdata.engine import adaptive
from vtgdata.engine.adaptive import Floats, Prior, Rule
from vtgdata.tables import Row


class Places:
    """One rule, and the prior that the first round gave."""

    def __init__(self, rule: Rule, threshold: float | None, *, first: int, most: int) -> None:
        self.rule, self.threshold, self.first, self.most = rule, threshold, first, most
        self.prior: Prior | None = None
        self.asked: dict[str, int] = {}

    def values(self, rows: Sequence[Row]) -> list[float]:
        """The rule's measure of each answer of a sample's complete prefix, in [0, 1]."""
        found: list[float] = []
        for row in rows:
            if row["iou"] is None:
                break
            found.append(row["iou"] if self.threshold is None else float(row["iou"] >= self.threshold))
        return found

    def deepen(self, rows: Mapping[str, list[Row]]) -> dict[str, int]:
        """Answers wanted in all, of the samples that need more; a sample with a failed answer waits for another run."""
        ids, values = self._whole(rows)
        if not ids:
            return {}
        if self.prior is None:
            self.prior = adaptive.fit([one[: self.first] for one in values])
        _, chances = adaptive.judge(*_totals(values), self.prior, self.rule)
        counts = np.array([len(one) for one in values], dtype=np.float64)
        ask = adaptive.more(chances, counts, self.rule, self.most)
        self.asked = {
            one: min(len(has) + adaptive.STEP, self.most) for one, has, go in zip(ids, values, ask, strict=True) if go
        }
        return self.asked

    def _whole(self, rows: Mapping[str, list[Row]]) -> tuple[list[str], list[list[float]]]:
        """Ids and values of the samples whose every answer came."""
        values = {one: self.values(its) for one, its in rows.items()}
        whole = [one for one, its in rows.items() if its and len(values[one]) == len(its)]
        return whole, [values[one] for one in whole]

    def decided(self, rows: Mapping[str, list[Row]]) -> dict[str, dict[str, Any]]:
        """Of each sample with an answer: its likeliest place, posterior mean, and whether it is decided.

        `decided` is true when its own chance of being misplaced is at most ERROR; where it is not, the pool's share
        may still be: see `summary`.
        """
        prior = self.prior or adaptive.fit([])
        ids = [one for one, its in rows.items() if self.values(its)]
        sums, counts = _totals([self.values(rows[one]) for one in ids])
        if not ids:
            return {}
        places, chances = adaptive.judge(sums, counts, prior, self.rule)
        means = (prior.a + prior.weight * sums) / (prior.a + prior.b + prior.weight * counts)
        return {
            one: {"place": adaptive.PLACES[place], "posterior_mean": mean, "decided": chance <= self.rule.error}
            for one, place, mean, chance in zip(ids, places.tolist(), means.tolist(), chances.tolist(), strict=True)
        }

    def summary(self, rows: Sequence[Row]) -> dict[str, Any]:
        """Counts by place, and the share of samples expected to be misplaced."""
        by_sample: dict[str, list[Row]] = {}
        for row in rows:
            by_sample.setdefault(row["sample_id"], []).append(row)
        placed = [one["place"] for one in self.decided(by_sample).values()]
        prior = self.prior or adaptive.fit([])
        sums, counts = _totals([v for its in by_sample.values() if (v := self.values(its))])
        _, chances = adaptive.judge(sums, counts, prior, self.rule)
        return {
            "places": {place: placed.count(place) for place in adaptive.PLACES},
            "expected_misplaced": float(chances.mean()) if len(chances) else None,
            "asked_misplaced": self.rule.error,
            "prior": {"a": prior.a, "b": prior.b, "weight": prior.weight},
        }


def _totals(values: Sequence[Sequence[float]]) -> tuple[Floats, Floats]:
    return np.array([float(sum(v)) for v in values]), np.array([float(len(v)) for v in values])
