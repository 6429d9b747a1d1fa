"""Pages for tests: a report's file, `vtgdata view`'s server, and a client of it."""

import contextlib
import http.client
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from support import labelled
from support.browser import Page
from support.builders import draw_video
from vtgdata.releases.pages.served import Served
from vtgdata.releases.pages.server import Server
from vtgdata.releases.pages.settings import PageSettings
from vtgdata.stages import report


class Client:
    """A client of one server, which knows the token once it has entered."""

    def __init__(self, server: Server) -> None:
        self.port, self.token, self.begin = server.server_port, server.token, ""
        self.name = f"127.0.0.1:{self.port}"

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, self.begin + path, body=body, headers={"Host": self.name, **headers})
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers

    def say(self, raw: bytes) -> bytes:
        """What comes back for bytes that are no request of a browser, until the server hangs up."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as wire:
            wire.sendall(raw)
            wire.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: wire.recv(1 << 16), b""))

    def enter(self) -> "Client":
        self.begin = f"/{self.token}"
        return self


@contextlib.contextmanager
def serving(settings: PageSettings, decisions: str = "") -> Iterator[Server]:
    """A server of a page, in a thread of its own."""
    with Server(Served(settings, decisions)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@contextlib.contextmanager
def labels_served(folder: Path) -> Iterator[Client]:
    """A server of `labelled`'s files and of one video, `videos/v0.mp4`, that saves to `decisions.jsonl`."""
    labelled.write(folder / "in")
    (folder / "videos").mkdir()
    draw_video(folder / "videos/v0.mp4")
    settings = PageSettings(path=str(folder / "in"), videos=str(folder / "videos"))
    with serving(settings, str(folder / "decisions.jsonl")) as server:
        yield Client(server)


def page_of(path: Path, tmp_path: Path, **more: Any) -> str:
    """The address of a report's file."""
    out = tmp_path / "page.html"
    report.run(report.Settings(path=str(path), out=str(out), **more))
    return out.as_uri()


def quiet(page: Page) -> None:
    """Nothing was fetched but the page itself, nothing was refused, no error was thrown and no dialog opened."""
    fetched = [each for each in page.requests() if not each.startswith(("data:", "blob:"))]
    assert len(set(fetched)) == 1 and fetched[0].startswith("file:"), fetched
    assert not page.complaints()
