"""Python processes that need not import again what every one needs: `vtgdata` as scripts see it, and other programs.

A server, one for all tests of a process, has imported it and forks for each program: what it forks has arguments, a
folder, an environment, streams and an exit code of its own, and may be killed, as what `subprocess` starts.
"""

import atexit
import contextlib
import fcntl
import functools
import gc
import importlib
import io
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

LIBRARIES = ("numpy", "polars", "pyarrow.parquet", "PIL.Image", "av", "openai", "vtgdata.video.decode")
"""What commands import when they are at work; none that looks at the environment then, as huggingface_hub does."""
_asking = threading.Lock()


class Forked:
    """A process that `start` began, with what tests use of subprocess.Popen."""

    def __init__(self, state: IO[str], stdout: IO[Any] | None, stderr: IO[Any] | None) -> None:
        self._state, self.stdout, self.stderr = state, stdout, stderr
        self.pid = int(state.readline())
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._state], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("forked", timeout or 0.0)
            self.returncode = int(self._state.readline())
            self._state.close()
        return self.returncode

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[Any, Any]:
        """What was written to the one pipe there is, and the end of the process waited for."""
        assert self.stdout is None or self.stderr is None
        said = [stream and stream.read() for stream in (self.stdout, self.stderr)]
        self.wait(timeout)
        return said[0], said[1]


def start(
    arguments: Sequence[object], *, cwd: Path | None = None, env: Mapping[str, str] | None = None,
    stdin: int | None = None, stdout: int | None = None, stderr: int | None = None, text: bool = False,
    pass_fds: Sequence[int] = (), also: tuple[str, ...] = (), preload: str = "",
) -> Forked:  # fmt: skip
    """`python ARGUMENTS`, these being `-m MODULE` or `-c PROGRAM` and its own; the rest is as of subprocess.Popen.

    Args:
        also: further modules that the process need not import again; each set of them has a server of its own.
        preload: a shared library that the process is to have loaded first of all; likewise.
    """
    with contextlib.ExitStack() as ours:
        pipes: list[IO[Any] | None] = [None, None]

        def end(given: int | None, usual: int, index: int) -> int:
            if given == subprocess.DEVNULL:
                given = os.open(os.devnull, os.O_RDWR)
            elif given == subprocess.PIPE:
                reader, given = os.pipe()
                pipes[index] = os.fdopen(reader, "r" if text else "rb")
            else:
                return usual if given is None else given
            ours.callback(os.close, given)
            return given

        out = end(stdout, 1, 0)
        streams = [end(subprocess.DEVNULL if stdin is None else stdin, 0, 0), out]
        streams.append(out if stderr == subprocess.STDOUT else end(stderr, 2, 1))
        state, told = os.pipe()
        ours.callback(os.close, told)
        asked = json.dumps(
            {
                "arguments": [str(argument) for argument in arguments], "cwd": str(cwd or Path.cwd()),
                "environment": dict(os.environ if env is None else env), "passed": list(pass_fds),
            }
        ).encode()  # fmt: skip
        with _asking:
            server = _server(also, preload)
            socket.send_fds(server, [len(asked).to_bytes(8, "little")], [told, *streams, *pass_fds])
            server.sendall(asked)
        # Closed before the answer is waited for: it ends when nobody has the other end.
    return Forked(os.fdopen(state), *pipes)


def run(
    arguments: Sequence[object], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The same to its end, with what it wrote."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        code = start(arguments, cwd=cwd, env=env, stdout=out.fileno(), stderr=err.fileno()).wait()
        out.seek(0), err.seek(0)
        return subprocess.CompletedProcess(list(arguments), code, out.read(), err.read())


def vtgdata(*arguments: object, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command line to its end; `environment` goes over that of the tests."""
    return run(["-m", "vtgdata", *arguments], cwd=cwd, env=os.environ | environment)


@functools.cache
def _server(also: tuple[str, ...], preload: str) -> socket.socket:
    ours, its = socket.socketpair()
    environment = os.environ | ({"LD_PRELOAD": preload} if preload else {})
    with its:
        command = [sys.executable, __file__, str(its.fileno()), *also]
        server = subprocess.Popen(command, pass_fds=[its.fileno()], env=environment)
    atexit.register(server.wait)
    atexit.register(ours.close)  # before that
    return ours


def _serve(asking: socket.socket, also: Sequence[str]) -> None:
    """Fork for each program asked for, until nobody can ask any more; in a fork, return as it."""
    import vtgdata
    from vtgdata.cli import app, commands
    from vtgdata.files import code_fingerprint

    # What the command line itself imports when it first runs.
    with contextlib.redirect_stdout(io.StringIO()):
        app.run(["--version"])
    for name in commands.COMMANDS:
        commands.settings_type(name)
    for name in (*LIBRARIES, *also):
        importlib.import_module(name)
    # What each step reads of this package is remembered too.
    code_fingerprint.of_code(*(module.name for module in pkgutil.walk_packages(vtgdata.__path__, "vtgdata.")))
    gc.freeze()
    while True:
        head, given, _, _ = socket.recv_fds(asking, 8, 64)
        # Who told how programs ended has ended.
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not head:
            os._exit(0)
        asked = json.loads(_exactly(asking, int.from_bytes(head, "little")))
        if not os.fork():
            asking.close()
            break
        for descriptor in given:
            os.close(descriptor)
    told, *given = given
    program = os.fork()
    if program:
        # Of these two, one tells how the other ended.
        for descriptor in given:
            os.close(descriptor)
        os.write(told, b"%d\n" % program)
        os.write(told, b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(program, 0)[1]))
        os._exit(0)
    os.close(told)
    _become(given, **asked)


def _exactly(asking: socket.socket, size: int) -> bytes:
    read = bytearray()
    while len(read) < size:
        read += asking.recv(size - len(read))
    return bytes(read)


def _become(given: list[int], arguments: list[str], cwd: str, environment: dict[str, str], passed: list[int]) -> None:
    """Be what `python ARGUMENTS` would be there."""
    high = [fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 512) for descriptor in given]
    for descriptor in given:
        os.close(descriptor)
    for descriptor, wanted in zip(high, (0, 1, 2, *passed), strict=True):
        os.dup2(descriptor, wanted)
        os.close(descriptor)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:1] = [cwd, *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    how, what, *rest = arguments
    sys.argv = [how, *rest]
    if how == "-m":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        main = sys.modules["__main__"] = types.ModuleType("__main__")
        exec(compile(what, "<string>", "exec"), main.__dict__)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])
