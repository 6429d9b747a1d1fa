"""What one of four servers that dies for a while costs: throughput as a share of what the other three give, and rows.

Each server is a process of its own with fixed slots and a fixed service time; requests that find no slot wait in line.
A run through the engine and its journal asks all four while one of them is dead for a while (its process killed, or
500, 503 or 429 to everything, or silence). Its rate over that time is divided by the rate of a run over three servers
and nothing else, made just before it. Limit: at least 70 %, and no row failed. Last, all four are dead for a while.

    python benchmarks/endpoints.py [HOW...]
"""

import json
import math
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from vtgdata.engine.ask import Asking, run
from vtgdata.engine.journal.journal import Journal
from vtgdata.engine.work_keys import Question
from vtgdata.files import plugins
from vtgdata.records import Endpoint, Message, Sampling, Text

SLOTS, SERVICE = 4, 0.15
CONCURRENCY = 16
DEAD = (3.0, 13.0)
"""Seconds from the start of a run between which a server is dead."""
TIMEOUT = 2.0
"""Ours for a request: 13 service times, as 300 s are for an answer of 20 s."""
HOWS = ("gone", "500", "503", "429", "silent")
BODY = json.dumps(
    {
        "choices": [{"message": {"content": "<answer>1.0 to 2.0</answer>"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3},
    }
).encode()


def serve(port: int, how: Any) -> None:
    """A server: its life is that of the process. `how.value` is an index into HOWS while it is dead, else -1."""
    slots = threading.Semaphore(SLOTS)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            dead = HOWS[how.value] if how.value >= 0 else ""
            if dead == "silent":
                time.sleep(TIMEOUT * 2)
                self.close_connection = True
                return
            if dead:
                self.say(int(dead), b"{}")
                return
            with slots:
                time.sleep(SERVICE)
            self.say(200, BODY)

        def say(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    class Http(ThreadingHTTPServer):
        daemon_threads, request_queue_size, allow_reuse_address = True, 256, True

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass

    Http(("127.0.0.1", port), Handler).serve_forever()


class Host:
    """One server, which can die and come back."""

    def __init__(self) -> None:
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = found.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"
        self.how = multiprocessing.Value("i", -1)
        self.start()

    def start(self) -> None:
        """Begin to listen, and wait until it does."""
        self.process = multiprocessing.Process(target=serve, args=(self.port, self.how), daemon=True)
        self.process.start()
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)

    def stop(self) -> None:
        """Die as a process does that is killed."""
        os.kill(self.process.pid or 0, signal.SIGKILL)
        self.process.join()

    def die(self, how: str) -> None:
        """Be dead in one of the ways."""
        if how == "gone":
            self.stop()
        else:
            self.how.value = HOWS.index(how)

    def live(self) -> None:
        """Be well again."""
        self.how.value = -1
        if not self.process.is_alive():
            self.start()


@contextmanager
def hosts(count: int) -> Iterator[list[Host]]:
    """Servers, for a while."""
    started = [Host() for _ in range(count)]
    try:
        yield started
    finally:
        for host in started:
            host.stop()


def questions(until: float) -> Iterator[Question]:
    """Questions without end, until that moment (monotonic seconds)."""
    number = 0
    while time.monotonic() < until:
        yield Question(
            sample_id=f"s{number}", messages=(Message("user", (Text(f"When {number}?"),)),), prompt_id="p",
            frames_id="f", frame_times=(),
        )  # fmt: skip
        number += 1


def measure(urls: list[str], seconds: float, events: list[tuple[float, Callable[[], None]]]) -> tuple[list[float], int]:
    """When each answer was on disk, in seconds from the start of a run of that length, and how many rows failed."""
    times: list[float] = []
    asked: list[Any] = []
    began = time.monotonic()
    timers = [threading.Timer(after, action) for after, action in events]
    for timer in timers:
        timer.start()
    model = plugins.load("models", "openai_api").connect(
        "tiny", Endpoint(urls=tuple(urls), concurrency=CONCURRENCY, timeout=TIMEOUT)
    )
    with tempfile.TemporaryDirectory() as folder, Journal(Path(folder) / "journal.sqlite") as journal:
        asking = Asking(
            model=model, sampling=Sampling(), n=1, seed=0, journal=journal, note=asked.append,
            acknowledge=lambda key: times.append(time.monotonic() - began),
        )  # fmt: skip
        run(questions(began + seconds), asking)
    for timer in timers:
        timer.join()
    return times, len(asked) - len(times)


def rate(times: list[float], begin: float, end: float) -> float:
    """Answers a second between two moments."""
    return sum(begin <= moment < end for moment in times) / (end - begin)


def one_of_four(how: str) -> tuple[float, bool]:
    """The share for one way to die, told; and whether a row failed."""
    begin, end = DEAD
    with hosts(3) as three:
        alone, failed = measure([host.url for host in three], 8.0, [])
    base = rate(alone, 2.0, 8.0)
    with hosts(4) as four:
        events = [(begin, lambda: four[1].die(how)), (end, four[1].live)]
        times, lost = measure([host.url for host in four], end + 7.0, events)
    dead, before, after = rate(times, begin, end), rate(times, 1.0, begin), rate(times, end + 3.0, end + 7.0)
    print(
        f"{how:7} three alone {base:6.1f}/s (ideal {3 * SLOTS / SERVICE:.0f})   four before {before:6.1f}/s   one dead "
        f"{dead:6.1f}/s = {dead / base:.3f} of three   after it came back {after:6.1f}/s   failed rows {failed + lost}"
    )
    return dead / base, bool(failed + lost)


def all_four() -> bool:
    """Whether a row failed when all four were gone for a while."""
    with hosts(4) as four:
        events = [(2.0, host.stop) for host in four] + [(6.0, host.live) for host in four]
        times, lost = measure([host.url for host in four], 14.0, events)
    first = min((moment for moment in times if moment > 6.0), default=math.inf)
    print(f"all four gone for 4 s: first answer {first - 6.0:.1f} s after they came back, failed rows {lost}")
    return bool(lost)


def main(hows: list[str]) -> int:
    """0 where the limits hold."""
    print(f"{SLOTS} slots of {SERVICE} s a server, {CONCURRENCY} requests in flight, timeout {TIMEOUT:g} s")
    found = [one_of_four(how) for how in hows or HOWS]
    good = all(share >= 0.7 and not failed for share, failed in found) and not all_four()
    print("holds: every share at least 0.70, no row failed" if good else "DOES NOT HOLD")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
