"""Readers by a schema alone: each page says so, and what the schema's own reader does is done."""

import importlib

import pytest

from support.published import ingested
from vtgdata.conversation import omtg_times
from vtgdata.files import plugins

UNSEEN = ["omtg_bench", "momentseeker", "extremewhenbench", "omnivtg", "timelens2_93k"]


@pytest.mark.parametrize("name", UNSEEN)
def test_the_page_says_that_nobody_has_seen_the_file(name):
    module = plugins.load("corpora", name)
    assert "nobody of this project has seen" in " ".join(
        (importlib.import_module(module.__name__).__doc__ or "").split()
    )


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("<time>3.0 - 5.5 seconds</time> <time>62.0 - 70.0 seconds</time>", [(3, 5.5), (62, 70)]),
        ("<time>1:02:03 - 1:02:09 seconds</time>", [(3723, 3729)]),
        ("<think><time>1 - 2 seconds</time></think> <time>3 - 4 seconds</time>", [(1, 2), (3, 4)]),
        ("62 - 70 seconds and 3 - 5 seconds and 3 - 5 seconds", [(3, 5), (3, 5), (62, 70)]),
        ("[8, 9], [8, 9] and 3 to 5", [(3, 5), (8, 9)]),
        ("3s - 5s", []),
        ("01:05 - 01:20", []),
        ("<time>9 - 4 seconds</time>", []),
        ("<time>9 - 4 seconds</time> or 3 to 5", [(3, 5)]),
    ],
)
def test_the_traps_of_omtg_s_parser(text, pairs):
    assert omtg_times.read(text) == pairs


def test_the_length_of_an_event_is_not_that_of_its_video(tmp_path):
    text = plugins.load("corpora", "extremewhenbench").EXAMPLE.files["test.jsonl"]
    (tmp_path / "test.jsonl").write_text(text)
    sample = ingested("extremewhenbench", [tmp_path / "test.jsonl"]).samples[0]
    assert sample.video.duration == 3920.0 and sample.windows[0].duration == sample.extra["duration_s"] == 16


def test_a_parquet_file_of_the_hub_reads_as_its_lines_do(tmp_path):
    import json

    import polars as pl

    text = plugins.load("corpora", "extremewhenbench").EXAMPLE.files["test.jsonl"]
    (tmp_path / "test.jsonl").write_text(text)
    rows = [json.loads(line) for line in text.splitlines()[:2]]
    pl.DataFrame(rows, infer_schema_length=None).write_parquet(tmp_path / "test.parquet")
    lines, packed = (ingested("extremewhenbench", [tmp_path / f"test.{kind}"]) for kind in ("jsonl", "parquet"))
    assert [s.sample_id for s in packed.samples] == [s.sample_id for s in lines.samples]
    assert [s.windows for s in packed.samples] == [s.windows for s in lines.samples]


def test_a_rollout_row_asks_by_its_quotation_and_keeps_its_prompt(tmp_path):
    text = plugins.load("corpora", "timelens2_93k").EXAMPLE.files["timelens2-93k.jsonl"]
    (tmp_path / "timelens2-93k.jsonl").write_text(text)
    asked = ingested("timelens2_93k", [tmp_path / "timelens2-93k.jsonl"]).samples[-1]
    assert asked.query == "a dog barks" and asked.extra["prompt"].startswith("You are given a video.")


def test_difficulty_of_tempsamp_is_turned_round(tmp_path):
    text = plugins.load("corpora", "tempsamp_r1").EXAMPLE.files["timelens_grpo_train.jsonl"]
    (tmp_path / "timelens_grpo_train.jsonl").write_text(text)
    (sample,) = ingested("tempsamp_r1", [tmp_path / "timelens_grpo_train.jsonl"]).samples
    assert sample.extra["mean_iou"] == pytest.approx(0.6) and sample.extra["source_corpus"] == "cosmo_cap"
    assert sample.license == "Apache-2.0 AND LicenseRef-TimeLens AND LicenseRef-cosmo_cap"
