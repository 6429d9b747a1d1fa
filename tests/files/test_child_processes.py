"""Nothing that lies in a folder of data is run, and no program that is started knows a secret."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support import forked
from support.builders import draw_video, make_sample
from vtgdata.files import child_processes, plugins
from vtgdata.files.samples import write_samples

SECRETS = {
    "HF_TOKEN": "canary-1", "VTGDATA_API_KEY": "canary-2", "OPENAI_API_KEY": "canary-3", "AWS_SECRET_ACCESS_KEY": "c-4",
    "MY_OWN": "canary-5", "PYTHONSTARTUP": "canary.py",
}  # fmt: skip
STRAY = ("numpy", "av", "PIL", "msgspec", "polars", "vtgdata", "json5", "sitecustomize", "typer", "secrets")
"""Names of modules that a folder of data could have."""


def stray(folder: Path) -> None:
    """Files that would show it if they were run."""
    canary = "import os, json, pathlib\npathlib.Path(__file__).with_suffix('.ran').write_text(str(dict(os.environ)))\n"
    for name in STRAY:
        (folder / f"{name}.py").write_text(canary)
    (folder / "PIL.py").unlink()
    (folder / "PIL").mkdir()
    (folder / "PIL/__init__.py").write_text(canary)


@pytest.mark.parametrize("way", [["-m", "vtgdata"], ["-P", "-m", "vtgdata"]], ids=["python -m", "as the script"])
def test_modules_in_the_current_folder_are_not_run(way, tmp_path):
    draw_video(tmp_path / "videos/a.mp4")
    row = {"video": "a.mp4", "query": "a dog runs", "windows": [[1, 2]]}
    (tmp_path / "mine_train.jsonl").write_text(json.dumps(row) + "\n")
    stray(tmp_path)
    # The package itself is found by its own folder: with `python -m`, one of that name here would be the user's choice.
    (tmp_path / "vtgdata.py").unlink()
    ours = str(Path(child_processes.__file__).parents[2])
    env = os.environ | SECRETS | {"PYTHONPATH": ours, "VTGDATA_CACHE": str(tmp_path / "cache")}
    words = ["ingest", "moment_jsonl", "mine_train.jsonl", "--name", "mine", "--license", "MIT", "--videos", "videos"]
    done = subprocess.run(
        [sys.executable, *way, *words, "--out", "o", "--json"], cwd=tmp_path, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["videos"] == {"ok": 1, "missing": 0, "unreadable": 0}
    assert not list(tmp_path.rglob("*.ran"))


def test_a_child_process_gets_no_secret(monkeypatch):
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    _, environment = child_processes.python("vtgdata.video.worker")
    assert not set(SECRETS) & set(environment) and not any("canary" in value for value in environment.values())
    assert environment["LC_ALL"] == "C.UTF-8" and environment["PATH"] == os.environ["PATH"]


def test_the_decoding_process_has_no_secret(monkeypatch, tmp_path):
    if not Path("/proc/self/environ").exists():
        pytest.skip("this system does not show the environment of a process")
    from vtgdata.video import workers

    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    worker = workers._Worker(0)  # the process itself, as every command starts it
    try:
        known = Path(f"/proc/{worker._process.pid}/environ").read_bytes()
    finally:
        worker.stop()
    assert b"PATH=" in known and b"canary" not in known


LAUNCHER = "train/launch.py"
"""Starts the same command in several processes, with the same environment: keys of trackers and the Hub among it."""


def test_every_program_that_is_started_is_started_with_that_environment():
    """Nothing in the package starts a process but by these ways; a training's launcher gets all that its GPUs need."""
    package = Path(child_processes.__file__).parents[1]
    starts = ("subprocess.", "os.system", "os.exec", "os.spawn", "os.posix_spawn", "multiprocessing", ".run_async")
    found = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if any(word in path.read_text(encoding="utf-8") for word in starts)
    }
    assert found == {
        *("video/workers.py", "plugins/decoders/ffmpeg.py", "releases/rebuild/steps.py", "train/refresh.py"),
        "files/working_processes.py",
        LAUNCHER,
    }
    for name in found - {LAUNCHER}:
        text = (package / name).read_text(encoding="utf-8")
        assert text.count("subprocess.Popen(") == text.count("env=environment") == 1, name


def test_a_module_named_by_its_path_is_found_here_and_replaces_no_library(tmp_path, monkeypatch):
    stray(tmp_path)
    (tmp_path / "own").mkdir()
    (tmp_path / "own/reader.py").write_text("import numpy\nCORPUS = numpy.float64\ndef read(paths, split): ...\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    assert plugins.load("corpora", "own.reader").CORPUS(2.0) == 2.0
    assert "" not in sys.path and not list(tmp_path.rglob("*.ran"))
    sys.modules.pop("own.reader"), sys.modules.pop("own")


def test_a_recipe_in_a_release_names_no_code(tmp_path):
    text = "out: o\nsteps:\n  - {id: a, command: ingest, corpus: own.reader, paths: [x]}\n"
    (tmp_path / "own").mkdir()
    (tmp_path / "own/reader.py").write_text("open('ran', 'w').close()\nCORPUS = read = None\n")
    (tmp_path / "pulled/sub").mkdir(parents=True)
    (tmp_path / "pulled/release.json").write_text("{}")
    (tmp_path / "pulled/sub/recipe.yaml").write_text(text)
    done = forked.vtgdata("run", "pulled/sub/recipe.yaml", cwd=tmp_path)
    assert done.returncode == 1 and "own.reader" in done.stderr and not (tmp_path / "ran").exists()
    model = "transformers_local:path=pulled,trust_remote_code=true"
    ask = f"{{command: build-coldstart, samples: s.parquet, videos: pulled, model: '{model}'}}"
    write_samples(tmp_path / "s.parquet", [make_sample()])
    (tmp_path / "pulled/sub/recipe.yaml").write_text(f"out: o\nsteps:\n  - {ask}\n")
    done = forked.vtgdata("run", "pulled/sub/recipe.yaml", cwd=tmp_path)
    assert done.returncode == 1 and "names trust_remote_code" in done.stderr
    (tmp_path / "recipe.yaml").write_text(text)
    forked.vtgdata("run", "recipe.yaml", cwd=tmp_path)
    assert (tmp_path / "ran").exists(), "the user's own recipe may"
