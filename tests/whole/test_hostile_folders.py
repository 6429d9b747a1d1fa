"""Nothing that lies in a folder of data is run, and nothing is written, started or called outside what was named.

A3, A11 and A16 of `support.attacks`, on every command: with strace, which sees every file, program and socket.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import vtgdata
from support import forked
from support.attacks import CANARIES, SECRETS, attacked, out, typed
from support.every_stage import ADDS_TO, make_world
from support.hostile import CODE, media, model, ran, stray
from vtgdata.cli import commands

TRACED = (
    "execve,execveat,socket,connect,open,openat,creat,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,link,"
    "linkat,symlink,symlinkat,truncate,rmdir,chmod,fchmodat,chdir"
)
CHANGES = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|^(?:creat|rename|unlink|mkdir|link|symlink|truncate|rmdir|f?chmod)")
STARTED = {"/sbin/ldconfig": "Python's own ctypes asks it where libraries lie, when torch is imported"}
"""Other programs that are started, by their whole path and with an empty environment, and why."""
PATHS = re.compile(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"')


@pytest.fixture
def world(tmp_path: Path) -> Path:
    make_world(tmp_path / "world")
    media(tmp_path / "world")
    (tmp_path / "tmp").mkdir()
    return tmp_path / "world"


def environment(world: Path, **more: str) -> dict[str, str]:
    ours = str(Path(vtgdata.__file__).parents[1])
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "VTGDATA_"))}
    return kept | CANARIES | {
        "PYTHONPATH": ours, "VTGDATA_CACHE": str(world.parent / "cache"), "HF_HOME": str(world.parent / "home"),
        "TMPDIR": str(world.parent / "tmp"), "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(world.parent / "home"),
        "HF_HUB_DISABLE_PROGRESS_BARS": "1", "HTTPS_PROXY": "http://bob:canary%20of%20proxy@127.0.0.1:9",
    } | more  # fmt: skip


def slowly(names: list[str], default: tuple[str, ...]) -> list[Any]:
    return [name if name in default else pytest.param(name, marks=pytest.mark.slow) for name in names]


@pytest.mark.program("strace")
@pytest.mark.parametrize("command", slowly(attacked("A3"), ("videos verify",)))
def test_a3_and_a11_nothing_is_run_written_or_called_but_what_was_named(command, world):
    """Modules and programs lie in the current folder, and PATH names it; keys are in the environment."""
    model(world / "model")
    place = "./o.txt" if command in ("diff", "remove") else "./o"
    changes = {"steps": 1} if command == "demo-base" else {}  # refused: it would train for minutes
    words = typed(command, **out(command, place), **changes)
    started = traced(world, words, [world / place, *(world / each for each in ADDS_TO.get(command, []))])
    assert len(started) > 1 or command != "videos verify", "the trace sees what is started"


ESCAPING = ("../../escaped.parquet", "/tmp/escaped.parquet", "a/../../../escaped", "..\\escaped", "")


@pytest.mark.slow
@pytest.mark.program("strace")
@pytest.mark.parametrize("what", ["a recipe", "its settings", "a release", "a folder to retry"])
def test_hostile_recipes_and_releases_write_start_and_call_nothing(what, world):
    pulled = world / "release/1.0.0"
    (world / "own").mkdir()
    (world / "own/reader.py").write_text(CODE + "CORPUS = read = connect = None\n")
    if what == "a release":
        document = json.loads((pulled / "release.json").read_text())
        for name in ESCAPING:
            document["files"] = {name: {"sha256": "0" * 64, "bytes": 1}}
            (pulled / "release.json").write_text(json.dumps(document))
            for words in (["diff", pulled, pulled, "--out", "o.txt"], ["push", pulled, "./o"]):
                traced(world, list(map(str, words)), [world / "o.txt", world / "o"])
        return
    for step in STEPS.values():
        (pulled / "recipe.yaml").write_text(json.dumps({"out": "o", "steps": [step]}))
        words = ["run", "release/1.0.0/recipe.yaml", "--out", "o"]
        if what == "its settings":
            words = [*step["command"].split(), "--recipe", "release/1.0.0/recipe.yaml"]
            words += ["--out", "o"] if "target" not in step and "file" not in step else []
        elif what == "a folder to retry":
            meta = {name: {} for name in ("inputs", "outputs", "summary")} | {"command": step["command"], "code": ""}
            meta |= {"version": "0", "complete": True, "finished": "", "settings": dict(list(step.items())[1:])}
            (pulled / "meta.json").write_text(json.dumps(meta))
            words = ["retry", "release/1.0.0"]
        traced(world, words, [world / "o"])


def traced(world: Path, words: list[str], named: list[Path]) -> list[str]:
    """Run a command line under strace among stray modules and programs, and judge all that it does.

    Returns the programs that were started. `named` are the files and folders that it may write.
    """
    found = stray(world)
    log = world.parent / "log"
    strace = ["strace", "-f", "-y", "-v", "-qq", "-s", "9999", "-o", str(log), "-e", f"trace={TRACED}"]
    env = environment(world, **found)
    program = [sys.executable, "-m", "vtgdata", *words]
    done = subprocess.run([*strace, *program], cwd=world, env=env, capture_output=True, text=True, errors="replace")
    if "ptrace" in done.stderr:
        pytest.skip("strace may not trace here")
    assert "Traceback" not in done.stderr, done.stderr
    assert not ran(world)
    lines = [line.partition(" ")[2].strip() for line in log.read_text(errors="replace").splitlines()]
    lines = [line for line in lines if " = -1 E" not in line or line.startswith("connect")]
    # `rebuild` runs its steps in a process that is in another folder.
    changed = [path for line in lines if line.startswith("chdir") for _, path in PATHS.findall(line)]
    currents = [str(world), *(os.path.join(world, path) for path in changed)]  # noqa: PTH118
    beside = (f"{path.parent}/{dots}{path.name}" for path in named for dots in (".", ".."))
    shared = (f"{world.parent}/{name}" for name in ("cache", "home", "tmp"))
    allowed = (*beside, *map(str, named), *shared, "/dev/null", "/dev/tty", "/proc/self")
    for line in lines:
        if line.startswith("execve"):
            assert line.startswith(tuple(f'execve("{each}"' for each in (sys.executable, *STARTED))), line[:300]
        elif line.startswith("connect"):
            assert "AF_UNIX" in line or "127.0.0.1" in line or "::1" in line, line
        elif not line.startswith("socket") and CHANGES.search(line):
            for places in _written(line, currents):
                assert any(each.startswith(allowed) for each in places), line
    started = [line for line in lines if line.startswith("execve")]
    for line in started[1:]:
        assert not [secret for secret in SECRETS if secret in line], "a child process knows a key"
    return started


def _written(line: str, currents: list[str]) -> list[list[str]]:
    """For each path that a call changes, the places where it may lie: one, or one for each current folder."""
    found = PATHS.findall(line)
    if "link" in line[:8] and not line.startswith("unlink"):
        found = found[1:2]  # the link, not where it leads
    elif not line.startswith("rename"):
        found = found[:1]
    return [[os.path.normpath(os.path.join(each, path)) for each in ([at] if at else currents)] for at, path in found]  # noqa: PTH118


@pytest.mark.slow
@pytest.mark.parametrize("command", attacked("A16"))
def test_a16_a_models_own_code_is_not_run_whatever_is_answered(command, world):
    model(world / "model")
    changes: dict[str, Any] = {"model": "transformers_local:./model"}
    if command == "evaluate":
        changes = {"model": ["transformers_local:./model"], "videos": "videos", "num_frames": 2, "predictions": ""}
        changes |= {"baseline": ""}
    elif command.startswith("train"):
        changes = {"model": "model"}
    words = typed(command, **out(command, "./o") | changes)
    program = [sys.executable, "-m", "vtgdata", *words]
    done = subprocess.run(
        program, cwd=world, env=environment(world), input="y\n" * 9, capture_output=True, text=True, errors="replace"
    )
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    assert not ran(world)


FETCHED = {
    "a release": ("release.json",),
    "a download": (".cache/huggingface/download",),
    "a cache": ("refs/main", "blobs"),
    "a model": ("model.json", "config.json"),
}
STEPS = {
    "code": {"command": "ingest", "corpus": "own.reader", "paths": ["raw"]},
    "a server": {"command": "score-difficulty", "samples": "s", "model": "openai_api:m", "endpoint": "http://h/v1"},
    "a push": {"command": "push", "release": "release", "target": "org/name"},
    "a list": {"command": "remove", "file": "list.json", "video_id": ["a"]},
    "a place": {"command": "curate", "file": "/etc/passwd"},
    "a place above": {"command": "curate", "file": "../samples.parquet"},
    "a home": {"command": "videos warm", "samples": "s", "videos": "~"},
    "a name at home": {"command": "release", "version": "1.0.0", "samples": "s", "name": "~/x"},
    "frames": {"command": "videos warm", "samples": "s", "videos": "v", "frames": "/tmp/f"},
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    "fetched", ["a release", *(pytest.param(name, marks=pytest.mark.slow) for name in FETCHED if name != "a release")]
)
def test_a_recipe_that_was_fetched_names_nothing_that_no_release_needs(fetched, step, tmp_path, capsys, monkeypatch):
    from vtgdata.cli import app

    monkeypatch.chdir(tmp_path)
    for name in FETCHED[fetched]:
        (tmp_path / "pulled" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "pulled" / name).touch()
    (tmp_path / "own").mkdir()
    (tmp_path / "own/reader.py").write_text(CODE + "CORPUS = read = None\n")
    (tmp_path / "raw").mkdir()
    (tmp_path / "pulled/deep").mkdir()
    recipe = tmp_path / "pulled/deep/recipe.yaml"
    recipe.write_text(json.dumps({"out": "o", "steps": [STEPS[step]]}))
    (tmp_path / "link.yaml").symlink_to(recipe)
    for path in ("pulled/deep/recipe.yaml", "link.yaml"):
        assert app.run(["run", path]) == 1
        assert "lies in a release" in capsys.readouterr().err
    assert not ran(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    out_of = {"out": "/tmp/elsewhere", "steps": [{"command": "curate", "file": "s"}]}
    recipe.write_text(json.dumps(out_of))
    assert app.run(["run", str(recipe)]) == 1 and "lies in a release" in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("command", ["ingest", "score-difficulty"])
def test_settings_from_a_fetched_recipe_name_no_code_and_no_server(command, tmp_path, capsys, monkeypatch):
    """`--recipe FILE` takes the settings of a step, and `retry DIR` those of a folder."""
    from vtgdata.cli import app

    make_world(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own").mkdir()
    (tmp_path / "own/reader.py").write_text(CODE + "CORPUS = read = None\n")
    (tmp_path / "own/model.py").write_text(CODE + "def connect(): ...\n")
    settings: dict[str, Any] = {"command": command, "samples": "samples/samples.parquet", "model": "own.model:x"}
    settings |= {"videos": "videos", "num_frames": 2}
    if command == "ingest":
        settings = STEPS["code"]
    (tmp_path / "release/recipe.yaml").write_text(json.dumps({"steps": [settings]}))
    (tmp_path / "release/release.json").touch()
    assert app.run([*command.split(), "--recipe", "release/recipe.yaml", "--out", "o"]) == 1
    assert "may name no code" in capsys.readouterr().err
    if command != "ingest":
        meta = {name: {} for name in ("inputs", "outputs", "summary")} | {"command": command, "version": "0"}
        meta |= {"complete": True, "code": "", "finished": "", "settings": settings}
        meta["settings"] = {name: value for name, value in settings.items() if name != "command"}
        (tmp_path / "release/made").mkdir()
        (tmp_path / "release/made/meta.json").write_text(json.dumps(meta))
        assert app.run(["retry", "release/made"]) == 1
        assert "may name no code" in capsys.readouterr().err
    assert not ran(tmp_path)


NAMING = ("_attn_implementation", "attn_implementation", "experts_implementation", "kernel_config")


@pytest.mark.parametrize("key", NAMING)
def test_a_models_config_names_no_code_to_fetch(key, tmp_path):
    from vtgdata.errors import VtgError
    from vtgdata.files import own_code

    for stated in ({key: "org/kernel"}, {"text_config": {key: {"vision": "org/kernel@main"}}}):
        (tmp_path / "config.json").write_text(json.dumps({"model_type": "llava", "_name_or_path": "org/x"} | stated))
        with pytest.raises(VtgError, match=r"org/kernel.*trust_remote_code=true"):
            own_code.refuse_kernels(str(tmp_path / "config.json"), "which only trust_remote_code=true allows")
    (tmp_path / "config.json").write_text(json.dumps({"_name_or_path": "org/x", key: "sdpa"}))
    own_code.refuse_kernels(str(tmp_path / "config.json"), "which only trust_remote_code=true allows")


def test_a_clip_model_may_not_ask_for_its_own_code(tmp_path):
    from vtgdata.errors import VtgError
    from vtgdata.video import open_clip_model

    config = {"model_cfg": {"text_cfg": {"hf_tokenizer_name": "x", "tokenizer_kwargs": {"trust_remote_code": True}}}}
    (tmp_path / "open_clip_config.json").write_text(json.dumps(config))
    with pytest.raises(VtgError, match="trust_remote_code"):
        open_clip_model.refuse_own_code("clip_relevance", "x", open_clip_model.config(str(tmp_path)))
    (tmp_path / "open_clip_config.json").write_text("{}")
    open_clip_model.refuse_own_code("clip_relevance", "x", open_clip_model.config(str(tmp_path)))


@pytest.mark.slow
def test_a_retrieval_model_runs_no_code_of_its_own(world):
    """Neither Python files beside it (`auto_map`) nor a repository that its configuration names.

    In one process: tests/plugins/retrievers/test_transformers_clip.py.
    """
    model(world / "model")
    words = typed("propose", **out("propose", "./o"), score_by="transformers_clip:./model")
    done = subprocess.run(
        [sys.executable, "-m", "vtgdata", *words],
        cwd=world, env=environment(world), input="y\n" * 9, capture_output=True, text=True, errors="replace",
    )  # fmt: skip
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    assert "transformers_clip:./model" in done.stderr and not ran(world)
    (world / "model/config.json").write_text(json.dumps({"model_type": "clip", "_attn_implementation": "org/kernel"}))
    done = forked.vtgdata(*words, cwd=world)
    assert done.returncode == 1 and "org/kernel" in done.stderr, done.stderr


def test_every_command_is_reached():
    assert set(attacked("A3")) == set(commands.COMMANDS)
    assert forked.vtgdata("--version").returncode == 0
