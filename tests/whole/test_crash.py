"""`vtgdata score-difficulty` killed again and again, whole and in shards, and on a full disk.

Seeded: `VTGDATA_CRASH_SEED=7 VTGDATA_CRASH_KILLS=200 pytest tests/test_crash.py -s` replays a run.
"""

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from support import forked
from support.builders import draw_video, make_sample
from support.servers import Server, seeded, unseeded
from vtgdata.files import crash_points
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import write_samples

N, IN_FLIGHT = 8, 6
KILLS = int(os.environ.get("VTGDATA_CRASH_KILLS", "20"))
SEED = int(os.environ.get("VTGDATA_CRASH_SEED", "0"))
MANY = 6 if KILLS > 100 else 0
"""Fail points of those before the tables that a run is killed at, where more than a sample is wanted."""
TABLES = ("rollouts.parquet", "pass_rates.parquet")
ASKING = ("lease-taken", "answer-came", "journal-begun", "journal-written", "journal-committed", "answer-acknowledged")
ENDS = (
    "parquet-piece:1", "parquet-piece:2", "meta-removed",
    *(f"{place}:{k}" for place in ("file-written", "file-replaced") for k in (1, 2, 3, 4)),
)  # fmt: skip
LIMITED = """
import resource, sys
limit = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
from vtgdata.__main__ import main
main()
"""


def start(
    folder: Path, url: str, *more: str, out: str = "out", kill_at: str = "", limit: int | None = None
) -> tuple[forked.Forked, int]:
    """The command, started, and a pipe that gets each key once its answer is on disk.

    With `limit`, no file may have more bytes, as on a full disk; then what it says on stderr can be read.
    """
    reader, writer = os.pipe()
    command = [
        "-m", "vtgdata", "score-difficulty", "--samples", "samples.parquet", "--videos", "videos",
        "--model", "openai_api:tiny", "--endpoint", url, "--n", N, "--num-frames", 4, "--frames", "frames",
        "--concurrency", IN_FLIGHT, "--out", out, "-q", *more,
    ]  # fmt: skip
    if limit is not None:
        command = ["-c", LIMITED, limit, *command[2:]]
    process = forked.start(
        command, cwd=folder, pass_fds=[writer], stdout=subprocess.DEVNULL,
        env=os.environ | {"VTGDATA_ACK_FD": str(writer), crash_points.VARIABLE: kill_at},
        stderr=None if limit is None else subprocess.PIPE,
    )  # fmt: skip
    os.close(writer)
    return process, reader


def score(folder: Path, url: str, kill_after: int | None, *more: str, out: str = "out", kill_at: str = "") -> list[str]:
    """Run the command; kill it after so many acknowledged answers, or at a fail point. Returns those keys."""
    process, reader = start(folder, url, *more, out=out, kill_at=kill_at)
    with os.fdopen(reader) as pipe:
        keys: list[str] = []
        for line in pipe:
            # A kill can cut the last line: a key counts when its end of line arrived.
            keys += [line.strip()] if line.endswith("\n") else []
            if kill_after is not None and len(keys) == kill_after:
                process.send_signal(signal.SIGKILL)
    code = process.wait()
    if kill_at:
        assert code == -signal.SIGKILL, f"{kill_at} was not reached"
        return keys
    # It may come to its end before the signal does.
    assert code == 0 or (kill_after is not None and code == -signal.SIGKILL)
    return keys


def world(folder: Path, samples: int) -> int:
    """Samples and videos to ask about; the number of answers wanted."""
    for i in range(5):
        draw_video(folder / f"videos/v{i}.mp4", grey=20 + 20 * i)
    rows = [make_sample(f"s{i}", video_id=f"v{i % 5}", duration=4.0) for i in range(samples)]
    write_samples(folder / "samples.parquet", rows)
    return samples * N


def check(folder: Path, server: Server, total: int, acknowledged: list[str], kills: int) -> None:
    """What must hold after so many kills, each with IN_FLIGHT requests on their way."""
    rows = read_parquet(folder / "out/rollouts.parquet")
    assert len(rows) == len({row["key"] for row in rows}) == total
    assert set(acknowledged) <= {row["key"] for row in rows}, "an acknowledged answer was lost"
    assert max(Counter(acknowledged).values()) == 1, "an acknowledged answer was asked for again"
    assert len(server.requests) <= total + kills * IN_FLIGHT, "asked again beyond what was in flight at each kill"


def test_what_was_acknowledged_survives_every_kill_and_is_never_asked_again(tmp_path):
    total = world(tmp_path, max(30, KILLS))
    chance = random.Random(SEED)
    with Server(unseeded) as server:
        acknowledged = [
            key for _ in range(KILLS) for key in score(tmp_path, server.url, chance.randint(1, total // KILLS))
        ]
        acknowledged += score(tmp_path, server.url, None)
    check(tmp_path, server, total, acknowledged, KILLS)
    # The server never gives a text twice, so each row's text shows which request it came from.
    given = Counter(text for _, text in server.replies)
    assert all(given[row["text"]] == 1 for row in read_parquet(tmp_path / "out/rollouts.parquet"))
    sys.stdout.write(f"seed {SEED}: {KILLS} kills, {total} answers, {len(server.requests) - total} asked twice\n")
    with Server(unseeded) as untouched:
        assert score(tmp_path, untouched.url, None) == []
        assert len(untouched.requests) == 0


def undisturbed(folder: Path) -> int:
    """A world, and a run in it that nothing kills; the number of answers wanted."""
    total = world(folder, 30)
    with Server(seeded) as server:
        score(folder, server.url, None, out="undisturbed")
    return total


def same_tables(folder: Path) -> None:
    """The tables are those of the run that nothing killed, byte for byte."""
    for name in TABLES:
        assert (folder / "out" / name).read_bytes() == (folder / "undisturbed" / name).read_bytes()


@pytest.mark.parametrize("count", [1, 4])
def test_killed_at_any_moment_whole_or_in_shards_the_tables_are_those_of_a_run_that_was_not(tmp_path, count):
    total, chance = undisturbed(tmp_path), random.Random(SEED)
    with Server(seeded) as server:
        acknowledged: list[str] = []
        for index in range(count):
            shard = [] if count == 1 else ["--shard", f"{index}/{count}"]
            for _ in range(max(1, KILLS // 10)):
                acknowledged += score(tmp_path, server.url, chance.randint(1, total // count // 4), *shard)
        acknowledged += score(tmp_path, server.url, None)
    check(tmp_path, server, total, acknowledged, count * max(1, KILLS // 10))
    same_tables(tmp_path)


def once(point: str, chance: random.Random, total: int) -> str:
    """A fail point with the count at which to be killed there: of those that come with answers, one of the first."""
    often = point.startswith(("journal-", "answer-"))
    return f"{point}:{chance.randint(1, max(1, total // 40)) if often else 1}"


@pytest.mark.parametrize("count", [1, 4])
def test_killed_at_every_fail_point_the_tables_are_those_of_a_run_that_was_not(tmp_path, count):
    """Some more than once: before, between and after the tables, and with the answers of shards taken over in part."""
    total, chance = undisturbed(tmp_path), random.Random(SEED)
    with Server(seeded) as server:
        acknowledged: list[str] = []
        kills = 0
        for index in range(count):
            shard = [] if count == 1 else ["--shard", f"{index}/{count}"]
            for point in chance.sample(ASKING, MANY or (1 if count > 1 else 3)):
                acknowledged += score(tmp_path, server.url, None, *shard, kill_at=once(point, chance, total // count))
                kills += 1
            if count > 1:
                acknowledged += score(tmp_path, server.url, None, *shard)
        taking = ["journal-written:2", "journal-committed:2"] if count > 1 else []
        for point in (*taking, *chance.sample(ENDS, len(ENDS) if MANY else 3)):
            acknowledged += score(tmp_path, server.url, None, kill_at=point)
            kills += 1
        acknowledged += score(tmp_path, server.url, None, kill_at="step-done")
        done = len(server.requests)
        assert score(tmp_path, server.url, None) == [], "all was done before it was killed"
        assert len(server.requests) == done
    check(tmp_path, server, total, acknowledged, kills)
    same_tables(tmp_path)
    assert not [path for path in (tmp_path / "out").iterdir() if path.suffix == ".tmp"], "half a file was left"


def test_a_full_disk_ends_the_run_with_words_and_the_next_one_goes_on(tmp_path):
    total = world(tmp_path, 30)
    with Server(seeded) as server:
        process, reader = start(tmp_path, server.url, limit=120_000)
        with os.fdopen(reader) as pipe:
            acknowledged = pipe.read().split()
        said = process.communicate()[1].decode()
        assert process.returncode == 1 and "Traceback" not in said
        assert "cannot be written" in said and "run the same command again" in said
        assert 0 < len(acknowledged) < total and not (tmp_path / "out/meta.json").exists()
        acknowledged += score(tmp_path, server.url, None)
    # When one cannot be written, each other slot may have had an answer, and its next request, before all ended.
    check(tmp_path, server, total, acknowledged, 2)
