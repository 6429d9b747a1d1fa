"""The report of a row of Charades-STA with its real video, in a real browser: from the table to new labels."""

import json
import shutil

import polars as pl
import pytest

from support.browser import browser
from support.published import published
from vtgdata.files.label_reviews import QUEUE_COLUMNS, queue_row
from vtgdata.files.parquet import write_parquet
from vtgdata.files.samples import read_samples
from vtgdata.stages import difficulty, ingest, report, review

pytestmark = [pytest.mark.program("chromium"), pytest.mark.slow]
VIDEO = "OHOFG.mp4"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """TVGBench's rows, of which 138 are of Charades-STA and one has its video here; answers; a queue of that one."""
    monkeypatch.setenv("VTGDATA_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "run"
    (folder / "videos").mkdir(parents=True)
    shutil.copy(published(f"videos/{VIDEO}"), folder / "videos")
    ingest.run(
        ingest.Settings(
            corpus="tvgbench", paths=[str(published("corpora/tvgbench/tvgbench.json"))], out=str(folder / "data"),
            videos=str(folder / "videos"), max_failed=1.0,
        )
    )  # fmt: skip
    samples = str(folder / "data/samples.parquet")
    difficulty.run(
        difficulty.Settings(
            samples=samples, model=f"scripted:samples={samples},errors=0.3,noise=0.8", n=4, out=str(folder / "rates"),
            allow=["benchmarks", "licences"], yes=True,
        )
    )  # fmt: skip
    (sample,) = [each for each in read_samples(samples) if each.video.file.endswith(VIDEO)]
    told = {"proposed": [[20.0, 30.0]], "low": [], "high": [], "agree": 1.0, "answers": 4}
    (folder / "audit").mkdir()
    write_parquet(folder / "audit/review.parquet", [queue_row(0, sample, told)], QUEUE_COLUMNS)
    return folder, sample


def test_a_label_is_found_looked_at_and_corrected_on_its_own_frames(run, tmp_path):
    folder, sample = run
    out = tmp_path / "page.html"
    report.run(report.Settings(path=str(folder), videos=str(folder / "videos"), out=str(out)))
    with browser() as open_page:
        page = open_page(f"{out.as_uri()}#tab=samples&sort=pass_rate&falling=1")
        total = pl.read_parquet(folder / "data/samples.parquet").height
        page.wait(f"document.querySelector('.counted').textContent === '{total} of {total}'")
        page.press("/")
        page.type("video_status:ok")
        page.wait(f"document.querySelector('.counted').textContent === '1 of {total}'")
        page.press("Enter")
        page.press("Enter")  # it is in the queue, and not decided: it opens where nothing says which window it is
        page.wait("document.querySelectorAll('.desk .strip img').length === 8")
        page.wait("[...document.querySelectorAll('.strip img')].every(image => image.naturalWidth > 100)")
        assert sample.query.strip() in page.evaluate("document.querySelector('.desk h2').textContent")
        assert "annotation" not in page.evaluate("document.querySelector('.desk').textContent")
        page.evaluate("document.querySelector('.who').focus()")
        page.type("ab")
        page.evaluate("document.activeElement.blur()")
        tips = "[...document.querySelectorAll('.timeline .span title')].map(t => t.textContent)"
        first = sample.windows[0]
        shown = f": {first.start:.1f} s to {first.end:.1f} s"
        page.press("1" if page.evaluate(tips)[0].endswith(shown) else "2")
        left = page.evaluate("document.querySelector('.timeline').getBoundingClientRect().x")
        lines = page.evaluate(
            "[...document.querySelectorAll('.timeline .grid')].map(g => Number(g.getAttribute('x1')))"
        )
        step = 5.0  # between two lines of the axis: seven of them in 35 s
        x = left + lines[0] + (lines[1] - lines[0]) * 9.0 / step
        page.drag("[data-edge='0:1']", x)
        page.press("Enter")
        page.wait("document.querySelector('.progress').textContent === 'label 1 of 1, 1 decided'")
        page.press("u")
        page.wait("document.querySelector('.progress').textContent === 'label 1 of 1, 0 decided'")
        page.press("Enter")
        page.wait("document.querySelector('.timeline').textContent.includes('annotation')")
        page.click("[data-do=download]")
        decisions = page.downloads / "decisions.jsonl"
        while not decisions.exists():
            page.evaluate("new Promise(done => setTimeout(done, 20))")
        fetched = {each for each in page.requests() if not each.startswith(("data:", "blob:"))}
        assert len(fetched) == 1 and not page.complaints()
        lines = [json.loads(line) for line in decisions.read_text().splitlines()]
        review.run(
            review.Settings(
                queue=str(folder / "audit/review.parquet"), samples=str(folder / "data/samples.parquet"),
                apply=str(decisions), out=str(tmp_path / "new"),
            )
        )  # fmt: skip
    made = {each.sample_id: each for each in read_samples(tmp_path / "new/samples.parquet")}[sample.sample_id]
    assert lines[0]["decision"] == "fix" and made.windows[0].start == first.start
    assert abs(made.windows[0].end - 9.0) <= 0.05
