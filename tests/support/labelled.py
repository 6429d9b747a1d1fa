"""Samples with answers to audit, a queue of them, and decisions about it."""

import json
import random
from pathlib import Path

from support.builders import make_sample
from vtgdata.conversation.verifying import example_row
from vtgdata.files.label_reviews import QUEUE_COLUMNS, queue_row
from vtgdata.files.parquet import write_parquet
from vtgdata.files.samples import write_samples
from vtgdata.files.schemas import ROLLOUTS, Row
from vtgdata.records import Sample, Window

SAMPLES, ROLLOUTS_FILE, QUEUE, DECISIONS = "samples.parquet", "rollouts.parquet", "review.parquet", "decisions.jsonl"


def pool(n: int = 60, wrong: int = 0, seed: int = 0) -> tuple[list[Sample], list[Sample], set[str]]:
    """Samples with right labels, the same with the first `wrong` labels moved, and the ids of these."""
    rng = random.Random(seed)
    right, shown = [], []
    for number in range(n):
        start = rng.uniform(0, 80)
        true = [(round(start, 1), round(start + rng.uniform(6, 18), 1))]
        right.append(
            make_sample(f"l:{number}", video_id=f"v{number // 2}", duration=100.0, windows=true, split="train")
        )
        moved = [((start + 45) % 80, (start + 45) % 80 + 9)]
        away = make_sample(f"l:{number}", video_id=f"v{number // 2}", duration=100.0, windows=moved, split="train")
        shown.append(away if number < wrong else right[-1])
    return right, shown, {f"l:{number}" for number in range(wrong)}


def answers(right: list[Sample], k: int = 6, late: float = 0.0, seed: int = 1) -> list[Row]:
    """Answers of a model that is right three times in four, and begins and ends too late by `late` seconds."""
    rng = random.Random(seed)
    rows = []
    for sample in right:
        (true,) = sample.windows
        for index in range(k):
            start = true.start if rng.random() < 0.75 else rng.uniform(0, 80)
            window = Window(
                round(start + late + rng.uniform(0, 1), 1), round(start + true.duration + late + rng.uniform(1, 2), 1)
            )
            text = f"<think>It opens.</think><answer>{window.start} to {window.end}</answer>"
            rows.append(example_row(text, sample, index=index, key=f"{sample.sample_id}/{index}", model_id="m"))
    return rows


def write(folder: Path) -> None:
    """All files, in a folder."""
    right, shown, _ = pool()
    folder.mkdir(parents=True, exist_ok=True)
    write_samples(folder / SAMPLES, shown)
    write_parquet(folder / ROLLOUTS_FILE, answers(right), ROLLOUTS)
    told = {"proposed": [[1.0, 2.0]], "low": [[1.0, 2.0]], "high": [[1.0, 2.0]], "agree": 1.0, "answers": 6}
    write_parquet(folder / QUEUE, [queue_row(n, each, told) for n, each in enumerate(shown[:3])], QUEUE_COLUMNS)
    decision = {"sample_id": "l:0", "decision": "fix", "windows": [[1.0, 2.0]], "who": "ab", "when": "2026-11-29"}
    (folder / DECISIONS).write_text(json.dumps(decision) + "\n")
