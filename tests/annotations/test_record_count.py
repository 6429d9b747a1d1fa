import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from vtgdata.annotations import record_count
from vtgdata.files import plugins
from vtgdata.plugins.corpora import captions_json, moment_jsonl, timeit, vitt, youcook2
from vtgdata.records import Corpus, Records

NAMES = {"windows": "timestamps,spans", "query": "sentences,queries"}


def count(folder: Path, content: Any, corpus: Corpus = moment_jsonl.CORPUS, *unread: str, **said: Any) -> int:
    path = folder / "file"
    path.write_bytes(content.encode() if isinstance(content, str) else json.dumps(content).encode())
    found = record_count.of_file(path, corpus, unread, **said)
    assert found is not None
    path.write_bytes(gzip.compress(path.read_bytes()))
    assert record_count.of_file(path, corpus, unread, **said) == found
    return found.records


def nested(at: str) -> Corpus:
    return plugins.load("corpora", "coin").CORPUS.__class__(
        name="n", title="", summary="", splits=(), license="", license_link="", license_confidence="C", homepage="",
        citation="", grid=None, records=(Records(at=at),),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "records"),
    [
        ('{"a": 1}\n\n{"a": 2}\r\n  \n{"a": x\n', 3),
        ('{"a": 1}', 1),
        ('{"a": "\u2028"}\n{"a": 2}', 2),
        ('[{"a": 1}, {"a": NaN}, 3]', 3),
        ("a,b\n1,2\n\n3,4\n", 2),
        ('a,b\n"one\ntwo","x ""y"""\n3,4\n', 2),
        ('a\tb\n"Hello\t1\nBye"\t2\n', 2),
        ('a\tb\n"Hello there\t1\n"bye" he says\t2\n', 2),
        ("a;b\n1;2\n", 2),
        ("K7QZ2 1 2##x\nK7QZ2 1 2##y\n", 2),
    ],
)
def test_records_of_lists_lines_and_tables(content: str, records: int, tmp_path: Path) -> None:
    assert count(tmp_path, content) == records


def test_what_the_user_says_of_a_table_counts(tmp_path: Path) -> None:
    assert count(tmp_path, "a;b\n1;2\n", sep=";") == 1
    assert count(tmp_path, 'a,b\n"1,2\n3",4\n') == 2
    assert count(tmp_path, 'a,b\n"1,2\n3",4\n', quote='"') == 1
    assert count(tmp_path, 'a,b\n"1,\n3",4\n', quote="") == 2


def test_parallel_lists_count_as_the_longer_one_and_a_broken_entry_as_one(tmp_path: Path) -> None:
    document = {"v1": {"timestamps": [[1, 2]], "sentences": ["a", "b"], "spans": [1, 2, 3, 4]}, "v2": 7, "v3": {}}
    assert count(tmp_path, document, captions_json.CORPUS, names=NAMES) == 4
    assert count(tmp_path, document, captions_json.CORPUS, "v1", names=NAMES) == 3


def test_events_in_events_and_texts_are_counted(tmp_path: Path) -> None:
    assert count(tmp_path, {"database": {"v": {"annotations": [1, 2]}, "w": {}}}, youcook2.CORPUS) == 3
    assert count(tmp_path, {"v": {"sentences": [1, 2]}}, youcook2.CORPUS, names=NAMES) == 2
    steps = {"p": {"v": {"steps": [1, 2]}, "w": {"steps": []}, "x": {"steps": [1]}}}
    assert count(tmp_path, steps, nested("*/* + */*/steps/*")) == 6
    assert count(tmp_path, steps, nested("*/* + */*/steps/*"), "p/x") == 5
    assert count(tmp_path, [{"c": [1, 2, 3]}], nested("*/c/*2")) == 2
    assert count(tmp_path, [{"QA": [{"a": "1 - 2 seconds, a.  3 - 4 seconds, b."}, {"a": "no"}]}], timeit.CORPUS) == 3
    assert count(tmp_path, '{"id": "a", "annotations": [1, 2]}\n{"id": x}\n', vitt.CORPUS) == 3


def test_a_list_under_a_key(tmp_path: Path) -> None:
    assert count(tmp_path, {"data": {"rows": [1, 2]}, "info": []}, under="data/rows") == 2


def test_nobody_counts_what_is_in_a_pickle(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\x80\x04]q\x00.")
    assert record_count.of_file(tmp_path / "file", moment_jsonl.CORPUS) is None


def test_the_count_shares_no_code_with_a_reader() -> None:
    imported = {
        line for line in Path(record_count.__file__).read_text().splitlines() if line.startswith("from vtgdata")
    }
    assert sorted(line.split()[1] for line in imported) == ["vtgdata.files", "vtgdata.records"]
