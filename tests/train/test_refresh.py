"""Rows chosen anew while RL runs: what is selected is what the next steps show, and questions are asked once."""

import json

import pytest

from support import tiny_training
from support.builders import draw_video
from support.tiny_training import fit_rl, log, rows
from vtgdata.errors import VtgError
from vtgdata.files.parquet import read_parquet, write_parquet
from vtgdata.records import Sampling
from vtgdata.train import letters, refresh, rl
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


def test_rows_of_several_configs_with_one_prompt_come_one_config_after_the_other(tmp_path, monkeypatch):
    found = rows(6, **EACH | {"config": lambda place: "first" if place < 3 else "second"})
    picked = ["s4", "s0", "s5", "s2", "s1"]

    def pick(recipe):
        out = recipe.parent / "runs/pick-0"
        out.mkdir(parents=True)
        write_parquet(out / "rows.parquet", [{"sample_id": name} for name in picked], {"sample_id": "text"})

    monkeypatch.setattr(refresh, "_run", pick)
    settings = rl.Settings(release="", model="", videos="", out="")
    chosen = refresh.select(
        tmp_path, tmp_path / "m", found, tiny_training.PROMPTS, refresh.Refresh(every=1), settings, Sampling()
    )
    assert [found[place]["sample_id"] for place in chosen] == ["s0", "s2", "s1", "s4", "s5"]


def test_what_a_command_of_a_refresh_refuses_is_said_in_its_own_words_and_can_be_allowed(tmp_path):
    write_parquet(tmp_path / "rates.parquet", [], {"sample_id": "text"})
    steps = [
        {
            "id": "pick",
            "command": "select",
            "pass_rates": str(tmp_path / "rates.parquet"),
            "selector": "unifrom",
            "size": 2,
        }
    ]
    (tmp_path / "recipe.json").write_text(json.dumps({"out": str(tmp_path / "runs"), "steps": steps}))
    with pytest.raises(VtgError, match=r"^--refresh: .*did you mean 'uniform'.*recipe\.json`\)$"):
        refresh._run(tmp_path / "recipe.json")
    assert refresh.read({"every": 2, "allow_degenerate": True}) == refresh.Refresh(every=2, allow_degenerate=True)
