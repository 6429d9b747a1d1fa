"""Chunks by content: their sizes, that cuts stay where the bytes are, and what counts as new."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from vtgdata.files.parquet import write_parquet
from vtgdata.releases import deduplication
from vtgdata.releases.deduplication import _GEAR, LEAST, MEAN, MOST, boundaries, share


def noise(size: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8)


def gear(data: np.ndarray) -> list[int]:
    """Where a cut is allowed, by the rule itself: one byte after another, from all that came before."""
    hash_, places = 0, []
    for place, byte in enumerate(data.tolist()):
        hash_ = (2 * hash_ + int(_GEAR[byte])) % (1 << 64)
        places += [place] if hash_ >> 48 == 0 else []
    return places


def test_cuts_are_allowed_where_the_rule_itself_says():
    data = noise(400_000)
    expected = gear(data)
    assert len(expected) > 2 and boundaries(data).tolist() == expected


def test_chunks_are_all_of_the_bytes_in_order_and_of_the_sizes_that_the_hub_uses():
    data = noise(16 << 20)
    ends = list(deduplication.ends(data))
    sizes = np.diff([0, *ends])
    assert ends[-1] == len(data) and sizes.max() <= MOST and sizes[:-1].min() >= LEAST
    assert sizes.mean() == pytest.approx(MEAN, rel=0.15)


def test_bytes_put_in_between_change_the_chunks_around_them_and_no_other(tmp_path):
    data = noise(4 << 20)
    (tmp_path / "old").write_bytes(data.tobytes())
    (tmp_path / "new").write_bytes(np.concatenate([data[:1_000_003], noise(777, 2), data[1_000_003:]]).tobytes())
    found = share([tmp_path / "old"], [tmp_path / "new"])
    assert found.bytes == len(data) + 777 and 777 <= found.new <= 3 * MOST


def test_what_was_there_is_not_new_nor_what_comes_twice_and_without_a_version_before_all_is(tmp_path):
    (tmp_path / "old").write_bytes(noise(1 << 20).tobytes())
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "tiny").write_bytes(b"x")
    assert share([tmp_path / "old"], [tmp_path / "old"]).new == 0
    assert share([], [tmp_path / "old", tmp_path / "old"]).new == 1 << 20
    found = share([tmp_path / "empty"], [tmp_path / "empty", tmp_path / "tiny"])
    assert (found.bytes, found.new, found.chunks) == (1, 1, 1)


def test_bytes_that_are_all_the_same_are_cut_at_the_most():
    assert list(deduplication.ends(np.zeros(3 * MOST, dtype=np.uint8))) == [MOST, 2 * MOST, 3 * MOST]


def test_of_a_table_that_grows_by_one_in_a_hundred_little_is_new(tmp_path):
    columns = {"key": "text", "value": "number", "words": "text"}

    def write(name: str, count: int) -> Path:
        rows = [
            {"key": f"k{number:09}", "value": number * 0.5, "words": hashlib.sha256(b"%d" % number).hexdigest()}
            for number in range(count)
        ]
        write_parquet(tmp_path / name, rows, columns)
        return tmp_path / name

    old, new = write("old", 150_000), write("new", 151_500)
    found = share([old], [new])
    assert found.bytes == new.stat().st_size > 5_000_000
    # The last page of each column is new too: a fixed cost, here more than the rows.
    assert (found.bytes - old.stat().st_size) / 2 < found.new < 0.15 * found.bytes
