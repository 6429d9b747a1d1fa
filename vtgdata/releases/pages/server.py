"""The server of `vtgdata view`: on this machine alone, for whoever has the address with its token.

A request without the token, or with another host's name, gets nothing; a file is named by the row whose video it is,
never by a path.
"""

import json
import logging
import re
import secrets
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import parse_qs, urlsplit

import msgspec

from vtgdata.errors import VtgError
from vtgdata.files import outside
from vtgdata.releases.pages.served import Served

log = logging.getLogger("vtgdata")
HOST = "127.0.0.1"
COOKIE = "vtgdata"
ENTRY = "/enter/"
"""Begins the path of the address that is printed; the token follows. In a query it would be masked as it is printed."""
LONGEST = 100_000
"""Bytes of a request's body."""
PIECE = 1 << 18
KINDS = {".webm": "video/webm"}
"""Kinds of video files, by their ending; all others are `video/mp4`."""
_RANGE = re.compile(r"bytes=(\d*)-(\d*)\Z")


class Server(ThreadingHTTPServer):
    """A server on a free port of this machine."""

    daemon_threads = True

    def __init__(self, served: Served, port: int = 0) -> None:
        """Listen. Args: served: what is shown; port: 0 for a free one. Raises OSError when the port is taken."""
        self.served, self.token = served, secrets.token_urlsafe(24)
        super().__init__((HOST, port), Handler)
        self.names = {f"{name}:{self.server_port}" for name in (HOST, "localhost")}
        self.cookie = f"{COOKIE}-{self.server_port}"

    @property
    def address(self) -> str:
        """The address to open."""
        return f"http://{HOST}:{self.server_port}{ENTRY}{self.token}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away in the middle of a video is no news."""


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server  # pyright: ignore[reportIncompatibleVariableOverride]
    protocol_version = "HTTP/1.1"
    server_version = "vtgdata"
    sys_version = ""

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed for a request."""

    def do_GET(self) -> None:
        """Answer a request for the page or its data."""
        asked = urlsplit(self.path)
        values = {name: found[-1] for name, found in parse_qs(asked.query).items()}
        if self.headers.get("Host") not in self.server.names:
            return self._refuse(HTTPStatus.FORBIDDEN)
        given = asked.path.removeprefix(ENTRY) if asked.path.startswith(ENTRY) else ""
        if secrets.compare_digest(given.encode(), self.server.token.encode()):
            return self._enter()
        if not self._known():
            return self._refuse(HTTPStatus.FORBIDDEN)
        try:
            self._answer(asked.path, values)
        except (VtgError, ValueError, OSError) as error:
            if not isinstance(error, ConnectionError):
                self._json({"error": str(error)}, HTTPStatus.BAD_REQUEST)
        return None

    def do_POST(self) -> None:
        """Take a decision."""
        same = self.headers.get("Origin") in {f"http://{name}" for name in self.server.names}
        if self.headers.get("Host") not in self.server.names or not same or not self._known():
            return self._refuse(HTTPStatus.FORBIDDEN)
        length = self.headers.get("Content-Length", "")
        if self.path != "/decide" or not length.isdecimal() or int(length) > LONGEST:
            return self._refuse(HTTPStatus.BAD_REQUEST)
        try:
            self.server.served.decide(self.rfile.read(int(length)))
        except (VtgError, ValueError, OSError) as error:
            return self._json({"error": str(error)}, HTTPStatus.BAD_REQUEST)
        return self._json({})

    def _known(self) -> bool:
        """Whether the cookie is there, among those of other servers of this machine, in whatever form these are."""
        parts = (part.strip().partition("=") for part in self.headers.get("Cookie", "").split(";"))
        given = next((value for name, _, value in parts if name == self.server.cookie), "")
        return secrets.compare_digest(given.encode(), self.server.token.encode())

    def _enter(self) -> None:
        """Keep the token in a cookie, so that the address bar does not show it."""
        self.send_response(HTTPStatus.SEE_OTHER)
        self.send_header("Set-Cookie", f"{self.server.cookie}={self.server.token}; HttpOnly; SameSite=Strict; Path=/")
        self.send_header("Location", "/")
        self._end(0)

    def _answer(self, path: str, values: dict[str, str]) -> None:
        served = self.server.served
        if path == "/":
            return self._bytes(served.page(), "text/html; charset=utf-8")
        if path == "/rows":
            first, size = int(values.get("first", "0")), int(values.get("size", "200"))
            found = served.rows(
                values.get("filter", ""), values.get("sort", ""), bool(values.get("falling")), first, size
            )  # fmt: skip
            return self._json(found)
        if path == "/sample":
            return self._json(served.sample(values.get("id", "")))
        if path == "/details":
            return self._json(served.details(int(values.get("row", "-1"))))
        if path == "/video":
            file = served.video(int(values.get("row", "-1")))
            return self._file(file) if file else self._refuse(HTTPStatus.NOT_FOUND)
        return self._refuse(HTTPStatus.NOT_FOUND)

    def _file(self, path: Path) -> None:
        """A video, or the part of it that was asked for."""
        with outside.opened(path) as file:
            size = file.seek(0, 2)
            found = part(self.headers.get("Range", ""), size)
            if found is None:
                self.send_response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
                self.send_header("Content-Range", f"bytes */{size}")
                return self._end(0)
            first, last, partly = found
            self.send_response(HTTPStatus.PARTIAL_CONTENT if partly else HTTPStatus.OK)
            self.send_header("Content-Type", KINDS.get(path.suffix.lower(), "video/mp4"))
            self.send_header("Accept-Ranges", "bytes")
            if partly:
                self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
            self._end(last - first + 1)
            file.seek(first)
            self._send(file, last - first + 1)
        return None

    def _send(self, file: BinaryIO, left: int) -> None:
        """Send so many bytes of a file; where it ends or fails before, the connection ends too."""
        try:
            while left > 0 and (piece := file.read(min(PIECE, left))):
                self.wfile.write(piece)
                left -= len(piece)
        except OSError as error:
            log.debug("a video was not sent whole: %s", error)
        if left > 0:
            self.close_connection = True

    def _json(self, value: Any, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._bytes(msgspec.json.encode(value), "application/json", status)

    def _bytes(self, data: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self._end(len(data))
        self.wfile.write(data)

    def _refuse(self, status: HTTPStatus) -> None:
        self.close_connection = True
        self._bytes(json.dumps({"error": status.phrase}).encode(), "application/json", status)

    def _end(self, length: int) -> None:
        """The headers of every answer."""
        self.send_header("Content-Length", str(length))
        self.send_header("Content-Security-Policy", f"{self.server.served.policy()}; frame-ancestors 'none'")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.end_headers()


def part(asked: str, size: int) -> tuple[int, int, bool] | None:
    """First and last byte of a range, and whether it is one; None if it lies outside of the file.

    >>> part("bytes=2-", 10), part("bytes=-3", 10), part("", 10), part("bytes=10-", 10)
    ((2, 9, True), (7, 9, True), (0, 9, False), None)
    """
    found = _RANGE.match(asked)
    if found is None or not any(found.groups()):
        return 0, size - 1, False
    first, last = found.groups()
    low = int(first) if first else max(0, size - int(last))
    high = min(int(last), size - 1) if first and last else size - 1
    return (low, high, True) if low <= high else None
