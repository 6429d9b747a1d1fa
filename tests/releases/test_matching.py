"""Keys of rows: looked up by both halves of their hashes, each different one once."""

import numpy as np
import pytest

from vtgdata.releases.matching import Keys


@pytest.mark.parametrize("different", [1, 3, 1000])
def test_a_key_is_found_by_both_halves_of_its_hash(different: int) -> None:
    chance = np.random.default_rng(different)
    ours, theirs = (chance.integers(0, different, (2, 500)).astype(np.uint64) for _ in range(2))
    keys = Keys(*ours)
    pairs = {pair: int(place) for pair, place in zip(zip(*ours.tolist(), strict=True), keys.places, strict=True)}
    assert len(keys) == len(pairs) == len(set(pairs.values()))
    assert keys.find(*ours).tolist() == keys.places.tolist()
    assert keys.find(*theirs).tolist() == [pairs.get(pair, -1) for pair in zip(*theirs.tolist(), strict=True)]


def test_there_may_be_no_keys() -> None:
    none, some = np.zeros(0, dtype=np.uint64), np.ones(2, dtype=np.uint64)
    assert len(Keys(none, none)) == 0 and Keys(none, none).find(some, some).tolist() == [-1, -1]
    assert Keys(some, some).find(none, none).tolist() == []
