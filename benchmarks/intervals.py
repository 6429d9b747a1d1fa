"""How often the intervals of `evaluate` hold the truth, and how often its paired test calls chance a finding.

Real scores, simulated corpora: each draw takes sources with replacement out of a published file of predictions, and as
many of its scores, with replacement, as the design says; so the truth is the mean over all sources of the file. The
functions are those that evaluate runs, `intervals.clustered_all` and `intervals.paired_all`.

Designs: 3 samples a source; sizes as in QVHighlights val (1 to 8) and TACoS val (82 to 217); one source with 60 %.
Pairs are two systems of one strength in two ways: for every source it is chance which of the two is the first; and,
for mIoU, the differences less their mean. Limits, from six sources on: the interval holds the truth in at least 93 % of
draws, p is at most .05 in at most 7 %; at 100 equal sources it is at most 5 % wider than a percentile bootstrap's.

    python benchmarks/intervals.py DATA [--draws 2000] [--only VUE-TR-V2]    DATA: as VTGDATA_TEST_DATA has it
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from vtgdata.annotations.normalise import normalise
from vtgdata.conversation.answer import Form
from vtgdata.files import plugins
from vtgdata.metrics import intervals, sets
from vtgdata.metrics.cluster_means import sources_of
from vtgdata.metrics.judging import judge_predictions
from vtgdata.metrics.predictions.join import join
from vtgdata.metrics.predictions.read import read_predictions
from vtgdata.records import Sample

METRICS = ("mIoU", "R1@0.5", "R1@0.7")
SOURCES = (3, 6, 10, 25, 100)
DESIGNS = ("equal", "qvhighlights", "tacos", "60 %")
HOLDS, FINDS, WIDER = 0.93, 0.07, 1.05
RESAMPLES = 2000


class Pair(NamedTuple):
    """The scores of two systems on one corpus."""

    name: str
    scores: list[dict[str, np.ndarray]]
    """Of both: {metric: (n,)}."""
    rows: list[np.ndarray]
    """The samples of each source."""


def samples_of(corpus: str, path: Path, split: str = "val", **options: Any) -> list[Sample]:
    """The samples of a published file or folder."""
    module = plugins.load("corpora", corpus)
    rows = module.read([path], split, **options)
    found = normalise(rows, module.CORPUS, licence_of=lambda name: name)
    return [each for each in found if isinstance(each, Sample)]


def pair(name: str, samples: list[Sample], files: Sequence[Path]) -> Pair:
    """Two files of predictions, scored."""
    scores: list[dict[str, np.ndarray]] = []
    for path in files:
        judged = judge_predictions(join(read_predictions(str(path)), samples).found, samples, Form())
        values = sets.values("moments", judged.answers, samples, ())
        scores.append({metric: values[metric] for metric in METRICS})
    _, of = np.unique(sources_of(samples), return_inverse=True)
    return Pair(name, scores, [np.flatnonzero(of == source) for source in range(of.max() + 1)])


def vue_tr_v2(data: Path, scratch: Path) -> list[Sample]:
    """The samples of VUE-TR-V2; its JSON list is written to `scratch` as lines."""
    truth = msgspec.json.decode((data / "field2026/vue_tr_v2/VUE-TRv2_ground_truth.json").read_bytes())
    lines = scratch / "vue_tr_v2.jsonl"
    lines.write_bytes(b"\n".join(map(msgspec.json.encode, truth)))
    return samples_of("moment_jsonl", lines, map={"id": "query_id", "video": "video_id", "windows": "gt"})


def pairs(data: Path, scratch: Path) -> list[Pair]:
    """QVHighlights val by QD-DETR and Moment-DETR, VUE-TR-V2 by Vidi2.5 and GPT-5."""
    ours = data / "predictions" / "moment_detr_standalone_eval"
    return [
        pair(
            "QVHighlights",
            samples_of("qvhighlights", data / "corpora/qvhighlights/highlight_val_release.jsonl"),
            [ours / "qd_detr_video/hl_val_submission.jsonl", ours / "moment_detr_sample/sample_val_preds.jsonl"],
        ),
        pair(
            "VUE-TR-V2",
            vue_tr_v2(data, scratch),
            [data / "field2026/vue_tr_v2" / f"results_{name}.json" for name in ("Vidi2.5", "GPT-5")],
        ),
    ]


class Draw(NamedTuple):
    """A simulated corpus: which samples of the published one it has, and their sources."""

    rows: np.ndarray
    sources: np.ndarray


def drawn(of: Pair, sizes: np.ndarray, rng: np.random.Generator) -> Draw:
    """As many samples of as many sources as the sizes say, with replacement."""
    chosen = rng.integers(len(of.rows), size=len(sizes))
    rows = [rng.choice(of.rows[source], size) for source, size in zip(chosen.tolist(), sizes.tolist(), strict=True)]
    return Draw(np.concatenate(rows), np.repeat(np.arange(len(sizes)), sizes))


def sizes_of(design: str, count: int, known: dict[str, np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Samples of each source."""
    if design == "equal":
        return np.full(count, 3)
    if design == "60 %":
        return np.array([6 * (count - 1), *[4] * (count - 1)])
    return rng.choice(known[design], count)


def bootstrap(values: np.ndarray, sources: np.ndarray, rng: np.random.Generator) -> float:
    """Width of the percentile interval over drawn sources."""
    count = sources.max() + 1
    sums, numbers = (np.bincount(sources, weights, count) for weights in (values, np.ones(len(values))))
    times = np.stack([np.bincount(rng.integers(count, size=count), minlength=count) for _ in range(RESAMPLES)])
    low, high = np.quantile((times @ sums) / (times @ numbers), [0.025, 0.975])
    return float(high - low)


class Cell:
    """What many draws of one design and number of sources found, by metric."""

    def __init__(self, of: Pair) -> None:
        means = [{m: np.mean([scores[m][rows].mean() for rows in of.rows]) for m in METRICS} for scores in of.scores]
        self.truth = {(m, k): float(means[k][m]) for m in METRICS for k in (0, 1)}
        self.truth |= {(m, "difference"): float(means[0][m] - means[1][m]) for m in METRICS}
        self.held: dict[tuple[str, Any], int] = dict.fromkeys(self.truth, 0)
        self.width = dict.fromkeys(self.truth, 0.0)
        self.found: dict[tuple[str, str], int] = {(m, "swapped"): 0 for m in METRICS} | {("mIoU", "centred"): 0}
        self.peer = 0.0

    def note(self, key: tuple[str, Any], low: float, high: float) -> None:
        """One interval."""
        self.held[key] += low <= self.truth[key] <= high
        self.width[key] += high - low


def measure(of: Pair, design: str, count: int, draws: int, known: dict[str, np.ndarray]) -> Cell:
    """Draw corpora, and note what evaluate would say of each."""
    rng, cell = np.random.default_rng([count, DESIGNS.index(design)]), Cell(of)
    for number in range(draws):
        rows, sources = drawn(of, sizes_of(design, count, known, rng), rng)
        names = [f"{source:03d}" for source in sources.tolist()]
        first, second = ({m: scores[m][rows] for m in METRICS} for scores in of.scores)
        both = {(m, k): scores[m] for k, scores in enumerate((first, second)) for m in METRICS}
        for key, (low, high) in intervals.clustered_all(both, names).items():
            cell.note(key, low, high)
        if design == "equal" and count == 100:
            cell.peer += bootstrap(first["mIoU"], sources, rng)
        # Two systems of one strength.
        signs = rng.choice([-1.0, 1.0], size=count)[sources]
        null = {(m, "swapped"): (first[m] - second[m]) * signs for m in METRICS}
        null["mIoU", "centred"] = first["mIoU"] - second["mIoU"] - cell.truth["mIoU", "difference"]
        one = {(m, "difference"): first[m] for m in METRICS} | null
        two = {(m, "difference"): second[m] for m in METRICS} | {key: np.zeros(len(rows)) for key in null}
        for key, each in intervals.paired_all(one, two, names, seed=number).items():
            if key in null:
                cell.found[key] += each.p is not None and each.p <= 0.05
            else:
                cell.note(key, each.low, each.high)
    return cell


def main() -> None:
    """Print a table a pair of files, and what misses a limit."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--only", default="", help="one of the two corpora, as it is printed")
    chosen = parser.parse_args()
    begun, misses = time.perf_counter(), []
    with tempfile.TemporaryDirectory() as scratch:
        both = pairs(chosen.data, Path(scratch))
    tacos = samples_of("tacos", chosen.data / "corpora/tacos/val.json")
    known = {"qvhighlights": np.array([len(rows) for rows in both[0].rows])}
    known["tacos"] = np.unique(sources_of(tacos), return_counts=True)[1]
    print(f"{chosen.draws:,} draws; holds: share of 95 % intervals with the truth in them; width: their mean")
    print("first, second: the scores of the two files; difference: of the pair; p <= .05: where none is better")
    for of in (each for each in both if chosen.only in ("", each.name)):
        print(f"\n{of.name}\n{'':38}first         second       difference    p <= .05")
        print(f"{'sources of':13}{'':10}metric    holds  width  holds  width  holds  width  swapped centred")
        for design in DESIGNS:
            for count in SOURCES:
                cell = measure(of, design, count, chosen.draws, known)
                misses += tell(of, design, count, cell, chosen.draws)
    print(f"\n{time.perf_counter() - begun:,.0f} s; {len(misses)} beyond a limit" + "".join(f"\n  {m}" for m in misses))


def tell(of: Pair, design: str, count: int, cell: Cell, draws: int) -> list[str]:
    """Print one design and number of sources; returns what misses a limit."""
    misses: list[str] = []
    for m in METRICS:
        cells, where = [], f"{of.name}, {count} sources, {design}, {m}"
        for key in (0, 1, "difference"):
            held, width = cell.held[m, key] / draws, cell.width[m, key] / draws
            cells.append(f"{held:.3f}  {width:.3f}")
            if count >= 6 and held < HOLDS:
                misses.append(f"{where}, {key}: holds {held:.3f}")
        for how in ("swapped", "centred"):
            found = cell.found.get((m, how), 0) / draws
            cells.append(f"{found:7.3f}" if (m, how) in cell.found and count >= 6 else " " * 7)
            if count >= 6 and found > FINDS:
                misses.append(f"{where}, {how}: p <= .05 in {found:.3f}")
        print(f"{count:>4} {design:18}{m:10}" + "  ".join(cells), flush=True)
    if cell.peer:
        ratio = cell.width["mIoU", 0] / cell.peer
        print(f"     width over that of a percentile bootstrap, mIoU: {ratio:.3f} (limit {WIDER})")
        misses += [f"{of.name}: {ratio:.3f} times as wide as a bootstrap's"] * (ratio > WIDER)
    return misses


if __name__ == "__main__":
    main()
