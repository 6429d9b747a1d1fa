"""The pages in a real browser: what a person does there, and that nothing leaves them."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest

from support import labelled
from support.browser import Page, browser
from support.builders import draw_video, make_sample
from support.page_client import page_of, quiet, serving
from vtgdata.conversation.verifying import example_row
from vtgdata.files.label_reviews import QUEUE_COLUMNS, queue_row
from vtgdata.files.parquet import write_parquet
from vtgdata.files.samples import read_samples, write_samples
from vtgdata.files.schemas import ROLLOUTS
from vtgdata.releases.pages.settings import PageSettings
from vtgdata.stages import review

pytestmark = pytest.mark.program("chromium")


@pytest.fixture(scope="module")
def open_page() -> Iterator[Callable[..., Page]]:
    with browser() as opened:
        yield opened


def queue(folder: Path, n: int = 3) -> None:
    """Samples on drawn videos, and a queue of them whose proposals lie elsewhere."""
    folder.mkdir()
    samples = []
    for number in range(n):
        draw_video(folder / f"videos/v{number}.mp4", seconds=20)
        windows = [(2.0 + number, 6.0 + number)]
        samples.append(make_sample(f"q:{number}", video_id=f"v{number}", duration=20.0, windows=windows))
    write_samples(folder / "samples.parquet", samples)
    told = {"proposed": [[10.0, 15.0]], "low": [], "high": [], "agree": 1.0, "answers": 6}
    rows = [queue_row(place, each, told) for place, each in enumerate(samples)]
    write_parquet(folder / "review.parquet", rows, QUEUE_COLUMNS)


SHOWN = "[...document.querySelectorAll('.row')].filter(r => r.style.display !== 'none').length"


def test_a_page_is_filtered_sorted_and_opened_by_keyboard_and_address(open_page, tmp_path):
    labelled.write(tmp_path / "labels")
    (tmp_path / "labels/review.parquet").unlink()
    address = page_of(tmp_path / "labels", tmp_path)
    page = open_page(address)
    page.wait(f"{SHOWN} > 10")
    page.press("/")
    page.type("sample_id=l:7")
    page.wait("document.querySelector('.counted').textContent === '1 of 60'")
    page.press("Enter")
    page.press("Enter")
    page.wait("document.querySelector('.sample svg')")
    page.wait("document.querySelectorAll('.sample .answer').length === 6")
    assert "filter=sample_id%3Dl%3A7" in page.evaluate("location.hash") and "id=l" in page.evaluate("location.hash")
    again = open_page(address + page.evaluate("location.hash"))
    again.wait("document.querySelector('.sample h2')?.textContent === 'a dog jumps'")
    again.press("Escape")
    again.wait("document.querySelector('.side').hidden")
    ordered = open_page(f"{address}#tab=samples&sort=disagreement&falling=1")
    shares = ordered.evaluate("[...document.querySelectorAll('.row')].sort((a, b) => a.place - b.place)"
                              ".map(r => Number(r.querySelector('.disagreement').textContent))")  # fmt: skip
    assert shares == sorted(shares, reverse=True) and shares[0] > shares[-1]
    for each in (page, again, ordered):
        quiet(each)


def test_the_reasoning_s_times_are_marked_and_the_frames_have_theirs(open_page, tmp_path, monkeypatch):
    monkeypatch.setenv("VTGDATA_CACHE", str(tmp_path / "cache"))
    draw_video(tmp_path / "in/videos/v1.mp4", seconds=20)
    sample = make_sample("a", duration=20.0)
    write_samples(tmp_path / "in/samples.parquet", [sample])
    text = "<think>It opens at 4.5 s and closes at 8.0 s.</think><answer>4.5 to 8.0</answer>"
    write_parquet(
        tmp_path / "in/rollouts.parquet", [example_row(text, sample, index=0, key="k", model_id="m")], ROLLOUTS
    )
    page = open_page(page_of(tmp_path / "in", tmp_path, videos=str(tmp_path / "in/videos")) + "#tab=samples&id=a")
    page.wait("document.querySelectorAll('.strip img').length === 8")
    page.wait("String([...document.querySelectorAll('.sample mark')].map(m => m.textContent)) === '4.5,8.0'")
    page.wait("document.querySelectorAll('.timeline path.mark').length === 2")
    page.wait("[...document.querySelectorAll('.strip img')].every(image => image.naturalWidth > 0)")
    quiet(page)


def test_an_edge_is_dragged_undone_downloaded_and_applied(open_page, tmp_path, monkeypatch):
    monkeypatch.setenv("VTGDATA_CACHE", str(tmp_path / "cache"))
    queue(tmp_path / "in")
    page = open_page(page_of(tmp_path / "in", tmp_path, videos=str(tmp_path / "in/videos")))
    assert "annotation" not in page.evaluate("document.querySelector('.desk').textContent")
    page.evaluate("document.querySelector('.who').focus()")
    page.type("ab")
    page.press("Tab")
    lanes = "[...document.querySelectorAll('.timeline rect.neutral')].map(r => Number(r.getAttribute('x')))"
    first, second = page.evaluate(lanes)
    annotation = "1" if first < second else "2"
    page.evaluate("document.activeElement.blur()")
    page.press(annotation)
    left = page.evaluate("document.querySelector('.timeline').getBoundingClientRect().x")
    lines = page.evaluate("[...document.querySelectorAll('.timeline .grid')].map(g => Number(g.getAttribute('x1')))")
    x = left + lines[0] + (lines[-1] - lines[0]) * 9.5 / 20
    page.drag("[data-edge='0:1']", x)
    page.press("ArrowRight")
    page.press("Enter")
    page.wait("document.querySelector('.progress').textContent === 'label 2 of 3, 1 decided'")
    page.press("x")
    page.press("u")
    page.wait("document.querySelector('.progress').textContent === 'label 2 of 3, 1 decided'")
    page.press("w")
    page.press("Enter")
    page.press("d")
    page.press("ArrowUp")
    page.press("ArrowUp")
    page.wait("document.querySelector('.timeline').textContent.includes('annotation')")  # it is said afterwards
    page.click("[data-do=download]")
    decisions = page.downloads / "decisions.jsonl"
    while not decisions.exists():
        page.evaluate("new Promise(done => setTimeout(done, 20))")
    done = review.run(
        review.Settings(
            queue=str(tmp_path / "in/review.parquet"), samples=str(tmp_path / "in/samples.parquet"),
            apply=str(decisions), out=str(tmp_path / "new"),
        )
    )  # fmt: skip
    assert done.decisions == {"drop": 1, "fix": 2}
    made = {sample.sample_id: sample.windows for sample in read_samples(tmp_path / "new/samples.parquet")}
    (window,) = made["q:0"]
    assert window.start == 2.0 and abs(window.end - 9.6) <= 0.05
    assert set(made) == {"q:0", "q:1"} and len(made["q:1"]) == 1
    quiet(page)


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A served queue on videos, whose decisions are saved."""
    monkeypatch.setenv("VTGDATA_CACHE", str(tmp_path / "cache"))
    queue(tmp_path / "in")
    settings = PageSettings(path=str(tmp_path / "in"), videos=str(tmp_path / "in/videos"))
    with serving(settings, str(tmp_path / "decisions.jsonl")) as server:
        yield server.address


def test_a_served_video_plays_locked_to_the_window_and_decisions_are_saved(open_page, address, tmp_path):
    page = open_page(address)
    page.evaluate("document.querySelector('.who').focus()")
    page.type("ab")
    page.evaluate("document.activeElement.blur()")
    page.press("1")
    page.wait("document.querySelector('video').readyState >= 2")
    page.press(" ")
    page.wait("document.querySelector('video').currentTime > 0 && !document.querySelector('video').paused")
    start, end = page.evaluate("document.querySelector('video').lock")
    page.evaluate(f"document.querySelector('video').currentTime = {end} - 0.1")
    page.wait(f"document.querySelector('video').currentTime < {start} + 2")  # it begins again
    page.press(" ")
    page.wait("document.querySelector('video').paused")
    page.press("e")
    page.press("Enter")
    page.wait("document.querySelector('.progress').textContent.startsWith('label 2')")
    page.press("x")
    page.wait("document.querySelector('.progress').textContent.startsWith('label 3')")
    page.wait("document.body.dataset.unsaved === '0'")
    again = open_page(address)
    again.wait("document.querySelector('.progress').textContent === 'label 3 of 3, 2 decided'")
    lines = [json.loads(line) for line in (tmp_path / "decisions.jsonl").read_text().splitlines()]
    assert [line["decision"] for line in lines] == ["fix", "none"] and all(line["who"] == "ab" for line in lines)
    assert {each.split("/")[2] for each in page.requests() if each.startswith("http")} == {address.split("/")[2]}
    assert not page.complaints() + again.complaints()


FILTERS = (
    "", "dog", "l:1", '"a dog jumps"', "no such words", "sample_id=l:7", "-sample_id:1", "start<40",
    "start>=10 start<20", "start:none", "-disagreement:none", "disagreement>.1", "start<4e1", "start<1_000",
    "start<inf", 'start<""', "disagreement<0.5 -sample_id:2 dog", "video_id:v1", "place:none",
)  # fmt: skip


def test_a_filter_means_the_same_in_a_file_and_served(open_page, tmp_path):
    labelled.write(tmp_path / "labels")
    counts = []
    with serving(PageSettings(path=str(tmp_path / "labels"))) as server:
        for address in (page_of(tmp_path / "labels", tmp_path), server.address):
            page = open_page(f"{address}#tab=samples")
            told = []
            for filter_ in FILTERS:
                page.evaluate(
                    "(document.querySelector('.counted').textContent = '', location.hash = "
                    f"new URLSearchParams({{tab: 'samples', sort: '', filter: {json.dumps(filter_ + ' ')}}}))"
                )
                page.wait("document.querySelector('.counted').textContent")
                told.append(page.evaluate("document.querySelector('.counted').textContent"))
            counts.append(dict(zip(FILTERS, told, strict=True)))
            assert not page.complaints()
    assert counts[0] == counts[1] and len(set(counts[0].values())) > 6


def test_a_page_says_that_its_server_is_no_longer_there(open_page, tmp_path):
    labelled.write(tmp_path / "labels")
    with serving(PageSettings(path=str(tmp_path / "labels"))) as server:
        page = open_page(f"{server.address}#tab=samples")
        server.token = "that of another run of it"
        page.evaluate("(location.hash = 'tab=samples&filter=dog')")
        page.wait("document.querySelector('.counted').textContent.includes('does vtgdata view still run')")


@pytest.mark.slow
def test_the_last_of_very_many_rows_is_reached(open_page, tmp_path):
    """As one element they would be 42 million pixels high, which no browser lays out."""
    n = 1_400_000
    ids = pl.int_range(n, eager=True).cast(pl.String)
    frame = pl.DataFrame({"sample_id": ids, "video_id": ids}).with_columns(
        query=pl.lit("a dog jumps"), duration=pl.lit(10.0), windows=pl.lit([[1.0, 2.0]])
    )
    frame.write_parquet(tmp_path / "samples.parquet")
    with serving(PageSettings(path=str(tmp_path / "samples.parquet"))) as server:
        page = open_page(server.address)
        page.wait(f"{SHOWN} > 10")
        body = "document.querySelector('.body').getBoundingClientRect()"
        row = "r.getBoundingClientRect()"
        inside = f"r.filled && {row}.top >= {body}.top - 2 && {row}.bottom <= {body}.bottom + 2"
        seen = f"[...document.querySelectorAll('.row')].filter(r => {inside}).map(r => r.place)"
        page.evaluate("document.querySelector('.body').focus()")
        page.press("End")
        page.wait(f"{seen}.includes({n - 1})")
        page.press("PageUp")
        page.press("PageUp")
        page.wait(f"{seen}.length > 5 && !{seen}.includes({n - 1})")
        page.press("Home")
        page.wait(f"{seen}.includes(0)")
        page.evaluate("document.querySelector('.body').scrollTop = document.querySelector('.body').scrollHeight / 2")
        page.wait(f"{seen}.some(place => Math.abs(place - {n // 2}) < 100)")
        places = page.evaluate(seen)
        assert sorted(places) == list(range(min(places), max(places) + 1))
        assert not page.complaints()
