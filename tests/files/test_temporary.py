"""Temporary names: one for each process of each machine; what a dead process left goes, and nothing else."""

import ast
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import vtgdata
from support import forked
from vtgdata.files import processes, temporary
from vtgdata.files.whole import Replacement, write_text

LEAVE = """
import os, sys
from pathlib import Path
from vtgdata.files import temporary
place = temporary.beside(Path(sys.argv[1]))
place.mkdir() if sys.argv[2] == "folder" else place.write_text("half")
(place / "inner").write_text("half") if sys.argv[2] == "folder" else None
os._exit(0)
"""
FIND = """
import os, sys, tempfile
from vtgdata.files import temporary
if sys.argv[1] == "killed":
    sys.addaudithook(lambda event, _: event == "os.remove" and os._exit(9))
print(temporary.system() if sys.argv[1] != "Python" else tempfile.gettempdir())
"""
NAMED = ("TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile", "TemporaryDirectory", "mkstemp", "mkdtemp")
"""What of Python's tempfile looks for the system's folder unless it is told a folder."""


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_a_dead_process_left_goes_when_something_is_written_there(tmp_path, kind):
    assert forked.run(["-c", LEAVE, tmp_path / "a.txt", kind]).returncode == 0
    assert len(list(tmp_path.iterdir())) == 1
    write_text(tmp_path / "b.txt", "whole")
    assert [path.name for path in tmp_path.iterdir()] == ["b.txt"]


def test_what_is_being_written_here_or_on_another_machine_and_what_is_not_ours_stays(tmp_path):
    ours = temporary.beside(tmp_path / "a.parquet").name
    tag = ours.removeprefix(".a.parquet.")
    other = f".b.parquet.{'0' * 8}{tag[8:]}"
    names = [ours, other, ".c.tmp", ".d.7.tmp", f"e.{tag}", f".f.{tag}.txt", f".g.{'9' * 30}.tmp"]
    for name in names:
        (tmp_path / name).touch()
    temporary.tidy(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    long_ago = time.time() - temporary.FORGOTTEN_SECONDS - 60
    os.utime(tmp_path / other, (long_ago, long_ago))
    temporary.tidy(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted({*names} - {other})


def test_a_later_process_with_the_same_number_is_not_taken_for_the_dead_one(tmp_path):
    name = temporary.beside(tmp_path / "a").name
    started = processes.started(os.getpid())
    assert started
    (tmp_path / name.replace(f"-{started}-", "-1-")).touch()
    temporary.tidy(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_two_writers_of_one_file_never_write_into_one_another(tmp_path):
    first, second = Replacement(tmp_path / "a"), Replacement(tmp_path / "a")
    first.file.write(b"first")
    second.file.write(b"second")
    first.commit()
    second.commit()
    assert (tmp_path / "a").read_bytes() == b"second"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_name_as_long_as_a_name_may_be_can_be_written(tmp_path):
    for name in ("a" * 255, "ö" * 127):
        write_text(tmp_path / name, "whole")
        assert (tmp_path / name).read_text() == "whole"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_among_the_systems_temporary_files_is_private_and_gone_afterwards(tmp_path, monkeypatch):
    monkeypatch.setattr(temporary.tempfile, "tempdir", str(tmp_path))
    with temporary.folder() as place:
        assert place.parent == tmp_path and place.stat().st_mode & 0o777 == 0o700
        (place / "a").write_text("b")
    assert list(tmp_path.iterdir()) == []


def test_a_process_is_known_by_when_it_started():
    assert processes.started(os.getpid())
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
        assert processes.started(process.pid) is None
    assert processes.started(2**40) is None


def test_a_folder_that_cannot_be_listed_is_no_error(tmp_path):
    temporary.tidy(tmp_path / "absent")
    temporary.tidy(Path("/proc/self/mem"))


def test_a_process_killed_while_it_looks_for_the_systems_folder_leaves_nothing_after_the_next_run(tmp_path):
    env = dict(os.environ) | {"TMPDIR": str(tmp_path)}
    assert forked.run(["-c", FIND, "killed"], env=env).returncode == 9
    assert len(list(tmp_path.iterdir())) == 1
    assert forked.run(["-c", FIND, "whole"], env=env).stdout.strip() == str(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("named", [{"TMPDIR": "absent", "TEMP": "there"}, {"TMP": "there"}, {"TMPDIR": "file"}, {}])
def test_the_systems_folder_is_the_one_that_python_finds(tmp_path, named):
    (tmp_path / "there").mkdir()
    (tmp_path / "file").touch()
    env = {name: value for name, value in os.environ.items() if name not in ("TMPDIR", "TEMP", "TMP")} | named
    ours, pythons = (forked.run(["-c", FIND, way], cwd=tmp_path, env=env) for way in ("whole", "Python"))
    assert ours.stdout == pythons.stdout != "", ours.stderr
    assert list((tmp_path / "there").iterdir()) == []


def test_no_module_lets_python_look_for_the_systems_folder():
    package = Path(vtgdata.__file__).parent
    calls = [
        (path.relative_to(package).as_posix(), node.func.attr, [each.arg for each in node.keywords])
        for path in package.rglob("*.py")
        if "tempfile" in (text := path.read_text())
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if isinstance(node.func.value, ast.Name) and node.func.value.id == "tempfile"
    ]
    assert calls
    for path, name, given in calls:
        assert path == "files/temporary.py" or (name in NAMED and "dir" in given), f"{path}: tempfile.{name}"
