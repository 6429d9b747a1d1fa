"""Attacks of one kind each, tried on every command of the table; see `support.attacks` for what is exempt and why.

A1, A2, A4 and A6 (what is written over, and when two write) are tried in tests/files/test_claims.py and test_owned.py.
"""

import contextlib
import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support import forked
from support.attacks import (
    ATTACKS,
    CANARIES,
    EVIL,
    EXEMPT,
    PARTLY,
    SILENT,
    attacked,
    leaked,
    out,
    table,
    texts,
    typed,
    wrong,
)
from support.builders import make_sample
from support.every_stage import RUNS, make_world, run
from support.file_attacks import SEES
from support.release_builders import make_release
from support.release_builders import make_sample as release_sample
from vtgdata.cli import commands
from vtgdata.errors import VtgError
from vtgdata.files import fingerprint
from vtgdata.files.samples import read_samples, write_samples
from vtgdata.files.whole import write_jsonl

DEFAULT = ("check", "diff")
"""Commands that the default suite tries; the others are slow tests."""
TORCH = ("train sft", "train rl", "train distill", "demo-base")


def slowly(names: list[str], default: tuple[str, ...] = DEFAULT) -> list[Any]:
    return [name if name in default else pytest.param(name, marks=pytest.mark.slow) for name in names]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    make_world(tmp_path / "world")
    monkeypatch.setenv("VTGDATA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.chdir(tmp_path / "world")
    return tmp_path / "world"


def test_every_command_has_settings_and_every_exemption_a_command_and_a_reason(capsys):
    assert set(RUNS) == set(commands.COMMANDS)
    assert set(EXEMPT) <= set(ATTACKS)
    for attack, exempt in EXEMPT.items():
        assert set(exempt) <= set(RUNS) and all(exempt.values()), attack
    for part, exempt in PARTLY.items():
        assert set(exempt) <= set(RUNS) and all(exempt.values()), part
    if os.environ.get("HYPOTHESIS_PROFILE") == "deep":
        with capsys.disabled():
            sys.stdout.write(f"\n{table()}\n")


# A8: no text drives the terminal


def evil(world: Path) -> None:
    """Orders to the terminal, and line breaks, in everything that has a name or words in the inputs."""
    bad = make_sample(f"s\n{EVIL}", video_id=f"v\n{EVIL}", query=f"{EVIL} falls", duration=4.0, split="rl")
    for path in (world / "samples/samples.parquet", world / "others/samples.parquet"):
        kept = read_samples(path)
        write_samples(path, [*kept, bad if path.parent.name == "samples" else make_sample(f"o{EVIL}", split="test")])
    rows = (world / "raw/mine_train.jsonl").read_text()
    row = {"video": f"v\n{EVIL}.mp4", "duration": 4.0, "query": EVIL, "windows": [[1, 2]]}
    more = [json.dumps(row), json.dumps(row | {"windows": [[9, 1]]})]
    (world / "raw/mine_train.jsonl").write_text("\n".join([rows.strip(), *more, ""]))
    write_jsonl(world / "predictions/mine.jsonl", [{"sample_id": f"s\n{EVIL}", "windows": [[1.0, 2.0]]}, {"x": EVIL}])
    shutil.copy(world / "videos/deep/a.mp4", world / f"videos/v\n{EVIL}.avi")
    shutil.rmtree(world / "release")
    inputs = {"samples": "samples", "coldstart": "traces", "pass_rates": "pass_rates"}
    found = {name: str(world / f"inputs/{file}.parquet") for name, file in inputs.items()}
    found["splits"] = {"rl": str(world / "inputs/rows.parquet")}  # type: ignore[assignment]
    make_release(world / "release/1.0.0", found, name=f"Doors {EVIL}")
    added = release_sample(77, sample_id=f"alpha:{EVIL}", query=EVIL)
    write_samples(world / "inputs/more.parquet", [*read_samples(world / "inputs/samples.parquet"), added])
    make_release(world / "release/1.1.0", found | {"samples": str(world / "inputs/more.parquet")}, "1.1.0")


ABSENT = f"no\n{EVIL}"
HOSTILE: dict[str, dict[str, Any]] = {
    "diff": {"b": "release/1.1.0"}, "demo-base": {"steps": 1}, "demo-report": {"evaluation": ABSENT},
    **{name: {"model": ABSENT, "videos": ABSENT} for name in ("train sft", "train rl", "train distill")},
    **{
        name: {"model": "scripted:samples/samples.parquet"}
        for name in ("build-coldstart", "score-difficulty", "propose")
    },
}  # fmt: skip
"""Settings with which a command gets to see something hostile."""


@pytest.mark.parametrize("command", slowly(attacked("A8")))
def test_a8_no_text_drives_the_terminal(command, world):
    evil(world)
    place = f"./o{EVIL}.txt" if command in ("diff", "remove") else f"./o{EVIL}"
    changes = HOSTILE.get(command, {})
    done = forked.vtgdata(*typed(command, **out(command, place), **changes), cwd=world)
    assert "Traceback" not in done.stderr, done.stderr
    assert not wrong(done.stdout + done.stderr), (done.stdout, done.stderr)
    assert command in SILENT or r"\x1b" in done.stdout + done.stderr, "it was said, and shown"
    for path in world.rglob("*.txt"):
        if path.is_file() and not path.name.startswith("o\x1b"):
            assert not wrong(path.read_text()), path
    again = forked.vtgdata(*typed(command, **out(command, f"{place}2"), **changes), "--json", cwd=world)
    assert not wrong(again.stdout + again.stderr), (again.stdout, again.stderr)
    said = [json.loads(line) for line in (again.stdout + again.stderr).splitlines() if line.startswith("{")]
    if command not in SILENT:
        assert "\x1b" in "".join(strings(said)), "scripts read it as it is"


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in (*value, *value.values()) if isinstance(value, dict) else value:
            yield from strings(each)


@pytest.mark.parametrize("command", slowly(attacked("A8"), ("check",)))
def test_a8_what_is_typed_wrongly_drives_no_terminal(command, world):
    """A shell puts the names of files where options are."""
    for words in ([*command.split(), f"--{EVIL}"], [*command.split(), EVIL, EVIL, EVIL], [EVIL]):
        done = forked.vtgdata(*words, cwd=world)
        assert done.returncode and not wrong(done.stdout + done.stderr), done.stderr


# A10: no credential is shown or kept


@pytest.mark.parametrize("command", slowly(attacked("A10")))
def test_a10_no_credential_in_a_variable_is_shown_or_kept(command, world):
    for more in ([], ["--json"]):
        changes = {"steps": 1} if command == "demo-base" else {}
        words = typed(command, **out(command, f"./o{len(more)}"), **changes)
        done = forked.vtgdata(*words, *more, cwd=world, **CANARIES)
        assert "Traceback" not in done.stderr, done.stderr
        assert not leaked(world.parent, done.stdout + done.stderr)


LOGIN = "http://bob:canary-of-hub@127.0.0.1:9/x"
SETTINGS = [(command, name) for command in attacked("A10") for name in texts(command)]


@pytest.mark.parametrize(
    ("command", "name"),
    [one if n % 80 == 0 else pytest.param(*one, marks=pytest.mark.slow) for n, one in enumerate(SETTINGS)],
)
def test_a10_no_credential_in_a_setting_is_shown_or_kept(command, name, world, capsys):
    """A mirror, a raw file by its link, a field of a request: whatever is a text may have a login in it."""
    from vtgdata.cli import app

    for value in (LOGIN, f"x={LOGIN}", f"{LOGIN}?token=canary-of-hub"):
        kind = str(commands.settings_type(command).__annotations__.get(name, ""))
        given = [value] if "list" in kind else {"x": value} if "dict" in kind else value
        code = app.run([*typed(command, **out(command, "./o") | {name: given}), "--json"])
        said = capsys.readouterr()
        assert code, "refused"
        assert not leaked(world.parent, said.out + said.err)


# A9 and A15: what is read is what was hashed


@pytest.fixture
def believing(monkeypatch):
    """Every hash is remembered, and the memory believes that no file has changed: as after bytes have rotted."""
    monkeypatch.setattr(fingerprint, "REMEMBERED", 0)
    monkeypatch.setattr(fingerprint, "_settled", lambda stat: True)
    monkeypatch.setattr(fingerprint, "_stamp_of", lambda stat: (stat.st_size,))


def rot(path: Path) -> None:
    times, raw = path.stat(), bytearray(path.read_bytes())
    fingerprint.of_file(path)
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    fingerprint._read.clear()  # as in a new process


READS: dict[str, dict[str, Any]] = {
    "report": {"path": "release/1.0.0", "against": ""},
    "remove": {"source": "release/1.0.0", "video_id": [], "sample_id": ["alpha:001"]},
}
"""Settings with which a command reads a release."""


@pytest.mark.usefixtures("believing")
@pytest.mark.parametrize("command", slowly(attacked("A15"), ("diff",)))
def test_a15_a_release_with_other_bytes_is_refused(command, world):
    for path in sorted((world / "release/1.0.0").rglob("*.parquet")):
        kept = path.read_bytes()
        rot(path)
        with pytest.raises(VtgError, match="is not the file that was released"):
            run(command, "./o", **READS.get(command, {}))
        path.write_bytes(kept)
        fingerprint._read.clear()
    with sqlite3.connect(world.parent / "cache/hashes.sqlite") as db:
        assert db.execute("SELECT count(*) FROM stamped").fetchone()[0], "there was a memory"


@pytest.mark.usefixtures("believing")
@pytest.mark.parametrize("command", slowly(attacked("A9"), ("check",)))
def test_a9_a_bound_video_with_other_bytes_is_not_taken(command, world):
    assert "videos" in (commands.fields(command) or ())
    run("videos bind", "bound")
    for path in (world / "videos").rglob("*.mp4"):
        rot(path)
    changes: dict[str, Any] = {"max_failed": 1.0} if "max_failed" in (commands.fields(command) or ()) else {}
    changes |= SEES.get(command, {})
    if command == "videos bind":
        run(command, "o", **changes)
        said = str(read_all(world / "o"))
        assert "changed" in said
        return
    with contextlib.suppress(VtgError):  # more videos failed than may
        run(command, "o", **changes)
    frames = list((world.parent / "cache").glob("frames/*/*/*.parquet"))
    assert not frames, "nothing of them was decoded"
    if command != "curate":  # it names no video that it does not see
        files = [world / "o"] if (world / "o").is_file() else (world / "o").glob("*.json")
        assert "changed" in str(read_all(world / "o")) + "".join(path.read_text() for path in files)


def read_all(folder: Path) -> list[Any]:
    from vtgdata.files.parquet import read_parquet

    return [read_parquet(path) for path in sorted(folder.glob("*.parquet"))]


def test_a10_no_login_in_a_link_of_a_raw_file_is_kept(world):
    link = "https://bob:canary-of-hub@host/{}.mp4?X-Amz-Signature=canary0of0signature"
    rows = [
        {"video": link.format("a"), "duration": 4.0, "query": f"see {link}", "windows": [[1, 2]], "url": link},
        {"video": link.format("b"), "duration": 4.0, "query": "reversed", "windows": [[9, 9]], "more": {link: [link]}},
        {"video": link.format("b"), "duration": 4.0, "query": "", "windows": [[1, 2]]},
    ]
    raw = world.parent / "raw_train.jsonl"
    raw.write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = ["ingest", "moment_jsonl", raw, "--name", "mine", "--license", "MIT", "--out", "o"]
    done = forked.vtgdata(*words, cwd=world)
    assert done.returncode == 0, done.stderr
    assert not leaked(world, done.stdout + done.stderr)
    (sample,) = read_samples(world / "o/samples.parquet")
    assert sample.extra["url"].startswith("https://[secret]@host/") and sample.video.video_id == "a"
    assert "canary" not in str(read_all(world / "o"))


PLAIN = {
    "status": ["status", "."],
    "run": ["run", f"r{EVIL}.yaml"],
    "run, dry": ["run", f"r{EVIL}.yaml", "--dry-run"],
    "retry": ["retry", f"o{EVIL}"],
    "batch-import": ["batch-import", f"b{EVIL}", f"f{EVIL}"],
    "corpora": ["corpora", EVIL],
    "anchors": ["anchors", EVIL],
    "view": ["view", f"no{EVIL}"],
}
"""Commands that run no stage of their own."""


@pytest.mark.parametrize("name", PLAIN)
def test_a8_and_a10_hold_for_the_other_commands_too(name, world, capsys, monkeypatch):
    from vtgdata.cli import app

    run("select", f"o{EVIL}", size=2)
    step = {"id": "a", "command": "curate", "file": f"no{EVIL}"}
    (world / f"r{EVIL}.yaml").write_text(json.dumps({"out": f"x{EVIL}", "steps": [step]}))
    for variable, value in CANARIES.items():
        monkeypatch.setenv(variable, value)
    capsys.readouterr()
    for more in ([], ["--json"]):
        code = app.run([*PLAIN[name], *more])
        said = "".join(capsys.readouterr())
        assert not wrong(said) and not leaked(world, said), said
        assert more or name == "run, dry" or r"\x1b" in said, (code, said)
        assert "Traceback" not in said


def test_every_other_command_is_tried():
    from vtgdata.cli import app

    stages = {name.split()[-1] for name in commands.COMMANDS}
    named = {command.name for command in app.build([]).registered_commands}
    assert named - stages == {name.partition(",")[0] for name in PLAIN}
