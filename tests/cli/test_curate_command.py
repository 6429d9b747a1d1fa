"""Curation from the command line, and the recipes of published filters."""

import json
from pathlib import Path

from support.builders import make_sample
from support.forked import vtgdata
from support.published import published
from vtgdata.files import plugins
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import read_samples, write_samples


def test_filters_are_named_one_by_one_and_what_each_left_out_is_printed(tmp_path: Path) -> None:
    samples = [make_sample("a:1", query="we hear a dog"), make_sample("a:2", duration=2.0), make_sample("a:3")]
    write_samples(tmp_path / "s.parquet", samples)
    done = vtgdata(
        "curate", "s.parquet", "--filter", "duration:low=5", "--filter", "audio_query", "--out", "o", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "3 samples = 1 kept + 2 left out, on 1 of 1 videos",
        "duration:low=5: 1 of 3 left out",
        "  why: video_too_short 1",
        "audio_query: 1 of 2 left out",
        "  why: audio_query 1",
        "written to o",
    ]


def test_a_filter_that_is_none_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    write_samples(tmp_path / "s.parquet", [make_sample()])
    done = vtgdata("curate", "s.parquet", "--filter", "audio", "--out", "o", cwd=tmp_path)
    assert done.returncode == 1
    assert "did you mean 'audio_query'" in done.stderr and "Traceback" not in done.stderr


def counts(recipe: str, folder: Path) -> dict[str, tuple[int, int]]:
    """What each step of a recipe kept and dropped, when it is run in a folder that has `raw`."""
    done = vtgdata("run", recipe, "-q", cwd=folder)
    assert done.returncode == 0, done.stderr
    metas = {path.parent.name: json.loads(path.read_text()) for path in (folder / "runs" / recipe).glob("*/meta.json")}
    return {step: (meta["summary"]["samples"], meta["summary"]["drops"]) for step, meta in metas.items()}


def test_the_recipe_of_time_r1_gives_the_numbers_of_its_header(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    for corpus, name in (("timerft", "train_2k5.json"), ("tvgbench", "tvgbench.json")):
        (tmp_path / "raw" / name).symlink_to(published("corpora", corpus, name))
    found = counts("time-r1-curation", tmp_path)
    assert found["published"] == (2_428, 72) and found["clean"] == (2_420, 8)
    header = (plugins.resources("recipes") / "time-r1-curation.yaml").read_text()
    assert "2,500 rows ingested; published 2,428 (72 above 0.7, none at 0); clean 2,420 (8 slips" in header


def test_the_recipe_of_timelens_keeps_what_its_filters_keep(tmp_path: Path) -> None:
    events = [
        {"query": "A kite falls.", "span": [9.5, 15.0]},
        {"query": "We hear a dog bark.", "span": [[20.0, 22.0]]},
        {"query": "the kite is wound up", "span": [29.0, 31.0]},
        {"query": "word " * 201, "span": [1.0, 2.0]},
    ]
    rows = [
        {"source": "didemo", "video_path": "didemo/1_2@N00_3_4.mp4", "duration": 29.75, "events": events},
        {"source": "hirest", "video_path": "hirest/aB3_dE-6hIj.mp4", "duration": 501.0, "events": events[:1]},
    ]
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "timelens-100k.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert counts("timelens-curation", tmp_path)["curated"] == (1, 4)
    out = tmp_path / "runs" / "timelens-curation" / "curated"
    reasons = {row["raw"][:10]: row["reason"] for row in read_parquet(out / "drops.parquet")}
    assert reasons["We hear a "] == "audio_query" and reasons["the kite i"] == "end_past_video"
    assert [sample.query for sample in read_samples(out / "samples.parquet")] == ["A kite falls."]
