"""Every command on its smallest input, killed and run again: the second run leaves what an undisturbed one does.

The commands are those that the command line knows, in an order in which some read what others wrote. One that is not
here is in `EXEMPT`, with its reason. Each is run in a process of its own, forked from one that has imported the
libraries, and gets real signals.
"""

import contextlib
import copy
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import typer

from support import every_command, forked
from support.hub_server import Hub
from vtgdata.cli import app
from vtgdata.files import crash_points

PROGRAM = "from support.disturbed import main; main()"
EXEMPT = {
    "corpora": "prints a list, writes no file",
    "anchors": "prints a list, writes no file",
    "status": "prints what lies in a folder, writes no file",
    "view": "serves pages until it is ended, and writes decisions as whole files",
}
"""{command: why it is not killed here}."""
TORCH = ("demo-base", "export", "train sft", "train rl", "train distill")
TRAINING = {
    "demo-base": "demo-base --steps 60 --levels 0 --out o/base",
    "ingest, shapes": "ingest shapes o/shapes/annotations.jsonl --videos o/shapes/videos --out o/data",
    "build-coldstart, shapes": (
        "build-coldstart --samples o/data/samples.parquet --model vtgdata.demo.teacher:o/data/samples.parquet "
        "--videos o/shapes/videos --prompt shapes --num-frames 10 --short-side 28 --where split=='sft' --n 1 "
        "--out o/traces"
    ),
    "score-difficulty, shapes": (
        "score-difficulty --samples o/data/samples.parquet --model vtgdata.demo.teacher:o/data/samples.parquet "
        "--videos o/shapes/videos --prompt shapes --num-frames 10 --short-side 28 --where split=='rl' --n 2 "
        "--out o/rates"
    ),
    "select, shapes": (
        "select --pass-rates o/rates/pass_rates.parquet --selector uniform --size 2 --allow-degenerate --out o/rl"
    ),
    "release, shapes": (
        "release --samples o/data/samples.parquet --coldstart o/traces/traces.parquet --pass-rates "
        "o/rates/pass_rates.parquet --splits rl=o/rl/rows.parquet --version 1.0.0 --name Shapes --out o/trained-on"
    ),
    "export": "export ms_swift o/trained-on --videos o/shapes/videos --model qwen3-vl --out o/exported",
    "train sft": (
        "train sft o/trained-on --model base --videos o/shapes/videos --steps 1 --batch-size 1 --warmup 0 --out o/sft"
    ),
    "train rl": (
        "train rl o/trained-on --model o/sft --videos o/shapes/videos --steps 1 --prompts-per-step 1 --rollouts 2 "
        "--max-new-tokens 4 --warmup 1 --stall 0 --out o/rl-model"
    ),
    "train distill": (
        "train distill o/trained-on --model o/sft --teacher base --videos o/shapes/videos --steps 1 "
        "--prompts-per-step 1 --max-new-tokens 4 --warmup 1 --stall 0 --out o/distilled"
    ),
}  # fmt: skip
"""The way to the trainers; `demo-draw` has drawn the videos, and `prepare` made the tiny model that they begin with."""
UNTRAINED = """
import sys
from vtgdata.demo import tiny
tokenizer = tiny.build_tokenizer()
tiny.build_model(tokenizer, seed=1).save_pretrained(sys.argv[1])
tiny.build_processor(tokenizer).save_pretrained(sys.argv[1])
"""
MORE = {
    "audit": "audit --samples labels/samples.parquet --rollouts labels/rollouts.parquet --size 10 --out o/audit",
    "review": (
        "review labels/review.parquet --samples labels/samples.parquet --apply labels/decisions.jsonl --out o/review"
    ),
    "report": "report o/audit --samples labels/samples.parquet --out o/page.html",
    "exchange": "exchange labels/review.parquet --tool fiftyone --out o/labels.json",
    "ingest, other settings": "ingest charades_sta raw/charades_sta_train.txt --limit 1 --out o/ingest",
    "ingest, replaced": "ingest charades_sta raw/charades_sta_train.txt --replace --out theirs",
    "remove, more": "remove removed.json --video-id alpha_train_2",
    "diff, out": "diff o/first o/next --out o/difference.md",
    "push, folder next": "push o/next ./o/pushed",
    "pull, next": "pull org/doors@v1.0.0 --out o/pulled",
    "release, from the Hub": "release {given} --version 1.5.0 --previous org/doors@v1.0.0 --out o/hub-next",
    "score-difficulty, shard": "score-difficulty {scripted} {test} --n 3 --shard 0/2 --out o/sharded",
    "score-difficulty, shards": "score-difficulty {scripted} {test} --n 3 --out o/sharded",
    "batch-import, answers": "batch-import b answers.jsonl",
    "score-difficulty, imported": "score-difficulty {served} {test} --n 1 --out o/batch",
    "run, steps": "run steps.yaml",
}
"""Ways of the same commands that touch other files."""
RECIPE = {
    "out": "o/steps",
    "steps": [
        {"command": "ingest", "id": "data", "corpus": "charades_sta", "paths": ["raw"], "split": "train",
         "videos": "videos", "max_failed": 1},
        {
            "command": "build-coldstart", "id": "traces", "samples": "@data/samples.parquet", "n": 2, "max_failed": 1,
            "model": "scripted:@data/samples.parquet", "keep": {"tiou": 0.0}, "verify": ["none"],
        },
        {
            "command": "release", "id": "release", "version": "1.0.0", "samples": "@data/samples.parquet",
            "coldstart": "@traces/traces.parquet", "drops": ["@data/drops.parquet"],
        },
    ],
}  # fmt: skip
COMMANDS = every_command.COMMANDS | MORE
STILL = ("dry run", "plan", "no price", "up to date", "hub next")
"""Ways that write nothing."""


class Case(NamedTuple):
    """One way to run a command."""

    name: str
    words: str

    @property
    def command(self) -> str:
        """The command, as the command line knows it."""
        return self.name.partition(",")[0]


IMPORTED = ("torch", "transformers", "trl.trainer.sft_trainer", "trl.trainer.grpo_trainer")
"""Modules that a trainer needs; a process that is forked need not import them again."""


def cases(torch: bool = False) -> list[Case]:
    """All ways, in order; with `torch` those of the trainers, and what they read."""
    drawn = {"demo-draw": COMMANDS["demo-draw"]}
    return [Case(*each) for each in (drawn | TRAINING if torch else COMMANDS).items()]


def shares(ways: list[Case], kills: int, each: int, chance: random.Random) -> dict[str, int]:
    """How often each way is killed: every command `each` times, over its ways, and the rest at random.

    Fewer `kills` than that are spread over the commands.
    """
    commands = sorted({case.command for case in ways})
    each = min(each, max(1, kills // len(commands)))
    found = dict.fromkeys((case.name for case in ways), 0)
    for command in commands:
        own = [case.name for case in ways if case.command == command]
        busy = [name for name in own if not name.endswith(STILL)] or own
        for number in range(each):
            # The ways that write something first; those that write nothing get what is left over.
            found[busy[number % len(busy)] if number < 2 * len(busy) else own[number % len(own)]] += 1
    for _ in range(max(0, kills - sum(found.values()))):
        found[chance.choice(ways).name] += 1
    return found


def commands_of_the_command_line() -> set[str]:
    """Every command that a user can type."""
    group: Any = typer.main.get_command(app.build([]))
    found: set[str] = set()
    for name, command in group.commands.items():
        inner = getattr(command, "commands", None)
        found |= {f"{name} {each}" for each in inner} if inner else {name}
    return found


State = dict[str, Any]
"""{path: what lies there}: bytes, or what counts of them; None for a folder."""


class Desk:
    """The folder in which the commands run, with the servers that they speak to."""

    def __init__(self, root: Path, env: dict[str, str], hub: Hub, also: tuple[str, ...], preload: str) -> None:
        self.root, self.env, self.hub, self.also, self.preload = root, env, hub, also, preload
        self.saved = root.with_name(f"{root.name}-saved")
        self._remote: Any = None

    def save(self) -> None:
        """Note how all is now, for `restore`."""
        shutil.rmtree(self.saved, ignore_errors=True)
        shutil.copytree(self.root, self.saved, symlinks=True)
        self._remote = copy.deepcopy(self.hub.repositories), dict(self.hub.objects)

    def restore(self) -> None:
        """Make all as it was."""
        shutil.rmtree(self.root)
        shutil.copytree(self.saved, self.root, symlinks=True)
        self.hub.repositories, self.hub.objects = copy.deepcopy(self._remote[0]), dict(self._remote[1])

    def start(
        self,
        words: str,
        kill_at: str = "",
        full_at: int = 0,
        other: Mapping[str, str] | None = None,
        **disturbance: Any,
    ) -> forked.Forked:
        """Start a command line, with a disturbance of `support.disturbed`, a fail point or a disk that fills up.

        `other` goes over the environment.
        """
        typed = words.format(**every_command.SHORT).replace("URL", self.env["URL"]).split()
        told = json.dumps({"root": str(self.root), "at": 0} | disturbance)
        full = {"VTGDATA_FULL_ROOT": str(self.root), "VTGDATA_FULL_AT": str(full_at)} if self.preload else {}
        with (self.root.parent / "said").open("wb") as said:
            return forked.start(
                ["-c", PROGRAM, told, *typed, "-q"],
                cwd=self.root, env=self.env | {crash_points.VARIABLE: kill_at} | full | dict(other or {}),
                stdout=said.fileno(), stderr=subprocess.STDOUT, also=self.also, preload=self.preload,
            )  # fmt: skip

    @property
    def said(self) -> str:
        """What the last command said."""
        return (self.root.parent / "said").read_text(errors="replace")

    def state(self) -> State:
        """All that lies in the folder and on the Hub, without what is another in every run."""
        found = lying(self.root)
        for name, repository in self.hub.repositories.items():
            found[f"hub:{name}"] = (repository.files, sorted(repository.tags), repository.messages)
        return found


@contextlib.contextmanager
def desk(folder: Path, also: tuple[str, ...] = (), preload: str = "") -> Iterator[Desk]:
    """A desk in a new folder, with the inputs of all commands.

    Args:
        folder: must exist and be empty.
        also: modules that the processes need not import again, such as torch.
        preload: a library that they load first of all.
    """
    root = folder / "desk"
    root.mkdir()
    (root / "tmp").mkdir()
    (root / "theirs").mkdir()
    (root / "theirs/notes.txt").write_text("my own")
    (root / "steps.yaml").write_text(json.dumps(RECIPE))
    hubs: list[Hub] = []
    plain = every_command.Hub
    every_command.Hub = lambda: hubs.append(plain()) or hubs[-1]  # type: ignore[assignment]
    try:
        with every_command.desk(root) as env:
            (root / "home").mkdir(exist_ok=True)
            tests = str(Path(__file__).parents[1])
            env = env | {"TMPDIR": str(root / "tmp"), "PYTHONPATH": f"{tests}{os.pathsep}{env['PYTHONPATH']}"}
            yield Desk(root, env, hubs[-1], also, preload)
    finally:
        every_command.Hub = plain  # type: ignore[assignment]


def prepare(at: Desk, case: Case) -> None:
    """Write what a command reads and no other one wrote."""
    if case.name == "train sft":
        process = forked.start(["-c", UNTRAINED, at.root / "base"], env=at.env, also=at.also)
        assert process.wait(LIMIT) == 0
    if case.name == "batch-import, answers":
        lines = [json.loads(line) for path in sorted((at.root / "b").glob("requests-*")) for line in path.open()]
        body = {"choices": [{"message": {"content": "<answer>1.0 to 2.0</answer>"}, "finish_reason": "stop"}]}
        told = [{"custom_id": each["custom_id"], "response": {"status_code": 200, "body": body}} for each in lines]
        (at.root / "answers.jsonl").write_text("".join(json.dumps(each) + "\n" for each in told))


def lying(root: Path) -> State:
    """All that lies below a folder, without what is another in every run."""
    return {path.relative_to(root).as_posix(): _content(path) for path in sorted(root.rglob("*"))}


def _content(path: Path) -> Any:
    if path.is_symlink():
        return str(path.readlink())
    if path.is_dir():
        return None
    for end, reading in READ.items():
        if path.name.endswith(end):
            return reading(path)
    return path.read_bytes()


def _journal(path: Path) -> Any:
    """Each answer and failure, without when, by whom and in how many seconds."""
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as db:
        rows = db.execute("SELECT key, sample_id, idx, status, reply, about FROM attempt").fetchall()
    dropped = ("seconds", "endpoint")
    return sorted(
        (*row[:4], {name: value for name, value in json.loads(row[4]).items() if name not in dropped}, row[5])
        for row in rows
    )


def _meta(path: Path) -> Any:
    """`meta.json` without its time and speed, and without what an earlier run of the same folder had done already.

    Of folders of videos only that they were listed counts: `restore` copies them, and a copy has a time of its own.
    """
    meta = json.loads(path.read_bytes())
    meta.pop("finished", None)
    if isinstance(meta.get("inputs"), dict):
        meta["inputs"] = {name: "" if name.endswith("/") else found for name, found in meta["inputs"].items()}
    for name in ("decoded", "made", "asked", "cached", "resumed", "tokens_per_second"):
        meta.get("summary", {}).pop(name, None)
    return meta


def _there(path: Path) -> Any:
    return path.is_file()


READ: dict[str, Callable[[Path], Any]] = {
    "journal.sqlite": _journal,
    "meta.json": _meta,
    "hashes.sqlite": _there,
    "progress.json": _there,
}
"""{end of a file's name: what counts of it}."""


class Fault(NamedTuple):
    """What was wrong after a command was disturbed and run again."""

    how: str
    differences: list[str]
    leftovers: list[str]
    said: str


def compare(wanted: State, found: State) -> tuple[list[str], list[str]]:
    """Paths that differ or lack, and paths that should not be there."""
    lacking = [name for name in wanted if name not in found]
    other = [name for name in wanted if name in found and wanted[name] != found[name]]
    return sorted(lacking + other), sorted(set(found) - set(wanted))


SIGNALS = ("SIGKILL", "SIGTERM", "SIGHUP", "SIGINT")
HOWS = ("point", "event", "moment", "pipe")
"""Ways to disturb: a fail point of ours, a signal at an event of the file system, one at a random moment, and a reader
of the output that has gone."""
GOOD = (0, 3)
"""Exit codes of what is done, though rows may have failed."""
LIMIT = 1800.0
"""Seconds after which a command hangs, however busy the machine."""


class Undisturbed(NamedTuple):
    """What a run gave that nobody disturbed."""

    code: int
    state: State
    events: int
    """Events of the file system, as `support.disturbed` counts them."""
    points: int
    """Fail points that were passed."""
    writes: int
    """Calls that need space on the disk, where they are counted."""
    sites: list[int]
    """For each fail point that was passed, a number for the lines of ours that led there."""
    seconds: float


def undisturbed(at: Desk, case: Case, everywhere: bool = True) -> Undisturbed:
    """Run a case from what was saved to its end.

    Args:
        at: the desk.
        case: what to run.
        everywhere: count all writes of the process, where the desk can; else those that pass our fail point.
    """
    count = at.root.parent / "count"
    since = time.monotonic()
    point = crash_points.ANY if everywhere else crash_points.FULL
    code = at.start(case.words, f"{point}:1000000", count=str(count)).wait(LIMIT)
    seconds = time.monotonic() - since
    assert code in GOOD, f"{case.name}: {at.said}"
    told = json.loads(count.read_text())
    writes = told["writes"] if everywhere else told["points"]
    return Undisturbed(code, at.state(), told["events"], told["points"], writes, told["sites"], seconds)


def disturb(at: Desk, case: Case, wanted: Undisturbed, how: str, chance: random.Random) -> str:
    """Run a case and disturb it once; returns how, so that it can be done again."""
    signal_name = chance.choice(SIGNALS)
    number = getattr(signal, signal_name)
    if how == "point" and wanted.points:
        place = f"{crash_points.ANY}:{chance.randint(1, wanted.points)}"
        return f"{place}: {at.start(case.words, place).wait(LIMIT)}"
    if how == "pipe":
        closed = chance.choice([[1], [1, 2]])
        return f"closed {closed}: {at.start(case.words, closed=closed).wait(LIMIT)}"
    if how == "event":
        place = chance.randint(1, max(1, wanted.events))
        return f"{signal_name} at event {place}: {at.start(case.words, at=place, signal=number).wait(LIMIT)}"
    after = chance.uniform(0.0, wanted.seconds)
    running = at.start(case.words)
    with contextlib.suppress(subprocess.TimeoutExpired):
        running.wait(after)
    # As a terminal and a scheduler do it: to all processes of the run; the kernel's killer takes one alone.
    with contextlib.suppress(ProcessLookupError):
        (os.kill if number == signal.SIGKILL else os.killpg)(running.pid, number)
    return f"{signal_name} after {after:.3f} s: {running.wait(LIMIT)}"


def tried(
    at: Desk, case: Case, wanted: Undisturbed, hows: Sequence[str], chance: random.Random
) -> tuple[int, Fault | None]:
    """Disturb a case in each of these ways in a row, run it again, and compare.

    Returns the number of kills, and what was wrong.
    """
    at.restore()
    done = [disturb(at, case, wanted, how, chance) for how in hows]
    code = at.start(case.words).wait(LIMIT)
    differences, leftovers = compare(wanted.state, at.state())
    if code != wanted.code:
        differences.insert(0, f"exit code {code}, not {wanted.code}")
    leftovers += orphans(at)
    if not differences and not leftovers:
        return len(done), None
    return len(done), Fault("; ".join(done), differences, leftovers, at.said)


def orphans(at: Desk) -> list[str]:
    """Processes that work on the desk although the command has ended; they get a second to see that."""
    until = time.monotonic() + 2.0
    while found := [name for name in Path("/proc").glob("[0-9]*") if _works_on(name, at)]:
        if time.monotonic() > until:
            return [f"process {each.name}: {(each / 'cmdline').read_bytes()[:200]!r}" for each in found]
        time.sleep(0.02)
    return []


def _works_on(process: Path, at: Desk) -> bool:
    try:
        return str(at.root / "home/cache").encode() in (process / "environ").read_bytes()
    except OSError:
        return False
