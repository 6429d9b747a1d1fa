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


TSV_WITH_BARE_QUOTES = (
    "video_id\tcaption\tstart\tend\tduration\n"
    'K7QZ1\t"Hello there he says\t1\t2\t60\n'
    "K7QZ2\ta man sits\t3\t4\t60\n"
    "K7QZ3\ta man runs\t5\t6\t60\n"
    'K7QZ4\the says "stop"\t7\t8\t60\n'
    'K7QZ5\tend "quoted\t9\t10\t60\n'
)


@pytest.mark.parametrize("sep", "\t,")
def test_a_bare_quote_at_the_start_of_a_cell_swallows_no_rows(sep: str, tmp_path: Path) -> None:
    rows = list(items.read(written(tmp_path, TSV_WITH_BARE_QUOTES.replace("\t", sep))))
    assert [row.fields()["start"] for row in rows] == ["1", "3", "5", "7", "9"]
    assert rows[0].fields()["caption"] == '"Hello there he says'


def test_a_cell_with_text_behind_its_closing_quote_is_plain_text(tmp_path: Path) -> None:
    rows = list(items.read(written(tmp_path, 'a\tb\n"Hello there\t1\nx\t2\n"bye" he says\t3\n')))
    assert [row.fields()["b"] for row in rows] == ["1", "2", "3"]


def test_two_bare_quotes_that_look_like_one_cell_over_two_rows_are_two_rows(tmp_path: Path) -> None:
    rows = list(items.read(written(tmp_path, 'v\tq\ts\nK1\t"Hello\t1\nK2\tBye"\t3\n')))
    assert [row.fields()["q"] for row in rows] == ['"Hello', 'Bye"']


def test_a_csv_whose_quote_is_never_closed_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(VtgError, match=r"rows:3: not a readable csv .*--quote none"):
        list(items.read(written(tmp_path, 'a,b\n"one, two",1\n"three, four,2\n')))


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(VtgError, match="two columns are called 'a'"):
        list(items.read(written(tmp_path, "a,b,a\n1,2,3\n")))


def test_the_user_s_word_on_a_table_goes_first(tmp_path: Path) -> None:
    path = written(tmp_path, 'a;b\n"1;2;x";3\n')
    (row,) = items.read(path, items.Stated(sep=";"))
    assert row.fields() == {"a": "1;2;x", "b": "3"}
    (broken,) = items.read(path, items.Stated(sep=";", quote="none"))
    assert isinstance(broken.value, ValueError)
    (single,) = items.read(written(tmp_path, "a,b\n'1,2',3\n"), items.Stated(quote="single"))
    assert single.fields() == {"a": "1,2", "b": "3"}


def test_the_records_of_a_document_lie_under_a_key_that_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, '{"info": {}, "data": {"rows": [{"a": 1}, {"a": 2}]}, "tags": []}')
    found = list(items.read(path, items.Stated(records="data/rows")))
    assert [(item.origin, item.value) for item in found] == [
        ("rows#data/rows/0", {"a": 1}), ("rows#data/rows/1", {"a": 2}),
    ]  # fmt: skip
    with pytest.raises(VtgError, match="no key 'row', only 'rows'"):
        list(items.read(path, items.Stated(records="data/row")))
