"""Fuzz the corpora's readers with mutated files, and show what each input became and which lines were reached.

    python tests/fuzz/readers.py --inputs 20000 --jobs 2
    python tests/fuzz/readers.py --reader queryd --only 1234        one input again, with its traceback

For every input: nothing but a VtgError is raised, in under a second; rows are samples and drops, to the row; ids are
unique; names of videos lead nowhere; nothing is written outside the output folder, no command run, no socket opened.
"""

import argparse
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, NoReturn

import msgspec

if __name__ == "__main__":
    TESTS = Path(__file__).resolve().parent.parent
    sys.path[:0] = [str(TESTS), str(TESTS.parent)]
    sys.dont_write_bytecode = True  # or the guard would see each module's

from fuzz import inputs
from vtgdata.annotations.normalise import normalise
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.files.samples import read_samples, sample_row
from vtgdata.files.whole import write_jsonl
from vtgdata.records import Drop, RawRow, Sample

LIMIT = 1.0
"""Seconds of work that an input may take."""
HANG, STUCK = 30, 300
"""Seconds of work, and by the clock, after which an input is given up: a busy machine makes no hang."""
MEMORY = 8 << 30
WHOLE, AGAIN = 100, 20
"""One in so many inputs goes the whole way into files, and is read again as our own samples."""
LOOK = 500
"""After so many inputs each time, tracing ends if every line was reached: it costs as much as the reading itself."""
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_FORBIDDEN = (
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "subprocess.Popen",
    "socket.connect",
    "pickle.find_class",
)
_CHANGES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.link", "os.truncate", "os.chmod")


class Report(msgspec.Struct):
    """What became of a reader's inputs."""

    reader: str
    inputs: int = 0
    refused: int = 0
    read: int = 0
    slowest: float = 0.0
    """Milliseconds of work."""
    bases: int = 0
    coverage: float | None = None
    """Lines of the reader's module that were reached, in [0, 1]; None where `coverage` is not installed."""
    unreached: list[int] = []
    finds: list[str] = []


class Hang(BaseException):
    """An input was given up; no `except Exception` may swallow that."""


class Fault(Exception):
    """Something that must hold does not."""


class Guard:
    """Notes everything that this process changes outside a folder. There is no way to take it off again."""

    def __init__(self, folder: Path) -> None:
        self.root, self.seen = os.path.realpath(folder) + os.sep, []
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & _WRITES and not isinstance(path, int):
                self._look(event, path)
        elif event in _CHANGES:
            folder = next((f"/proc/self/fd/{part}" for part in arguments[1:] if isinstance(part, int) and part > 2), "")
            for path in arguments:
                if not isinstance(path, int):
                    self._look(event, os.path.join(folder, os.fsdecode(path)))  # noqa: PTH118
        elif event in _FORBIDDEN:
            self.seen.append(f"{event} {arguments[:1]!r:.200}")

    def _look(self, event: str, path: Any) -> None:
        if not os.path.realpath(os.fsdecode(path)).startswith(self.root):
            self.seen.append(f"{event} {path!r:.200}")

    def check(self) -> None:
        """Raise a Fault with what was noted since the last time."""
        found, self.seen[:] = list(self.seen), []
        if found:
            raise Fault(f"outside the output folder: {found}")


def outcomes(module: ModuleType, paths: Sequence[Path], split: str | None) -> list[Sample | Drop]:
    """What files become; raises Fault when something does not hold that must."""
    rows: list[RawRow] = list(module.read(paths, split))
    found = list(normalise(rows, module.CORPUS, licence_of=lambda name: f"LicenseRef-{name}"))
    if len(rows) != len(found):
        raise Fault(f"{len(rows)} rows became {len(found)}")
    samples = [each for each in found if isinstance(each, Sample)]
    if len({each.sample_id for each in samples}) != len(samples):
        raise Fault("two samples share an id")
    for each in samples:
        confined(each)
    for each in found:
        msgspec.json.encode(each)
    return found


def confined(sample: Sample) -> None:
    """Raise Fault when a name of the sample's video could lead out of a folder."""
    file, video_id = sample.video.file, sample.video.video_id
    folders = file.split("/")
    away = any(sign in file for sign in "\\\0") or any(folder.strip() in ("", ".", "..") for folder in folders)
    if away or re.match("[A-Za-z]:", file) or len(file.encode()) > 255:
        raise Fault(f"file name {file!r:.80}")
    parts = video_id.replace("\\", "/").split("/")
    if ".." in parts or "\0" in video_id or not video_id.strip() or video_id.startswith(("/", "\\")):
        raise Fault(f"video id {video_id!r:.80}")


def whole_way(module: ModuleType, paths: Sequence[Path], split: str | None, out: Path) -> None:
    """Ingest the files, and read what was written."""
    from vtgdata.stages import ingest

    shutil.rmtree(out, ignore_errors=True)
    before = sorted(path for path in out.parent.rglob("*"))
    settings = ingest.Settings(
        corpus=module.CORPUS.name, paths=[str(path) for path in paths], split=split or "", out=str(out)
    )
    try:
        summary = ingest.run(settings)
        found = read_samples(out / "samples.parquet")
        if len(found) != summary.samples or summary.rows != summary.samples + summary.drops:
            raise Fault(f"{summary} and {len(found)} samples in the file")
    finally:
        after = sorted(path for path in out.parent.rglob("*") if path != out and out not in path.parents)
        if after != before:
            raise Fault(f"written beside the output folder: {set(after) ^ set(before)}")


def again(found: Sequence[Sample | Drop], folder: Path) -> None:
    """Read the samples as our own file; they must come back as they are, and so give the same rows again."""
    from vtgdata.plugins.corpora import samples

    kept = [each for each in found if isinstance(each, Sample)]
    if kept:
        write_jsonl(folder / "samples.jsonl", map(sample_row, kept))
        back = list(normalise(samples.read([folder / "samples.jsonl"], None), samples.CORPUS))
        for old, new in zip(kept, back, strict=True):
            if not isinstance(new, Sample) or sample_row(old) != sample_row(new):
                raise Fault(f"read again, {old!r:.600} is {new!r:.600}")


class Run:
    """One reader's inputs, in this process."""

    def __init__(self, reader: str, seed: int, folder: Path, *, guarded: bool = True) -> None:
        """Make the bases.

        Args:
            reader: a corpus's name.
            seed: of all inputs.
            folder: to work in.
            guarded: watch what this process does outside of it, from now on and for good.
        """
        self.module, self.seed, self.folder = plugins.load("corpora", reader), seed, folder
        self.report = Report(reader=reader)
        self.bases = inputs.bases(self.module, folder / "in")
        self.report.bases = len(self.bases)
        self.guard = Guard(folder) if guarded else None

    def made(self, index: int) -> inputs.Input:
        """The input of a number, the same in every run with the same bases."""
        chance = random.Random(f"{self.seed}/{self.report.reader}/{index}")
        return inputs.make(chance.choice(self.bases), self.module, chance)

    def one(self, index: int) -> None:
        """Read one input; raises whatever is not as it should be."""
        made = self.made(index)
        paths = inputs.write(made.files, self.folder / "in")
        if index % 7 == 0:
            paths = [self.folder / "in"]
        began = time.thread_time()
        try:
            found = outcomes(self.module, paths, made.split)
        except VtgError as error:
            found = None
            if not str(error).strip():
                raise Fault("an error without a message") from error
        spent = time.thread_time() - began
        self.report.slowest = max(self.report.slowest, spent * 1000)
        if spent > LIMIT:
            raise Fault(f"{made.kind}: {spent:.2f} s")
        self.report.inputs += 1
        self.report.refused += found is None
        self.report.read += found is not None
        if index % WHOLE == 0:
            with suppress(VtgError):
                whole_way(self.module, paths, made.split, self.folder / "out" / "data")
        if index % AGAIN == 0 and found is not None:
            again(found, self.folder / "again")
        if self.guard is not None:
            self.guard.check()

    def all(self, number: int, after: Callable[[int], None] = lambda count: None) -> Report:
        """Read so many inputs; a find is noted and does not end the run.

        Args:
            number: of inputs.
            after: is told how many were read, after each.
        """
        for alarm in (signal.SIGALRM, signal.SIGPROF):
            signal.signal(alarm, _give_up)
        for index in range(number):
            signal.alarm(STUCK)
            signal.setitimer(signal.ITIMER_PROF, HANG)
            try:
                self.one(index)
            except (Exception, Hang) as error:
                where = traceback.extract_tb(error.__traceback__)[-1]
                place = f"{Path(where.filename).name}:{where.lineno}"
                self.report.finds.append(f"--only {index}: {type(error).__name__} at {place}: {error!s:.300}")
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
                signal.alarm(0)
            after(index + 1)
        return self.report


def _give_up(number: int, frame: FrameType | None) -> NoReturn:
    raise Hang(f"still at work after {HANG} s of work, or {STUCK} s by the clock")


class Lines:
    """Which lines of a module are reached; traced only until all of them were. Needs `coverage`."""

    def __init__(self, module: Path) -> None:
        import coverage

        self._module, self._tracing = str(module), True
        self._measured = coverage.Coverage(include=[self._module], data_file=None)
        self._measured.start()

    def found(self) -> tuple[float, list[int]]:
        """The share of lines that were reached so far, in [0, 1], and the others."""
        if self._tracing:
            self._measured.stop()
        _, lines, _, missing, _ = self._measured.analysis2(self._module)
        if self._tracing:
            self._measured.start()
        return 1 - len(missing) / len(lines), missing

    def look(self, count: int) -> None:
        """End the tracing if nothing is left to reach."""
        if self._tracing and count % LOOK == 0 and not self.found()[1]:
            self._measured.stop()
            self._tracing = False


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder to work in, with the parts that inputs need, and what vtgdata remembers between runs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("in", "out", "again"):
            (folder / part).mkdir()
        os.environ["VTGDATA_CACHE"] = str(folder / "cache")  # or the guard would see the user's own
        yield folder


def worker(reader: str, number: int, seed: int) -> Report:
    """All of one reader's inputs, with the lines of its module that were reached."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        lines = Lines(plugins.FOLDERS / "corpora" / f"{reader}.py")
    except ModuleNotFoundError:
        lines = None
    with workplace() as folder:
        report = Run(reader, seed, folder).all(number, *([lines.look] if lines else []))
    if lines is not None:
        report.coverage, report.unreached = lines.found()
    return report


def started(reader: str, number: int, seed: int) -> Report:
    """A worker in a process of its own: what kills it is a find, too."""
    command = [sys.executable, str(Path(__file__)), "--worker", reader, "--inputs", str(number), "--seed", str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    last = done.stdout.strip().rpartition("\n")[2]
    if done.returncode == 0 and last.startswith("{"):
        report = msgspec.json.decode(last, type=Report)
    else:
        report = Report(reader=reader, finds=[f"the process ended with {done.returncode}: {done.stderr[-600:]}"])
    say(line(report))
    return report


HEAD = f"{'reader':22} | {'inputs':>8} | {'refused':>8} | {'read':>8} | {'slowest ms':>10} | {'lines':>6} | bases"


def line(report: Report) -> str:
    lines = "-" if report.coverage is None else f"{report.coverage:.1%}"
    return (
        f"{report.reader:22} | {report.inputs:8,} | {report.refused:8,} | {report.read:8,} | {report.slowest:10.1f} | "
        f"{lines:>6} | {report.bases}" + "".join(f"\n    {find}" for find in report.finds[:20])
    )


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=20_000, help="inputs for each reader")
    parser.add_argument("--jobs", type=int, default=2, help="readers at a time")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--reader", action="append", help="this one only; may be repeated")
    parser.add_argument("--only", type=int, help="one input again, by its number")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        say(json.dumps(msgspec.to_builtins(worker(given.worker, given.inputs, given.seed))))
        return 0
    names = given.reader or plugins.names("corpora")
    if given.only is not None:
        with workplace() as folder:
            run = Run(names[0], given.seed, folder)
            say(repr(run.made(given.only)))
            run.one(given.only)
        return 0
    say(HEAD)
    with ThreadPoolExecutor(given.jobs) as pool:
        reports = list(pool.map(lambda name: started(name, given.inputs, given.seed), names))
    say(f"\nunreached lines, by reader (seed {given.seed}):")
    for report in reports:
        say(f"  {report.reader}: {', '.join(map(str, report.unreached)) or 'none'}")
    finds = sum(len(report.finds) for report in reports)
    say(f"\n{sum(report.inputs for report in reports):,} inputs, {finds} finds")
    return 1 if finds else 0


if __name__ == "__main__":
    sys.exit(main())
