"""Texts that act where they are not shown as text, in every field of a page, in a real browser."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.browser import Page, browser
from support.builders import make_sample
from support.hostile_texts import TEXTS
from support.page_client import page_of, quiet, serving
from vtgdata.conversation.verifying import example_row
from vtgdata.files.parquet import write_parquet
from vtgdata.files.samples import write_samples
from vtgdata.files.schemas import DROPS, PASS_RATES, ROLLOUTS
from vtgdata.releases.pages.settings import PageSettings
from vtgdata.train.completions import COLUMNS as COMPLETIONS

pytestmark = pytest.mark.program("chromium")


@pytest.fixture(scope="module")
def open_page() -> Iterator[Callable[..., Page]]:
    with browser() as opened:
        yield opened


def hostile(folder: Path) -> list[str]:
    """A text of `TEXTS` in each field of samples, answers, pass rates, completions and rows left out; the ids."""
    samples = [
        make_sample(f"h:{number}{text}"[:200], video_id=f"v{text}"[:100], query=text, corpus=f"c{text}"[:60],
                    license=text[:50] or "MIT", origin=text, duration=30.0)
        for number, text in enumerate(TEXTS)
    ]  # fmt: skip
    write_samples(folder / "samples.parquet", samples)
    rows = [example_row(text or "x", sample, index=0, key=f"k{n}", model_id=text[:80] or "m")
            for n, (text, sample) in enumerate(zip(TEXTS, samples, strict=True))]  # fmt: skip
    write_parquet(folder / "rollouts.parquet", rows, ROLLOUTS)
    students = (TEXTS[0], TEXTS[5], "\u202e" + TEXTS[12], TEXTS[-1])
    rates = [dict.fromkeys(PASS_RATES) | {"sample_id": sample.sample_id, "model_id": model, "prompt_id": model,
                                          "measure": "iou>=0.5", "value": place / 200, "n": 2}
             for model in students for place, sample in enumerate(samples)]  # fmt: skip
    write_parquet(folder / "pass_rates.parquet", rates, PASS_RATES)
    said = [dict.fromkeys(COMPLETIONS) | {"sample_id": sample.sample_id, "step": 1, "text": text, "reward": 0.5,
                                          "advantage": 0.0}
            for text, sample in zip(TEXTS, samples, strict=True)]  # fmt: skip
    write_parquet(folder / "rl/completions/step-000001.parquet", said, COMPLETIONS)
    lost = [
        dict.fromkeys(DROPS) | dict.fromkeys(("corpus", "origin", "reason", "detail", "raw"), text) for text in TEXTS
    ]
    write_parquet(folder / "drops.parquet", lost, DROPS)
    return [sample.sample_id for sample in samples]


def looked_through(page: Page, ids: list[str]) -> None:
    """Every sample is opened and every tab looked at, and no text acts."""
    for number, name in enumerate(ids):
        page.evaluate(f"(location.hash = new URLSearchParams({{tab: 'samples', id: {json.dumps(name)}}}))")
        told = f"d => d.textContent.startsWith('h:{number}')"
        page.wait(f"[...document.querySelectorAll('.sample dd')].some({told})")
    for tab in ("overview", "drops", "samples"):
        page.evaluate(f"(location.hash = 'tab={tab}')")
        page.wait(f"document.querySelector('main').dataset.tab === '{tab}'")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    made = "document.querySelectorAll('#page script, #page iframe, #page object, #page form').length"
    assert page.evaluate(made) == 0
    assert page.evaluate("window.broken") is None
    assert not page.complaints()


def test_no_text_becomes_markup_or_breaks_the_page(open_page, tmp_path):
    ids = hostile(tmp_path / "in")
    page = open_page(page_of(tmp_path / "in", tmp_path))
    looked_through(page, ids)
    quiet(page)


@pytest.mark.slow
def test_no_text_becomes_markup_or_breaks_a_served_page(open_page, tmp_path):
    ids = hostile(tmp_path / "in")
    with serving(PageSettings(path=str(tmp_path / "in"))) as server:
        page = open_page(server.address)
        looked_through(page, ids)
        assert {each.split("/")[2] for each in page.requests() if each.startswith("http")} == {
            server.address.split("/")[2]
        }
