"""A run that breaks off goes on from its last whole checkpoint, with the numbers of a run that did not."""

import pytest

from support import tiny_training
from support.tiny_training import fit_rl, fit_sft, log, rows
from vtgdata.train import checkpoints, watch
from vtgdata.train.session import Place

pytest.importorskip("trl", reason="needs vtgdata[train]")
ROWS = rows(9, value=lambda place: place / 8, rank=lambda place: 8 - place)


class Broken(Exception):
    """Stands for a kill: nothing after it is done."""


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny_training.build(tmp_path_factory.mktemp("base"))


def place(folder):
    (folder / "out").mkdir(parents=True)
    (folder / "kept").mkdir()
    return Place(out=folder / "out", kept=folder / "kept")


def broken_at(monkeypatch, step):
    """Let the next run break off when it has written a step's line."""
    plain = watch.Watch.line

    def line(self, number, figures):
        plain(self, number, figures)
        if number == step:
            raise Broken

    monkeypatch.setattr(watch.Watch, "line", line)


WAYS = {
    "sft": (fit_sft, {"steps": 5, "batch_size": 4}),
    "sft with lora by rank": (fit_sft, {"steps": 5, "batch_size": 4, "lora": 4, "order": "rank"}),
    "rl": (fit_rl, {"steps": 5, "rewards": {"length": 1.0}}),
    "rl with dead groups replaced": (fit_rl, {"steps": 5, "rewards": {"length": 1.0}, "dynamic_sampling": 2}),
}


SLOW = ("sft with lora by rank", "rl")


@pytest.mark.parametrize("way", [pytest.param(w, marks=pytest.mark.slow) if w in SLOW else w for w in WAYS])
def test_a_run_that_broke_off_ends_as_one_that_did_not(base, tmp_path, monkeypatch, way):
    fit, settings = WAYS[way]
    settings = settings | {"save_every": 2}
    whole, torn = place(tmp_path / "whole"), place(tmp_path / "torn")
    fit(base, whole.out, ROWS, whole, **settings)
    with monkeypatch.context() as patched:
        broken_at(patched, 4)
        with pytest.raises(Broken):
            fit(base, torn.out, ROWS, torn, **settings)
    assert checkpoints.last(torn.kept).step == 2
    assert not list(torn.out.iterdir())
    summary = fit(base, torn.out, ROWS, torn, **settings)
    assert summary.resumed == 2
    for name in ("training.jsonl", "rows.jsonl"):
        assert log(torn.kept, name) == log(whole.kept, name)
        assert len(log(torn.kept, name)) == 5
    for file in ("model.safetensors", "tokenizer.json", "config.json"):
        assert (torn.out / file).read_bytes() == (whole.out / file).read_bytes()
