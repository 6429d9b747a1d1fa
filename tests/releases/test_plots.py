"""The card's plots: whole numbers of a release as bars that can be read, whatever there is to show."""

import polars as pl

from support import pictures_drawn
from support.release_builders import make_pass_rate, make_sample
from vtgdata.releases import plots
from vtgdata.releases.plots import Bars, svg


def sample_row(number: int, duration: float = 30.0) -> dict:
    return {"sample_id": f"s{number}", "duration": duration, "windows": [[3.0, 9.0]], "corpus": "alpha"}


def figures(configs: dict[str, list[dict]], drops: dict[str, int], models: list[dict]) -> dict[str, dict[str, int]]:
    """The bars of a release with these rows."""
    bars = Bars()
    bars.samples(pl.DataFrame(configs["samples"]))
    if "difficulty" in configs:
        bars.rates(pl.DataFrame(configs["difficulty"]))
    return bars.figures(drops, models)


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
    assert len(pictures_drawn.inside(svg("rows", bars)).bars) == len(bars)


def test_pass_rates_of_few_answers_are_counted_by_answers_and_others_by_tenths():
    samples = [make_sample(n) for n in range(3)]
    rates = [make_pass_rate(each, value) for each, value in zip(samples, (0.0, 0.375, 1.0), strict=True)]
    rows = [rate | {"measure": measure} for rate in rates for measure in ("iou>=0.5", "mean_iou")]
    found = figures({"samples": [sample_row(0)], "difficulty": rows}, {}, [])
    assert found["pass_rates iou>=0.5"]["3 of 8 answers"] == found["pass_rates iou>=0.5"]["8 of 8 answers"] == 1
    assert len(found["pass_rates iou>=0.5"]) == 9 and found["pass_rates mean_iou"]["0.3 to 0.4"] == 1
    mixed = [row | {"n": 8 + place} for place, row in enumerate(rows)]
    assert len(figures({"samples": [sample_row(0)], "difficulty": mixed}, {}, [])["pass_rates iou>=0.5"]) == 10


def test_timelines_are_of_different_videos_and_the_same_every_time_whatever_the_pieces():
    rows = [sample_row(n) | {"video_id": f"v{n // 2}", "query": f"a door {n}"} for n in range(40)]
    frame = pl.DataFrame(rows)

    def chosen(*pieces: pl.DataFrame) -> list[str]:
        bars = Bars()
        for piece in pieces:
            bars.samples(piece)
        return [each.sample_id for each in bars.timelines]

    found = chosen(frame)
    assert len(found) == 6 and len({int(name[1:]) // 2 for name in found}) == 6
    assert chosen(frame[:20], frame[20:]) == found == chosen(frame)
    assert chosen(frame.with_columns(windows=pl.lit([], pl.List(pl.List(pl.Float64))))) == []


def test_every_histogram_has_the_axis_of_its_values():
    passed = {f"{k} of 8 answers": k + 1 for k in range(9)}
    assert "right answers of 8" in svg("pass_rates iou>=0.5", passed)
    tenths = {f"{k / 10:.1f} to {(k + 1) / 10:.1f}": k + 1 for k in range(10)}
    assert "pass rate</text>" in svg("pass_rates mean_iou", tenths)
    assert "share of the video</text>" in svg("positions", tenths)
    bars = Bars()
    bars.samples(pl.DataFrame([sample_row(n, duration) for n, duration in enumerate((5.0, 25.0, 4000.0))]))
    durations = svg("durations", bars.figures({}, [])["durations"])
    assert "seconds" in durations and ">longer</text>" in durations


def test_every_plot_has_a_title_and_a_file_of_its_own():
    names = ["rows", "traces", "durations", "positions", "pass_rates iou>=0.5", "pass_rates mean_iou"]
    assert len({plots.file_name(name) for name in names}) == len({plots.title(n) for n in names}) == 6
