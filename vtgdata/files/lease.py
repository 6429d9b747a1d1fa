"""Leases: a side file names the process that holds a file or a folder, and its time stamp is renewed while it lives.

The locks of cluster file systems are often not seen by other machines, so a lease uses only what all of them have: hard
links and renames are atomic, and the file server's clock dates files.
"""

import datetime
import os
import random
import socket
import threading
import time
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from vtgdata.errors import Locked
from vtgdata.files.crash_points import crash_here

BEAT_SECONDS = 10.0
"""Seconds after which a holder renews the time stamp of its lease (a heartbeat)."""
STALE_SECONDS = 120.0
"""Seconds without a heartbeat after which the lease of another machine is taken over."""
WAIT_SECONDS = 30.0
"""Seconds for which `changing` waits until others have written a file; each needs a fraction of one."""
UNREADABLE_SECONDS = 2.0
"""Seconds after which an unreadable lease is taken over: it is being written, or was torn by a power cut."""


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """The process that holds a lease, as the side file names it."""

    pid: int
    host: str
    since: str
    """ISO 8601, UTC."""
    machine: str = ""
    """Boot id and process namespace; where both are equal, process ids can be compared."""
    started: str = ""
    """When the process started, in the system's own ticks: distinguishes it from a later process with the same id."""
    token: str = ""
    """Different for every lease, also within one process."""

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} since {self.since}"


def owner_path(path: Path) -> Path:
    """The side file that says who holds a file."""
    return path.with_name(f"{path.name}.owner.json")


def owner(path: Path) -> Owner | None:
    """The process that holds the file, or that held it last and was killed; None when none is named."""
    return _read(owner_path(path))


def holder(path: Path) -> Owner | None:
    """The living process that holds the file, or None. Writes nothing, so this machine's clock is used to judge."""
    named = owner(path)
    try:
        silent = time.time() - owner_path(path).stat().st_mtime
    except FileNotFoundError:
        return None
    return named if named is not None and lives(named, silent) else None


def _read(lease: Path) -> Owner | None:
    try:
        return msgspec.json.decode(lease.read_bytes(), type=Owner)
    except (OSError, msgspec.DecodeError):
        return None


def this_process() -> Owner:
    """This process as an Owner."""
    since = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return Owner(
        pid=os.getpid(),
        host=socket.gethostname(),
        since=since,
        machine=_machine(),
        started=_started(os.getpid()) or "",
        token=uuid.uuid4().hex,
    )


def _machine() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return socket.gethostname()


def _started(pid: int) -> str | None:
    """When a process started; "" if the system does not tell; None if it is dead."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if state == "Z" else fields[18]
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return None
    except OSError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except OSError:
        pass
    return ""


def lives(holder: Owner, silent: float) -> bool:
    """Whether a holder must be assumed to be alive.

    Args:
        holder: as its lease names it.
        silent: seconds since the last heartbeat, by the file server's clock.

    On this machine the process itself is checked: if it is gone, or another process has its id, the holder is dead at
    once. A holder on another machine can only be judged by its silence.
    """
    if holder.machine != _machine():
        return silent < STALE_SECONDS
    started = _started(holder.pid)
    return started is not None and started == holder.started


class Lease:
    """A lease that this process holds; a thread renews it until it is released."""

    def __init__(self, path: Path, name: str | Path = "") -> None:
        """Take the lease on the file at `path`.

        Raises Locked when its holder lives; the message has `name`, or else the path.
        """
        self.file, self.mine = owner_path(path), this_process()
        self.before = _take(self.file, self.mine, Path(name or path))
        """The dead owner that the lease named before; None without one."""
        crash_here("lease-taken")
        self.lost: Owner | None = None
        self._beaten, self._doubt = time.monotonic(), ""
        self._lock, self._done = threading.Lock(), threading.Event()
        threading.Thread(target=self._beat_on, name="lease", daemon=True).start()

    def _beat_on(self) -> None:
        while not self._done.wait(BEAT_SECONDS):
            self.beat()

    def check(self) -> None:
        """Raise Locked when another process took the lease over, because this one was silent for too long."""
        if time.monotonic() - self._beaten > STALE_SECONDS / 2:
            self.beat()  # this process was stopped or its machine slept: the thread may come too late
        if self.lost is not None:
            raise Locked(
                f"{self.file}: {self.lost} took over, because this process gave no sign of life for "
                f"{STALE_SECONDS:.0f} s. What it had done is kept; let the other one go on."
            )

    def beat(self) -> None:
        """Renew the lease's time stamp, or notice that another process has the lease by now."""
        with self._lock:
            if self._done.is_set():
                return
            late, self._beaten = time.monotonic() - self._beaten, time.monotonic()
            found = _read(self.file)
            try:
                if found is not None and found.token == self.mine.token:
                    os.utime(self.file)
                    self._doubt = ""
                elif found is not None and lives(found, 0.0) and (late > STALE_SECONDS or self._doubt == found.token):
                    self.lost = found
                else:
                    # A process that SQLite's lock refuses gives the lease back at once. Only an owner that is still
                    # there at the next beat really has it.
                    self._doubt = found.token if found is not None else ""
                    if found is None:
                        _link(self.file, self.mine)
            except OSError:
                return  # a full disk or a server that is away: the next beat may come through

    def release(self) -> None:
        """Remove the lease, unless another process has it by now."""
        with self._lock:
            self._done.set()
            found = _read(self.file)
            if found is not None and found.token == self.mine.token:
                self.file.unlink(missing_ok=True)


@contextmanager
def changing(path: Path) -> Generator[None]:
    """Hold a file while it is read, changed and written: others that change it wait for their turn.

    Raises Locked when the file is held for more than WAIT_SECONDS, and OSError when its folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    side = path.with_name(f".{path.name}")
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            lease = Lease(side, path)
            break
        except Locked:
            if time.monotonic() > until:
                raise
        time.sleep(random.uniform(0.01, 0.05))
    try:
        yield
    finally:
        lease.release()


def _take(lease: Path, mine: Owner, path: Path) -> Owner | None:
    """Create the lease, in place of a dead owner's if there is one; returns that owner.

    Raises Locked when its holder lives.
    """
    before: Owner | None = None
    while not _link(lease, mine):
        holder, silent = _read(lease), _silent(lease)
        if lives(holder, silent) if holder is not None else silent < UNREADABLE_SECONDS:
            raise Locked(locked(path, holder))
        before = holder or before
        _bury(lease, holder, mine)
    if before is not None:
        _burial(lease, before).unlink(missing_ok=True)  # its owner may have been killed; it means nothing any more
    return before


def _link(lease: Path, mine: Owner) -> bool:
    """Create the lease, whole or not at all; False if there is one. Of several that try at once, only one succeeds."""
    draft, content = lease.with_name(f".{lease.name}.{mine.token}.tmp"), msgspec.json.encode(mine) + b"\n"
    try:
        draft.write_bytes(content)
        try:
            os.link(draft, lease)
        except FileExistsError:
            raise
        except OSError:
            # No hard links here. The second-best way leaves a moment in which the lease exists and is empty.
            with lease.open("xb") as file:
                file.write(content)
    except FileExistsError:
        return False
    finally:
        draft.unlink(missing_ok=True)
    return True


def _silent(lease: Path) -> float:
    """Seconds since the last heartbeat, by the clock that dates files: other machines' clocks may be wrong."""
    now = lease.with_name(f".{lease.name}.{uuid.uuid4().hex}.tmp")
    try:
        now.touch()
        return now.stat().st_mtime - lease.stat().st_mtime
    except FileNotFoundError:
        return 0.0
    finally:
        now.unlink(missing_ok=True)


def _bury(lease: Path, dead: Owner | None, mine: Owner) -> None:
    """Remove a dead owner's lease, unless a living process is about to.

    Only who holds the burial of that owner may remove its lease, and looks again before: so the lease of somebody who
    took it meanwhile is never touched. The burial is a lease itself, since its owner may be killed too.
    """
    burial = _burial(lease, dead)
    while not _link(burial, mine):
        other, silent = _read(burial), _silent(burial)
        if lives(other, silent) if other is not None else silent < UNREADABLE_SECONDS:
            time.sleep(random.uniform(0.001, 0.01))
            return
        _bury(burial, other, mine)
    try:
        if _read(lease) == dead:
            lease.unlink(missing_ok=True)
    finally:
        burial.unlink(missing_ok=True)


def _burial(lease: Path, dead: Owner | None) -> Path:
    """The file that says who is removing a dead owner's lease."""
    return lease.with_name(f".{lease.name[:80]}.{dead.token if dead is not None else ''}.burial")


def locked(path: Path, holder: Owner | None) -> str:
    """The error message for a file or folder that another process holds."""
    who = holder or "another process"
    return f"{path}: held by {who}. Wait until it ends, stop it, or choose another --out."
