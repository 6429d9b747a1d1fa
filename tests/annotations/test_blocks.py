"""Rows in blocks are the rows as they are read one by one, and become the same samples, drops and words."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.hostile_texts import TEXTS
from vtgdata.annotations import blocks, moment_jsonl
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.plugins.corpora import moment_jsonl as moments
from vtgdata.stages import ingest

PLAIN = {"qid": 1, "query": "a dog jumps", "duration": 30, "vid": "v1", "relevant_windows": [[1.5, 4]]}
SLOW = pytest.mark.slow

NUMBERS = [
    "0", "-0", "-0.0", "1.5", "1e1", "2E+0", "29.9999999", "30", "30.0000005", "31", "99999", "1e400", "1e-400",
    "123456789012345678901234567890", "9007199254740993", "0.1000000000000000055511151231257827", "NaN", "Infinity",
    "null", "true", '"2"', '"0:02"', "[1]", "{}",
]  # fmt: skip
QUERIES = [
    *TEXTS, "", " ", "a", " a dog", "a dog ", "a  dog", "a dog .", "a dog..", "nan", "None", "A DOG jumps", "a man & b",
    "a dog jumps", "https://bob:word@host/a.mp4?token=abc", "caf\u00e9", "\ud800", "[[[", "a, b; c: d", "dog\x7f",
]  # fmt: skip
VIDEOS = [
    *TEXTS, "", "v1", "v1.mp4", "a/v1.mp4", "..", "aB3_dE-6hIj_60.0_210.0", "K7QZ2.", "v" * 300, "C:", "a b", "-x",
    "https://youtu.be/aB3_dE-6hIj", "s99-d01-cam-002.avi", "v1#t=3",
]  # fmt: skip
IDS: list[Any] = [*TEXTS, "", "1", 1, 0, -1, 1.0, 1.5, True, None, "x~2", "x", 10**30, [1], " a "]


def lines() -> Iterator[str]:
    """Lines about which something may be odd, among plain ones."""
    number = 0

    def line(**more: Any) -> str:
        nonlocal number
        number += 1
        return json.dumps(PLAIN | {"qid": f"n{number}", "vid": f"v{number // 3}"} | more)

    for text in QUERIES:
        yield line(query=text)
        yield (
            json.dumps(PLAIN | {"qid": f"u{number}", "query": text}, ensure_ascii=False)
            .encode(errors="replace")
            .decode()
        )
    yield from (line(vid=text) for text in VIDEOS)
    yield from (line(qid=value) for value in IDS)
    for text in NUMBERS:
        yield line(relevant_windows=[["START", 4]]).replace('"START"', text)
        yield line(relevant_windows=[[1, "END"]]).replace('"END"', text)
        yield line(duration="LONG").replace('"LONG"', text)
    for windows in ([[1, 2], [3, 4]], [1, 2], [[1, 2, 3]], [[2, 2]], "1-2", {"start": 1, "end": 2}):
        yield line(relevant_windows=windows)
    for key in PLAIN:
        yield json.dumps({name: value for name, value in PLAIN.items() if name != key} | {})
        yield line()[:-1] + f', "{key}": {json.dumps(PLAIN[key])}}}'
        yield line()[:-1] + f', "\\u{ord(key[0]):04x}{key[1:]}": {json.dumps(PLAIN[key])}}}'
    yield from (line(extra=1), line(source="charades"), line(start=1, end=2), line(options=["a", "b"], answer="A"))
    yield from (
        line(),
        line(),
        " " + line() + " ",
        line() + line(),
        line()[:-4],
        "[1]",
        "3",
        "x",
        "{",
        "}",
        "\t" + line(),
    )
    yield from (
        "",
        "  ",
        "\u3000",
        line() + "\r",
        line() + "\r" + line(),
        "\ufeff" + line(),
        line().replace(":", ":\t"),
    )
    yield from (line(qid="same"), line(qid="same"), line(qid="same~2"), line(query="A Dog  Jumps", vid="v1"))
    yield line().replace('"a dog', '"a \x01 dog')


def outcome(folder: Path, **settings: Any) -> Any:
    """What ingest says of the files of a folder, and the bytes that it writes; or its error."""
    out = folder.parent / "out"
    paths = sorted(map(str, folder.iterdir()))
    try:
        found = ingest.run(ingest.Settings(corpus="moment_jsonl", paths=paths, out=str(out), **settings))
    except VtgError as error:
        return str(error)
    made = {name: (out / name).read_bytes() for name in ("samples.parquet", "drops.parquet")}
    rows = pq.read_table(out / "samples.parquet").to_pylist()
    shutil.rmtree(out)
    return found, made, rows


def both(folder: Path, monkeypatch: pytest.MonkeyPatch, work: Callable[[Path], Any]) -> tuple[Any, Any]:
    """What comes of a folder's files with blocks, and without."""
    with monkeypatch.context() as patch:
        patch.setattr(moment_jsonl, "_layout", lambda *_: None)
        one_by_one = work(folder)
    return work(folder), one_by_one


def rows(folder: Path) -> Any:
    try:
        return [msgspec.structs.astuple(row) for row in moments.read(sorted(folder.iterdir()), None)]
    except VtgError as error:
        return str(error)


def placed(tmp_path: Path, text: str, name: str = "my_train.jsonl") -> Path:
    folder = tmp_path / "in"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(text.encode(errors="replace"))
    return folder


@pytest.mark.parametrize("size", [pytest.param(1, marks=SLOW), 7, pytest.param(4096, marks=SLOW)])
def test_hostile_lines_become_the_same_in_blocks(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "ROWS", size)
    folder = placed(tmp_path, "\n".join(lines()) + "\n")
    ours, theirs = both(folder, monkeypatch, rows)
    assert len(ours) > 500
    assert repr(ours) == repr(theirs)
    ours, theirs = both(folder, monkeypatch, outcome)
    assert ours == theirs
    assert len(ours[2]) > 300


@SLOW
def test_a_line_alone_among_plain_ones_is_read_the_same_in_a_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = [json.dumps(PLAIN | {"qid": f"q{number}", "vid": f"p{number // 2}"}) for number in range(3)]
    empty = [json.dumps(PLAIN | {"relevant_windows": value}) for value in ([], [[]], None, "", "none", [None])]
    for line in (*lines(), *empty):
        folder = placed(tmp_path, "\n".join([*plain, line, plain[0]]))
        ours, theirs = both(folder, monkeypatch, rows)
        assert repr(ours) == repr(theirs), line


FORMS: dict[str, list[dict[str, Any]]] = {
    "without ids": [{"query": "a dog jumps", "vid": f"v{i // 3}", "windows": [[i % 5, 9.5]]} for i in range(20)],
    "pair": [{"id": i, "text": "a dog jumps", "video": "v", "span": [i % 5, 9]} for i in range(20)],
    "bounds": [{"sentence": "a dog", "path": "b/v.mp4", "start": i % 5, "end": 9, "length": 9} for i in range(20)],
    "links": [{"query": "a dog", "url": f"https://youtu.be/aB3_dE-6hI{i % 5}", "span": [1, 2.5]} for i in range(20)],
    "youtube ids": [{"query": "a dog", "youtube_id": f"aB3_dE-6hI{i % 5}", "span": [1, 2.5]} for i in range(20)],
    "one window": [{"query": f"a {i}", "vid": f"v{i}", "windows": [[0, 2]]} for i in range(20)],
    "own splits": [{"query": "a dog", "vid": "v", "span": [i, 30], "split": "val" * (i % 2)} for i in range(20)],
    "extra": [{"query": "a dog", "vid": "v", "span": [i, 30], "mood": i} for i in range(20)],
    "sources now and then": [
        {"query": "a dog", "vid": "v", "span": [i, 30]} | ({"source": "didemo"} if i % 3 == 2 else {})
        for i in range(20)
    ],
    "no labels": [{"query": "a dog", "vid": "v"} | ({"span": [i, 30]} if i < 10 else {}) for i in range(20)],
    "nothing": [{"query": "a dog"} for _ in range(20)],
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["my_train.jsonl", "my_test.jsonl", "caf\u00e9_train.jsonl"])
def test_files_of_every_form_become_the_same(
    form: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "ROWS", 8)
    folder = placed(tmp_path, "".join(json.dumps(record) + "\n" for record in FORMS[form]), name)
    ours, theirs = both(folder, monkeypatch, outcome)
    assert ours == theirs


@pytest.mark.parametrize(
    "said",
    [
        {"limit": 9}, {"videos": "."}, {"unlabelled": True}, {"split": "val"}, {"empty_means": "none"}, {"fps": 2.0},
        {"points_as": 2.0}, {"swap_reversed": True}, {"map": {"query": "vid"}}, {"map": {"duration": ""}},
        {"name": "other", "license": "CC-BY-4.0"}, {"override_split": True, "split": "test"}, {"unit": "milliseconds"},
    ],
)  # fmt: skip
def test_files_become_the_same_with_every_setting(
    said: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "ROWS", 8)
    said = {"videos": str(tmp_path), "max_failed": 1.0} if "videos" in said else said
    folder = placed(tmp_path, "\n".join(list(lines())[300:]))
    ours, theirs = both(folder, monkeypatch, lambda folder: outcome(folder, **said))
    assert ours == theirs


@pytest.mark.parametrize("corpus", plugins.names("corpora"))
def test_examples_of_every_reader_become_the_same(corpus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in plugins.load("corpora", corpus).EXAMPLE.files.items():
        if isinstance(content, str) and name.endswith(".jsonl"):
            placed(tmp_path, content * 3, f"{name.removesuffix('.jsonl')}_train.jsonl")
    folder = tmp_path / "in"
    if not folder.exists():
        pytest.skip("it has no JSON lines")
    ours, theirs = both(folder, monkeypatch, outcome)
    assert ours == theirs


@SLOW
@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["v1", "v2", "a_0.0_9.5", "x"]), st.sampled_from(["a dog", "A  dog", "it", "a dog jumps"]),
            st.floats(-1, 40) | st.integers(-1, 40), st.floats(0, 60) | st.integers(0, 60),
            st.none() | st.floats(0, 50), st.integers(0, 9) | st.text("ab~2", max_size=3),
        ),
        min_size=1, max_size=25,
    )
)  # fmt: skip
def test_repeats_and_windows_of_any_kind_become_the_same(drawn: list[tuple[Any, ...]]) -> None:
    names = ("vid", "query", "start", "end", "duration", "qid")
    with TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "ROWS", 8)
        text = "".join(json.dumps(dict(zip(names, record, strict=True))) + "\n" for record in drawn)
        ours, theirs = both(placed(Path(place), text), patch, outcome)
        assert ours == theirs


def test_plain_rows_are_columns(tmp_path: Path) -> None:
    records = [PLAIN | {"qid": number, "vid": f"v{number // 5}"} for number in range(100)]
    records[50]["query"] = "a caf\u00e9"
    folder = placed(tmp_path, "".join(json.dumps(record) + "\n" for record in records))
    (block,) = blocks.pieces(moments.read([folder], None))
    assert isinstance(block, blocks.Block)
    assert (len(block), len(block.places), list(block.odd)) == (100, 99, [50])
