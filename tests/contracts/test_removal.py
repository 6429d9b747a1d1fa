"""One addition is one file, so one file fewer is one addition fewer: the plug-ins are taken out of a copy.

A run of all contracts without one plug-in takes half a minute, and there are well over a hundred. So several are taken
out at once, each of them twice and never twice with the same companion: a contract that rests on one of them, and
belongs to another that is still there, fails in at least one of the two. A group that fails is tried again one by one,
which names the culprit, and forgives a contract that only needs any one of its kind.
"""

import os
import shutil
import subprocess
import sys
from itertools import combinations
from math import isqrt
from pathlib import Path

import pytest

import vtgdata
from support.builders import make_sample
from vtgdata.conversation.answer import Form, parse
from vtgdata.engine.rollouts import DEFAULT_SCORES, score_rows
from vtgdata.errors import VtgError
from vtgdata.files import plugins

ROOT = Path(vtgdata.__file__).parent
TESTS = Path(__file__).parent.parent
FLOOR = {("scores", name) for name in DEFAULT_SCORES}
"""What the engine itself computes of every answer: without them nothing can be scored, and that is said by name."""
PLUG_INS = [plug_in for kind in plugins.KINDS for name in plugins.names(kind) if (plug_in := (kind, name)) not in FLOOR]
SIDE = isqrt(len(PLUG_INS) - 1) + 1
"""Of the square into which the plug-ins are laid, kind after kind."""
# A recipe names its plug-ins, so that its contract breaks with them and rightly; this file would call itself.
LEFT_OUT = {"test_recipes.py", Path(__file__).name}


def _groups():
    """The columns of the square, then its slanted rows: neither holds many of one kind, and no pair is in two."""
    straight = [PLUG_INS[column::SIDE] for column in range(SIDE)]
    slanted = [[] for _ in range(SIDE)]
    for i, plug_in in enumerate(PLUG_INS):
        row, column = divmod(i, SIDE)
        slanted[(row + 5 * column) % SIDE].append(plug_in)
    return straight + slanted


GROUPS = _groups()


def test_each_is_taken_out_twice_and_no_two_of_them_twice_together():
    taken = [plug_in for group in GROUPS for plug_in in group]
    together = [pair for group in GROUPS for pair in combinations(sorted(group), 2)]
    assert sorted(taken) == sorted(PLUG_INS * 2)
    assert len(together) == len(set(together))


@pytest.mark.parametrize("name", DEFAULT_SCORES)
def test_without_a_score_of_the_engine_itself_it_is_named(name, tmp_path, monkeypatch):
    shutil.copytree(ROOT / "plugins/scores", tmp_path / "scores", ignore=shutil.ignore_patterns(f"{name}.py"))
    monkeypatch.setattr(plugins, "FOLDERS", tmp_path)
    answer = parse("<answer>1.0 to 2.0</answer>", duration=10.0, form=Form())
    with pytest.raises(VtgError, match=f"no scores plug-in '{name}'"):
        score_rows([{"error": None}], [answer], [make_sample()], DEFAULT_SCORES)


def _without(removed, folder: Path) -> str:
    """What the contracts print in a copy without these plug-ins, if they do not hold."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT, folder / "vtgdata", ignore=ignored)
    shutil.copytree(TESTS, folder / "tests", ignore=ignored)
    shutil.copy(ROOT.parent / "pyproject.toml", folder)
    for name in ("recipes", "cards"):
        if (ROOT.parent / name).is_dir():
            shutil.copytree(ROOT.parent / name, folder / name)
    for kind, name in removed:
        (path,) = (path for path in (folder / "vtgdata/plugins" / kind).iterdir() if path.stem == name)
        path.unlink()
    tests = [path for path in sorted((folder / "tests" / "contracts").glob("test_*.py")) if path.name not in LEFT_OUT]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-p",
            "no:cacheprovider",
            *map(str, tests),
            "tests/files/test_plugins.py",
        ],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder), "HYPOTHESIS_PROFILE": "few"},
        capture_output=True,
        text=True,
        timeout=1500,  # a busy machine is no finding
        check=False,
    )
    shutil.rmtree(folder)
    return "" if done.returncode == 0 else done.stdout[-4000:] + done.stderr[-1000:]


@pytest.mark.slow
@pytest.mark.timeout(5000)
@pytest.mark.parametrize("group", range(len(GROUPS)))
def test_the_contracts_hold_without_any_one_plug_in(group: int, tmp_path: Path) -> None:
    if not _without(GROUPS[group], tmp_path / "all"):
        return
    alone = {f"{kind}/{name}": _without([(kind, name)], tmp_path / kind / name) for kind, name in GROUPS[group]}
    failed = {name: printed for name, printed in alone.items() if printed}
    assert not failed, "\n\n".join(f"without {name}:\n{printed}" for name, printed in failed.items())
