"""The wheel alone, without extras, is enough to ask for help, find the recipes and ingest."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent


def run(*command: str | Path, cwd: Path | None = None) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run([*map(str, command)], cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def vtgdata(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, ROOT)
    run(sys.executable, "-m", "venv", folder / "venv")
    wheel = next(folder.glob("vtgdata-*.whl"))
    run(folder / "venv/bin/python", "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt", wheel)
    return folder / "venv/bin/vtgdata"


def test_help_answers_without_extras(vtgdata: Path, tmp_path: Path):
    assert "build-coldstart" in run(vtgdata, "--help", cwd=tmp_path)


def test_the_demo_recipe_travels_in_the_wheel(vtgdata: Path, tmp_path: Path):
    assert "train rl" in run(vtgdata, "run", "demo", "--dry-run", cwd=tmp_path)


def test_published_numbers_travel_in_the_wheel(vtgdata: Path, tmp_path: Path):
    assert "TimeLens-8B" in run(vtgdata, "anchors", "charades", cwd=tmp_path)


def test_ingest_works_without_extras(vtgdata: Path, tmp_path: Path):
    (tmp_path / "charades_sta_train.txt").write_text("AAAAA 0.0 6.9##a person opens a door.\n")
    run(vtgdata, "ingest", "charades_sta", "charades_sta_train.txt", "--out", "out", cwd=tmp_path)
    assert (tmp_path / "out/samples.parquet").is_file()


def test_a_page_is_made_without_extras(vtgdata: Path, tmp_path: Path):
    (tmp_path / "charades_sta_train.txt").write_text("AAAAA 0.0 6.9##a person opens a door.\n")
    run(vtgdata, "ingest", "charades_sta", "charades_sta_train.txt", "--out", "out", cwd=tmp_path)
    run(vtgdata, "report", "out", "--out", "page.html", cwd=tmp_path)
    assert "a person opens a door." in (tmp_path / "page.html").read_text()


def test_what_needs_an_extra_says_which(vtgdata: Path, tmp_path: Path):
    done = subprocess.run(
        [vtgdata, "demo-base", "--out", "b"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "pip install 'vtgdata[train]'" in done.stderr and "Traceback" not in done.stderr


def test_the_installed_package_holds_no_torch(vtgdata: Path):
    script = "import importlib.util as u; print(u.find_spec('torch'), u.find_spec('datasets'))"
    assert run(vtgdata.parent / "python", "-c", script).split() == ["None", "None"]
