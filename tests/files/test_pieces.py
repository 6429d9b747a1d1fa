"""Files of any length, piece by piece: the bytes, the order and the errors are those of whole files."""

import random
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vtgdata.errors import VtgError
from vtgdata.files import parquet, pieces
from vtgdata.files.parquet import write_parquet
from vtgdata.files.pieces import PLACE, ROW, PieceWriter, in_order, read_frames, read_pieces, to_table, write_table
from vtgdata.files.row_table import RowTable
from vtgdata.files.schemas import ROLLOUTS, Row


def rollouts(count: int) -> list[Row]:
    chance = random.Random(count)
    return [
        dict.fromkeys(ROLLOUTS)
        | {
            "key": f"k{number:04}", "sample_id": f"s{number % 7}", "index": number, "text": "é" * (number % 4),
            "windows": chance.choice([None, [], [[1.0, 2.5]], [[0.0, 1.0], [4.0, 5.0]]]),
            "scores": chance.choice([None, [{"name": "tiou", "value": None}]]), "strict_ok": [None, True][number % 2],
        }
        for number in range(count)
    ]  # fmt: skip


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (parquet, pieces):
        monkeypatch.setattr(module, "ROW_GROUP", 64)


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 200])
def test_pieces_of_any_size_give_the_bytes_of_rows(tmp_path: Path, count: int) -> None:
    rows = rollouts(count)
    write_parquet(tmp_path / "rows.parquet", rows, ROLLOUTS)
    writer = PieceWriter(tmp_path / "pieces.parquet", ROLLOUTS)
    for frame in read_frames(tmp_path / "rows.parquet", ROLLOUTS):
        for part in frame.iter_slices(37):
            writer.write(to_table(part, ROLLOUTS))
    writer.commit()
    assert (tmp_path / "pieces.parquet").read_bytes() == (tmp_path / "rows.parquet").read_bytes()
    assert list(RowTable(tmp_path / "pieces.parquet")) == rows and writer.rows == count


@pytest.mark.parametrize("places", ["shuffled", "sorted", "one"])
def test_rows_that_do_not_fit_are_sorted_by_place_and_none_of_a_place_is_apart(tmp_path: Path, places: str) -> None:
    count = 300
    wanted = {
        "shuffled": np.random.default_rng(1).permutation(count) // 3,
        "sorted": np.arange(count),
        "one": [5] * count,
    }
    write_parquet(tmp_path / "rows.parquet", rollouts(count), ROLLOUTS)
    tables = read_pieces(tmp_path / "rows.parquet", ROLLOUTS, rows=41)
    found = list(in_order(tables, np.asarray(wanted[places]), tmp_path, 50))
    seen: list[tuple[int, int]] = []
    for table in found:
        here = list(zip(table[PLACE].to_pylist(), table[ROW].to_pylist(), strict=True))
        assert here and (not seen or min(here)[0] > max(seen)[0])
        assert [row for _, row in here] == sorted(row for _, row in here)
        assert [number for _, number in here] == table["index"].to_pylist()
        seen += here
    assert sorted(seen, key=lambda pair: pair[1]) == list(
        zip(np.asarray(wanted[places]).tolist(), range(count), strict=True)
    )
    assert [path.name for path in tmp_path.iterdir()] == ["rows.parquet"]


def test_a_missing_column_is_null_and_one_of_another_type_is_named(tmp_path: Path) -> None:
    path = tmp_path / "odd.parquet"
    pq.write_table(pa.table({"key": pa.array(["a"]).dictionary_encode(), "index": pa.array([1.0]), "iou": [1]}), path)
    (frame,) = read_frames(path, {"key": "text", "index": "count", "iou": "number", "text": "text"})
    assert frame.to_dicts() == [{"key": "a", "index": 1, "iou": 1.0, "text": None}]
    with pytest.raises(VtgError, match=r"odd.parquet: the column index is double, and not string"):
        list(read_frames(path, {"index": "text"}))
    with pytest.raises(VtgError, match=r"lacks the column\(s\) windows; it has key, index, iou"):
        list(read_frames(path, {"key": "text"}, needs=["windows"]))


def test_texts_that_repeat_come_as_categories_whatever_the_file_has_in_their_place(tmp_path: Path) -> None:
    path = tmp_path / "odd.parquet"
    held = {
        "key": ["a", "b", None] * 50, "text": pa.array(["x"] * 150).dictionary_encode(),
        "reasoning": pa.array([None] * 150), "option": pa.array(["é"] * 150, pa.large_string()), "index": [7] * 150,
    }  # fmt: skip
    pq.write_table(pa.table(held), path, row_group_size=40)
    names = ["key", "text", "reasoning", "option", "error"]
    wanted = dict.fromkeys(names, "text") | {"index": "count"}
    frames = list(read_frames(path, wanted, repeated=[*names, "absent"]))
    texts = pl.concat(frames).select(names)
    assert all(kind == pl.Categorical for kind in texts.dtypes)
    assert texts.cast(pl.String).rows() == [(key, "x", None, "é", None) for key in ["a", "b", None] * 50]
    assert to_table(texts, ROLLOUTS).schema == to_table(texts.cast(pl.String), ROLLOUTS).schema
    with pytest.raises(VtgError, match=r"odd.parquet: the column index is int64, and not string"):
        list(read_frames(path, {"index": "text"}, repeated=["index"]))


def test_a_file_that_breaks_off_is_named_wherever_it_does(tmp_path: Path) -> None:
    path = tmp_path / "torn.parquet"
    write_parquet(path, rollouts(200), ROLLOUTS)
    whole = path.read_bytes()
    path.write_bytes(whole[:100])
    with pytest.raises(VtgError, match=r"torn\.parquet: not a readable Parquet file"):
        list(read_frames(path, ROLLOUTS))
    path.write_bytes(whole[:50] + b"\0" * 400 + whole[450:])
    with pytest.raises(VtgError, match=r"torn\.parquet: not a readable Parquet file"):
        list(read_frames(path, ROLLOUTS))
    with pytest.raises(VtgError, match=r"no such file"):
        list(read_frames(tmp_path / "none.parquet", ROLLOUTS))


def test_a_table_of_rows_is_a_sequence(tmp_path: Path) -> None:
    rows = rollouts(130)
    write_parquet(tmp_path / "rows.parquet", rows, ROLLOUTS | {"more": "text"})
    found = RowTable(tmp_path / "rows.parquet")
    assert (len(found), found[-1]["key"], found[100]["key"]) == (130, "k0129", "k0100")
    assert [row["key"] for row in found[64:130:40]] == ["k0064", "k0104"] and found[0]["more"] is None
    write_table(tmp_path / "again.parquet", next(iter(read_frames(tmp_path / "rows.parquet", ROLLOUTS))), ROLLOUTS)
    assert list(RowTable(tmp_path / "again.parquet")) == rows[: len(RowTable(tmp_path / "again.parquet"))]
