import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.builders import make_sample
from support.published import ingested, published
from vtgdata.annotations.normalise import normalise
from vtgdata.annotations.own_rows import raw_row
from vtgdata.annotations.query_repairs import plain
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.files.parquet import write_parquet
from vtgdata.files.samples import sample_row, write_samples
from vtgdata.files.schemas import DROPS, SAMPLES
from vtgdata.files.whole import write_jsonl
from vtgdata.plugins.corpora import samples
from vtgdata.records import Drop, Repair, Sample, Video, Window
from vtgdata.stages import ingest


def again(path: Path, split: str | None = None) -> list[Sample | Drop]:
    return list(normalise(samples.read([path], split), samples.CORPUS, licence_of=lambda name: f"LicenseRef-{name}"))


def jsonl(folder: Path, rows: Sequence[dict[str, Any] | Sample]) -> Path:
    write_jsonl(folder / "samples.jsonl", [sample_row(r) if isinstance(r, Sample) else r for r in rows])
    return folder / "samples.jsonl"


def parquet(folder: Path, rows: Sequence[Sample]) -> Path:
    write_samples(folder / "samples.parquet", rows)
    return folder / "samples.parquet"


FULL = Sample(
    sample_id="nextgqa:5550001111_3",
    corpus="nextgqa",
    split="val",
    video=Video(video_id="5550001111", file="5550001111.mp4", duration=30.5, source_id="aB3_dE-6hIj", source_start=2.0,
                status="missing"),
    query="why did the dog jump",
    windows=(Window(1.0, 6.5), Window(6.0, 9.0)),
    task="grounded_qa",
    options=("to eat", "to play"),
    answer="B",
    label_version="refined",
    license="MIT AND LicenseRef-VidOR",
    origin="val.csv:12",
    repairs=(Repair("windows_overlap", "[1, 6.5], [6, 9]", "kept"), Repair("query_blanks", "'why  did'", "'why did'")),
    extra={"type": "CW", "annotators": [[1.0, 6.5]], "source_corpus": "nextgqa"},
)  # fmt: skip
EMPTY = make_sample("anet:x~2", corpus="anet", split="val_1", windows=(), query="it rains", origin="a.json#v")
HIDDEN = make_sample("qv:9", corpus="qv", split="test", windows=(), labelled=False, origin="q.jsonl:9")


@pytest.mark.parametrize("write", [jsonl, parquet])
def test_samples_come_back_as_they_were_every_field_of_them(write: Any, tmp_path: Path) -> None:
    rows = [FULL, EMPTY, HIDDEN, make_sample("test:1", origin="t.csv:1")]
    assert again(write(tmp_path, rows)) == rows


def test_a_union_of_corpora_is_not_looked_through_for_repeats_once_more(tmp_path: Path) -> None:
    rows = [make_sample(f"{name}:1", corpus=name, origin=f"{name}.csv:1") for name in ("charades_sta", "tvgbench")]
    assert again(parquet(tmp_path, rows)) == rows


@pytest.mark.parametrize("name", [name for name in plugins.names("corpora") if name != "samples"])
def test_every_corpus_s_samples_come_back_as_they_were(name: str, tmp_path: Path) -> None:
    module = plugins.load("corpora", name)
    for file, text in module.EXAMPLE.files.items():
        (tmp_path / file).write_text(text, encoding="utf-8", newline="")
    found = ingested(name, [tmp_path / file for file in module.EXAMPLE.files], module.EXAMPLE.split).samples
    for write in (jsonl, parquet):
        assert again(write(tmp_path / "again", found)) == found


@pytest.mark.parametrize(
    ("corpus", "file"), [("charades_sta", "charades_sta_train.txt"), ("activitynet_captions", "train.json")]
)
def test_a_published_corpus_s_samples_come_back_as_they_were(corpus: str, file: str, tmp_path: Path) -> None:
    found = ingested(corpus, [published("corpora", corpus, file)]).samples
    assert again(parquet(tmp_path, found)) == found


@given(
    st.lists(
        st.builds(
            make_sample,
            st.integers(0, 10**9).map("test:{}".format),
            query=st.text(st.characters(categories=("L", "N", "P")), min_size=1).filter(
                lambda q: not q.endswith("..") and (plain(q) or not q.isascii())
            ),
            duration=st.none() | st.floats(50, 1e6),
            windows=st.sets(st.tuples(st.floats(0, 20), st.floats(20.5, 49))).map(sorted),
            split=st.sampled_from(("test", "val_2", "my_split")),
            origin=st.just("mine.csv:1"),
        ),
        max_size=5,
        unique_by=lambda sample: sample.sample_id,
    )
)
def test_sound_samples_of_any_kind_come_back_with_nothing_added_the_second_time(rows: list[Sample]) -> None:
    first = list(normalise((raw_row(each, _item(each).origin, _item(each).raw) for each in rows), samples.CORPUS))
    kept = [each for each in first if isinstance(each, Sample)]
    assert len(kept) == len(rows)
    assert (
        list(normalise((raw_row(each, _item(each).origin, _item(each).raw) for each in kept), samples.CORPUS)) == kept
    )


def _item(sample: Sample) -> Any:
    from vtgdata.annotations.items import Item

    return Item(sample.origin, 0, {}, {})


def test_ingesting_an_ingested_folder_gives_the_same_file(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text(
        '{"qid": 1, "query": "a  dog", "vid": "v1", "windows": [[1, 5], [3, 9]], "duration": 8.5}\n'
    )
    ingest.run(
        ingest.Settings(corpus="moment_jsonl", paths=[str(tmp_path / "t.jsonl")], split="train", out=f"{tmp_path}/a")
    )
    summary = ingest.run(ingest.Settings(corpus="samples", paths=[f"{tmp_path}/a"], out=f"{tmp_path}/b"))
    assert (summary.rows, summary.samples) == (1, 1)
    assert (tmp_path / "a/samples.parquet").read_bytes() == (tmp_path / "b/samples.parquet").read_bytes()


def test_a_release_s_files_are_read_together(tmp_path: Path) -> None:
    for split in ("train", "test"):
        row = sample_row(make_sample(f"test:{split}", split=split)) | {"first_version": "1.0.0"}
        columns = SAMPLES | {"first_version": "text"}
        write_parquet(tmp_path / f"{split}-00000-of-00001.parquet", [row], columns)
    assert {each.split for each in again(tmp_path)} == {"train", "test"}  # type: ignore[union-attr]
    assert [each.sample_id for each in again(tmp_path, "test")] == ["test:test"]  # type: ignore[union-attr]


def test_an_id_without_its_corpus_gets_it_once_and_the_change_is_noted(tmp_path: Path) -> None:
    (sample,) = again(jsonl(tmp_path, [make_sample("q1", corpus="pets")]))
    assert isinstance(sample, Sample)
    assert sample.sample_id == "pets:q1" and sample.repairs == (Repair("sample_id", "q1", "pets:q1"),)
    assert again(jsonl(tmp_path, [sample])) == [sample]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"windows": [[9, 3]]}, "column windows"),
        ({"windows": [[40, 41]]}, "column windows: one starts at or past the end"),
        ({"windows": [["soon", 3]]}, "column windows"),
        ({"labelled": False}, "is not labelled"),
        ({"duration": -1}, "column duration"),
        ({"duration": float("nan")}, "column duration"),
        ({"corpus": ""}, "column corpus"),
        ({"sample_id": ""}, "column sample_id"),
        ({"task": "cooking"}, "column task"),
        ({"extra": "[1]"}, "column extra"),
        ({"extra": '{"a":' * 3000}, "column extra"),
        ({"repairs": [{"code": 1}]}, "column repairs"),
    ],
)
def test_a_row_that_is_no_sound_sample_is_a_drop_with_its_place_and_column(
    change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    good, bad = make_sample("test:1"), sample_row(make_sample("test:2")) | change
    path = tmp_path / "samples.jsonl"
    path.write_text(f"{json.dumps(sample_row(good))}\n{json.dumps(bad)}\n")
    _, drop = again(path)
    assert isinstance(drop, Drop)
    assert drop.origin == "samples.jsonl:2" and message in drop.detail


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1" * 9, b"PAR1\0\0\0\0PAR1"])
def test_a_broken_parquet_is_refused_with_its_name(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "samples.parquet").write_bytes(content)
    with pytest.raises(VtgError, match=r"samples\.parquet: not a readable Parquet"):
        again(tmp_path / "samples.parquet")


def test_a_parquet_of_something_else_is_refused_with_what_is_missing(tmp_path: Path) -> None:
    write_parquet(tmp_path / "drops.parquet", [{"corpus": "x"}], DROPS)
    with pytest.raises(VtgError, match=r"drops\.parquet.*missing required field `sample_id`"):
        again(tmp_path / "drops.parquet")


def test_a_broken_row_with_a_value_that_json_cannot_say_is_a_drop_that_shows_it(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [sample_row(make_sample(f"test:{i}")) | {"thumbnail": b"\xff\xd8"} for i in range(2)]
    rows[1]["split"] = None
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "samples.parquet")
    _, drop = again(tmp_path / "samples.parquet")
    assert isinstance(drop, Drop)
    assert drop.origin == "samples.parquet#1" and '"thumbnail": "b\'\\\\xff\\\\xd8\'"' in drop.raw


def test_of_a_folder_s_two_forms_one_is_read_and_files_that_are_named_are_all_read(tmp_path: Path) -> None:
    rows = [make_sample(f"test:{name}", origin="t.csv:1") for name in ("a", "b")]
    paths = [parquet(tmp_path, rows[:1]), jsonl(tmp_path, rows[1:])]
    assert again(tmp_path) == rows[:1]
    named = [tmp_path / name for name in ("mine.v1.parquet", "mine.v2.jsonl")]
    for old, new in zip(paths, named, strict=True):
        old.rename(new)
    assert list(normalise(samples.read(named, None), samples.CORPUS)) == rows
