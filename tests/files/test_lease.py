import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from vtgdata.engine.journal.journal import Attempt, Journal
from vtgdata.errors import Locked
from vtgdata.files import lease as lease_module
from vtgdata.files.lease import BEAT_SECONDS, STALE_SECONDS, Lease, Owner, owner, owner_path, this_process
from vtgdata.records import Reply

CONTEND = """
import sys, time
from pathlib import Path
from vtgdata.files.lease import Lease
from vtgdata.errors import Locked
path, log = Path(sys.argv[1]), open(sys.argv[2], "a")
print("ready", flush=True)
sys.stdin.readline()
won = 0
for _ in range(25):
    try:
        lease = Lease(path)
    except Locked:
        time.sleep(0.001)
        continue
    log.write(f"in {lease.mine.token}\\n"); log.flush()
    time.sleep(0.002)
    log.write(f"out {lease.mine.token}\\n"); log.flush()
    lease.release()
    won += 1
"""


def left_behind(path: Path, *, silent: float = 0.0, **changes: object) -> Owner:
    """A lease as another process left it, so many seconds ago."""
    theirs = msgspec.structs.replace(this_process(), token="theirs", **changes)
    owner_path(path).write_bytes(msgspec.json.encode(theirs))
    then = time.time() - silent
    os.utime(owner_path(path), (then, then))
    return theirs


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_dead_process_of_this_machine_is_followed_at_once(tmp_path):
    path = tmp_path / "j.sqlite"
    left_behind(path, pid=dead_pid())
    with Journal(path):
        assert (owner(path) or pytest.fail()).pid == os.getpid()


def test_another_process_with_the_dead_ones_id_is_not_taken_for_it(tmp_path):
    path = tmp_path / "j.sqlite"
    left_behind(path, pid=os.getppid(), started="1")
    with Journal(path):
        assert (owner(path) or pytest.fail()).pid == os.getpid()


def test_a_living_process_of_this_machine_keeps_its_lease_however_silent(tmp_path):
    path = tmp_path / "j.sqlite"
    left_behind(path, silent=STALE_SECONDS * 100)
    with pytest.raises(Locked, match=f"held by process {os.getpid()} on "):
        Journal(path)
    assert not path.exists(), "the journal itself was not touched"


@pytest.mark.parametrize(("silent", "taken"), [(STALE_SECONDS / 2, False), (STALE_SECONDS + 5, True)])
def test_of_another_machine_only_its_silence_counts(tmp_path, silent, taken):
    path = tmp_path / "j.sqlite"
    left_behind(path, silent=silent, machine="elsewhere", host="node7", pid=dead_pid())
    if taken:
        Journal(path).close()
    else:
        with pytest.raises(Locked, match="on node7 since 20"):
            Journal(path)


def test_a_torn_lease_is_taken_over(tmp_path):
    path = tmp_path / "j.sqlite"
    owner_path(path).write_bytes(b"")
    os.utime(owner_path(path), (time.time() - 10, time.time() - 10))
    Journal(path).close()


def test_a_holder_dates_its_lease_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(lease_module, "BEAT_SECONDS", 0.02)
    lease = Lease(tmp_path / "j.sqlite")
    os.utime(lease.file, (1, 1))
    deadline = time.monotonic() + 5
    while lease.file.stat().st_mtime < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert lease.file.stat().st_mtime > 2
    lease.release()
    assert STALE_SECONDS >= 6 * BEAT_SECONDS, "one late beat loses nothing"


def test_who_was_silent_for_too_long_and_lost_its_lease_writes_no_more(tmp_path):
    path = tmp_path / "j.sqlite"
    with Journal(path) as journal:
        journal.record([Attempt(key="k", sample_id="s", index=0, reply=Reply(text="a"))])
        left_behind(path, machine="elsewhere", host="node7")
        journal._lease.beat()
        journal._lease.beat()
        with pytest.raises(Locked, match=r"on node7 since .* took over"):
            journal.record([Attempt(key="l", sample_id="s", index=0, reply=Reply(text="b"))])
    assert (owner(path) or pytest.fail()).host == "node7", "the other's lease stays"


def test_a_lease_that_somebody_took_and_gave_back_is_made_again(tmp_path):
    lease = Lease(tmp_path / "j.sqlite")
    lease.file.unlink()
    lease.beat()
    assert (owner(tmp_path / "j.sqlite") or pytest.fail()).token == lease.mine.token
    lease.release()
    assert list(tmp_path.iterdir()) == []


def test_of_many_processes_at_once_one_holds_it_without_any_lock_of_the_file_system(tmp_path):
    path, log = tmp_path / "j.sqlite", tmp_path / "log"
    left_behind(path, pid=dead_pid())
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", CONTEND, str(path), str(log)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(6)
    ]  # fmt: skip
    for process in processes:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    lines = log.read_text().split("\n")[:-1]
    assert len(lines) > 20
    for entered, left in zip(lines[::2], lines[1::2], strict=True):
        assert (entered.split()[0], left.split()[0]) == ("in", "out") and entered.split()[1] == left.split()[1]
    assert [p.name for p in tmp_path.iterdir()] == ["log"]
