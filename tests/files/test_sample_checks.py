"""Looks at columns pass over no row that a look at the row itself refuses."""

from typing import Any

import polars as pl
import pytest

from support.builders import make_sample
from vtgdata.annotations.sound import doubtful, sound
from vtgdata.files.sample_checks import suspects
from vtgdata.files.samples import row_sample, samples_frame

GOOD = samples_frame([make_sample("a:1", windows=[(1.0, 2.0), (3.0, 4.0)])])
NAN, INF = float("nan"), float("inf")
DEEP = '{"a":' * 300 + "1" + "}" * 300
ODD: dict[str, list[Any]] = {
    "sample_id": [None, ""],
    "corpus": [None],
    "split": [None],
    "video_id": [None, ""],
    "query": [None, "", " \u00a0\t", "\u200b"],
    "duration": [0.0, -1.0, NAN, INF, None, 3.5, 4.0],
    "source_start": [NAN, INF, -INF, -1.0, None],
    "windows": [
        None, [], [None], [[]], [[1.0]], [[1.0, 2.0, 3.0]], [[2.0, 1.0]], [[1.0, 1.0]], [[-1.0, 1.0]], [[NAN, 1.0]],
        [[1.0, INF]], [[1.0, 2.0], [3.0, None]], [[3.0, 4.0], [1.0, 2.0]], [[0.0, 1.0]],
    ],
    "labelled": [None, False, True],
    "task": [None, "grounded_qa", "other"],
    "options": [None, [], ["a", None]],
    "repairs": [None, [], [{"code": "a", "old": None, "new": "b"}], [None]],
    "extra": [None, "", "{}", '{"a": 1}', "[1]", "{", "null", DEEP],
}  # fmt: skip


@pytest.mark.parametrize(("column", "value"), [(name, value) for name, values in ODD.items() for value in values])
def test_a_row_that_is_refused_is_one_that_the_columns_name(column: str, value: Any) -> None:
    odd = GOOD.with_columns(pl.Series(column, [value], dtype=GOOD.schema[column]))
    (row,) = odd.to_dicts()
    try:
        sample = row_sample(row)
    except ValueError:
        assert suspects(odd).height == 1
        return
    try:
        sound(sample)
    except ValueError:
        assert doubtful(odd).height == 1


def test_a_row_like_most_is_not_looked_at_again() -> None:
    usual = samples_frame([make_sample("a:1", windows=[(1.0, 2.0)])])
    assert suspects(usual).is_empty() and doubtful(usual).is_empty()
