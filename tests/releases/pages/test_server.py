import http.client
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import labelled
from support.builders import draw_video, make_sample
from vtgdata.annotations.stretches import stretch
from vtgdata.files.samples import write_samples
from vtgdata.releases.pages.served import Served
from vtgdata.releases.pages.server import Server
from vtgdata.releases.pages.settings import PageSettings
from vtgdata.video import decode
from vtgdata.video.store import DECODER


class Client:
    """A client of one server, with its cookie once it has entered."""

    def __init__(self, server: Server) -> None:
        self.port, self.token, self.cookie = server.server_port, server.token, ""
        self.name = f"127.0.0.1:{self.port}"

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        sent = {"Host": self.name, **({"Cookie": self.cookie} if self.cookie else {}), **headers}
        connection.request(method, path, body=body, headers=sent)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers

    def enter(self) -> "Client":
        _, _, headers = self.ask(f"/enter/{self.token}")
        self.cookie = headers["Set-Cookie"].split(";")[0]
        return self


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setenv("VTGDATA_CACHE", str(tmp_path / "cache"))
    labelled.write(tmp_path / "in")
    (tmp_path / "videos").mkdir()
    draw_video(tmp_path / "videos/v0.mp4")
    settings = PageSettings(path=str(tmp_path / "in"), videos=str(tmp_path / "videos"))
    with Server(Served(settings, str(tmp_path / "decisions.jsonl"))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Client(server)
        server.shutdown()
        thread.join()


PATHS = (
    *("/", "/rows", "/sample?id=l:0", "/details?row=0", "/video?row=0"),
    *("/etc/passwd", "/enter/wrong", "/enter/", "/enter"),
)


def test_nobody_without_the_token_or_with_another_name_gets_anything(served):
    assert [served.ask(path)[0] for path in PATHS] == [403] * len(PATHS)
    assert served.ask("/decide", "POST", b"{}", Origin=f"http://{served.name}")[0] == 403
    served.enter()
    assert served.ask("/")[0] == 200
    assert served.ask("/", Host="attacker.example")[0] == 403
    assert served.ask("/decide", "POST", b"{}", Origin="http://attacker.example")[0] == 403
    assert "HttpOnly; SameSite=Strict" in served.ask(f"/enter/{served.token}")[2]["Set-Cookie"]


def test_rows_come_a_few_at_a_time_filtered_and_sorted(served):
    served.enter()
    found = json.loads(served.ask("/rows?first=10&size=5")[1])
    assert found["total"] == 60 and [row["row"] for row in found["rows"]] == list(range(10, 15))
    assert len(found["rows"][0]["answers"]) == 6
    found = json.loads(served.ask("/rows?filter=sample_id%3Dl:7")[1])
    assert [row["id"] for row in found["rows"]] == ["l:7"]
    found = json.loads(served.ask("/rows?filter=start%3C40&sort=start&falling=1")[1])
    starts = [row["values"]["start"] for row in found["rows"]]
    assert starts == sorted(starts, reverse=True) and starts[0] < 40 < found["total"] + 40
    assert json.loads(served.ask("/sample?id=l:3")[1])["id"] == "l:3"
    assert json.loads(served.ask("/sample?id=none")[1]) is None


def test_a_video_is_streamed_by_ranges_and_no_other_file_is(served, tmp_path):
    served.enter()
    whole = (tmp_path / "videos/v0.mp4").read_bytes()
    row = json.loads(served.ask("/sample?id=l:0")[1])["row"]
    other = json.loads(served.ask("/sample?id=l:50")[1])["row"]
    assert served.ask(f"/video?row={row}")[:2] == (200, whole)
    status, data, headers = served.ask(f"/video?row={row}", Range="bytes=100-199")
    assert (status, data, headers["Content-Range"]) == (206, whole[100:200], f"bytes 100-199/{len(whole)}")
    assert served.ask(f"/video?row={row}", Range="bytes=-50")[1] == whole[-50:]
    assert served.ask(f"/video?row={row}", Range=f"bytes={len(whole)}-")[0] == 416
    assert served.ask(f"/video?row={other}")[0] == 404  # that video is not there
    for wrong in ("/video?row=-1", "/video?row=99999", "/videos/v0.mp4", "/../decisions.jsonl"):
        assert served.ask(wrong)[0] == 404, wrong
    assert served.ask("/video?row=x")[0] == 400


def test_decisions_are_saved_as_they_are_made_and_taken_back(served, tmp_path):
    served.enter()
    line = {"sample_id": "l:1", "decision": "drop", "who": "ab", "when": "2026-11-29"}

    def decide(**more) -> int:
        return served.ask("/decide", "POST", json.dumps(line | more).encode(), Origin=f"http://{served.name}")[0]

    def saved() -> list[tuple[str, str]]:
        lines = map(json.loads, (tmp_path / "decisions.jsonl").read_text().splitlines())
        return [(each["sample_id"], each["decision"]) for each in lines]

    assert decide() == 200 and decide(sample_id="l:2", decision="accept") == 200
    assert saved() == [("l:1", "drop"), ("l:2", "accept")]
    assert decide(decision="") == 200 and decide(decision="fix") == 400 and decide(decision="burn") == 400
    assert [json.loads(each)["sample_id"] for each in (tmp_path / "decisions.jsonl").read_text().splitlines()] == [
        "l:2"
    ]


def test_a_video_that_no_browser_plays_is_copied_first(tmp_path, monkeypatch):
    monkeypatch.setenv("VTGDATA_CACHE", str(tmp_path / "cache"))
    draw_video(tmp_path / "videos/v1.mkv")
    write_samples(tmp_path / "samples.parquet", [make_sample(duration=4.0)])
    settings = PageSettings(path=str(tmp_path / "samples.parquet"), videos=str(tmp_path / "videos"))
    copy = Served(settings).video(0)
    assert copy is not None and copy.suffix == ".mp4" and copy.is_relative_to(tmp_path / "cache")


def test_a_part_of_a_file_plays_on_its_own_clock(tmp_path, monkeypatch):
    """Its windows count from where it begins."""
    monkeypatch.setenv("VTGDATA_CACHE", str(tmp_path / "cache"))
    draw_video(tmp_path / "videos/v1.mp4")
    write_samples(tmp_path / "samples.parquet", [stretch(make_sample(duration=4.0), 1.0, 3.0)])
    copy = Served(PageSettings(path=str(tmp_path / "samples.parquet"), videos=str(tmp_path / "videos"))).video(0)
    assert copy is not None and copy.is_relative_to(tmp_path / "cache")
    assert decode.probe(DECODER, copy).duration == pytest.approx(2.0, abs=0.1)
