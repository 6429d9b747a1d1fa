"""Rows chosen anew while RL runs: what is selected is what the next steps show, and questions are asked once."""

import json

import pytest

from support import tiny_training
from support.builders import draw_video
from support.tiny_training import fit_rl, log, rows
from vtgdata.files.parquet import read_parquet
from vtgdata.train import letters, refresh
from vtgdata.train.session import Place

pytest.importorskip("trl", reason="needs vtgdata[train]")
EACH = {
    "video_id": lambda place: f"v{place}", "video_file": lambda place: f"v{place}.mp4", "duration": 4.0,
    "query": lambda place: f"a blue cross {place}", "windows": [[0.0, 2.0]], "rank": lambda place: 8 - place,
    "frame_sampling": json.dumps({"frames": 2, "short_side": 28}),
}  # fmt: skip


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run over five steps with a selection after the second and the fourth; its folder."""
    from vtgdata.cli.app import run

    def in_this_process(recipe):
        assert run(["run", str(recipe), "--quiet"]) == 0

    monkeypatch.setattr(refresh, "_run", in_this_process)  # a process of its own would import torch again
    monkeypatch.chdir(tmp_path)
    base = tiny_training.build(tmp_path / "base")
    for place in range(9):
        draw_video(tmp_path / f"videos/v{place}.mp4")
    kept = tmp_path / "kept"
    kept.mkdir()

    def fit(**changes):
        given = {"steps": 5, "videos": "videos", "frames": "frames", "rewards": {"length": 1.0}, "order": "rank"}
        given |= {"refresh": {"every": 2, "n": 2, "size": 4, "selector": "uniform"}, "letter_questions": 3}
        place = Place(out=tmp_path / "out", kept=kept)
        return fit_rl(base, tmp_path / "out", rows(9, **EACH), place, **given | changes), kept

    return fit


def test_each_part_shows_what_was_selected_in_its_order_and_letters_are_asked_once_before_and_after(run, monkeypatch):
    asked, plain = [], letters.ask

    def ask(questions, *given):
        asked.append([each.sample.sample_id for each in questions])
        return plain(questions, *given)

    monkeypatch.setattr(letters, "ask", ask)
    summary, kept = run()
    picked = [
        [row["sample_id"] for row in read_parquet(kept / f"refresh-{step}/runs/pick-0/rows.parquet")] for step in (2, 4)
    ]
    assert [len(each) for each in picked] == [4, 4] and picked[0] != picked[1]
    shown = [line["rows"] for line in log(kept, "rows.jsonl")]
    assert shown == [["s8", "s7"], ["s6", "s5"], picked[0][:2], picked[0][2:], picked[1][:2]]
    models = [read_parquet(kept / f"refresh-{step}/runs/hard-0/pass_rates.parquet")[0]["model_id"] for step in (2, 4)]
    assert len(set(models)) == 2, "each selection is by the model of its step"
    assert len(asked) == 2 and asked[0] == asked[1]
    assert summary.letters.questions == 3
