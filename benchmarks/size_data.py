"""Invented inputs for `size.py`, of any size, from a seed: moment JSONL and what models said of its samples.

Shapes are those of real corpora: five queries a video, 4 to 13 words of a vocabulary as uneven as English, one window
in a hundred past the end of its video, one row in a hundred that repeats another. All is made in pieces of PIECE rows.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from vtgdata.files import fingerprint
from vtgdata.files.parquet import arrow_schema
from vtgdata.files.schemas import PASS_RATES, ROLLOUTS, TRACES

PIECE = 65_536
PROMPT = '---\nanswer: "<answer>{start} to {end}</answer>"\n---\n{frames}\nWhen: "{query}"?\n'
PROMPT_ID = f"ground-{fingerprint.short(PROMPT)[:8]}"
FRAMES = '{"frames":8,"fps":null,"midpoint":false,"short_side":112}'
SAMPLING = '{"temperature":1.0,"top_p":1.0,"max_tokens":512,"seed":0}'
_PARTS = "ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo za".split()
WORDS = [a + b + c for a in _PARTS for b in _PARTS for c in _PARTS[:5]]
_WEIGHTS = 1 / np.arange(1, len(WORDS) + 1)


def moments(folder: Path, rows: int, *, seed: int = 0) -> list[Path]:
    """Write train.jsonl with nineteen rows in twenty and test.jsonl with the others; no video is in both."""
    made: list[Path] = []
    for split, first, last in (("train", 0, rows - rows // 20), ("test", rows - rows // 20, rows)):
        path = folder / f"{split}.jsonl"
        with path.open("w") as file:
            for start in range(first, last, PIECE):
                file.writelines(_lines(split, start, min(start + PIECE, last), seed))
        made.append(path)
    return made


def one_video(folder: Path, rows: int, *, words: int = 40) -> list[Path]:
    """Write train.jsonl and test.jsonl, half of the rows each, all on one video.

    Queries are of few different words, so that many are alike.
    """
    made: list[Path] = []
    for split, number in (("train", 0), ("test", 1)):
        chance = np.random.default_rng(number)
        path = folder / f"{split}.jsonl"
        with path.open("w") as file:
            for row in range(rows // 2):
                query = " ".join(chance.choice(WORDS[:words], int(chance.integers(5, 14))))
                start = round(float(chance.uniform(0, 3500)), 1)
                said = {"qid": f"{split}{row}", "query": query, "duration": 3600, "vid": "vlog"}
                file.write(json.dumps(said | {"relevant_windows": [[start, start + 4.5]]}) + "\n")
        made.append(path)
    return made


def _lines(split: str, start: int, end: int, seed: int) -> Iterator[str]:
    chance = np.random.default_rng([seed, start])
    count = end - start
    lengths = chance.integers(4, 14, count).tolist()
    drawn = chance.choice(len(WORDS), size=sum(lengths), p=_WEIGHTS / _WEIGHTS.sum()).tolist()
    words = iter(WORDS[number] for number in drawn)
    starts, lasts = chance.uniform(0, 140, count).round(1).tolist(), chance.uniform(1, 10, count).round(1).tolist()
    for number, length, first, seconds in zip(range(start, end), lengths, starts, lasts, strict=True):
        last = round(first + seconds * (4 if number % 100 == 0 else 1), 1)
        query = " ".join(next(words) for _ in range(length))
        row = {"qid": f"{split}{number}", "query": query, "duration": 150, "vid": f"{split}_v{number // 5:07d}"}
        yield json.dumps(row | {"relevant_windows": [[first, last]]}) + "\n"


def answers(samples: Path, folder: Path, *, each: int = 8, rollouts: bool = True) -> None:
    """Write rollouts.parquet (so many answers a sample), traces.parquet, pass_rates.parquet and predictions.jsonl.

    Traces are of the training samples, two each, of which one is kept. Pass rates have two measures.
    """
    chance = np.random.default_rng(1)
    writers = {
        "rollouts": _writer(folder / "rollouts.parquet", ROLLOUTS),
        "traces": _writer(folder / "traces.parquet", TRACES | {"sampling": "text"}),
        "pass_rates": _writer(folder / "pass_rates.parquet", PASS_RATES | {"sampling": "text"}),
    }
    columns = ["sample_id", "split", "windows", "duration"]
    with (folder / "predictions.jsonl").open("wb") as said:
        for batch in pq.ParquetFile(samples).iter_batches(PIECE // each, columns=columns):
            part = pl.DataFrame(batch).with_columns(
                start=pl.col("windows").list.first().list.first(), end=pl.col("windows").list.first().list.last()
            )
            answered = _answered(part, each, chance)
            if rollouts:
                writers["rollouts"](answered)
            traced = _answered(part.filter(pl.col("split") == "train"), 2, chance)
            writers["traces"](_traces(traced))
            writers["pass_rates"](_rates(answered.filter(pl.col("split") == "train"), each))
            first = answered.filter(pl.col("index") == 0)
            first.select("sample_id", "windows").write_ndjson(said)
    for writer in writers.values():
        writer(None)


def _writer(path: Path, columns: dict[str, str]) -> Callable[[pl.DataFrame | None], None]:
    schema = arrow_schema(columns)
    file = pq.ParquetWriter(path, schema, compression="zstd")
    held: list[pl.DataFrame] = []

    def write(frame: pl.DataFrame | None) -> None:
        """Add rows; None writes what is left."""
        if frame is not None:
            missing = [pl.lit(None).alias(name) for name in columns if name not in frame.columns]
            held.append(frame.with_columns(missing).select(list(columns)))
        if frame is None or sum(each.height for each in held) >= PIECE:
            if held:
                file.write_table(pl.concat(held, how="vertical_relaxed").to_arrow().cast(schema))
            held.clear()
        if frame is None:
            file.close()

    return write


def _answered(samples: pl.DataFrame, each: int, chance: Any) -> pl.DataFrame:
    """`each` rows of rollouts for each sample: windows near the true one, with a reasoning of a few words."""
    count = samples.height * each
    index = np.tile(np.arange(each), samples.height)
    rows = samples[np.repeat(np.arange(samples.height), each)]
    moved = chance.normal(0, 4, (2, count)).round(1)
    spoken = np.array([" ".join(chance.choice(WORDS, 25)) for _ in range(500)])[chance.integers(0, 500, count)]
    rows = rows.with_columns(
        pl.Series("index", index), pl.Series("reasoning", spoken), pl.Series("d1", moved[0]), pl.Series("d2", moved[1])
    ).with_columns(a=(pl.col("start") + pl.col("d1")).clip(0, 148).round(1))
    rows = rows.with_columns(b=pl.max_horizontal(pl.col("end") + pl.col("d2"), pl.col("a") + 0.5).round(1))
    inside = pl.min_horizontal("b", "end") - pl.max_horizontal("a", "start")
    iou = (inside / (pl.max_horizontal("b", "end") - pl.min_horizontal("a", "start"))).clip(0, 1)
    text = pl.format("<think>{}</think><answer>{} to {}</answer>", "reasoning", "a", "b")
    named = pl.concat_str("sample_id", "index", separator="/")
    key = pl.concat_str(named.hash(1).cast(pl.String).str.zfill(20), named.hash(2).cast(pl.String).str.slice(0, 12))
    return rows.select(
        "sample_id", "split", "index", "reasoning", iou=iou, text=text, key=key,
        windows=pl.concat_list(pl.concat_list("a", "b").implode().over(pl.int_range(pl.len()))),
        annotation=pl.col("windows"), model_id=pl.lit("student-4567"), prompt_id=pl.lit(PROMPT_ID),
        sampling_id=pl.lit("t1-p1-m512"), frames_id=pl.lit("f0123456789abcdef"),
        frame_times=pl.lit([0.0, 18.75, 37.5, 56.25, 75.0, 93.75, 112.5, 131.25]), parse_status=pl.lit("ok"),
        strict_ok=pl.lit(True), finish_reason=pl.lit("stop"), tokens_in=pl.lit(900), tokens_out=pl.lit(40),
    ).with_columns(
        scores=pl.concat_list(
            pl.struct(name=pl.lit("tiou"), value=pl.col("iou")), pl.struct(name=pl.lit("format"), value=pl.lit(1.0))
        )
    )  # fmt: skip


def _traces(rows: pl.DataFrame) -> pl.DataFrame:
    kept = pl.col("index") == 0
    return rows.with_columns(
        model_id=pl.lit("teacher-0123"), key=pl.col("key").str.reverse(), kept=kept, target=pl.col("text"),
        reason=pl.when(kept).then(None).otherwise(pl.lit("tiou")), teacher_windows=pl.col("windows"),
        annotation_windows=pl.col("annotation"), prompt=pl.lit(PROMPT), frame_sampling=pl.lit(FRAMES),
        sampling=pl.lit(SAMPLING),
    )  # fmt: skip


def _rates(rows: pl.DataFrame, each: int) -> pl.DataFrame:
    by = ["sample_id", "model_id", "prompt_id", "sampling_id", "frames_id"]
    means = rows.group_by(by, maintain_order=True).agg(
        mean_iou=pl.col("iou").mean(), iou_std=pl.col("iou").std(), ious=pl.col("iou"),
        passed=(pl.col("iou") >= 0.5).mean(),
    )  # fmt: skip
    common = means.with_columns(
        n=pl.lit(each), n_unparsed=pl.lit(0), n_failed=pl.lit(0), decided=pl.lit(None, pl.Boolean),
        prompt=pl.lit(PROMPT), frame_sampling=pl.lit(FRAMES), sampling=pl.lit(SAMPLING),
    )  # fmt: skip
    both = [
        common.with_columns(measure=pl.lit(name), value=pl.col(column))
        for name, column in (("iou>=0.5", "passed"), ("mean_iou", "mean_iou"))
    ]
    placed = pl.concat(part.with_row_index("at") for part in both).sort("at", maintain_order=True)
    return placed.with_columns(low=pl.col("value") - 0.1, high=pl.col("value") + 0.1)


if __name__ == "__main__":
    what, place, *numbers = sys.argv[1:]
    if what == "moments":
        moments(Path(place), int(numbers[0]))
    elif what == "one_video":
        one_video(Path(place), int(numbers[0]), words=int(numbers[1]))
    else:
        said = int(numbers[0])
        answers(Path(place, "data/samples.parquet"), Path(place), each=said or 8, rollouts=said > 0)
