"""Processes of one's own: what is made of pieces comes in order, and whatever ends one is said in words."""

import ast
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator

import pytest

from vtgdata.errors import VtgError
from vtgdata.files import working_processes
from vtgdata.files.processes import started

WORK = working_processes.Work("support.working:making", b"state")


def made(pieces: Iterable[bytes], count: int = 2) -> Iterator[tuple[bytes, bytes | None]]:
    return working_processes.in_order(WORK, pieces, bytes, count)


def test_what_is_made_comes_in_the_order_of_the_pieces_from_several_processes():
    pieces = [b"z" * (5 * (place % 3)) + b"%d" % place for place in range(12)]
    found = list(made(pieces))
    assert [piece for piece, _ in found] == pieces
    assert [said.split()[1:] for _, said in found if said] == [[b"state", piece] for piece in pieces]
    pids = {int(said.split()[0]) for _, said in found if said}
    assert len(pids) == 2 and os.getpid() not in pids and not any(started(pid) for pid in pids)


def test_a_piece_that_raises_is_left_to_the_caller_and_the_others_go_on():
    assert [said is None for _, said in made([b"1", b"raise", b"2", b"3"], 1)] == [False, True, False, False]


def test_an_error_of_the_pieces_comes_after_what_was_before_it():
    def pieces() -> Iterator[bytes]:
        yield b"zzzz"
        raise VtgError("no more")

    found = made(pieces())
    assert next(found)[0] == b"zzzz"
    with pytest.raises(VtgError, match="no more"):
        next(found)


@pytest.mark.parametrize(
    ("piece", "words"), [(b"die", "was ended by signal 9"), (b"leave", "ended with exit code 1 .it had")]
)
def test_a_process_that_ends_by_itself_ends_the_run_in_words(piece, words):
    with pytest.raises(VtgError, match=rf"A working process {words}.*--workers 1"):
        list(made([b"1", piece, b"2"]))


def test_a_process_knows_no_secret_and_looks_for_no_module_in_the_current_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pickle.py").write_text("open('ran', 'w')")
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    ((_, said),) = made([b"environment"], 1)
    variables, path, modules = ast.literal_eval((said or b"").decode())
    assert "canary" not in repr(variables) and "PATH" in variables
    assert not {"", str(tmp_path)} & set(path) and not (tmp_path / "ran").exists()
    assert "torch" not in modules and "vtgdata.files.working_process" not in modules, "it is the program itself"


def test_processes_end_with_the_one_that_started_them_however_that_ends(tmp_path):
    script = (
        "from pathlib import Path; from vtgdata.files import working_processes as w\n"
        "work = w.Work('support.working:making', b'')\n"
        "for piece, said in w.in_order(work, (b'%d' % n for n in range(10**9)), bytes, 2):\n"
        "    with Path('pids').open('ab') as file: file.write(said.split()[0] + b'\\n')\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, env=environment)
    file, until = tmp_path / "pids", time.monotonic() + 60
    while not (file.exists() and len(set(file.read_text().split())) == 2):
        assert parent.poll() is None and time.monotonic() < until
        time.sleep(0.02)
    pids = {int(pid) for pid in file.read_text().split()[:-1]}
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    while any(started(pid) for pid in pids):
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_caller_that_stops_early_leaves_no_process_behind():
    found = made(b"%d" % number for number in range(10**9))
    pid = int((next(found)[1] or b"").split()[0])
    found.close()  # type: ignore[attr-defined]
    assert not started(pid)
