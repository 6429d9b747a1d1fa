"""CONTRIBUTING's recipes for a plug-in of most kinds, followed to the letter: a new file each, nothing else."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


FILES = [
    ("corpora", "my_corpus"), ("corpora", "my_steps"), ("filters", "shouting"), ("models", "fixed"),
    ("prompts", "terse"), ("recipes", "my-recipe"),
]  # fmt: skip
"""(Contract, plug-in) of each file that the guide has whole; a decoder's contract is not among the others."""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the files that the guide says to write."""
    folder = tmp_path_factory.mktemp("project")
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("vtgdata", "tests", "recipes", "cards"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", folder)
    written = re.findall(r"`([\w/-]+\.(?:py|md|yaml))`[^\n]*\n\n```\w+\n(.*?)```", GUIDE, re.DOTALL)
    assert [Path(named).suffix for named, _ in written] == [*[".py"] * 4, ".md", ".yaml", ".py"]
    for named, code in written:
        (folder / named).write_text(code, encoding="utf-8")
    return folder


def run(copy: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(copy)} | variables
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("kind", "name"), FILES)
def test_the_contract_tests_find_the_new_file_and_it_passes(copy, kind, name):
    done = run(copy, "pytest", "-p", "no:cacheprovider", f"tests/contracts/test_{kind}.py", "-k", name)
    assert done.returncode == 0, done.stdout[-3000:]
    assert int(re.findall(r"(\d+) passed", done.stdout)[-1]) > (0 if kind in ("prompts", "recipes") else 3)


def test_the_new_decoder_passes_its_contract_on_drawn_videos(copy):
    (typed,) = re.findall(r"^pytest (tests/plugins/decoders/.*?) +# seconds", GUIDE, re.MULTILINE)
    done = run(copy, "pytest", "-p", "no:cacheprovider", *shlex.split(typed), VTGDATA_TEST_DATA="")
    assert done.returncode == 0, done.stdout[-3000:]
    assert int(re.findall(r"(\d+) passed", done.stdout)[-1]) > 20


def test_every_other_corpus_refuses_the_new_ones(copy):
    (typed,) = re.findall(r"^pytest (\S+ -k other_corpus)", GUIDE, re.MULTILINE)
    done = run(copy, "pytest", "-p", "no:cacheprovider", *typed.split())
    assert done.returncode == 0, done.stdout[-3000:]


def test_the_new_corpus_is_in_the_catalogue_and_can_be_ingested(copy):
    assert "my_corpus" in run(copy, "vtgdata", "corpora").stdout
    (copy / "my_corpus_train.csv").write_text("vid001,2.0,5.5,a dog jumps over a fence\nvid001,7.0,6.0,it runs back\n")
    (typed,) = re.findall(r"^vtgdata (ingest my_corpus .*)$", GUIDE, re.MULTILINE)
    done = run(copy, "vtgdata", *typed.split(), "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["samples"], summary["reasons"]) == (1, {"reversed": 1})
