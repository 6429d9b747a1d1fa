"""The card's plots: whole numbers of a release as bars that can be read, whatever there is to show."""

import itertools
import re
from xml.etree import ElementTree

import polars as pl

from support.release_builders import make_pass_rate, make_sample
from vtgdata.releases import plots
from vtgdata.releases.plots import Bars, svg

SVG = "{http://www.w3.org/2000/svg}"


def sample_row(number: int, duration: float = 30.0) -> dict:
    return {"sample_id": f"s{number}", "duration": duration, "windows": [[3.0, 9.0]], "corpus": "alpha"}


def figures(configs: dict[str, list[dict]], drops: dict[str, int], models: list[dict]) -> dict[str, dict[str, int]]:
    """The bars of a release with these rows."""
    bars = Bars()
    bars.samples(pl.DataFrame(configs["samples"]))
    if "difficulty" in configs:
        bars.rates(pl.DataFrame(configs["difficulty"]))
    return bars.figures(drops, models)


def drawn(bars: dict[str, int], heading: str = "What is shown") -> tuple[float, list[ElementTree.Element], list[str]]:
    """The plot's width, its bars, and its texts; all of them lie inside it."""
    root = ElementTree.fromstring(svg(heading, bars))
    wide, high = (float(root.get(name) or 0) for name in ("width", "height"))
    texts = list(root.iter(f"{SVG}text"))
    for text in texts:
        length = 7 * len(text.text or "")
        start = float(text.get("x") or 0) - (length if text.get("text-anchor") == "end" else 0)
        assert start >= 0 and start + length <= wide and 0 < float(text.get("y") or 0) < high, text.text
    tops = [float(text.get("y") or 0) for text in texts if text.get("text-anchor") == "end"]
    assert all(later - earlier >= 15 for earlier, later in itertools.pairwise(tops))
    return wide, [rect for rect in root.iter(f"{SVG}rect") if rect.get("x")], [text.text or "" for text in texts]


def test_a_funnel_has_what_went_in_each_reason_the_most_common_first_and_what_is_left():
    found = figures({"samples": [sample_row(n) for n in range(5)]}, {"reversed": 1, "zero_length": 3}, [])
    assert found["rows"] == {"raw rows": 9, "left out: zero_length": 3, "left out: reversed": 1, "samples": 5}
    teacher = {"role": "teacher", "kept": 4, "not_kept": {"failed": 2}}
    traces = figures({"samples": [sample_row(0)]}, {}, [teacher, teacher])
    assert "rows" not in traces and traces["traces"] == {"answers": 12, "left out: failed": 4, "traces kept": 8}


def test_many_reasons_are_put_together_and_none_is_lost():
    drops = {f"reason_{n}": n + 1 for n in range(60)}
    bars = figures({"samples": [sample_row(0)]}, drops, [])["rows"]
    assert len(bars) < 30 and bars["raw rows"] == 1 + sum(drops.values())
    assert sum(count for label, count in bars.items() if label.startswith("left out")) == sum(drops.values())
    drawn(bars)


def test_pass_rates_of_few_answers_are_counted_by_answers_and_others_by_tenths():
    samples = [make_sample(n) for n in range(3)]
    rates = [make_pass_rate(each, value) for each, value in zip(samples, (0.0, 0.375, 1.0), strict=True)]
    rows = [rate | {"measure": measure} for rate in rates for measure in ("iou>=0.5", "mean_iou")]
    found = figures({"samples": [sample_row(0)], "difficulty": rows}, {}, [])
    assert found["pass_rates iou>=0.5"]["3 of 8 answers"] == found["pass_rates iou>=0.5"]["8 of 8 answers"] == 1
    assert len(found["pass_rates iou>=0.5"]) == 9 and found["pass_rates mean_iou"]["0.3 to 0.4"] == 1
    mixed = [row | {"n": 8 + place} for place, row in enumerate(rows)]
    assert len(figures({"samples": [sample_row(0)], "difficulty": mixed}, {}, [])["pass_rates iou>=0.5"]) == 10


def test_long_labels_and_headings_are_cut_and_nothing_overlaps_or_leaves_the_plot():
    wide, bars, texts = drawn({"left out: " + "a_very_long_reason_" * 5: 10_000_000, "b": 1, "none": 0}, "word " * 60)
    assert wide < 900 and len(bars) == 3 and sum(text.endswith("…") for text in texts) == 2
    widths = [float(rect.get("width") or 0) for rect in bars]
    assert widths[0] == 380 and widths[1] == 1 and widths[2] == 0
    assert "10,000,000" in texts


def test_plots_are_black_on_white_on_dark_pages_too():
    text = svg("Heading", {"a": 1})
    assert '<rect width="100%" height="100%" fill="white"/>' in text
    assert len(re.findall('<text [^>]*fill="black"', text)) == text.count("<text ")


def test_every_plot_has_a_title_and_a_file_of_its_own():
    names = ["rows", "traces", "durations", "positions", "pass_rates iou>=0.5", "pass_rates mean_iou"]
    assert len({plots.file_name(name) for name in names}) == len({plots.title(n) for n in names}) == 6
