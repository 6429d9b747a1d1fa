"""A script of `benchmarks/size.py` makes what the command beside it makes: else their costs could not be compared."""

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from vtgdata.stages import evaluate

FOLDER = Path(__file__).parents[2] / "benchmarks"


def agree(ours: Any, theirs: Any) -> None:
    """Fail where two structures of numbers differ."""
    if isinstance(ours, dict):
        for name, value in ours.items():
            agree(value, theirs[name])
    elif isinstance(ours, list | tuple):
        for one, other in zip(ours, theirs, strict=True):
            agree(one, other)
    else:
        assert theirs == pytest.approx(ours, abs=1e-9)


def test_the_script_beside_evaluate_says_the_same_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "path", [str(FOLDER), *sys.path])
    size, script = (importlib.import_module(name) for name in ("size", "size_evaluate"))
    size.prepare(tmp_path, 3_000, argparse.Namespace(package=FOLDER.parent, rollouts=0))
    script.evaluate(tmp_path, tmp_path / "script")
    samples, said = str(tmp_path / "data/samples.parquet"), str(tmp_path / "predictions.jsonl")
    summary = evaluate.run(evaluate.Settings(samples=samples, predictions=said, out=str(tmp_path / "ours")))
    assert isinstance(summary, evaluate.Summary)
    ours = json.loads((tmp_path / "ours/evaluation.json").read_text())
    theirs = json.loads((tmp_path / "script/evaluation.json").read_text())
    numbers = ("metrics", "intervals", "seen")
    for name in numbers:
        agree(ours[name], theirs[name])
    for guess, scores in ours["baselines"].items():
        agree({name: scores[name] for name in numbers}, theirs["baselines"][guess])
    for name in ("n_wrong_windows", "n_past_end", "n_before_start", "n_outside"):
        assert theirs[name][0] == ours[name], name
    parts = [part for way in ours["models"][0]["breakdown"].values() for part in way.values()]
    agree([[part["n"], part["n_sources"], list(part["metrics"].values()), part["intervals"]] for part in parts],
          list(theirs["breakdown"].values()))  # fmt: skip
    assert len(theirs["breakdown"]) == len(parts) > 5
