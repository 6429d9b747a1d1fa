"""The command line with a disturbance: counted events of the file system, and a signal at one of them.

An event is a call of Python that changes files: opening to write, making, renaming, linking and deleting. Events are,
unlike seconds, the same in every run, so what was found can be tried again.
"""

import ctypes
import json
import os
import signal
import sys
from collections import Counter
from types import FrameType

CHANGES = {
    "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.chmod", "os.utime", "os.truncate",
    "sqlite3.connect", "subprocess.Popen", "socket.connect",
}  # fmt: skip
"""Audit events of Python that count, besides those of opening a file to write."""
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Passed(Counter[str]):
    """Counts the passing of fail points as a Counter does, and notes from where each was reached."""

    def __init__(self) -> None:
        super().__init__()
        self.sites: list[int] = []
        """For each passing, a number that stands for its place: the lines of ours that led there."""

    def __setitem__(self, name: str, count: int) -> None:
        super().__setitem__(name, count)
        frame: FrameType | None = sys._getframe(1)
        lines = list[tuple[str, int]]()
        while frame is not None:
            if "vtgdata" in frame.f_code.co_filename:
                lines.append((frame.f_code.co_filename, frame.f_lineno))
            frame = frame.f_back
        self.sites.append(hash(tuple(lines)))


class Disturbance:
    """Counts events below a folder, and sends this process a signal when the wanted one comes."""

    def __init__(self, root: str, at: int, signal: int = 0, count: str = "") -> None:
        self.root, self.at, self.signal, self.count = root, at, signal, count
        self.seen, self.pid = 0, os.getpid()

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        """Called by Python for every audit event."""
        if os.getpid() != self.pid or not self._counts(event, arguments):
            return
        self.seen += 1
        if self.seen == self.at and self.signal:
            os.kill(self.pid, self.signal)

    def _counts(self, event: str, arguments: tuple[object, ...]) -> bool:
        if event == "open":
            _, mode, flags = arguments
            if not (isinstance(mode, str) and set(mode) & set("wax+")) and not (int(str(flags or 0)) & WRITES):
                return False
        elif event not in CHANGES:
            return False
        return event in ("socket.connect", "subprocess.Popen") or _below(arguments[0], self.root)

    def told(self) -> None:
        """Write how many events there were, how many fail points and where, and writes, to the file `count`."""
        if self.count and os.getpid() == self.pid:
            from vtgdata.files import crash_points

            library = ctypes.CDLL(None)
            writes = library.full_disk_writes() if hasattr(library, "full_disk_writes") else 0
            sites = crash_points._passed.sites if isinstance(crash_points._passed, Passed) else []
            told = {"events": self.seen, "points": crash_points.passed(), "writes": writes, "sites": sites}
            with open(self.count, "w") as file:  # noqa: PTH123
                json.dump(told, file)


def _below(path: object, root: str) -> bool:
    if isinstance(path, (str, bytes)) or hasattr(path, "__fspath__"):
        return os.path.abspath(os.fsdecode(path)).startswith(root)  # noqa: PTH100
    return True


def main() -> None:
    """Be the command line: the first argument says the disturbance, as JSON."""
    import atexit

    wanted = json.loads(sys.argv.pop(1))
    for stream in wanted.pop("closed", ()):
        reader, writer = os.pipe()
        os.close(reader)
        os.dup2(writer, stream)
        os.close(writer)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.setpgid(0, 0)
    watch = Disturbance(**wanted)
    atexit.register(watch.told)
    sys.addaudithook(watch)
    sys.argv[0] = "vtgdata"
    from vtgdata.__main__ import main as command_line
    from vtgdata.files import crash_points

    if watch.count:
        crash_points._passed = Passed()

    command_line()


if __name__ == "__main__":
    main()
