import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from vtgdata.engine.journal.journal import Attempt, Journal
from vtgdata.errors import Locked
from vtgdata.files import lease as lease_module
from vtgdata.files.lease import BEAT_SECONDS, Lease
from vtgdata.files.owners import STALE_SECONDS, Owner, entry_of, holder, owner, owner_path, this_process
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
    shutil.rmtree(owner_path(path), ignore_errors=True)
    owner_path(path).mkdir()
    dated(owner_path(path) / ".theirs.json", msgspec.json.encode(theirs), silent)
    return theirs


def dated(file: Path, content: bytes, silent: float) -> None:
    file.write_bytes(content)
    then = time.time() - silent
    os.utime(file, (then, then))


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
    owner_path(path).mkdir()
    dated(owner_path(path) / ".torn.json", b"", 10)
    Journal(path).close()
    assert not owner_path(path).exists()


@pytest.mark.parametrize("alive", [True, False])
def test_a_lease_of_an_earlier_version_is_a_file_and_holds_as_well(tmp_path, alive):
    path = tmp_path / "j.sqlite"
    theirs = msgspec.structs.replace(this_process(), pid=os.getpid() if alive else dead_pid())
    dated(owner_path(path), msgspec.json.encode(theirs), 5)
    assert holder(path) == (theirs if alive else None)
    if alive:
        with pytest.raises(Locked, match=f"held by process {os.getpid()}"):
            Lease(path)
    else:
        lease = Lease(path)
        assert lease.before == theirs
        lease.release()
        assert list(tmp_path.iterdir()) == []


def test_of_another_machine_whose_lease_is_dated_ahead_silence_counts_from_now_on(tmp_path):
    """The file server's clock went back by a day, when the holder was dead already."""
    path = tmp_path / "j.sqlite"
    left_behind(path, silent=-86400, machine="elsewhere", host="node7")
    with pytest.raises(Locked, match="node7"):
        Lease(path)
    entry = entry_of(owner_path(path))
    assert entry is not None and abs(entry.stat().st_mtime - time.time()) < 60
    left_behind(path, silent=STALE_SECONDS + 5, machine="elsewhere", host="node7")
    Lease(path).release()


def test_who_was_stopped_as_it_removed_a_dead_lease_harms_nobody_who_came_later(tmp_path, monkeypatch):
    """It had seen that the holder is dead; meanwhile another machine took the lease over, and works."""
    path = tmp_path / "j.sqlite"
    left_behind(path, pid=dead_pid())
    plain, later = lease_module._unlink, list[Lease]()

    def stopped(entry: Path) -> None:
        monkeypatch.setattr(lease_module, "_unlink", plain)
        later.append(Lease(path))
        plain(entry)

    monkeypatch.setattr(lease_module, "_unlink", stopped)
    with pytest.raises(Locked, match=f"held by process {os.getpid()}"):
        Lease(path)
    assert owner(path) == later[0].mine
    later[0].release()
    assert list(tmp_path.iterdir()) == []


def test_who_was_stopped_as_it_gave_its_lease_back_harms_nobody_who_came_later(tmp_path):
    path = tmp_path / "j.sqlite"
    stopped = Lease(path)
    left_behind(path, machine="elsewhere", host="node7")
    stopped.release()
    assert (owner(path) or pytest.fail()).host == "node7"


@pytest.mark.parametrize("kept", ["entry", "empty"])
def test_what_a_kill_leaves_of_a_lease_or_of_one_given_back_is_cleared_by_the_next(tmp_path, kept):
    path = tmp_path / "j.sqlite"
    left_behind(path, pid=dead_pid())
    if kept == "empty":
        (owner_path(path) / ".theirs.json").unlink()
        assert owner(path) is None
    Lease(path).release()
    assert list(tmp_path.iterdir()) == []


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
