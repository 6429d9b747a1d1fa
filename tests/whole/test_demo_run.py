"""What a finished demo shows. VTGDATA_DEMO names the folder of a run of recipe `demo` or `demo-small`."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from vtgdata.files.meta import read_meta
from vtgdata.files.parquet import read_parquet

FOLDER = Path(os.environ.get("VTGDATA_DEMO") or "none")
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="VTGDATA_DEMO names no demo run")


def vtgdata(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "vtgdata", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_gate_holds():
    report = json.loads((FOLDER / "report/report.json").read_text())
    assert len(report["gates"]) == 6
    assert [gate for gate in report["gates"] if not gate["holds"]] == []


def test_run_again_nothing_is_redone_and_it_ends_within_twenty_seconds():
    recipe = "demo-small" if (read_meta(FOLDER / "base").settings["levels"]) == [0] else "demo"
    seed = read_meta(FOLDER / "base").settings["seed"]
    begun = time.monotonic()
    done = vtgdata("run", recipe, "--out", FOLDER, "--seed", seed)
    assert time.monotonic() - begun < 20
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("up to date") == 12, done.stderr


def test_ingest_found_every_planted_fault():
    planted = read_meta(FOLDER / "shapes").summary["faults"]
    found = read_meta(FOLDER / "data").summary
    assert found["reasons"] == {"reversed": planted["reversed_pair"]}
    assert found["repairs"]["end_past_video"] == planted["end_past_video"]
    assert found["repairs"]["query_blanks"] == planted["doubled_blank"]
    assert found["repairs"]["duplicate"] == planted["duplicate_row"]


def test_no_stage_was_given_the_key_to_the_wrong_labels():
    readers = [
        path.parent.name
        for path in FOLDER.glob("*/meta.json")
        if any("wrong_labels" in name for name in read_meta(path.parent).inputs)
    ]
    assert readers == ["report"]


def test_scripted_answers_are_labelled_wherever_they_go():
    traces = read_parquet(next((FOLDER / "v2/data/coldstart").glob("*.parquet")))
    assert traces and all(row["model_id"].startswith("scripted") for row in traces)
    assert "scripted" in (FOLDER / "v2/README.md").read_text()


def test_the_release_pushed_to_a_folder_loads_with_typed_columns(tmp_path):
    datasets = pytest.importorskip("datasets", reason="needs vtgdata[train]")
    done = vtgdata("push", FOLDER / "v2", tmp_path / "pushed", "--json")
    assert done.returncode == 0, done.stderr
    document = msgspec.json.decode((tmp_path / "pushed/release.json").read_bytes())
    for config, splits in document["configs"].items():
        loaded = datasets.load_dataset(str(tmp_path / "pushed"), config, cache_dir=str(tmp_path / "cache"))
        assert {name: len(split) for name, split in loaded.items()} == {name: s["rows"] for name, s in splits.items()}
    samples = datasets.load_dataset(str(tmp_path / "pushed"), "samples", cache_dir=str(tmp_path / "cache"))
    features = next(iter(samples.values())).features
    assert features["duration"].dtype == "float64"
    assert features["labelled"].dtype == "bool"
    assert features["windows"].feature.feature.dtype == "float64"
