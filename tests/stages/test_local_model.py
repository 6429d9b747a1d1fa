"""Pass rates of a local model, through the command: what was asked before, what is said of batches, what is stored."""

import json
import logging
import shutil

import pytest

from support.builders import draw_video, make_sample
from vtgdata.engine.journal.journal import Journal
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import write_samples
from vtgdata.releases.asked_models import drawn_words
from vtgdata.stages import difficulty

pytest.importorskip("torch", reason="needs vtgdata[train]")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    from vtgdata.demo import tiny

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(logging.getLogger("vtgdata"), "propagate", True)
    tokenizer = tiny.build_tokenizer()
    tiny.build_model(tokenizer, seed=1).save_pretrained(tmp_path / "model")
    tiny.build_processor(tokenizer).save_pretrained(tmp_path / "model")
    draw_video(tmp_path / "videos/v.mp4", grey=60)
    write_samples(tmp_path / "samples.parquet", [make_sample(f"s{i}", video_id="v", duration=4.0) for i in range(3)])
    return tmp_path


def score(**changes):
    values = {
        "samples": "samples.parquet", "videos": "videos", "model": "transformers_local:model", "n": 2, "num_frames": 2,
        "short_side": 28, "prompt": "shapes", "frames": "frames", "max_tokens": 6, "out": "out",
    }  # fmt: skip
    return difficulty.run(difficulty.Settings(**values | changes))


def test_answers_in_which_a_folders_default_acted_are_asked_again_and_the_plan_says_how_many_and_why(
    folder, monkeypatch, caplog
):
    """R11: repetition_penalty 1.05 of a folder acted on its pass rates, though nothing had asked for it."""
    from vtgdata.plugins.models._transformers import sampling

    file = folder / "model/generation_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"repetition_penalty": 1.05}))
    with monkeypatch.context() as earlier:
        earlier.setattr(sampling, "_acted", lambda stated: {})
        before = score().model
    (folder / "out/meta.json").unlink()  # another version of the code: the result is not up to date
    [part] = score(dry_run=True).plan
    assert (part.asked_again, part.to_do.low, part.cached) == (6, 6, 0)
    assert (
        "earlier versions let repetition_penalty 1.05 of the model's generation_config.json act" in part.asked_again_why
    )
    with caplog.at_level(logging.WARNING, "vtgdata"):
        after = score().model
    assert after == f"{before}:as-stated"
    assert "6 answers are asked again: earlier versions let repetition_penalty 1.05" in caplog.text
    [part] = score(dry_run=True).plan
    assert (part.cached, part.to_do.high) == (6, 0)
    assert not part.asked_again


def test_a_folder_whose_defaults_never_acted_keeps_its_answers(folder):
    file = folder / "model/generation_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"temperature": 0.7, "top_k": 20, "top_p": 0.8}))
    assert not score().model.endswith("as-stated")


def test_the_tables_and_the_summary_say_whether_batches_had_one_size(folder, caplog):
    summary = score()
    assert summary.reproducible is False
    [row, *_] = read_parquet(folder / "out/pass_rates.parquet")
    assert "batches of any size (not reproducible)" in drawn_words(json.loads(row["sampling"]))
    assert json.loads((folder / "out/meta.json").read_text())["summary"]["reproducible"] is False
    stored = score(reproducible=True)
    assert stored.reproducible is False
    assert "some of its answers were made without --reproducible and are kept" in caplog.text
    fresh = score(reproducible=True, out="fresh")
    assert fresh.reproducible is True
    [row, *_] = read_parquet(folder / "fresh/pass_rates.parquet")
    assert "batches of one size (reproducible)" in drawn_words(json.loads(row["sampling"]))


def test_with_reproducible_what_is_missing_is_answered_as_if_nothing_had_been_there(folder):
    score(reproducible=True, n=3, out="whole")
    score(reproducible=True, n=1, limit=1, out="parts")
    score(reproducible=True, n=3, where="sample_id != 's2'", out="parts")
    score(reproducible=True, n=3, out="parts")
    tables = [(folder / out / "rollouts.parquet").read_bytes() for out in ("whole", "parts")]
    assert tables[0] == tables[1]


def test_without_reproducible_each_row_is_asked_once_all_the_same(folder):
    score(n=1)
    score(n=3)
    shutil.rmtree(folder / "frames", ignore_errors=True)
    with Journal(folder / "out/journal.sqlite") as journal:
        assert journal.select("SELECT count(*), count(DISTINCT key) FROM attempt") == [(9, 9)]


def test_what_more_is_asked_of_the_drawing_has_its_own_answers_and_is_in_the_tables(folder):
    plain = score()
    narrow = score(top_k=3, min_p=0.1, repetition_penalty=1.2, out="narrow")
    assert narrow.model == plain.model
    rows = [read_parquet(folder / out / "rollouts.parquet") for out in ("out", "narrow")]
    assert {row["sampling_id"] for row in rows[0]} == {"t1-p1-m6"}
    assert {row["sampling_id"] for row in rows[1]} == {"t1-p1-m6-k3-n0.1-r1.2"}
    assert not {row["key"] for row in rows[0]} & {row["key"] for row in rows[1]}
    [rate, *_] = read_parquet(folder / "narrow/pass_rates.parquet")
    assert drawn_words(json.loads(rate["sampling"])).startswith(
        "temperature 1, top_p 1, top_k 3, min_p 0.1, repetition_penalty 1.2, at most 6 tokens"
    )
