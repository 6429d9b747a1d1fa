"""Programs that speak to the loopback Hub: the Hub's client reads its settings when it is imported."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support import forked
from support.hub_server import Hub
from vtgdata.stages import push

STAGE = """
import importlib, json, sys
from vtgdata.errors import VtgError
from vtgdata.files.step import json_values
name, settings = json.loads(sys.argv[1])
stage = importlib.import_module(f"vtgdata.stages.{name}")
try:
    print(json.dumps(json_values(stage.run(stage.Settings(**settings)))))
except VtgError as error:
    print(json.dumps({"error": type(error).__name__, "exit_code": error.exit_code, "said": str(error)}))
"""
BREAKER = """
import json, os, signal, sys
from huggingface_hub.utils import _http, get_session
from vtgdata.errors import VtgError
from vtgdata.stages import push

session = type(get_session())
send = session.send

def breaking(how, after):
    asked = 0
    def broken(self, request, **more):
        nonlocal asked
        if asked == after:
            if how == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            raise ConnectionError("the line is dead")
        asked += 1
        return send(self, request, **more)
    return broken

for line in sys.stdin:
    asked = json.loads(line)
    child = os.fork()
    if not child:
        _http.time.sleep = lambda seconds: None  # between tries: nobody else needs the time
        if asked["how"] in ("kill", "line"):
            session.send = breaking(asked["how"], asked["after"])
        try:
            push.run(push.Settings(**asked["settings"]))
        except VtgError as error:
            os._exit(error.exit_code)
        except BaseException:
            import traceback
            traceback.print_exc()
            os._exit(99)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""

TELLER = """
import importlib, json, os, sys, time
from huggingface_hub import HfApi, get_session  # loaded once, before the forks
from vtgdata.errors import VtgError

for line in sys.stdin:
    name, settings = json.loads(line)
    module, _, function = name.partition(":")
    stage = importlib.import_module(module)
    read, write = os.pipe()
    child = os.fork()
    if not child:
        slept = []
        time.sleep = slept.append
        try:
            getattr(stage, function)(**settings) if function else stage.run(stage.Settings(**settings))
            told = {"exit_code": 0}
        except VtgError as error:
            told = {"exit_code": error.exit_code, "said": str(error)}
        except BaseException as error:
            import traceback
            told = {"exit_code": 99, "said": traceback.format_exc()}
        with os.fdopen(write, "w") as out:
            json.dump(told | {"slept": sum(slept)}, out)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        print(answer.read(), flush=True)
    os.waitpid(child, 0)
"""


def environment(hub: Hub, home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    return kept | {
        "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_ENDPOINT": hub.url,
        "HF_TOKEN": hub.token, "PYTHONPATH": str(Path(push.__file__).parents[2]), "VTGDATA_CACHE": str(home / "cache"),
    }  # fmt: skip


def program(script: str, argument: Any, hub: Hub, home: Path) -> Any:
    """What a program prints last, read as JSON."""
    done = forked.run(["-c", script, json.dumps(argument)], env=environment(hub, home))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def stage(name: str, hub: Hub, home: Path, **settings: Any) -> Any:
    """The summary of one stage, or its error."""
    return program(STAGE, [name, settings], hub, home)


@contextmanager
def breaker(hub: Hub, home: Path) -> Iterator[Any]:
    """A function that pushes in a process which dies, or loses its line, after so many requests: its exit code.

    With any other word for how, nothing is broken here: the server may do it.
    """
    running = subprocess.Popen(
        [sys.executable, "-c", BREAKER],
        env=environment(hub, home), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert running.stdin and running.stdout

    def broken(how: str, after: int, **settings: Any) -> int:
        running.stdin.write(json.dumps({"how": how, "after": after, "settings": settings}) + "\n")
        running.stdin.flush()
        return int(running.stdout.readline())

    try:
        yield broken
    finally:
        running.stdin.close()
        running.wait(30)


@contextmanager
def teller(hub: Hub, home: Path) -> Iterator[Any]:
    """A function that runs a stage (or another `module:function`) in a process of its own, without any sleep.

    It returns {exit_code, said, slept}: the seconds that the stage would have slept, and 99 for an exception that is
    no VtgError, with its traceback.
    """
    running = subprocess.Popen(
        [sys.executable, "-c", TELLER],
        env=environment(hub, home), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert running.stdin and running.stdout

    def tell(module: str, **settings: Any) -> dict[str, Any]:
        running.stdin.write(json.dumps([module, settings]) + "\n")
        running.stdin.flush()
        return json.loads(running.stdout.readline())

    try:
        yield tell
    finally:
        running.stdin.close()
        running.wait(30)
