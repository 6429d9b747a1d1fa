"""What --adaptive decided between a selector's own edges is what the selector goes by, whatever the rate says."""

import inspect

import pytest

from vtgdata.files import plugins
from vtgdata.files.parquet import write_parquet
from vtgdata.files.schemas import DECIDED, DRAWN, PASS_RATES

DECIDES = {f"{place}{number}": place for place in ("too_hard", "wanted", "too_easy") for number in range(4)}
RATES = {"too_hard": 0.5, "wanted": 0.95, "too_easy": 0.5}
"""Rates that say otherwise."""
BY_EDGES = {
    "band": [({"low": 0.2, "high": 0.8}, "wanted")],
    "easy_to_hard": [({"low": 0.2, "high": 0.8}, "wanted")],
    "upper_cut": [({"high": 0.8}, "wanted")],
    "bucket_ratio": [
        ({"hard": hard, "medium": medium, "easy": easy}, place)
        for hard, medium, easy, place in ((1, 0, 0, "too_hard"), (0, 1, 0, "wanted"), (0, 0, 1, "too_easy"))
    ],
    "anchor_frontier": [
        ({"frontier": 0.2, "anchor": 0.8, "anchors": 1, "frontiers": 0}, "too_easy"),
        ({"frontier": 0.2, "anchor": 0.8, "anchors": 0, "frontiers": 1}, "too_hard"),
    ],
    "teacher_gap": [({"least": 0.8}, "wanted")],
}
"""{selector: settings, and the place of all samples that it then takes}."""
EDGES = {"low", "high", "frontier", "anchor", "least"}
"""Settings that are edges of a rate."""


def rates(low, high):
    return [
        {
            "sample_id": name, "model_id": "m", "measure": "mean_iou", "value": RATES[place], "low": 0.0, "high": 1.0,
            "n": 8, "n_unparsed": 0, "n_failed": 0, "mean_iou": RATES[place], "iou_std": 0.1, "ious": [RATES[place]],
            "decided": True, "place": place, "place_low": low, "place_high": high, "posterior_mean": RATES[place],
        }
        for name, place in DECIDES.items()
    ]  # fmt: skip


def test_every_selector_with_edges_is_tried():
    found = {
        name
        for name in plugins.names("selectors")
        if EDGES & set(inspect.signature(plugins.load("selectors", name).select).parameters)
    }
    assert found == set(BY_EDGES)


@pytest.mark.parametrize("name", BY_EDGES)
def test_it_takes_the_samples_of_the_decided_place(name, tmp_path):
    low, high, absent = {"upper_cut": (0.0, 0.8, "too_hard"), "teacher_gap": (0.8, 1.0, "too_easy")}.get(
        name, (0.2, 0.8, "")
    )
    decided = [row for row in rates(low, high) if row["place"] != absent]  # no rate is below 0 or above 1
    more = {}
    if name == "teacher_gap":
        write_parquet(tmp_path / "teacher.parquet", decided, PASS_RATES | DRAWN | DECIDED)
        more = {"teacher": str(tmp_path / "teacher.parquet")}
    for settings, place in BY_EDGES[name]:
        chosen = plugins.load("selectors", name).select([], decided, 1000, 1, **settings, **more)
        assert set(chosen) == {row["sample_id"] for row in decided if row["place"] == place}
