"""A real Chromium without a window, driven by its DevTools protocol over two pipes: no driver, no port.

`with browser() as open_page: page = open_page(address)`; then `page.evaluate`, `page.wait`, `page.press`, `page.drag`.
"""

import base64
import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

PROGRAM = "chromium"
KEYS = {
    "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Enter": 13, "Escape": 27, "Tab": 9, "End": 35,
    "Home": 36, "PageDown": 34, "PageUp": 33, " ": 32,
}  # fmt: skip
_START = """
import fcntl, os, sys
high = [fcntl.fcntl(int(each), fcntl.F_DUPFD, 10) for each in sys.argv[1:3]]
os.dup2(high[0], 3)
os.dup2(high[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""The browser reads from file 3 and writes to file 4."""
ENDS = 20
"""Seconds after which a page that does not do what a test waits for has failed."""


class Wire:
    """The two pipes: messages end with a zero byte."""

    def __init__(self, read: int, write: int) -> None:
        self._read, self._write, self._rest, self._last = read, write, b"", 0
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result; what happens meanwhile is in `events`."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters}
        data = json.dumps(message | ({"sessionId": session} if session else {})).encode() + b"\0"
        while data:
            data = data[os.write(self._write, data) :]
        while True:
            answer = self._next(method)
            if answer.get("id") == self._last:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            if "method" in answer:
                self.events.append(answer)

    def _next(self, what: str) -> dict[str, Any]:
        while b"\0" not in self._rest:
            if not select.select([self._read], [], [], 2 * ENDS)[0]:
                raise RuntimeError(f"the browser does not answer {what}")
            piece = os.read(self._read, 1 << 20)
            if not piece:
                raise RuntimeError("the browser has ended")
            self._rest += piece
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)


class Page:
    """One tab."""

    def __init__(self, wire: Wire, session: str, downloads: Path) -> None:
        self._wire, self._session, self.downloads = wire, session, downloads

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._wire.call(method, self._session, **parameters)

    def happened(self, method: str) -> list[dict[str, Any]]:
        """The parameters of all events of a kind in this tab."""
        return [
            each["params"]
            for each in self._wire.events
            if each["method"] == method and each.get("sessionId") == self._session
        ]

    def evaluate(self, script: str) -> Any:
        """The value of an expression in the page; a promise is waited for."""
        done = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in done:
            raise RuntimeError(str(done["exceptionDetails"])[:2000])
        return done["result"].get("value")

    def wait(self, condition: str) -> None:
        """Wait until an expression holds; one that throws does not hold yet."""
        script = """new Promise((done, lost) => {
            const end = performance.now() + MOST;
            const look = () => {
                let held = false;
                try { held = Boolean(CONDITION); } catch { /* not there yet */ }
                if (held) done(true);
                else if (performance.now() > end) lost(new Error(`never: ${WORDS}`));
                else setTimeout(look, 5);
            };
            look();
        })"""
        for name, value in (("MOST", str(ENDS * 1000)), ("WORDS", json.dumps(condition)), ("CONDITION", condition)):
            script = script.replace(name, value)
        self.evaluate(script)

    def press(self, key: str, shift: bool = False) -> None:
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        known = {"key": key, "windowsVirtualKeyCode": KEYS.get(key, ord(key[0].upper())), "modifiers": 8 * shift}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **known)
        self.call("Input.dispatchKeyEvent", type="keyUp", **known)

    def type(self, text: str) -> None:
        self.call("Input.insertText", text=text)

    def place(self, selector: str) -> tuple[float, float]:
        """The middle of an element that is there and stays where it is: what comes late may still move it."""
        found = self.evaluate(
            f"new Promise((done) => {{ let before = ''; const look = () => {{ "
            f"const node = document.querySelector({json.dumps(selector)}); "
            "if (node) { node.scrollIntoView({block: 'nearest'}); const b = node.getBoundingClientRect(); "
            "const now = [b.x + b.width / 2, b.y + b.height / 2]; if (String(now) === before) return done(now); "
            "before = String(now); } setTimeout(look, 50); }; look(); })"
        )
        return found[0], found[1]

    def mouse(self, kind: str, x: float, y: float) -> None:
        button = "none" if kind == "mouseMoved" else "left"
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, clickCount=1)

    def click(self, selector: str) -> None:
        x, y = self.place(selector)
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.mouse(kind, x, y)

    def drag(self, selector: str, to_x: float) -> None:
        """Take the middle of an element and draw it sideways, as a hand does: in several steps."""
        x, y = self.place(selector)
        self.mouse("mouseMoved", x, y)
        self.call("Input.dispatchMouseEvent", type="mousePressed", x=x, y=y, button="left", buttons=1, clickCount=1)
        for step in range(1, 6):
            at = x + (to_x - x) * step / 5
            self.call("Input.dispatchMouseEvent", type="mouseMoved", x=at, y=y, button="left", buttons=1)
        self.mouse("mouseReleased", to_x, y)

    def size(self, width: int, height: int, dark: bool = False) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def picture(self, path: Path) -> None:
        """Save a picture of what is in sight."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def requests(self) -> list[str]:
        """The addresses of everything that was asked for."""
        return [each["request"]["url"] for each in self.happened("Network.requestWillBeSent")]

    def complaints(self) -> list[str]:
        """Errors of the program, what the content security policy refused, and dialogs that were opened."""
        logged = [each["entry"]["text"] for each in self.happened("Log.entryAdded")]
        thrown = [str(each["exceptionDetails"])[:500] for each in self.happened("Runtime.exceptionThrown")]
        return logged + thrown + [each["message"] for each in self.happened("Page.javascriptDialogOpening")]


@contextlib.contextmanager
def browser() -> Iterator[Callable[..., Page]]:
    """A browser: a function that opens an address in a new tab, once the page says that it is ready."""
    program = shutil.which(PROGRAM)
    assert program, f"needs the program {PROGRAM}"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        to_read, from_us = os.pipe()
        from_it, to_write = os.pipe()
        options = [
            *("--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"),
            *("--disable-extensions", "--hide-scrollbars", f"--user-data-dir={folder}/user", "about:blank"),
        ]
        process = subprocess.Popen(
            [sys.executable, "-c", _START, str(to_read), str(to_write), program, *options],
            pass_fds=(to_read, to_write), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            env=os.environ | {"HOME": folder},
        )  # fmt: skip
        os.close(to_read)
        os.close(to_write)
        wire = Wire(from_it, from_us)
        try:
            yield lambda address, ready=True: _opened(wire, Path(folder) / "downloads", address, ready)
        finally:
            with contextlib.suppress(RuntimeError, OSError):
                wire.call("Browser.close")
            os.close(from_us)
            os.close(from_it)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _opened(wire: Wire, downloads: Path, address: str, ready: bool) -> Page:
    downloads.mkdir(exist_ok=True)
    target = wire.call("Target.createTarget", url="about:blank")["targetId"]
    session = wire.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    page = Page(wire, session, downloads)
    for domain in ("Page", "Runtime", "Network", "Log"):
        page.call(f"{domain}.enable")
    wire.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(downloads), eventsEnabled=True)
    page.size(1280, 800)
    page.call("Page.navigate", url=address)
    if ready:
        page.wait("document.documentElement?.dataset.ready === '1'")
    return page
