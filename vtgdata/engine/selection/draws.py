"""Random draws from a pool of ids, the same for the same seed and pool, and shares of a size in whole numbers."""

import random
from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vtgdata.errors import VtgError

Floats = NDArray[np.float64]


def shuffled(ids: Any, size: int, seed: int) -> list[str]:
    """At most `size` of a series of sorted ids, in random order."""
    order = array("q", range(len(ids)))  # a list of so many numbers takes five times the memory
    random.Random(seed).shuffle(order)
    return ids[np.frombuffer(order, np.int64)[:size]].to_list()


def permuted(ids: Any, size: int, seed: int) -> list[str]:
    """The same with numpy's permutation, which is faster."""
    return ids[np.random.default_rng(seed).permutation(len(ids))[:size].tolist()].to_list()


def equal(ids: Any) -> Floats:
    """The weight 1 for each id."""
    return np.ones(len(ids), dtype=np.float64)


def weighted(ids: Any, weights: Floats, size: int, seed: int) -> list[str]:
    """At most `size` of a series of sorted ids, drawn one after the other with probabilities in proportion to weights.

    Nothing is drawn twice, and ids of weight 0 are never drawn. Each id gets -log(U) / weight, U uniform in (0, 1], and
    the smallest come first. Source: Efraimidis and Spirakis, Weighted random sampling with a reservoir (2006).
    """
    uniform = 1.0 - np.random.default_rng(seed).random(len(ids))
    possible = np.flatnonzero(weights > 0)
    keys = -np.log(uniform[possible]) / weights[possible]
    chosen = possible[np.argsort(keys, kind="stable")[:size]]
    return ids[chosen.tolist()].to_list()


def ranked(ids: Any, values: Floats, size: int, seed: int) -> list[str]:
    """At most `size` of a series of sorted ids, the highest values first; equal ones come in random order."""
    order = list(range(len(ids)))
    random.Random(seed).shuffle(order)
    mixed = np.array(order, dtype=np.intp)
    chosen = mixed[np.argsort(-values[mixed], kind="stable")[:size]]
    return ids[chosen.tolist()].to_list()


def shared(shares: Sequence[float], size: int) -> list[int]:
    """`size` cut into whole numbers in proportion to shares, by the largest remainder; earlier ones win ties.

    >>> shared([1, 6, 3], 8)
    [1, 5, 2]
    """
    total = sum(shares)
    if not total > 0 or any(share < 0 for share in shares):
        raise VtgError(f"shares {list(shares)}: none may be below 0, and one must be above.")
    exact = [share / total * size for share in shares]
    counts = [int(part) for part in exact]
    rest = sorted(range(len(shares)), key=lambda place: counts[place] - exact[place])
    for place in rest[: size - sum(counts)]:
        counts[place] += 1
    return counts


def filled(shares: Sequence[float], there: Sequence[int], size: int) -> list[int]:
    """The same, where group i has only `there[i]` rows: what one lacks is shared among the others."""
    counts = [0] * len(shares)
    while (left := size - sum(counts)) > 0:
        able = [share if counts[i] < there[i] else 0.0 for i, share in enumerate(shares)]
        if not any(able):
            break
        more = shared(able, left)
        counts = [min(has + extra, most) for has, extra, most in zip(counts, more, there, strict=True)]
    return counts


def interleaved(groups: Sequence[Sequence[str]]) -> list[str]:
    """All ids of some groups in one list, in which each group is spread evenly."""
    placed = [
        ((place + 0.5) / len(group), number, name)
        for number, group in enumerate(groups)
        for place, name in enumerate(group)
    ]
    return [name for _, _, name in sorted(placed, key=lambda one: one[:2])]
