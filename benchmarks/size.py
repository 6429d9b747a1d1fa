"""What the table commands cost at any size: peak memory and CPU time, as ratios in one run.

Each command runs in a process of its own on invented files (`size_data.py`): samples, eight rollouts each, traces, pass
rates. Beside it runs a straight Polars script that does the same (`size_peers.py`). The table has, for each command and
size: CPU seconds and peak memory of its process tree; both over the script's; and CPU over that of the size before.

    python benchmarks/size.py                                  10^4 and 10^5 samples
    python benchmarks/size.py 100000 1000000                   limits: 2 GB, 3 times the script, growth 12
    python benchmarks/size.py 10000000 --only ingest,select,release --rollouts 0     limit: 6 GB
    python benchmarks/size.py --one-video 100000               one video through check, curate, release: 60 s

`--folder DIR` keeps the inputs and outputs there, and takes inputs that are there; `--package DIR` measures the vtgdata
in that folder instead of the one beside this file, `--no-peers` leaves the scripts out.
"""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
SERVE = """
import sys
sys.path.insert(0, sys.argv[1])
from support.hub_server import Hub
with Hub() as hub:
    print(hub.url, hub.token, flush=True)
    sys.stdin.read()
"""


class Cost(NamedTuple):
    """What a process and its children cost."""

    cpu: float
    """CPU seconds."""
    peak: float
    """Largest sum of the tree's resident memory, in GB."""
    wall: float
    code: int


def commands(given: Path, rollouts: bool) -> dict[str, list[str]]:
    """{command: its arguments}, in order: each reads what earlier ones wrote."""
    samples, rates = str(given / "data/samples.parquet"), str(given / "pass_rates.parquet")
    made = {name: str(given / name) for name in ("data", "checked", "curated", "rl", "release", "release2", "scores")}
    parts = ["--samples", samples, "--coldstart", str(given / "traces.parquet"), "--pass-rates", rates]
    parts += ["--split", f"rl={given / 'rl/rows.parquet'}"]
    parts += ["--rollouts", str(given / "rollouts.parquet")] if rollouts else []
    files = [str(given / "train.jsonl"), str(given / "test.jsonl")]
    named = ["--name", "doors", "--license", "MIT"]
    some = str(max(1, sum(1 for _ in (given / "train.jsonl").open("rb")) // 10))
    return {
        "ingest": ["ingest", "moment_jsonl", *files, "--out", made["data"], *named],
        "check": ["check", samples, "--out", made["checked"], "--allow", "duplicates"],
        "curate": ["curate", samples, "--out", made["curated"], "--filter", "duration:low=5,high=500",
                   "--filter", "near_duplicate_query"],
        "select": ["select", "--pass-rates", rates, "--out", made["rl"], "--size", some],
        "release": ["release", "--out", made["release"], "--version", "1.0.0", *parts],
        "release again": ["release", "--out", made["release2"], "--version", "1.0.1", *parts,
                          "--previous", made["release"]],
        "diff": ["diff", made["release"], made["release2"]],
        "push": ["push", made["release"], str(given / "shelf"), "--dry-run"],
        "push to Hub": ["push", made["release"], "org/doors"],
        "evaluate": ["evaluate", "--samples", samples, "--predictions", str(given / "predictions.jsonl"),
                     "--out", made["scores"]],
        "report": ["report", made["scores"], "--out", str(given / "page.html"), "--megabytes", "100000"],
    }  # fmt: skip


@contextlib.contextmanager
def hub() -> Iterator[dict[str, str]]:
    """A Hub on the loopback, in a process of its own; gives what its clients need in their environment."""
    argv = [sys.executable, "-c", SERVE, str(HERE.parent / "tests")]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None and server.stdin is not None
        url, token = server.stdout.readline().split()
        try:
            yield {"HF_ENDPOINT": url, "HF_TOKEN": token, "HF_HUB_DISABLE_XET": "1"}
        finally:
            server.stdin.close()


def measured(argv: list[str], package: Path, log: Path, more: Mapping[str, str] | None = None) -> Cost:
    """Run a process to its end; memory is the sum over its tree, looked at twenty times a second, and its own peak.

    Args:
        argv: the process.
        package: folder of the vtgdata to take.
        log: file for what it prints.
        more: further variables of its environment.
    """
    begun = time.monotonic()
    with log.open("wb") as said:
        own = os.environ | {"PYTHONPATH": str(package)} | dict(more or {})
        child = subprocess.Popen(argv, stdout=said, stderr=said, env=own)
        peaks, over = [0], threading.Event()

        def watch() -> None:
            while not over.wait(0.05):
                peaks.append(sum(_resident(pid) for pid in _tree(child.pid)))

        watcher = threading.Thread(target=watch)
        watcher.start()
        _, status, used = os.wait4(child.pid, 0)
        over.set()
        watcher.join()
        child.returncode = os.waitstatus_to_exitcode(status)
    peak = max(max(peaks), used.ru_maxrss * 1024) / 1e9
    return Cost(used.ru_utime + used.ru_stime, peak, time.monotonic() - begun, child.returncode)


def _tree(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(each for child in children for each in _tree(int(child)))]


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def _run(name: str, argv: list[str], given: Path, asked: argparse.Namespace, peers: bool) -> tuple[Cost, Cost | None]:
    shutil.rmtree(given / "peer", ignore_errors=True)
    with hub() if "Hub" in name else contextlib.nullcontext() as more:
        ours = measured([sys.executable, "-m", "vtgdata", *argv], asked.package, given / f"{name}.log", more)
    if ours.code not in (0, 4):  # 4: rows failed, which is said after all is written
        sys.exit(f"{name} ended with {ours.code}: {(given / f'{name}.log').read_text()[-2000:]}")
    theirs = None
    if peers:
        script = name.lower().replace(" ", "_")
        argv = [sys.executable, str(HERE / "size_peers.py"), script, str(given), str(given / "peer")]
        with hub() if "Hub" in name else contextlib.nullcontext() as more:
            theirs = measured(argv, asked.package, given / f"{name}.peer.log", more)
        if theirs.code:
            sys.exit(f"the script for {name} failed: {(given / f'{name}.peer.log').read_text()[-2000:]}")
    return ours, theirs


def growth(folder: Path, asked: argparse.Namespace) -> None:
    """The table of all commands and sizes."""
    before: dict[str, Cost] = {}
    print(f"{'samples':>10} {'command':14} {'CPU s':>8} {'GB':>6} {'x CPU':>6} {'x GB':>6} {'growth':>7}  wall s")
    for rows in asked.sizes:
        given = folder / f"d{rows}"
        given.mkdir(exist_ok=True)
        prepare(given, rows, asked)
        now: dict[str, Cost] = {}
        for name, argv in commands(given, asked.rollouts > 0).items():
            if asked.only and name not in asked.only:
                continue
            if (old := _out(argv)) is not None:
                shutil.rmtree(old, ignore_errors=True)
            ours, theirs = _run(name, argv, given, asked, asked.peers)
            now[name] = ours
            than = f"{ours.cpu / theirs.cpu:6.1f} {ours.peak / theirs.peak:6.1f}" if theirs else f"{'':6} {'':6}"
            grown = f"{ours.cpu / before[name].cpu:7.1f}" if name in before else f"{'':7}"
            print(f"{rows:>10,} {name:14} {ours.cpu:8.1f} {ours.peak:6.2f} {than} {grown}  {ours.wall:.1f}", flush=True)
        before = now


def _out(argv: list[str]) -> str | None:
    return argv[argv.index("--out") + 1] if "--out" in argv else None


def prepare(given: Path, rows: int, asked: argparse.Namespace) -> None:
    """Make the inputs that are not there yet."""
    if (given / "made").exists():
        return
    _make("moments", str(given), str(rows))
    done = measured([sys.executable, "-m", "vtgdata", *commands(given, False)["ingest"]], asked.package, given / "log")
    assert done.code == 0, (given / "log").read_text()
    _make("answers", str(given), str(asked.rollouts))
    (given / "made").touch()


def _make(*argv: str) -> None:
    """Make inputs in a process of its own, so that its memory does not count for the commands' processes."""
    subprocess.run([sys.executable, str(HERE / "size_data.py"), *argv], check=True)


def one_video(folder: Path, asked: argparse.Namespace) -> None:
    """One video with many rows, half of them a benchmark's, through check, curate (two filters) and release."""
    for words in (40, 2_000):
        given = folder / f"one{asked.one_video}-{words}"
        given.mkdir(exist_ok=True)
        _make("one_video", str(given), str(asked.one_video), str(words))
        samples, argv = (
            str(given / "data/samples.parquet"),
            [*commands(given, False)["ingest"], "--accept", "one_video"],
        )
        done = measured([sys.executable, "-m", "vtgdata", *argv], asked.package, given / "prepare.log")
        assert done.code == 0, (given / "prepare.log").read_text()
        for name, argv in {
            "check": ["check", samples, "--allow", "contamination", "--allow", "duplicates"],
            "contamination": ["curate", samples, "--out", str(given / "c1"), "--filter", "contamination"],
            "near_duplicate": ["curate", samples, "--out", str(given / "c2"), "--filter", "near_duplicate_query"],
            "release": ["release", "--out", str(given / "r"), "--version", "1.0.0", "--samples", samples],
        }.items():
            if (old := _out(argv)) is not None:
                shutil.rmtree(old, ignore_errors=True)
            ours, _ = _run(name, argv, given, asked, False)
            print(f"one video, {asked.one_video:,} rows of {words:,} words, {name:14}: {ours.cpu:.1f} CPU s (limit 60)")


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int, default=[10_000, 100_000])
    parser.add_argument("--only", type=lambda text: text.split(","), default=[])
    parser.add_argument("--rollouts", type=int, default=8)
    parser.add_argument("--one-video", type=int, default=0)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--package", type=Path, default=HERE.parent)
    parser.add_argument("--no-peers", dest="peers", action="store_false")
    asked = parser.parse_args()
    work: Callable[[Path, argparse.Namespace], None] = one_video if asked.one_video else growth
    if asked.folder:
        asked.folder.mkdir(parents=True, exist_ok=True)
        work(asked.folder, asked)
        return
    with tempfile.TemporaryDirectory() as place:
        work(Path(place), asked)


if __name__ == "__main__":
    main()
