"""A key is nowhere but in the requests: not in a file, not in what is printed, whatever the server does with it."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from builders import draw_video, make_sample
from servers import Fault, Hangup, Server, in_turn, seeded
from vtgdata import tables

KEY = "sk-canary-5up3rs3cr3t-0123456789"
TOKEN = "hf_canary5up3rs3cr3tABCDEFGHIJ"
TELLING = {"error": {"message": f"the key {KEY} is wrong, Bearer {KEY}", "type": "invalid", "code": KEY}}


def run(folder: Path, *more: str, kill_after: int | None = None) -> tuple[int, str]:
    """The command with keys in its environment; its exit code and all that it printed."""
    reader, writer = os.pipe()
    process = subprocess.Popen(
        [
            sys.executable, "-m", "vtgdata", "score-difficulty", "--samples", "samples.parquet", "--videos", "videos",
            "--model", "openai_api:tiny", "--n", "2", "--num-frames", "4", "--frames", "frames", "--out", "out", *more,
        ],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, pass_fds=[writer],
        env=os.environ | {"VTGDATA_API_KEY": KEY, "HF_TOKEN": TOKEN, "VTGDATA_ACK_FD": str(writer)},
    )  # fmt: skip
    os.close(writer)
    with os.fdopen(reader) as pipe:
        for count, _ in enumerate(pipe, start=1):
            if count == kill_after:
                process.send_signal(signal.SIGKILL)
    said = process.communicate()[0]
    return process.returncode, said


def check(folder: Path, said: str) -> None:
    for secret in (KEY, TOKEN):
        assert secret not in said
        for path in folder.rglob("*"):
            assert secret not in path.name
            assert not path.is_file() or secret.encode() not in path.read_bytes(), path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    draw_video(tmp_path / "videos/v.mp4", grey=60)
    samples = [make_sample(f"s{i}", video_id="v", duration=4.0) for i in range(4)]
    tables.write_samples(tmp_path / "samples.parquet", samples)
    return tmp_path


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (seeded, 0),
        (lambda body, number: Fault(401, {}, TELLING), 7),
        (lambda body, number: Fault(400, {}, TELLING), 3),
        (lambda body, number: Fault(200, {}, f"<html>{KEY}</html>".encode()), 3),
        (in_turn(Fault(500, {"Retry-After": "0"}, TELLING), Hangup(f'{{"a": "{KEY}'.encode()), *["1.0 to 2.0"] * 8), 0),
    ],
    ids=["answers", "refused", "failed", "a page", "trouble at first"],
)
def test_a_key_that_the_server_repeats_is_never_kept_or_shown(folder: Path, answer: Any, code: int) -> None:
    with Server(answer) as server:
        ended, said = run(folder, "--endpoint", server.url, "--timeout", "5")
        assert server.requests and all(r.headers["authorization"] == f"Bearer {KEY}" for r in server.requests)
    assert ended == code, said
    check(folder, said)


def test_a_killed_run_leaves_no_key_behind(folder: Path) -> None:
    with Server(seeded) as server:
        ended, said = run(folder, "--endpoint", server.url, kill_after=3)
    assert ended in (-signal.SIGKILL, 0)
    check(folder, said)


@pytest.mark.parametrize("url", ["http://me:{}@127.0.0.1:9/v1", "http://127.0.0.1:9/v1?key={}", "http://{}@[::1/v1"])
def test_a_key_in_an_address_is_refused_and_not_shown(folder: Path, url: str) -> None:
    ended, said = run(folder, "--endpoint", url.format(KEY))
    assert ended == 1 and "--endpoint" in said
    check(folder, said)
    ended, said = run(folder, "--endpoint", url.format(KEY), "--json")
    assert ended == 1
    check(folder, said)
