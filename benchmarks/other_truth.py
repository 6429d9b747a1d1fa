"""Whether the other-truth control is right: guesses have seen nothing, models have, and words give something away.

1. 100 random guessers, each with its own windows, and 100 constant ones: mean of `seen` (limit: 0.003 off 0) and how
   many of the 100 intervals hold 0 (limit: 90; a constant guess has `seen` 0 exactly, so all of its intervals do).
2. Published predictions: score, other truth, seen and its interval.
3. The guess from the words of the query, on Charades-STA: fitted on half of the sources and asked about the other half.
4. With --rollouts: answers of `evaluate --blind` on the samples of --samples, by what the model was shown; 1 for these
   samples too.

    python benchmarks/other_truth.py DATA [--samples FILE --rollouts FILE]    DATA: as VTGDATA_TEST_DATA has it
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from intervals import samples_of, vue_tr_v2

from vtgdata.conversation.answer import Form
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import read_samples
from vtgdata.metrics import baselines, other_truth, sets
from vtgdata.metrics.answered import Answered
from vtgdata.metrics.judging import judge_predictions, judge_rows
from vtgdata.metrics.other_truth import Others, Seen
from vtgdata.metrics.predictions.join import join
from vtgdata.metrics.predictions.read import read_predictions
from vtgdata.metrics.query_words import query_words
from vtgdata.records import Sample

GUESSERS = 100


def others_of(samples: Sequence[Sample]) -> Others:
    """The other truths of samples of several sources."""
    others = other_truth.draw(samples)
    if others is None:
        raise SystemExit("the samples are of one source")
    return others


def seen(answers: Sequence[Answered], samples: Sequence[Sample], others: Others) -> Seen:
    """What is seen in mIoU."""

    def score(of: Sequence[Sample]) -> sets.Values:
        return {"mIoU": sets.values("moments", answers, of, ())["mIoU"]}

    return other_truth.seen(score(samples), score, others)["mIoU"].seen


def tell(name: str, found: Seen) -> None:
    """Print a row."""
    bounds = f"[{found.low:+.3f}, {found.high:+.3f}]"
    print(f"{name:44}{found.score:7.3f}{found.others:9.3f}{found.seen:+9.3f}  {bounds}", flush=True)


def guessers(name: str, samples: Sequence[Sample], others: Others) -> None:
    """Print what random and constant guessers have seen."""
    rng = np.random.default_rng(0)
    durations = np.array([sample.video.duration or 0.0 for sample in samples])[:, None]
    for kind in ("random", "constant"):
        found: list[Seen] = []
        for _ in range(GUESSERS):
            shares = np.sort(rng.uniform(size=(len(samples) if kind == "random" else 1, 2)), axis=1)
            windows = shares * durations
            found.append(seen([Answered(windows=window[None]) for window in windows], samples, others))
        holds = sum(each.low <= 0 <= each.high for each in found)
        mean = np.mean([each.seen for each in found])
        print(f"{name}: {GUESSERS} {kind} guessers, mean seen {mean:+.5f}, {holds} intervals hold 0")


def published(data: Path, scratch: Path) -> None:
    """Print the table of the published predictions."""
    qvhighlights = samples_of("qvhighlights", data / "corpora/qvhighlights/highlight_val_release.jsonl")
    files = dict.fromkeys(sorted((data / "predictions").glob("*/*/*.jsonl")), qvhighlights)
    vue = vue_tr_v2(data, scratch)
    files |= dict.fromkeys(sorted((data / "field2026/vue_tr_v2").glob("results_*.json")), vue)
    others = {id(samples): others_of(samples) for samples in (qvhighlights, vue)}
    guessers("QVHighlights val", qvhighlights, others[id(qvhighlights)])
    print(f"\n{'mIoU':44}{'score':>7}{'others':>9}{'seen':>9}  95 % by source")
    for path, samples in files.items():
        judged = judge_predictions(join(read_predictions(str(path)), samples).found, samples, Form())
        tell(f"{path.parent.name}/{path.stem}"[-42:], seen(judged.answers, samples, others[id(samples)]))
    for name, samples in (("QVHighlights val", qvhighlights), ("VUE-TR-V2", vue)):
        truth = [Answered(windows=sets.as_array(sample.windows)) for sample in samples]
        tell(f"{name}: perfect answers", seen(truth, samples, others[id(samples)]))


def words(data: Path) -> None:
    """Print what the words of Charades-STA's queries give away."""
    samples = samples_of("charades_sta", data / "corpora/charades_sta", split="train")
    sources = sorted({sample.video.source for sample in samples})
    first = set(np.random.default_rng(0).permutation(sources)[: len(sources) // 2].tolist())
    training = [sample for sample in samples if sample.video.source in first]
    asked = [sample for sample in samples if sample.video.source not in first]
    others = others_of(asked)
    for name, guess in (("query words", query_words(training)), ("best constant", baselines.constant(training))):
        tell(f"Charades-STA, other half: {name}", seen([guess.answer(sample) for sample in asked], asked, others))


def rollouts(path: Path, samples: list[Sample]) -> None:
    """Print what models have seen, by what they were shown."""
    rows = read_parquet(path)
    asked = {row["sample_id"] for row in rows}
    samples = [sample for sample in samples if sample.sample_id in asked]
    others = others_of(samples)
    guessers("these samples", samples, others)
    for model, seeing in dict.fromkeys((row["model"], row["seeing"]) for row in rows):
        chosen = [row for row in rows if (row["model"], row["seeing"]) == (model, seeing)]
        tell(f"{model}, {seeing}"[-42:], seen(judge_rows(chosen, samples).answers, samples, others))


def main() -> None:
    """Print all of it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--samples", type=Path)
    parser.add_argument("--rollouts", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        published(chosen.data, Path(scratch))
    words(chosen.data)
    if chosen.samples and chosen.rollouts:
        print()
        rollouts(chosen.rollouts, list(read_samples(str(chosen.samples))))


if __name__ == "__main__":
    main()
