"""Rows held out of a run: whole sources, looked at as evaluation does; the best model is kept, patience ends a run."""

import json

import pytest

from support import tiny_training
from support.tiny_training import PLAIN, fit_rl, fit_sft, log, rows
from vtgdata.errors import VtgError
from vtgdata.train import held_out, sft
from vtgdata.train.session import Place

pytest.importorskip("trl", reason="needs vtgdata[train]")
ROWS = rows(24, source_id=lambda place: f"source{place // 3}")


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny_training.build(tmp_path_factory.mktemp("base"))


def settings(**changes):
    return sft.Settings(release="", model="", videos="", out="", evaluate_every=1, **changes)


def test_whole_sources_are_held_out_and_none_is_in_both():
    training, looked = held_out.split(ROWS, settings(hold_out=0.25))
    assert len(looked) == 6 and len(training) == 18
    assert not {row["source_id"] for row in training} & {row["source_id"] for row in looked}
    assert held_out.split(ROWS, settings(hold_out=0.25)) == (training, looked)
    assert held_out.split(ROWS, sft.Settings(release="", model="", videos="", out="")) == (ROWS, [])
    with pytest.raises(VtgError, match="one source only"):
        held_out.split(rows(4), settings())


def test_a_look_gives_what_evaluate_would_and_leaves_the_run_as_it_was(base, tmp_path):
    fit_sft(base, tmp_path / "plain", ROWS[:12], steps=3)
    summary = fit_sft(base, tmp_path / "looked", ROWS, steps=3, evaluate_every=2, hold_out=0.5, evaluate_score="length")
    lines = log(tmp_path / "looked")
    assert [sorted(name for name in line if name.startswith("held")) for line in lines] == [
        [],
        ["held_out_length", "held_out_tokens", "held_out_unparsed"],
        ["held_out_length", "held_out_tokens", "held_out_unparsed"],
    ]
    assert summary.held_out["at"] in (2, 3)
    assert not {name for line in log(tmp_path / "looked", "rows.jsonl") for name in line["rows"]} & {
        row["sample_id"] for row in held_out.split(ROWS, settings(hold_out=0.5))[1]
    }


class Falling(held_out.HeldOut):
    """Looks as ever, and says a score that is best at the second look."""

    seen = 0

    def __call__(self, trainer, processor, opening):
        found = super().__call__(trainer, processor, opening)
        type(self).seen += 1
        return found | {next(iter(found)): [0.1, 0.5, 0.4, 0.3, 0.2][type(self).seen - 1]}


def test_the_best_model_is_kept_and_patience_ends_the_run(base, tmp_path, monkeypatch):
    from vtgdata.train import making

    monkeypatch.setattr(Falling, "seen", 0)
    monkeypatch.setattr(making, "HeldOut", Falling)
    given = {"evaluate_every": 1, "hold_out": 0.25, "keep": "best", "patience": 2, "save_every": 50}
    (tmp_path / "out").mkdir()
    (tmp_path / "kept").mkdir()
    place = Place(out=tmp_path / "out", kept=tmp_path / "kept")
    summary = fit_rl(base, place.out, rows(12, PLAIN, source_id=lambda at: f"source{at // 2}"), place, steps=5, **given)
    assert summary.held_out == {"best": 0.5, "at": 2, "kept": 2}
    assert summary.steps == 4 == len(log(place.kept))
    best, saved = (path / "model.safetensors" for path in (place.kept / "checkpoint-2", place.out))
    from safetensors.torch import load_file

    one, other = load_file(best), load_file(saved)
    assert all((one[name] == other[name]).all() for name in one)
    assert json.loads((place.kept / "checkpoint-2" / "vtgdata.json").read_text())["step"] == 2
