"""What nobody who uses the page would send to its server."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest

from support.builders import draw_video
from support.page_client import Client, labels_served


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setenv("VTGDATA_CACHE", str(tmp_path / "cache"))
    with labels_served(tmp_path) as client:
        yield client.enter()


RANGES = {
    "bytes=0-0": (206, slice(0, 1)), "bytes=10-19": (206, slice(10, 20)), "bytes=-7": (206, slice(-7, None)),
    "bytes=5-999999999999": (206, slice(5, None)), "bytes=-999999999999": (206, slice(None)),
    "bytes=0-": (206, slice(None)), "bytes=9-3": (200, slice(None)), "bytes=0-1,3-4": (200, slice(None)),
    "bytes=": (200, slice(None)), "bytes=-": (200, slice(None)), "bytes=a-b": (200, slice(None)),
    "pages=1-2": (200, slice(None)), "bytes=" + "9" * 6000 + "-": (200, slice(None)),
    "bytes=\u0663-": (200, slice(None)), "bytes=999999999999-": (416, None), "bytes=-0": (416, None),
}  # fmt: skip


def test_a_range_is_sent_as_far_as_the_file_goes(served, tmp_path):
    row = json.loads(served.ask("/sample?id=l:0")[1])["row"]
    whole = (tmp_path / "videos/v0.mp4").read_bytes()
    for asked, (status, part) in RANGES.items():
        found, data, headers = served.ask(f"/video?row={row}", Range=asked.encode("utf-8").decode("latin-1"))
        assert (found, data) == (status, b"" if part is None else whole[part]), asked
        if status == 416:
            assert headers["Content-Range"] == f"bytes */{len(whole)}"


ODD = (
    "/rows?first=x", "/rows?first=" + "9" * 30, "/rows?first=-5&size=-5", "/rows?size=" + "9" * 5000, "/rows?sort=%00",
    "/rows?filter=" + "%22" * 900, "/rows?filter=(((&sort=(row)", "/rows?filter=%FF%FE",
    "/rows?filter=pass_rate%3C1e999",
    "/sample?id=%00", "/sample", "/details?row=" + "9" * 30, "/details", "/video", "/rows?" + "&".join("abcdefgh" * 40),
    "/rows?filter=" + quote("corpus:[.*+?^${}()|\\ -word:x query=\u202e"),
)  # fmt: skip


def test_whatever_is_asked_is_answered(served):
    for asked in ODD:
        assert served.ask(asked)[0] in (200, 400, 404), asked
    assert served.ask("/rows?size=1")[0] == 200


def test_what_is_no_request_ends_its_connection_alone(served):
    start = f"GET /{served.token}/rows HTTP/1.1\r\nHost: {served.name}\r\n".encode()
    post = start.replace(b"GET", b"POST").replace(b"rows", b"decide") + f"Origin: http://{served.name}\r\n".encode()
    raw = {
        b"\x16\x03\x01\x02\x00": None, b"GET / HTTP/9.9\r\n\r\n": None, b"\r\n": None, b"GET\r\n\r\n": None,
        start + b"X: y\r\n" * 200 + b"\r\n": b"431", start + b"A: " + b"b" * 70_000 + b"\r\n\r\n": b"431",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n": b"414", b"PUT" + start[3:] + b"\r\n": b"501",
        post + b"Content-Length: -1\r\n\r\n": b"400", post + b"Content-Length: 99999999999999\r\n\r\n": b"400",
        post + "Content-Length: \u00b2\r\n\r\n".encode(): b"400", post + b"\r\n": b"400",
        post + b"Content-Length: 2\r\n\r\n[]": b"400", post + b"Content-Length: 9\r\n\r\n{": b"400",
        post + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n": b"400",
        start + b"Host: attacker.example\r\n\r\n": b"403",
    }  # fmt: skip
    for sent, status in raw.items():
        answer = served.say(sent)
        assert status is None or answer.split(b" ")[1] == status, (sent[:60], answer[:80])
        assert served.token.encode() not in answer
    assert served.ask("/rows?size=1")[0] == 200


def test_many_ask_at_once_and_each_gets_its_own(served, tmp_path):
    whole = (tmp_path / "videos/v0.mp4").read_bytes()
    row = json.loads(served.ask("/sample?id=l:0")[1])["row"]

    def ask(number: int) -> bool:
        if number % 3 == 0:
            first = 31 * number
            return served.ask(f"/video?row={row}", Range=f"bytes={first}-{first + 99}")[1] == whole[first : first + 100]
        if number % 3 == 1:
            found = json.loads(served.ask(f"/rows?filter=sample_id%3Dl:{number}")[1])
            return [each["id"] for each in found["rows"]] == [f"l:{number}"]
        return len(json.loads(served.ask(f"/details?row={row}")[1])["frames"][1]) == 8

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(48)))


def test_a_video_that_is_replaced_while_it_is_served_is_never_mixed_with_the_new_one(served, tmp_path):
    video = tmp_path / "videos/v0.mp4"
    row = json.loads(served.ask("/sample?id=l:0")[1])["row"]
    _, _, headers = served.ask(f"/video?row={row}", Range="bytes=0-99")
    seen = json.loads(served.ask(f"/details?row={row}")[1])["frames"]
    assert served.ask(f"/video?row={row}", Range="bytes=100-199", **{"If-Range": headers["ETag"]})[0] == 206
    draw_video(tmp_path / "new/v0.mp4", seconds=9)
    (tmp_path / "new/v0.mp4").replace(video)
    status, data, _ = served.ask(f"/video?row={row}", Range="bytes=100-199", **{"If-Range": headers["ETag"]})
    assert (status, data) == (200, video.read_bytes())
    assert json.loads(served.ask(f"/details?row={row}")[1])["frames"][1] != seen[1]
    video.unlink()
    assert served.ask(f"/video?row={row}")[0] in (400, 404)
    assert served.ask(f"/details?row={row}")[0] == 200
