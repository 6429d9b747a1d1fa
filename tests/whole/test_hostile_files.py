"""Forty hostile files, each read by a command that has 2 GB of addresses and 10 s: each ends in a clean error."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import vtgdata
from support import hostile_files as hostile
from support.builders import make_sample
from vtgdata.files.samples import write_samples

ADDRESSES = 2 << 30
SECONDS = 10
"""Of the processor: other work on the machine does not count."""
QUICK = ("endless_name", "deep_yaml")
"""Tried by the default suite; the others are slow tests."""
INGEST = ("ingest", "moment_jsonl", "FILE", "--split", "train", "--name", "mine", "--license", "MIT", "--out", "o")
CHECK = ("check", "FILE")
SAMPLES = ("ingest", "samples", "FILE", "--split", "train", "--out", "o")
WARM = ("videos", "warm", "--samples", "s.parquet", "--videos", "v", "--num-frames", "2", "--out", "o")


def _cases() -> list[Any]:
    tables: list[tuple[dict[str, hostile.Maker], str, tuple[str, ...]]] = [
        (hostile.ARCHIVES, "mine_train.jsonl", INGEST),
        (hostile.TEXTS, "mine_train.jsonl", INGEST),
        (hostile.TABLES, "mine_train.csv", INGEST),
        (hostile.PARQUET, "samples.parquet", CHECK),
        (hostile.PARQUET, "samples.parquet", SAMPLES),
        (hostile.YAMLS, "recipe.yaml", ("run", "FILE")),
        (hostile.PICTURES, "v/a/0001.jpg", WARM),
        (hostile.VIDEOS, "v/a.mp4", WARM),
    ]
    return [
        pytest.param(make, file, words, id=f"{words[0]} {name}", marks=[] if name in QUICK else pytest.mark.slow)
        for table, file, words in tables
        for name, make in table.items()
    ]


CASES = _cases()


def test_there_are_ten_of_each_kind():
    tables = (hostile.ARCHIVES, hostile.PARQUET, hostile.TEXTS | hostile.TABLES, hostile.PICTURES | hostile.VIDEOS)
    assert all(len(table) >= 10 for table in tables)


@pytest.mark.parametrize(("make", "file", "words"), CASES)
def test_a_hostile_file_is_a_clean_error(tmp_path, make, file, words):
    (tmp_path / "v").mkdir()
    if words is WARM:
        sample = make_sample("s1", video_id="a", duration=4.0, windows=[(1.0, 2.0)])
        write_samples(tmp_path / "s.parquet", [sample])
    if make.__name__ in hostile.PICTURES:
        hostile.picture_folder(tmp_path / "v/a", make)
    else:
        make(tmp_path / file)
    code, said = limited([file if word == "FILE" else word for word in words], tmp_path)
    assert code in (1, 3), (code, said)
    assert "Traceback" not in said and said.splitlines()[-1].startswith("vtgdata: "), said
    assert Path(file).name in said or words is WARM, "it names the file"
    assert not list((tmp_path / "cache").rglob("*.parquet")), "and no frame of it is kept"


def limited(words: list[str], folder: Path) -> tuple[int, str]:
    """Exit code and stderr of a command within the limits."""
    done = subprocess.run(
        [sys.executable, "-m", "vtgdata", *words],
        cwd=folder,
        env=os.environ | {"VTGDATA_CACHE": str(folder / "cache"), "PYTHONPATH": str(Path(vtgdata.__file__).parents[1])},
        preexec_fn=_limit(),
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    return done.returncode, done.stderr


def _limit() -> Callable[[], None]:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))

    return limit
