"""The server of `vtgdata view`: on this machine alone, for whoever has the address with its token.

Every path begins with the token. There is no cookie: browsers send one to all servers of a machine, whatever their
port. A request without the token, or with another host's name, gets nothing; a file is named by the row whose
video it is, never by a path.
"""

import json
import logging
import os
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
LONGEST = 100_000
"""Bytes of a request's body."""
PIECE = 1 << 18
KINDS = {".webm": "video/webm"}
"""Kinds of video files, by their ending; all others are `video/mp4`."""
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})\Z")


class Server(ThreadingHTTPServer):
    """A server on a free port of this machine."""

    daemon_threads = True

    def __init__(self, served: Served, port: int = 0) -> None:
        """Listen. Args: served: what is shown; port: 0 for a free one. Raises OSError when the port is taken."""
        self.served, self.token = served, secrets.token_urlsafe(24)
        super().__init__((HOST, port), Handler)
        self.names = {f"{name}:{self.server_port}" for name in (HOST, "localhost")}

    @property
    def address(self) -> str:
        """The address to open."""
        return f"http://{HOST}:{self.server_port}/{self.token}/"

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
        path = self._asked()
        if path is None:
            return self._refuse(HTTPStatus.FORBIDDEN)
        if not path:  # the page's own addresses begin with its slash
            return self._elsewhere(f"/{self.server.token}/")
        try:
            values = {name: found[-1] for name, found in parse_qs(urlsplit(self.path).query).items()}
            self._answer(path, values)
        except ConnectionError:
            self.close_connection = True
        except (VtgError, ValueError, OverflowError, OSError) as error:
            self._json({"error": str(error)}, HTTPStatus.BAD_REQUEST)
        return None

    def do_POST(self) -> None:
        """Take a decision."""
        path = self._asked()
        if path is None or self.headers.get("Origin") not in {f"http://{name}" for name in self.server.names}:
            return self._refuse(HTTPStatus.FORBIDDEN)
        length = self.headers.get("Content-Length", "")
        if path != "/decide" or not (length.isascii() and length.isdecimal()) or int(length[:9]) > LONGEST:
            return self._refuse(HTTPStatus.BAD_REQUEST)
        try:
            self.server.served.decide(self.rfile.read(int(length)))
        except (VtgError, ValueError, OSError) as error:
            return self._json({"error": str(error)}, HTTPStatus.BAD_REQUEST)
        return self._json({})

    def _asked(self) -> str | None:
        """What follows the token in the path; None for whoever does not know it, or asks another host."""
        token, slash, rest = self.path.partition("?")[0].removeprefix("/").partition("/")
        known = secrets.compare_digest(token.encode(), self.server.token.encode())
        hosts = self.headers.get_all("Host", [])
        return slash + rest if known and len(hosts) == 1 and hosts[0] in self.server.names else None

    def _elsewhere(self, place: str) -> None:
        self.send_response(HTTPStatus.PERMANENT_REDIRECT)
        self.send_header("Location", place)
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
        """A video, or the part of it that was asked for: of one that was replaced meanwhile, all of it."""
        with outside.opened(path) as file:
            state, size = os.fstat(file.fileno()), file.seek(0, 2)
            mark = f'"{state.st_size:x}-{state.st_mtime_ns:x}"'
            asked = self.headers.get("Range", "") if self.headers.get("If-Range", mark) == mark else ""
            found = part(asked, size)
            if found is None:
                self.send_response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
                self.send_header("Content-Range", f"bytes */{size}")
                return self._end(0)
            first, last, partly = found
            self.send_response(HTTPStatus.PARTIAL_CONTENT if partly else HTTPStatus.OK)
            self.send_header("Content-Type", KINDS.get(path.suffix.lower(), "video/mp4"))
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("ETag", mark)
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

    What is no range, several ranges too, counts as none (RFC 9110, 14.2).

    >>> part("bytes=2-", 10), part("bytes=-3", 10), part("bytes=4-2", 10), part("bytes=10-", 10)
    ((2, 9, True), (7, 9, True), (0, 9, False), None)
    """
    found = _RANGE.match(asked)
    first, last = found.groups() if found else ("", "")
    if not (first or last) or (first and last and int(last) < int(first)):
        return 0, size - 1, False
    low = int(first) if first else max(0, size - int(last))
    high = min(int(last), size - 1) if first and last else size - 1
    return (low, high, True) if low <= high else None
