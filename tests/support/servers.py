"""A loopback OpenAI-compatible server for tests: a function answers, and every request is kept."""

import contextlib
import random
import socket
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import msgspec


class Fault(msgspec.Struct, frozen=True):
    """An answer that is none: a status, headers, and a body (JSON, or bytes as they are)."""

    status: int
    headers: Mapping[str, str] = {}
    body: Any = None


class Hangup(msgspec.Struct, frozen=True):
    """Close the connection without a word, or in the middle of the body."""

    after: bytes = b""


class Drip(msgspec.Struct, frozen=True):
    """An answer that comes byte by byte, each so late, until the client hangs up."""

    text: str
    seconds: float


class Silence(msgspec.Struct, frozen=True):
    """Take the request, and send nothing for so many seconds, or until the server ends."""

    seconds: float = 60.0


class Logged(msgspec.Struct, frozen=True):
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    time: float
    """Monotonic seconds."""

    @property
    def seed(self) -> int:
        return self.body["seed"]


Answer = str | dict[str, Any] | Fault | Hangup | Drip | Silence
"""A text becomes a chat completion; a dict is the whole body of one."""


class Server:
    """Serves `http://127.0.0.1:PORT/v1` until the `with` block ends.

    `answer(request body, number of the request from 0)` may block (an event, a barrier): each request has its thread.
    """

    def __init__(self, answer: Callable[[dict[str, Any], int], Answer], models: tuple[str, ...] = ("tiny",)) -> None:
        self.answer, self.models = answer, models
        self.models_body: bytes | None = None
        """What GET /v1/models answers instead of the list of models."""
        self.requests: list[Logged] = []
        """Chat completions asked for, in order of arrival."""
        self.replies: list[tuple[int, str]] = []
        """(seed, text) of every answer, noted before it is sent; the seed is -1 if none was sent."""
        self.in_flight = self.most_in_flight = 0
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self.http = _Http(("127.0.0.1", 0), _handler(self))
        self.port = int(self.http.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> Self:
        self.serve()
        return self

    def serve(self) -> None:
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def down(self) -> None:
        """Break all connections and refuse new ones, until `up`."""
        self.http.shutdown()
        self.http.server_close()
        self.http.break_off()

    def up(self) -> None:
        """Listen again, at the same address."""
        self.http = _Http(("127.0.0.1", self.port), _handler(self))
        self.serve()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ended.set()
        self.http.shutdown()
        self.http.server_close()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256
    # A thread may still wait for a client that keeps its connection: do not wait for it.
    block_on_close = False

    def __init__(self, *what: Any) -> None:
        super().__init__(*what)
        self.connections: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.connections.discard(request)
        super().shutdown_request(request)

    def break_off(self) -> None:
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is no news."""


def completion(text: str | None, *, finish_reason: str = "stop", **message: Any) -> dict[str, Any]:
    """The body of a chat completion, as OpenAI documents it."""
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": "tiny",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": text, **message}, "finish_reason": finish_reason}
        ],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
    }  # fmt: skip


def seeded(body: dict[str, Any], number: int) -> str:
    """An answer that is a function of the request's seed alone."""
    draw = random.Random(body["seed"])
    start = draw.uniform(0, 10)
    return f"<answer>{start:.1f} to {start + draw.uniform(1, 9):.1f}</answer>"


def unseeded(body: dict[str, Any], number: int) -> str:
    """Another answer every time: asking twice shows."""
    return f"<answer>0.0 to {number + 1}.0</answer> {random.SystemRandom().random()}"


def in_turn(*answers: Answer) -> Callable[[dict[str, Any], int], Answer]:
    """The given answers one after the other, the last one again and again."""
    return lambda body, number: answers[min(number, len(answers) - 1)]


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Headers and body leave apart: without this each answer waits for the client's delayed acknowledgement.
        disable_nagle_algorithm = True

        def log_message(self, format: str, *args: Any) -> None:
            """Tests read `requests` instead."""

        def do_GET(self) -> None:
            models = [{"id": name, "object": "model", "created": 0, "owned_by": "test"} for name in server.models]
            self.send(200, {}, server.models_body or {"object": "list", "data": models})

        def do_POST(self) -> None:
            body = msgspec.json.decode(self.rfile.read(int(self.headers["Content-Length"])))
            with server.lock:
                number = len(server.requests)
                headers = {name.lower(): value for name, value in self.headers.items()}
                server.requests.append(Logged(self.path, headers, body, time.monotonic()))
                server.in_flight += 1
                server.most_in_flight = max(server.most_in_flight, server.in_flight)
            try:
                answer = server.answer(body, number)
            finally:
                with server.lock:
                    server.in_flight -= 1
            if isinstance(answer, Hangup):
                self.close_connection = True
                if answer.after:
                    self.send(200, {"Content-Length": "100000"}, answer.after)
            elif isinstance(answer, Silence):
                self.close_connection = True
                server.ended.wait(answer.seconds)
            elif isinstance(answer, Drip):
                self.drip(msgspec.json.encode(completion(answer.text)), answer.seconds)
            elif isinstance(answer, Fault):
                self.send(answer.status, answer.headers, answer.body)
            else:
                if isinstance(answer, str):
                    with server.lock:
                        server.replies.append((body.get("seed", -1), answer))
                self.send(200, {}, completion(answer) if isinstance(answer, str) else answer)

        def drip(self, content: bytes, seconds: float) -> None:
            self.close_connection = True
            self.send(200, {"Content-Length": str(len(content))}, content[:1])
            with contextlib.suppress(OSError):
                for byte in content[1:]:
                    time.sleep(seconds)
                    self.wfile.write(bytes([byte]))

        def send(self, status: int, headers: Mapping[str, str], body: Any) -> None:
            content = body if isinstance(body, bytes) else msgspec.json.encode(body)
            self.send_response(status)
            for name, value in (
                {"Content-Type": "application/json", "Content-Length": str(len(content))} | dict(headers)
            ).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

    return Handler
