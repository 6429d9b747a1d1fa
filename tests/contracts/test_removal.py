"""One addition is one file, so one file fewer is one addition fewer: each plug-in is taken out of a copy in turn."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import vtgdata
from vtgdata.files import plugins

ROOT = Path(vtgdata.__file__).parent
TESTS = Path(__file__).parent.parent
PLUG_INS = [(kind, name) for kind in plugins.KINDS for name in plugins.names(kind)]
# A recipe names its plug-ins, so that its contract breaks with them and rightly; this file would call itself.
LEFT_OUT = {"test_recipes.py", Path(__file__).name}


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "name"), PLUG_INS)
def test_the_contracts_hold_without_any_one_plug_in(kind: str, name: str, tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT, tmp_path / "vtgdata", ignore=ignored)
    shutil.copytree(TESTS, tmp_path / "tests", ignore=ignored)
    shutil.copy(ROOT.parent / "pyproject.toml", tmp_path)
    for folder in ("recipes", "cards"):
        if (ROOT.parent / folder).is_dir():
            shutil.copytree(ROOT.parent / folder, tmp_path / folder)
    (removed,) = (path for path in (tmp_path / "vtgdata/plugins" / kind).iterdir() if path.stem == name)
    removed.unlink()
    tests = [path for path in sorted((tmp_path / "tests" / "contracts").glob("test_*.py")) if path.name not in LEFT_OUT]
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
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path), "HYPOTHESIS_PROFILE": "few"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
