"""A client of `vtgdata view`'s server, and such a server over drawn data."""

import contextlib
import http.client
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

from support import labelled
from support.builders import draw_video
from vtgdata.releases.pages.served import Served
from vtgdata.releases.pages.server import Server
from vtgdata.releases.pages.settings import PageSettings


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
def serving(folder: Path) -> Iterator[Client]:
    """A server of `labelled`'s files and of one video, `videos/v0.mp4`, that saves to `decisions.jsonl`."""
    labelled.write(folder / "in")
    (folder / "videos").mkdir()
    draw_video(folder / "videos/v0.mp4")
    settings = PageSettings(path=str(folder / "in"), videos=str(folder / "videos"))
    with Server(Served(settings, str(folder / "decisions.jsonl"))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Client(server)
        server.shutdown()
        thread.join()
