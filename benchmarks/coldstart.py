"""What verification and the audit are worth on the demo's corpus: of kept traces and of the queue, how many are right.

    python benchmarks/coldstart.py [SEEDS] [VIDEOS]

The scenes and queries of the shapes corpus (`demo.scenes`), without their pixels. Of the labels 10 and 30 % are wrong:
moved, exchanged with another moment of the video, or both ends moved by 2 to 10 s. A third of the queries is hard: its
label is right, but answers scatter over the video. A teacher answers each query once, half in prose, half by a list of
frames as the demo's teacher does. 20 % of its windows are another moment's, and of its right windows, separately, 20 %
come with a bad reasoning: about another object, about other times, leaked wording, or empty. A trace is good if its
window meets the true moment (IoU 0.5) and its reasoning is sound.

For the audit eight answers are stored: four of the teacher, four of a weaker model. Intervals are by video over all
seeds, and of a difference the smallest that could have been shown (power 80 %) is given.
"""

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import audit
import numpy as np

from vtgdata.conversation.verifying import example_row
from vtgdata.demo import scenes
from vtgdata.demo.scenes import PAIRS, STEPS, Segment
from vtgdata.engine.verification import DEFAULT_CHAIN, KEEP, Chain, score_specs
from vtgdata.files.schemas import Row
from vtgdata.metrics import label_noise
from vtgdata.metrics.label_noise import Found, Pool
from vtgdata.metrics.window_table import tiou_array
from vtgdata.records import Sample, Video, Window

HARD, WRONG_WINDOWS, BAD_REASONING = 1 / 3, 0.2, 0.2
STYLES = ("prose", "list")
KINDS = ("another object", "other times", "leaked", "empty")
CHAINS: dict[str, list[str] | None] = {"unverified": None, "IoU only": score_specs(KEEP), "whole chain": DEFAULT_CHAIN}
ROUNDS = 1000
"""Resamplings of videos for an interval."""


class Query(NamedTuple):
    """One query of a clip."""

    sample: Sample
    """With its label, right or wrong."""
    truth: tuple[float, float]
    scene: list[Segment]
    hard: bool


class Seed(NamedTuple):
    """All that one seed gives."""

    queries: list[Query]
    wrong: np.ndarray
    """(n,) whether the label is wrong."""
    good: np.ndarray
    """(n,) whether the teacher's answer is a good trace."""
    bad: np.ndarray
    """(n,) place in KINDS of a right window's bad reasoning; -1 for none."""
    prose: np.ndarray
    """(n,) whether the answer is in prose."""
    kept: dict[str, np.ndarray]
    """{chain: (n,) whether it keeps the answer}."""
    found: Found
    videos: np.ndarray
    """(n,) number of the video."""


def corpus(videos: int, rng: np.random.Generator) -> list[Query]:
    """Queries with right labels, at most two of a clip."""
    found: list[Query] = []
    for number in range(videos):
        spans, step = scenes.compose(int(rng.integers(2)), rng), float(rng.integers(2, 11)) / 2
        scene = [
            Segment(colour=PAIRS[p][0], shape=PAIRS[p][1], start=a * step, end=b * step) for p, a, b in spans
        ]  # fmt: skip
        for place in (0, *rng.permutation(range(1, len(spans)))[:1].tolist()):
            window = scene[place].start, scene[place].end
            query = scenes.sentence(spans[place][0])
            sample = Sample(
                sample_id=f"shapes:{number}#{place}", corpus="shapes", split="sft", query=query,
                video=Video(video_id=f"v{number}", file=f"v{number}.mp4", duration=STEPS * step),
                windows=(Window(*window),), license="CC0-1.0",
            )  # fmt: skip
            found.append(Query(sample, window, scene, bool(rng.random() < HARD)))
    return found


def mislabelled(queries: list[Query], share: float, rng: np.random.Generator) -> tuple[list[Query], np.ndarray]:
    """The queries with a share of wrong labels, and which they are."""
    import msgspec

    wrong = np.zeros(len(queries), dtype=bool)
    wrong[rng.permutation(len(queries))[: round(share * len(queries))]] = True
    found: list[Query] = []
    for query, is_wrong in zip(queries, wrong.tolist(), strict=True):
        label = query.truth
        for _ in range(100 if is_wrong else 0):
            label = _other(query, int(rng.integers(3)), rng)
            if label[1] - label[0] >= 0.5 and _iou(label, query.truth) < 0.9:
                break
        found.append(query._replace(sample=msgspec.structs.replace(query.sample, windows=(Window(*label),))))
    return found, wrong


def _other(query: Query, kind: int, rng: np.random.Generator) -> tuple[float, float]:
    (start, end), duration = query.truth, query.sample.video.duration or 0.0
    if kind == 0:
        first = float(rng.uniform(0, max(duration - (end - start), 1e-3)))
        return first, first + end - start
    if kind == 1:
        others = [(s.start, s.end) for s in query.scene if (s.start, s.end) != query.truth] or [query.truth]
        return others[int(rng.integers(len(others)))]
    moved = sorted((np.array(query.truth) + rng.uniform(2, 10, 2) * rng.choice([-1.0, 1.0], 2)).clip(0, duration))
    return float(moved[0]), float(moved[1])


def _iou(a: tuple[float, float], b: tuple[float, float]) -> float:
    return float(tiou_array(np.array(a)[None], np.array(b)[None])[0])


def answer(query: Query, rng: np.random.Generator) -> tuple[Row, int]:
    """The teacher's answer, and the kind of its bad reasoning; -1 where it is sound or the window is wrong."""
    several, style = len(query.scene) > 1, STYLES[int(rng.integers(2))]
    wrong = several and rng.random() < WRONG_WINDOWS
    kind = int(rng.integers(len(KINDS))) if not wrong and rng.random() < BAD_REASONING else -1
    kind = -1 if kind in (0, 1) and not several else kind
    own = next(segment for segment in query.scene if (segment.start, segment.end) == query.truth)
    others = [segment for segment in query.scene if segment is not own] or [own]
    other = others[int(rng.integers(len(others)))]
    said = other if wrong else own
    prompt, tell = ("ground", _prose) if style == "prose" else ("shapes", _list)
    thought = "" if kind == 3 else tell(query, said, other if kind in (0, 1) else said, about=kind == 0)
    if kind == 2:
        thought = f"The annotation says {own.start:.1f} s to {own.end:.1f} s. {thought}"
    text = f"<think>{thought}</think><answer>{said.start:04.1f} to {said.end:04.1f}</answer>"
    row = example_row(text, query.sample, prompt=prompt, key=query.sample.sample_id)
    return row | {"frame_times": _times(query)}, kind


def _times(query: Query) -> list[float]:
    return [(query.sample.video.duration or 0.0) * k / STEPS for k in range(STEPS)]


def _prose(query: Query, said: Segment, marked: Segment, *, about: bool) -> str:
    """A reasoning in sentences: of the marked segment's times, or about its object at the answer's times."""
    first = min(query.scene, key=lambda segment: segment.start)
    if about:
        return (
            f"At first there is a {first.colour} {first.shape}. The {marked.colour} {marked.shape} comes into view at "
            f"{said.start:.1f} s and stays until {said.end:.1f} s, so this is the moment."
        )
    return (
        f"At first there is a {first.colour} {first.shape}. The {said.colour} {said.shape} comes into view at "
        f"{marked.start:.1f} s and stays until {marked.end:.1f} s, so this is the moment."
    )


def _list(query: Query, said: Segment, marked: Segment, *, about: bool) -> str:
    """A reasoning by frames, each with what it shows and a mark: at the marked segment, or for its object."""
    where = said if about else marked
    lines: list[str] = []
    for time in _times(query):
        shown = next((s for s in query.scene if s.start <= time + 0.1 < s.end), query.scene[0])
        shown = marked if about and shown is said else shown
        mark = "yes" if where.start <= time + 0.1 < where.end else "no"
        lines.append(f"{time:04.1f} {shown.colour} {shown.shape} {mark}")
    return "; ".join([*lines, f"{query.sample.video.duration:04.1f}"])


def stored(query: Query, rng: np.random.Generator) -> np.ndarray:
    """(8, 2) windows of four answers of the teacher and four of a weaker model; those to a hard query scatter."""
    duration = query.sample.video.duration or 0.0
    others = [(s.start, s.end) for s in query.scene if (s.start, s.end) != query.truth] or [query.truth]
    found: list[tuple[float, float]] = []
    for place in range(8):
        misses = 0.75 if query.hard else (WRONG_WINDOWS if place < 4 else 0.35)
        window = others[int(rng.integers(len(others)))] if rng.random() < misses else query.truth
        if query.hard and rng.random() < 0.5:
            start = float(rng.uniform(0, duration * 0.8))
            window = start, start + float(rng.uniform(0.1, 0.3)) * duration
        ends = np.sort(np.array(window) + rng.normal(0, 0.03 * duration, 2)).clip(0, duration)
        found.append((float(ends[0]), float(ends[1])) if ends[1] - ends[0] > 0.1 else window)
    return np.array(found)


def one(videos: int, share: float, seed: int) -> Seed:
    """Everything of one seed."""
    rng = np.random.default_rng([seed, round(100 * share)])
    queries, wrong = mislabelled(corpus(videos, rng), share, rng)
    rows, bad = zip(*(answer(query, rng) for query in queries), strict=True)
    truths = [query.truth for query in queries]
    meets = np.array([
        _iou(tuple(row["windows"][0]), truth) >= 0.5 if row["windows"] else False
        for row, truth in zip(rows, truths, strict=True)
    ])  # fmt: skip
    samples = [query.sample for query in queries]
    kept: dict[str, np.ndarray] = {}
    for name, specs in CHAINS.items():
        kept[name] = np.array([row["parse_status"] == "ok" for row in rows])
        if specs is not None:
            chain = Chain(specs, samples)
            each = zip(rows, samples, strict=True)
            kept[name] = np.array([chain.reasons([row], sample)[0] is None for row, sample in each])
    videos_of = np.array([int(sample.video.video_id[1:]) for sample in samples])
    pool = Pool(
        np.array([stored(query, rng) for query in queries]), np.ones((len(queries), 8), dtype=bool),
        np.array([[[w.start, w.end] for w in sample.windows] for sample in samples]),
        np.array([sample.video.duration for sample in samples], dtype=np.float64), videos_of,
    )  # fmt: skip
    return Seed(
        queries, wrong, meets & (np.array(bad) < 0), np.array(bad),
        np.array([row["prompt_id"].startswith("ground") for row in rows]), kept, label_noise.judge(pool, seed),
        videos_of,
    )  # fmt: skip


Measure = Callable[[Seed, np.ndarray], float]


def interval(seeds: list[Seed], measures: list[Measure]) -> tuple[np.ndarray, np.ndarray]:
    """(m,) means over seeds of measures of chosen rows, and (ROUNDS, m) of them with resampled videos."""
    rng = np.random.default_rng(0)
    members = []
    for seed in seeds:
        order = np.argsort(seed.videos, kind="stable")
        members.append(np.split(order, np.flatnonzero(np.diff(seed.videos[order])) + 1))
    means = np.mean([[measure(seed, np.arange(len(seed.wrong))) for measure in measures] for seed in seeds], axis=0)
    drawn = []
    for _ in range(ROUNDS):
        each = []
        for seed, groups in zip(seeds, members, strict=True):
            rows = np.concatenate([groups[k] for k in rng.integers(0, len(groups), len(groups)).tolist()])
            each.append([measure(seed, rows) for measure in measures])
        drawn.append(np.nanmean(each, axis=0))
    return means, np.array(drawn)


def shown(name: str, mean: float, drawn: np.ndarray) -> str:
    """A measure with its interval."""
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return f"{name} {mean:.3f} [{low:.3f}, {high:.3f}]"


def difference(name: str, means: np.ndarray, drawn: np.ndarray) -> str:
    """The second measure above the first, with the smallest difference that could have been shown."""
    of = drawn[:, 1] - drawn[:, 0]
    low, high = np.nanquantile(of, [0.025, 0.975])
    least = (1.96 + 0.84) * float(np.nanstd(of))
    return f"{name} {means[1] - means[0]:+.3f} [{low:+.3f}, {high:+.3f}], least that could be shown {least:.3f}"


def precision(chain: str) -> Measure:
    """Share of good traces among those that a chain keeps."""
    return lambda seed, rows: float(seed.good[rows][seed.kept[chain][rows]].mean())


def recall(chain: str) -> Measure:
    """Share of the good traces that a chain keeps."""
    return lambda seed, rows: float(seed.kept[chain][rows][seed.good[rows]].mean())


def at_k(score: Callable[[Found], np.ndarray]) -> Measure:
    """Share of wrong labels among as many rows of highest score as are wrong: precision and recall at once."""
    return lambda seed, rows: audit.precision(score(seed.found)[rows], seed.wrong[rows])


def tell(share: float, seeds: list[Seed]) -> None:
    """Print the tables of one share of wrong labels."""
    n = sum(len(seed.wrong) for seed in seeds)
    print(
        f"\n{share:.0%} of the labels wrong: {len(seeds)} seeds, {n:,} queries; good traces {_mean(seeds, 'good'):.3f}"
    )
    for name in CHAINS:
        means, drawn = interval(seeds, [precision(name), recall(name)])
        print(f"  {name:12} {shown('precision', means[0], drawn[:, 0])}   {shown('recall', means[1], drawn[:, 1])}")
    for first, second in (("unverified", "IoU only"), ("IoU only", "whole chain")):
        for word, measure in (("precision", precision), ("recall", recall)):
            means, drawn = interval(seeds, [measure(first), measure(second)])
            print(f"  {second} above {first}: {difference(word, means, drawn)}")
    for kind, name in enumerate(KINDS):
        for style in STYLES:
            of = [(seed.bad == kind) & seed.kept["unverified"] & (seed.prose == (style == "prose")) for seed in seeds]
            caught = np.concatenate([~seed.kept["whole chain"][each] for seed, each in zip(seeds, of, strict=True)])
            before = np.concatenate([~seed.kept["IoU only"][each] for seed, each in zip(seeds, of, strict=True)])
            print(f"  bad reasoning, {name}, {style}: {caught.mean():.3f} of {len(caught):,} left out "
                  f"(IoU only {before.mean():.3f})")  # fmt: skip
    means, drawn = interval(seeds, [at_k(lambda found: 1.0 - found.passed), at_k(lambda found: found.order)])
    print(f"  queue at k = number wrong: {shown('pass rate', means[0], drawn[:, 0])}   "
          f"{shown('P(wrong)', means[1], drawn[:, 1])}\n    {difference('difference', means, drawn)}")  # fmt: skip
    _proposed(seeds)
    for seed in seeds:
        low, share, high = (each.mean() for each in (seed.found.lowest, seed.found.wrong, seed.found.highest))
        print(f"  share of wrong labels {share:.3f} [{low:.3f}, {high:.3f}]")
    audit.calibration(
        [(seed.found.highest, seed.wrong, seed.videos) for seed in seeds], "if answers never erred together"
    )
    audit.calibration([(seed.found.wrong, seed.wrong, seed.videos) for seed in seeds])


def _mean(seeds: list[Seed], name: str) -> float:
    return float(np.mean([getattr(seed, name).mean() for seed in seeds]))


def _proposed(seeds: list[Seed]) -> None:
    """IoU of proposed windows with the truth, on wrong labels: all of them, and those in the queue."""

    def of(queue: bool) -> Measure:
        def measure(seed: Seed, rows: np.ndarray) -> float:
            truths = np.array([query.truth for query in seed.queries])[rows]
            ious = tiou_array(seed.found.consensus.window[rows], truths)
            order = seed.found.order[rows]
            top = order >= np.sort(order)[::-1][max(0, int(seed.wrong[rows].sum()) - 1)]
            chosen = seed.wrong[rows] & (top if queue else True)
            return float(np.nan_to_num(ious)[chosen].mean())

        return measure

    means, drawn = interval(seeds, [of(False), of(True)])
    print(f"  IoU of the proposed window with the truth, wrong labels: {shown('all', means[0], drawn[:, 0])}   "
          f"{shown('in the queue', means[1], drawn[:, 1])}")  # fmt: skip


def main() -> None:
    """Print the tables."""
    given: list[Any] = [int(text) for text in sys.argv[1:3]]
    seeds, videos = given[0] if given else 5, given[1] if len(given) > 1 else 600
    for share in (0.1, 0.3):
        tell(share, [one(videos, share, seed) for seed in range(seeds)])


if __name__ == "__main__":
    main()
