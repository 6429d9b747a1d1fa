from collections.abc import Iterator
from typing import Any

import pytest

from vtgdata.annotations import labels
from vtgdata.annotations.text import Lacking, refused
from vtgdata.errors import VtgError
from vtgdata.plugins.corpora import moment_jsonl
from vtgdata.records import RawRow


def rows(lacking: int, total: int, split: str, windows: Any = None) -> Iterator[RawRow]:
    for number in range(total):
        origin = f"mine.jsonl:{number + 1}"
        if number < lacking:
            yield refused(origin, {}, split, Lacking("no windows, only 'gt_times'"))
        else:
            yield RawRow(
                origin=origin, raw={}, video_id=f"v{number}", file=f"v{number}.mp4", query="q", split=split,
                windows=windows or [(number, number + 1)],
            )  # fmt: skip


def looked_at(found: Iterator[RawRow]) -> list[RawRow]:
    return list(labels.checked(found, moment_jsonl.CORPUS))


def test_lists_in_lists_are_looked_at_in_no_time() -> None:
    deep: list[Any] = []
    for _ in range(900):
        deep = [deep]
    assert not labels.empty(deep)
    assert labels.empty([[None, None], []])


def test_few_rows_without_labels_are_drops_and_many_of_a_training_split_an_error() -> None:
    few = looked_at(rows(4, 100, "train"))
    assert [row.problem[0] for row in few if row.problem] == ["no_labels"] * 4
    with pytest.raises(VtgError, match=r"mine\.jsonl:1: no windows, only 'gt_times'. It is one of 5 .* among 100 "):
        looked_at(rows(5, 100, "train"))
    assert len(looked_at(rows(5, 100, "test"))) == 100


def test_one_window_for_all_rows_of_a_benchmark_is_a_placeholder() -> None:
    with pytest.raises(VtgError, match=r"All 5 rows of split 'test' have one window, .*a placeholder"):
        looked_at(rows(0, 5, "test", [(0.0, 1.0)]))
    assert len(looked_at(rows(0, 4, "test", [(0.0, 1.0)]))) == 4
    assert len(looked_at(rows(0, 5, "train", [(0.0, 1.0)]))) == 5
    assert len(looked_at(rows(0, 5, "test"))) == 5
