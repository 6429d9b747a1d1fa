"""`vtgdata score-difficulty` killed in the middle, against a server that never gives an answer twice."""

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from builders import draw_video, make_sample
from servers import Server, unseeded
from vtgdata import tables

SAMPLES, N, IN_FLIGHT = 30, 8, 6


def score(folder: Path, url: str, kill_after: int | None) -> list[str]:
    """Run the command; kill it after so many acknowledged answers. Returns the keys it acknowledged."""
    reader, writer = os.pipe()
    command = [
        sys.executable, "-m", "vtgdata", "score-difficulty", "--samples", "samples.parquet", "--videos", "videos",
        "--model", "openai_api:tiny", "--endpoint", url, "--n", N, "--num-frames", 4, "--frames", "frames",
        "--concurrency", IN_FLIGHT, "--out", "out", "-q",
    ]  # fmt: skip
    process = subprocess.Popen(
        [*map(str, command)], cwd=folder, env=os.environ | {"VTGDATA_ACK_FD": str(writer)}, pass_fds=[writer],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(writer)
    with os.fdopen(reader) as pipe:
        keys: list[str] = []
        for line in pipe:
            # A kill can cut the last line: a key counts when its end of line arrived.
            keys += [line.strip()] if line.endswith("\n") else []
            if kill_after is not None and len(keys) == kill_after:
                process.send_signal(signal.SIGKILL)
    code = process.wait()
    assert code == (0 if kill_after is None else -signal.SIGKILL)
    return keys


def test_what_was_acknowledged_survives_every_kill_and_is_never_asked_again(tmp_path):
    for i in range(5):
        draw_video(tmp_path / f"videos/v{i}.mp4", grey=20 + 20 * i)
    tables.write_samples(
        tmp_path / "samples.parquet", [make_sample(f"s{i}", video_id=f"v{i % 5}", duration=4.0) for i in range(SAMPLES)]
    )
    with Server(unseeded) as server:
        acknowledged = [key for kill_after in (20, 45, 80) for key in score(tmp_path, server.url, kill_after)]
        acknowledged += score(tmp_path, server.url, None)
    total = SAMPLES * N
    rows = tables.read_parquet(tmp_path / "out/rollouts.parquet")
    assert len(rows) == len({row["key"] for row in rows}) == total
    assert set(acknowledged) <= {row["key"] for row in rows}
    assert max(Counter(acknowledged).values()) == 1, "an acknowledged answer was asked for again"
    assert len(server.requests) <= total + 3 * IN_FLIGHT, "asked again beyond what was in flight at each kill"
    # The server never gives a text twice, so each row's text shows which request it came from.
    given = Counter(text for _, text in server.replies)
    assert all(given[row["text"]] == 1 for row in rows)
    again = len(server.requests)
    with Server(unseeded) as untouched:
        assert score(tmp_path, untouched.url, None) == []
        assert len(untouched.requests) == 0
    assert len(server.requests) == again
