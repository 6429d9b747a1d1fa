import gzip
from pathlib import Path

import pytest

from vtgdata.annotations import items
from vtgdata.annotations.items import Item
from vtgdata.annotations.sources import Source
from vtgdata.errors import VtgError
from vtgdata.records import RawRow

ROWS = [{"a": 1}, {"a": 2}]
FORMS = {
    "jsonl": '{"a": 1}\n{"a": 2}\n',
    "json": '[{"a": 1},\n {"a": 2}]',
    "csv": "a,b\n1,\n2,\n",
    "tsv": "a\tb\r\n1\t\r\n2\t\r\n",
}


def written(folder: Path, data: str | bytes, name: str = "rows") -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


@pytest.mark.parametrize("kind", FORMS)
def test_what_a_file_is_shows_in_its_bytes_not_in_its_name(kind: str, tmp_path: Path) -> None:
    assert items.shape(written(tmp_path, FORMS[kind], "rows.txt")) == kind
    assert items.shape(written(tmp_path, gzip.compress(FORMS[kind].encode()))) == kind
    assert items.shape(written(tmp_path, b"\xef\xbb\xbf" + FORMS[kind].encode())) == kind


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ('{"a": 1}', "json"),
        ('{"a":\n 1}', "json"),
        ('{"a": ' + "1" * 9000 + '}\n{"a": 2}', "jsonl"),
        ('{"a": 1x}\n{"a": 2}', "jsonl"),
        ("K7QZ2 1 2##x", "text"),
        (b"PAR1....", "parquet"),
        (b"\x80\x04}q\x00.", "pickle"),
    ],
)
def test_other_shapes(data: str | bytes, kind: str, tmp_path: Path) -> None:
    assert items.shape(written(tmp_path, data)) == kind


def test_records_come_with_their_place(tmp_path: Path) -> None:
    assert [i.origin for i in items.read(written(tmp_path, FORMS["jsonl"]))] == ["rows:1", "rows:2"]
    assert [i.origin for i in items.read(written(tmp_path, FORMS["json"]))] == ["rows#0", "rows#1"]
    assert [i.origin for i in items.read(written(tmp_path, FORMS["csv"]))] == ["rows:2", "rows:3"]
    assert [i.value for i in items.read(written(tmp_path, FORMS["json"]))] == ROWS
    assert [i.value["a"] for i in items.read(written(tmp_path, FORMS["tsv"]))] == ["1", "2"]


def test_one_object_on_one_line_is_one_record(tmp_path: Path) -> None:
    assert [item.value for item in items.read(written(tmp_path, '{"a": 1}\n'))] == [{"a": 1}]


def test_a_broken_line_is_a_record_that_raises_when_it_is_looked_at(tmp_path: Path) -> None:
    good, broken = items.read(written(tmp_path, '{"a": 1}\n{"a": \n'))
    assert good.fields() == {"a": 1}
    with pytest.raises(ValueError, match="Expecting value"):
        broken.fields()
    assert broken.raw == '{"a": '


def test_a_csv_row_with_too_few_or_too_many_cells_is_broken(tmp_path: Path) -> None:
    short, long, right = items.read(written(tmp_path, "a,b\n1\n1,2,3\n1,2\n"))
    for item in (short, long):
        with pytest.raises(ValueError, match="not one for each column"):
            item.fields()
    assert right.fields() == {"a": "1", "b": "2"}


def test_quoted_cells_may_hold_newlines_and_long_lists(tmp_path: Path) -> None:
    long = "[" + "[1, 2], " * 30_000 + "[3, 4]]"
    (item,) = items.read(written(tmp_path, f'a,b\n"one\ntwo","{long}"\n'))
    assert item.fields() == {"a": "one\ntwo", "b": long}


@pytest.mark.parametrize("data", [b"PAR1....", b"\x80\x04}q\x00.", b'{"a":\n 1}'])
def test_a_file_that_is_no_list_of_records_is_refused(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(VtgError, match="rows"):
        list(items.read(written(tmp_path, data)))


def test_a_record_may_give_several_rows_and_a_problem_is_one_row(tmp_path: Path) -> None:
    def make(item: Item, source: Source) -> list[RawRow]:
        return [
            RawRow(origin=f"{item.origin}/{i}", raw=item.raw, video_id="v", file="v.mp4", query="q", windows=[(1, 2)],
                   split=source.split)
            for i in range(int(item.fields()["a"]))
        ]  # fmt: skip

    path = written(tmp_path, '{"a": 2}\n[]\n{"a": "x"}\n')
    rows = list(items.rows(Source(path, "train"), make, "form"))
    assert [(row.origin, row.problem is None) for row in rows] == [
        ("rows:1/0", True), ("rows:1/1", True), ("rows:2", False), ("rows:3", False),
    ]  # fmt: skip
