import gzip
import math
from pathlib import Path

import pytest

from vtgdata.annotations import text
from vtgdata.annotations.file_text import read_text
from vtgdata.annotations.json_text import read_json
from vtgdata.annotations.text import duration, lines, pair, some_readable, unreadable
from vtgdata.errors import VtgError


def written(folder: Path, data: bytes) -> Path:
    path = folder / "rows.txt"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"<!DOCTYPE html><html>404</html>", "HTML page"),
        (b"\n  <html lang='en'>", "HTML page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "git lfs pull"),
        (b"PK\x03\x04....", "Unpack"),
        (b"one\ntwo \xe9t\xe9\n", "rows.txt:2: not UTF-8"),
        (gzip.compress(b"a" * 1000, mtime=0)[:20], "damaged gzip"),
    ],
)
def test_a_file_that_is_no_text_says_what_it_is(data: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(VtgError, match=said):
        read_text(written(tmp_path, data))


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(VtgError, match="no such file"):
        read_text(tmp_path / "absent.txt")
    with pytest.raises(VtgError, match="cannot be read"):
        read_text(tmp_path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_marks_of_byte_order_and_packing_are_taken_off(encoding: str, tmp_path: Path) -> None:
    data = "ein Gruß".encode(encoding)
    assert read_text(written(tmp_path, data)) == "ein Gruß"
    assert read_text(written(tmp_path, gzip.compress(data))) == "ein Gruß"


def test_line_ends_of_every_kind_end_a_line_and_nothing_else_does(tmp_path: Path) -> None:
    path = written(tmp_path, "a\r\nb\u2028b\n\n \nc\x85c".encode())
    assert list(lines(path)) == [(1, "a"), (2, "b\u2028b"), (5, "c\x85c")]


def test_wrong_json_names_line_and_column(tmp_path: Path) -> None:
    with pytest.raises(VtgError, match=r"rows\.txt:2:8: not valid JSON"):
        read_json(written(tmp_path, b'{"a": 1,\n "b": 2x}'))


def test_json_lines_where_a_document_is_wanted_are_named(tmp_path: Path) -> None:
    with pytest.raises(VtgError, match="JSON lines"):
        read_json(written(tmp_path, b'{"a": 1}\n{"a": 2}\n'))


@pytest.mark.parametrize("document", [b'{"v_1": 1, "v_1": 2}', b"[" * 100_000, b"9" * 5_000])
def test_json_that_would_lose_a_row_or_break_the_reader_is_refused(document: bytes, tmp_path: Path) -> None:
    with pytest.raises(VtgError, match=r"rows\.txt: not usable JSON"):
        read_json(written(tmp_path, document))


@pytest.mark.parametrize(
    ("value", "number"), [(3, 3.0), (1.5, 1.5), ("11.0", 11.0), ("1e2", 100.0), (10**400, math.inf)]
)
def test_numbers_are_read_from_json_and_from_text(value: object, number: float) -> None:
    assert text.number(value) == number


@pytest.mark.parametrize("value", [True, None, "", "1_0", "3 s", "\u0663", [1], "0x10"])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        text.number(value)


@pytest.mark.parametrize("value", [[1], [1, 2, 3], "12", None, [1, None]])
def test_what_is_no_pair_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="not"):
        pair(value)


def test_a_duration_that_is_no_number_is_not_the_same_as_none() -> None:
    assert duration(None) is None
    assert math.isnan(duration("long") or 0.0)


def test_broken_rows_pass_when_one_row_is_good_and_are_the_wrong_file_when_none_is(tmp_path: Path) -> None:
    bad = unreadable("f:1", "?", "train", "why")
    good = unreadable("f:2", "ok", "train", "")
    good = type(good)(**{name: getattr(good, name) for name in good.__struct_fields__ if name != "problem"})
    assert list(some_readable(tmp_path, [bad, good, bad], "form")) == [bad, good, bad]
    with pytest.raises(VtgError, match="f:1: why"):
        list(some_readable(tmp_path, [bad, bad], "form"))
    with pytest.raises(VtgError, match="no rows"):
        list(some_readable(tmp_path, [], "form"))


def test_a_file_of_rows_that_their_corpus_left_without_a_moment_is_no_wrong_file(tmp_path: Path) -> None:
    bad = unreadable("f:1", "?", "train", "why")
    scored = unreadable("f:2", "12, 14 s", "train", "single seconds", reason="highlights_not_windows")
    assert list(some_readable(tmp_path, [bad, scored], "form")) == [bad, scored]
