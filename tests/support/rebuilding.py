"""Releases made in a folder by single commands, moved to another folder, and rebuilt there."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from vtgdata import releases
from vtgdata.cli import commands

LINES = (
    "AAAAA 0.0 6.9##a person opens a door.\nBBBBB 7.0 6.0##a person sits.\nAAAAA 3.0 9.5##a person closes the door.\n"
    "CCCCC 1.0 2.0##a person sneezes.\nCCCCC 2.5 11.0##a person eats a sandwich.\n"
)
LENGTHS = "id,subject,length\nAAAAA,X,31.0\nBBBBB,Y,30.0\nCCCCC,Z,12.5\n"


def make_desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with raw files; it becomes the current one."""
    (tmp_path / "desk/raw").mkdir(parents=True)
    (tmp_path / "desk/raw/charades_sta_train.txt").write_text(LINES)
    (tmp_path / "desk/raw/Charades_v1_train.csv").write_text(LENGTHS)
    monkeypatch.setenv("VTGDATA_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path / "desk")
    return tmp_path / "desk"


def do(command: str, **values: Any) -> Any:
    """Run one command, as typed alone."""
    return commands.execute(command, commands.build(command, values, command))


def ingested(**changes: Any) -> None:
    do("ingest", **{"corpus": "charades_sta", "paths": ["raw/charades_sta_train.txt"], "out": "made/data"} | changes)


def single_commands(model: str = "scripted:made/kept/samples.parquet", **changes: Any) -> str:
    """A release made by ingest, curate, score-difficulty, select and release, each typed alone; returns its folder."""
    ingested()
    do("curate", file="made/data/samples.parquet", filters=["query_words:low=3"], out="made/kept")
    asked = {"samples": "made/kept/samples.parquet", "model": model, "n": 4, "out": "made/hard"}
    do("score-difficulty", **asked | changes)
    selector = "band:measure=mean_iou,low=0.0,high=1.0"
    do("select", pass_rates="made/hard/pass_rates.parquet", size=2, selector=selector, out="made/pick")
    return released(pass_rates="made/hard/pass_rates.parquet", splits={"rl": "made/pick/rows.parquet"})


def released(out: str = "made/v1", samples: str = "made/kept/samples.parquet", **changes: Any) -> str:
    drops = [f"made/{name}/drops.parquet" for name in ("data", "kept") if Path(f"made/{name}").is_dir()]
    do("release", **{"version": "1.0.0", "name": "Doors", "samples": samples, "drops": drops, "out": out} | changes)
    return out


def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, *raw: str) -> str:
    """Move a release and raw files to another folder and go there; what made them is gone."""
    there = tmp_path / "there"
    (there / "files/deep").mkdir(parents=True)
    do("push", release=folder, target=str(there / "copy"))
    for name in raw:
        shutil.copy(name, there / "files/deep" / Path(name).name)
    shutil.move(tmp_path / "desk", tmp_path / "gone")
    monkeypatch.chdir(there)
    return "copy"


RAW = ("raw/charades_sta_train.txt", "raw/Charades_v1_train.csv")


def same_bytes(one: str, two: str) -> None:
    """Every file that a release names has the same bytes in two folders, but release.json, which has a date."""
    first, second = releases.open_release(one), releases.open_release(two)
    assert list(first.files) == list(second.files) and first.content == second.content
    for name in set(first.files) - {"release.json"}:
        assert (first.path / name).read_bytes() == (second.path / name).read_bytes(), name
