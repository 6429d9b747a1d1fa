"""The values of a page's table, which are made in pieces, are those of its rows one by one."""

import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from vtgdata.releases.pages import payload
from vtgdata.releases.pages.document import json_script, pieces
from vtgdata.releases.pages.rows import Rows

WINDOWS = [
    [[1.0, 2.5], [3.0, 4.0004]], [], None, [[0.0005, 0.0015]], [[33.333333, 1e6]], [[2.675, 12345.6785]],
    *([[[round(0.1 * i, 1), i + 0.05]] for i in range(20)]),
]  # fmt: skip


def frame(windows: list[Any]) -> pl.DataFrame:
    return pl.DataFrame({"windows": windows}, schema={"windows": pl.List(pl.List(pl.Float64))})


@pytest.mark.parametrize("piece", (3, 65_536))
def test_windows_are_flat_whatever_the_piece(piece: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(payload, "_PIECE", piece)
    found = json.loads(bytes(payload.windows(frame(WINDOWS), "windows")))
    assert found == [payload.flat(each) for each in WINDOWS]
    assert bytes(payload.windows(frame([]), "windows")) == b"[]"


@pytest.mark.parametrize("piece", (2, 65_536))
def test_each_sample_has_its_answers(piece: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(payload, "_PIECE", piece)
    answers = pl.DataFrame(
        {"row": [0, 0, 2, 3, 3], "model": ["a", "b", "b", "a", "b"], "iou": [0.255, None, 1.0, 0.0, 0.345]}
        | {"kept": [True, None, False, None, True], "windows": [[[1.0, 2.5]], None, [], [[0.1, 7.0]], [[3.0, 4.0]]]}
    )
    rows = Rows(samples=frame([[]] * 5), answers=answers, models=["a", "b"])
    assert json.loads(bytes(payload.answers(rows))) == [
        [[0, 26, 1, 1, 2.5], [1, -1, 0]], [], [[1, 100, 0]], [[0, 0, 0, 0.1, 7], [1, 34, 1, 3, 4]], [],
    ]  # fmt: skip


def test_numbers_and_texts_are_in_order(monkeypatch: pytest.MonkeyPatch):
    numbers, texts = pl.Series([1.0, 2.5, None, float("nan"), 0.1234]), pl.Series(["a", None, "b", "a", "c"])
    for piece in (2, 65_536):
        monkeypatch.setattr(payload, "_PIECE", piece)
        assert bytes(payload.encode(numbers, "number")) == b"[1,2.5,null,null,0.123]"
        coded = {"values": ["a", "", "b", "c"], "codes": [0, 1, 2, 0, 3]}
        assert json.loads(bytes(payload.encode(texts, "text"))) == coded
    monkeypatch.setattr(payload, "_CODED", 2)
    assert json.loads(bytes(payload.encode(texts, "text"))) == ["a", "", "b", "a", "c"]


def test_a_table_in_pieces_is_the_table():
    table = {"ids": payload.json(["</script>", "b"]), "data": {"x": payload.encode(pl.Series(np.arange(3)), "number")}}
    page = "".join(pieces({}, table, [{"a": 1}], "title", "rules"))
    assert '{"ids":["\\u003c/script>","b"],"data":{"x":[0,1,2]}}' in page and json_script({}) == "{}"
    assert '<script type="application/json" id="table">null</script>' in "".join(pieces({}, None, [], "t", "r"))
