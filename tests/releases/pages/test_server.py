import http.client
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from msgspec import structs

from support import labelled
from support.builders import draw_video, make_sample
from support.page_client import Client, labels_served
from vtgdata.errors import VtgError
from vtgdata.files.samples import write_samples
from vtgdata.records import Video
from vtgdata.records.file_parts import part_of
from vtgdata.releases.pages import server, strips
from vtgdata.releases.pages.served import Served
from vtgdata.releases.pages.settings import PageSettings
from vtgdata.video import proxy, workers
from vtgdata.video.store import DECODER


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setenv("VTGDATA_CACHE", str(tmp_path / "cache"))
    with labels_served(tmp_path) as client:
        yield client


PATHS = (
    *("/", "/rows", "/sample?id=l:0", "/details?row=0", "/video?row=0", "", "//", "/?/", "/%2e%2e/"),
    *("/etc/passwd", "/wrong/", "/wrong/rows", "/enter/wrong", f"/{'x' * 32}/", "/\u00e9/rows"),
)


def test_nobody_without_the_token_or_with_another_name_gets_anything(served):
    assert [served.ask(quote(path, safe="/?=:%"))[0] for path in PATHS] == [403] * len(PATHS)
    assert served.ask("/decide", "POST", b"{}", Origin=f"http://{served.name}")[0] == 403
    served.enter()
    assert served.ask("/")[0] == 200
    assert served.ask("/", Host="attacker.example")[0] == 403
    assert served.ask("/decide", "POST", b"{}", Origin="http://attacker.example")[0] == 403
    assert served.ask("/decide", "POST", b"{}")[0] == 403


def test_another_server_of_this_machine_is_sent_nothing_that_opens_this_one(served):
    """Browsers send a cookie of 127.0.0.1 to every port of it, and the address of a page to whatever it links to."""
    served.enter()
    for path in ("", "/", "/rows", "/video?row=0"):
        _, _, headers = served.ask(path)
        assert headers["Set-Cookie"] is None and headers["Referrer-Policy"] == "no-referrer"
    assert served.ask("")[2]["Location"] == f"/{served.token}/"


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
    for wrong in ("/video?row=-1", "/video?row=99999", "/videos/v0.mp4", "/../decisions.jsonl", "//etc/passwd",
                  "/video/../../decisions.jsonl", "/%2e%2e/%2e%2e/etc/passwd", "/video%00?row=0", "/V"):  # fmt: skip
        assert served.ask(wrong)[0] == 404, wrong
    assert served.ask("/video?row=x")[0] == 400


def test_the_frame_store_is_made_once(served, monkeypatch):
    served.enter()
    made, real = [], strips.store
    monkeypatch.setattr(strips, "store", lambda *given: made.append(given) or real(*given))
    for row in (0, 1, 2):
        assert served.ask(f"/details?row={row}")[0] == 200
    assert len(made) == 1


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


def test_rows_come_while_a_video_is_copied(tmp_path, monkeypatch):
    monkeypatch.setenv("VTGDATA_CACHE", str(tmp_path / "cache"))
    draw_video(tmp_path / "videos/v1.mkv")
    write_samples(tmp_path / "samples.parquet", [make_sample(duration=4.0)])
    served = Served(PageSettings(path=str(tmp_path / "samples.parquet"), videos=str(tmp_path / "videos")))
    make, answered = proxy.make, []

    def copied(*given):
        asking = threading.Thread(target=lambda: answered.append(served.rows("", "", False, 0, 1)), daemon=True)
        asking.start()
        asking.join(20)
        return make(*given)

    monkeypatch.setattr(proxy, "make", copied)
    served.video(0)
    assert len(answered) == 1


def test_decisions_that_others_wrote_into_the_file_stay(served, tmp_path):
    served.enter()
    line = {"sample_id": "l:1", "decision": "drop", "who": "ab", "when": "2026-11-29"}
    send = {"method": "POST", "Origin": f"http://{served.name}"}
    assert served.ask("/decide", body=json.dumps(line).encode(), **send)[0] == 200
    with (tmp_path / "decisions.jsonl").open("a") as file:
        file.write(json.dumps(line | {"sample_id": "l:2", "who": "cd"}) + "\n")
    assert served.ask("/decide", body=json.dumps(line | {"sample_id": "l:0"}).encode(), **send)[0] == 200
    lines = map(json.loads, (tmp_path / "decisions.jsonl").read_text().splitlines())
    assert [each["sample_id"] for each in lines] == ["l:1", "l:2", "l:0"]


def test_two_pages_that_save_into_one_file_keep_each_others_decisions(tmp_path):
    """One file has a link to it too, as a team shares it."""
    labelled.write(tmp_path / "in")
    settings = PageSettings(path=str(tmp_path / "in"))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/decisions.jsonl").symlink_to(tmp_path / "decisions.jsonl")
    pages = [Served(settings, str(tmp_path / name)) for name in ("decisions.jsonl", "mine/decisions.jsonl")]

    def decide(page: Served, numbers: range) -> None:
        for number in numbers:
            line = {"sample_id": f"l:{number}", "decision": "drop", "who": "ab", "when": "2026-11-29"}
            page.decide(json.dumps(line).encode())

    threads = [threading.Thread(target=decide, args=(page, range(n, 20, 2))) for n, page in enumerate(pages)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = map(json.loads, (tmp_path / "decisions.jsonl").read_text().splitlines())
    assert {each["sample_id"] for each in lines} == {f"l:{number}" for number in range(20)}
    assert (tmp_path / "mine/decisions.jsonl").is_symlink() and not list(tmp_path.rglob("*.owner.json"))


def test_a_file_that_ends_early_ends_the_connection(served, tmp_path, monkeypatch):
    """Else what comes next would be taken for the video's bytes."""
    served.enter()
    size = (tmp_path / "videos/v0.mp4").stat().st_size
    monkeypatch.setattr(server, "part", lambda asked, size: (0, size + 9, False))
    with pytest.raises(http.client.IncompleteRead) as found:
        served.ask("/video?row=0")
    assert len(found.value.partial) == size


def test_a_folder_in_the_place_of_the_file_of_decisions_is_refused_at_once(tmp_path):
    write_samples(tmp_path / "samples.parquet", [make_sample()])
    with pytest.raises(VtgError, match="--decisions"):
        Served(PageSettings(path=str(tmp_path / "samples.parquet")), str(tmp_path))


def test_a_part_of_a_file_is_played_on_its_own_clock(tmp_path, monkeypatch):
    monkeypatch.setenv("VTGDATA_CACHE", str(tmp_path / "cache"))
    draw_video(tmp_path / "videos/game.mp4", seconds=8)
    parts = []
    for start, end in ((4, 6), (1, 4)):
        video = Video(video_id=f"game_{start}", file=part_of("game.mp4", start, end), duration=end - start)
        parts.append(structs.replace(make_sample(f"s:{start}", windows=[(0.5, 1.0)]), video=video))
    write_samples(tmp_path / "samples.parquet", parts)
    served = Served(PageSettings(path=str(tmp_path / "samples.parquet"), videos=str(tmp_path / "videos")))
    copies = [served.video(row) for row in (0, 1)]
    assert [round(workers.shared().probe(DECODER, copy).duration) for copy in copies] == [2, 3]


def test_decisions_about_what_is_no_queue_are_refused_at_once(tmp_path):
    write_samples(tmp_path / "samples.parquet", [make_sample()])
    with pytest.raises(VtgError, match="holds no queue"):
        Served(PageSettings(path=str(tmp_path / "samples.parquet")), str(tmp_path / "decisions.jsonl"))
