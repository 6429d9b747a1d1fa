"""A key is nowhere but in the requests: not in a file, not in what is printed, whatever the server does with it."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support import forked
from support.builders import draw_video, make_sample
from support.hub_clients import environment
from support.hub_server import Hub
from support.release_builders import make_release, write_inputs
from support.servers import Fault, Hangup, Server, in_turn, seeded
from vtgdata.files.samples import write_samples

KEY = "sk-canary-5up3rs3cr3t-0123456789"
TOKEN = "hf_canary5up3rs3cr3tABCDEFGHIJ"
TELLING = {"error": {"message": f"the key {KEY} is wrong, Bearer {KEY}", "type": "invalid", "code": KEY}}


def run(folder: Path, *more: str, kill_after: int | None = None, command: str = "score-difficulty") -> tuple[int, str]:
    """The command with keys in its environment; its exit code and all that it printed."""
    reader, writer = os.pipe()
    process = forked.start(
        [
            "-m", "vtgdata", command, "--samples", "samples.parquet", "--videos", "videos",
            "--model", "openai_api:tiny", "--num-frames", "4", "--frames", "frames", "--out", "out", *more,
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
    write_samples(tmp_path / "samples.parquet", samples)
    return tmp_path


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (seeded, 0),
        (lambda body, number: f"<think>{KEY}</think><answer>1.0 to 2.0</answer> \x1b[2J Bearer {KEY}", 0),
        (lambda body, number: Fault(401, {}, TELLING), 7),
        (lambda body, number: Fault(400, {}, TELLING), 3),
        (lambda body, number: Fault(200, {}, f"<html>{KEY}</html>".encode()), 3),
        (in_turn(Fault(500, {"Retry-After": "0"}, TELLING), Hangup(f'{{"a": "{KEY}'.encode()), *["1.0 to 2.0"] * 8), 0),
    ],
    ids=["answers", "an answer", "refused", "failed", "a page", "trouble at first"],
)
def test_a_key_that_the_server_repeats_is_never_kept_or_shown(folder: Path, answer: Any, code: int) -> None:
    with Server(answer) as server:
        ended, said = run(folder, "--endpoint", server.url, "--timeout", "5", "--n", "2")
        assert server.requests and all(r.headers["authorization"] == f"Bearer {KEY}" for r in server.requests)
    assert ended == code, said
    check(folder, said)


def test_a_killed_run_leaves_no_key_behind(folder: Path) -> None:
    with Server(seeded) as server:
        ended, said = run(folder, "--endpoint", server.url, "--n", "2", kill_after=3)
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


@pytest.mark.parametrize("command", ["build-coldstart", "evaluate"])
def test_a_key_is_in_no_trace_and_no_report(folder: Path, command: str) -> None:
    troubled = in_turn(Fault(500, {"Retry-After": "0"}, TELLING), Fault(400, {}, TELLING), *["1.0 to 2.0"] * 8)
    with Server(troubled) as server:
        ended, said = run(folder, "--endpoint", server.url, command=command)
        assert all(request.headers["authorization"] == f"Bearer {KEY}" for request in server.requests)
    assert ended == 3, said
    assert list((folder / "out").glob("*.json")) and list((folder / "out").glob("*.parquet"))
    check(folder, said)


# The Hub


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("canary")
    return make_release(folder / "v1", write_inputs(folder / "inputs"), name="Doors")


def talk(folder: Path, hub: Hub, *command: str, started: Callable[[forked.Forked], Any] = id) -> tuple[int, str]:
    """A command that speaks to the Hub, with both keys in its environment; its exit code and all that it printed."""
    process = forked.start(
        ["-m", "vtgdata", *command],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=environment(hub, folder / "home") | {"VTGDATA_API_KEY": KEY, "OPENAI_API_KEY": KEY},
    )  # fmt: skip
    started(process)
    said = process.communicate(timeout=120)[0]
    return process.returncode, said


def check_hub(hub: Hub) -> None:
    """What is published, and how: not the keys."""
    held: list[bytes] = [*hub.objects.values(), *(line.encode() for line in hub.log)]
    for repository in hub.repositories.values():
        held += [word.encode() for word in (*repository.messages, *repository.descriptions, *repository.tags)]
        for files in repository.commits.values():
            held += [*files.values(), *(name.encode() for name in files)]
    assert not [one for one in held for secret in (KEY, TOKEN) if secret.encode() in one]


def test_a_pushed_and_pulled_release_holds_no_key(tmp_path: Path, release: Path) -> None:
    with Hub() as hub:
        hub.token = TOKEN
        ended, said = talk(tmp_path, hub, "push", str(release), "org/doors")
        assert ended == 0, said
        check(tmp_path, said)
        ended, said = talk(tmp_path, hub, "pull", "org/doors@v1.0.0", "--out", "pulled")
        assert ended == 0, said
        assert (tmp_path / "pulled/README.md").exists() and len(hub.objects) > 3
        check(tmp_path, said)
        check_hub(hub)
    check(release, "")


@pytest.mark.parametrize(
    ("how", "after"),
    [("401", 2), ("403", 1), ("404", 1), ("409", 6), ("412", 6), ("400", 4), ("page", 3), ("reset", 5), ("lost", 6)],
)
def test_a_push_that_fails_shows_no_key_whatever_the_hub_says(
    tmp_path: Path, release: Path, how: str, after: int
) -> None:
    with Hub() as hub:
        hub.token, hub.fault = TOKEN, (after, how)
        hub.words = f"the token {TOKEN} is not good: Authorization: Bearer {TOKEN}"
        ended, said = talk(tmp_path, hub, "push", str(release), "org/doors")
        assert hub.fault is None, "it has met its fault"
        check(tmp_path, said)
        check_hub(hub)
    assert ended != 0 or how in ("reset", "lost", "409"), said


def test_a_pull_that_fails_shows_no_key(tmp_path: Path, release: Path) -> None:
    with Hub() as hub:
        hub.token = TOKEN
        assert talk(tmp_path, hub, "push", str(release), "org/doors")[0] == 0
        hub.words, hub.fault = f"no: {TOKEN}", (1, "403")
        ended, said = talk(tmp_path, hub, "pull", "org/doors@v1.0.0", "--out", "pulled")
    assert ended == 7, said
    check(tmp_path, said)


def test_a_push_that_is_killed_leaves_no_key_behind(tmp_path: Path, release: Path) -> None:
    with Hub() as hub:
        hub.token = TOKEN

        def doomed(process: forked.Forked) -> None:
            hub.before["commit"] = process.kill

        ended, said = talk(tmp_path, hub, "push", str(release), "org/doors", started=doomed)
        assert ended == -signal.SIGKILL
        check(tmp_path, said)
        check_hub(hub)


LOGIN = "canary-of-a-mirror-0123"


@pytest.mark.parametrize("more", [(), pytest.param(("--json",), marks=pytest.mark.slow)])
def test_a_login_in_the_hubs_address_is_shown_nowhere(tmp_path: Path, release: Path, more: tuple[str, ...]) -> None:
    """A mirror may want a name and a password in $HF_ENDPOINT."""
    with Hub() as hub:
        mirror, hub.anybody = hub.url.replace("://", f"://bob:{LOGIN}@"), True
        for command in (("push", str(release), "org/doors"), ("pull", "org/doors@v1.0.0", "--out", "pulled")):
            env = environment(hub, tmp_path / "home") | {"HF_ENDPOINT": mirror, "HTTP_PROXY": "", "HTTPS_PROXY": ""}
            done = forked.run(["-m", "vtgdata", *command, *more], cwd=tmp_path, env=env)
            assert done.returncode == 0, done.stderr
            said = done.stdout + done.stderr
            assert LOGIN not in said
            if command[0] == "push":
                assert f"{hub.url}/datasets/org/doors/tree/v1.0.0" in said
        hub.fault, hub.words = (1, "403"), f"no: {mirror} \x1b[2J"
        done = forked.run(["-m", "vtgdata", *command, *more, "--replace"], cwd=tmp_path, env=env)
        assert done.returncode == 7 and LOGIN not in done.stderr and "\x1b" not in done.stderr, done.stderr
        held = [line.encode() for line in hub.log] + [*hub.objects.values()]
    assert not [raw for raw in held if LOGIN.encode() in raw]
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and LOGIN.encode() in path.read_bytes()]
