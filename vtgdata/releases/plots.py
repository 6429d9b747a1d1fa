"""The plots of a release: their numbers, which release.json has, and what is drawn of them (`pictures`)."""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vtgdata.records.windows import Array
from vtgdata.releases import pictures
from vtgdata.releases.pictures import Timeline

_EDGES = (10, 20, 30, 60, 120, 180, 300, 600, 1800)
"""Bounds of the bars for durations, in seconds."""
TITLES = {
    "rows": "From raw rows to samples: what was left out, by reason",
    "traces": "From the teacher's answers to traces: what was left out, by reason",
    "durations": "Samples by their video's duration",
    "positions": "Samples by the middle of their first moment, as a share of the video",
    "pass_rates": "Samples by pass rate (higher is easier)",
    "timelines": "A few samples: when the sentence happens",
}
COUNTED = {"rows": "rows", "traces": "answers"}
"""{funnel: what it counts}; the other plots are histograms of samples."""
VALUES = {
    "durations": "duration of the video, seconds (bins of unequal width)",
    "positions": "middle of the first moment, as a share of the video",
    "pass_rates": "pass rate",
}
"""{histogram: what its values are}."""
TIMELINES = "timelines"
LEFT_OUT = "left out: "
"""Prefix of the labels of losses in a funnel; their bars have a colour of their own."""
_MOST_BARS = 24
_TIMELINES, _LOOKED_AT = 6, 200
"""Samples whose timelines are drawn, and of each piece of the rows those among which they are chosen."""


class Bars:
    """Numbers for the plots, gathered from the rows piece by piece."""

    def __init__(self) -> None:
        self._durations, self._positions = [0] * (len(_EDGES) + 1), [0] * 10
        self._rates: dict[str, tuple[list[Array], set[int]]] = {}
        self._samples = 0
        self._chosen: dict[str, Timeline] = {}

    def samples(self, frame: Any) -> None:
        """Take rows of `samples`: a Polars frame with durations and windows, in seconds."""
        import polars as pl

        self._samples += frame.height
        known = frame.filter(pl.col("duration").fill_null(0) != 0)
        seconds: Array = known["duration"].to_numpy()
        places = np.searchsorted(np.array(_EDGES), seconds, side="left")
        self._durations = (np.bincount(places, minlength=len(_EDGES) + 1) + self._durations).tolist()
        first = known.filter(pl.col("windows").list.len() > 0)
        middle = first.select(pl.col("windows").list.first().list.sum() / 2 / pl.col("duration")).to_series()
        self._positions = (_tenths(middle.to_numpy()) + self._positions).tolist()
        self._choose(first)

    def _choose(self, frame: Any) -> None:
        """Keep the samples whose timelines are drawn: of different videos, as if drawn by lot, the same every time."""
        if "query" not in frame.columns:
            return
        step = max(1, frame.height // _LOOKED_AT)
        found = frame.select("sample_id", "video_id", "query", "duration", "windows").gather_every(step)
        for row in found.unique("video_id", keep="first", maintain_order=True).iter_rows(named=True):
            video = row.pop("video_id")
            key = f"{hashlib.sha256(video.encode(errors='surrogatepass')).hexdigest()} {video}"
            self._chosen.setdefault(key, Timeline(**row))
        self._chosen = dict(sorted(self._chosen.items())[:_TIMELINES])

    @property
    def timelines(self) -> list[Timeline]:
        """The samples whose timelines are drawn, by the length of their videos."""
        return sorted(self._chosen.values(), key=lambda each: (each.duration, each.sample_id))

    def rates(self, frame: Any) -> None:
        """Take rows of `difficulty`: a Polars frame with measure, value and n."""
        for (measure,), rows in frame.group_by(["measure"]):
            values, counts = self._rates.setdefault(measure, ([], set()))
            given = rows.filter(rows["value"].is_not_null())
            values.append(given["value"].to_numpy())
            counts.update(given["n"].unique())

    def take(self, other: "Bars | None") -> None:
        """Take over the pass rates that another gathered."""
        if other is not None:
            self._rates |= other._rates

    def figures(self, drops: Mapping[str, int], models: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
        """{plot: {label: rows}} of the plots that a release has numbers for.

        Args:
            drops: {reason: raw rows that became no sample}.
            models: the facts in release.json about the models that were asked.
        """
        found = {
            "rows": _funnel("raw rows", drops, "samples", self._samples) if drops else {},
            "traces": _traces([model for model in models if model["role"] == "teacher"]),
            "durations": _labelled(_duration_labels(), self._durations),
            "positions": _labelled(_TENTHS, self._positions),
        }
        for measure, (values, counts) in sorted(self._rates.items()):
            found[f"pass_rates {measure}"] = _pass_rates(measure, np.concatenate(values), counts)
        return {name: bars for name, bars in found.items() if bars}


def _funnel(first: str, lost: Mapping[str, int], last: str, left: int) -> dict[str, int]:
    """Bars of a funnel: all that went in, losses by reason with the most common first, and what is left."""
    ordered = sorted(lost.items(), key=lambda item: (-item[1], item[0]))
    shown = ordered if len(ordered) <= _MOST_BARS else ordered[: _MOST_BARS - 1]
    others = sum(count for _, count in ordered[len(shown) :])
    bars = {first: left + sum(lost.values())} | {f"{LEFT_OUT}{reason}": count for reason, count in shown}
    return bars | ({f"{LEFT_OUT}{len(ordered) - len(shown)} other reasons": others} if others else {}) | {last: left}


def _traces(teachers: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    if not teachers:
        return {}
    lost: Counter[str] = Counter()
    for model in teachers:
        lost.update(model["not_kept"])
    return _funnel("answers", lost, "traces kept", sum(model["kept"] for model in teachers))


def _pass_rates(measure: str, values: Array, counts: set[int]) -> dict[str, int]:
    """Bars by tenths; but by number of passes if all rows have the same small n, since tenths would leave gaps."""
    n = next(iter(counts)) if len(counts) == 1 else 0
    if not measure.startswith("iou>=") or not 0 < n <= _MOST_BARS - 1:
        return _labelled(_TENTHS, _tenths(values).tolist())
    passed: Counter[int] = Counter(np.rint(values * n).astype(int).tolist())
    return {f"{k} of {n} answers": passed[k] for k in range(n + 1)}


def _duration_labels() -> list[str]:
    return [f"{low} to {high} s" for low, high in zip((0, *_EDGES), _EDGES, strict=False)] + [f"over {_EDGES[-1]} s"]


_TENTHS = [f"{place / 10:.1f} to {(place + 1) / 10:.1f}" for place in range(10)]


def _tenths(values: Array) -> NDArray[np.int64]:
    """(10,) How many of the values, in [0, 1], lie in each tenth."""
    return np.bincount(np.clip((values * 10).astype(int), 0, 9), minlength=10)


def _labelled(labels: Sequence[str], counts: Sequence[int]) -> dict[str, int]:
    return dict(zip(labels, counts, strict=True)) if any(counts) else {}


def title(name: str) -> str:
    """The title of a plot."""
    kind, _, measure = name.partition(" ")
    return TITLES[kind] + (f", {measure}" if measure else "")


def file_name(name: str) -> str:
    """Path of a plot inside a release; the same in every version that has it.

    >>> file_name("pass_rates iou>=0.5")
    'plots/pass_rates-iou-0.5.svg'
    """
    return f"plots/{re.sub('[^A-Za-z0-9._]+', '-', name)}.svg"


def svg(name: str, bars: Mapping[str, int]) -> str:
    """A plot as SVG: a funnel, or a histogram with an axis of values."""
    kind, counts = name.partition(" ")[0], list(bars.values())
    if kind in COUNTED:
        return pictures.funnel(title(name), bars, LEFT_OUT, COUNTED[kind])
    answers = next(iter(bars)).endswith(" answers")
    if kind == "durations":
        ticks = ["0", *map(str, _EDGES), "longer"]
    else:
        ticks = [str(k) for k in range(len(bars))] if answers else [f"{place / 10:.1f}" for place in range(11)]
    values = f"right answers of {len(bars) - 1}" if answers else VALUES[kind]
    return pictures.histogram(title(name), counts, ticks, (values, "samples"))
