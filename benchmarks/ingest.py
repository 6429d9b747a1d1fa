"""How long ingest takes, as ratios in one run; CPU seconds of all threads, which other jobs disturb least.

1. ActivityNet Captions train (real file, from $VTGDATA_TEST_DATA): ingest against a script that parses the same file
   with orjson and writes its rows, with the same columns, as Parquet. Limit: 5.
2. Moment JSONL of 10^5 and 10^6 invented rows, each in a process of its own: time of the second over the first (limit:
   12), and its peak memory (limit: 2 GB).

    python benchmarks/ingest.py
"""

import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from vtgdata.files.parquet import arrow_schema
from vtgdata.files.schemas import SAMPLES
from vtgdata.stages import ingest

REPEATS = 5
OPTIONS: dict[str, Any] = {
    "compression": "zstd",
    "use_content_defined_chunking": True,
    "write_page_index": True,
}


def seconds(work: Callable[[], Any]) -> float:
    """Median of several runs."""
    taken: list[float] = []
    for _ in range(REPEATS):
        begun = time.process_time()
        work()
        taken.append(time.process_time() - begun)
    return statistics.median(taken)


def peer(source: Path, out: Path) -> None:
    """What a script would do: parse with orjson, a row for each sentence with the columns of samples, Parquet."""
    rows = [
        dict.fromkeys(SAMPLES)
        | {
            "sample_id": f"{video}/{i}", "corpus": "activitynet_captions", "split": "train", "video_id": video,
            "video_file": f"{video}.mp4", "source_id": video[2:], "duration": entry["duration"],
            "query": sentence.strip(), "windows": [window], "labelled": True, "task": "moment_retrieval", "options": [],
            "label_version": "original", "license": "LicenseRef-unstated", "origin": f"train.json#{video}/{i}",
            "repairs": [], "extra": "{}",
        }
        for video, entry in orjson.loads(source.read_bytes()).items()
        for i, (window, sentence) in enumerate(zip(entry["timestamps"], entry["sentences"], strict=True))
    ]  # fmt: skip
    table = pa.Table.from_pylist(rows, schema=arrow_schema(SAMPLES))
    pq.write_table(table, out, **OPTIONS)


def activitynet(folder: Path) -> None:
    """Ratio 1."""
    source = Path(os.environ["VTGDATA_TEST_DATA"], "corpora/activitynet_captions/train.json")
    number = iter(range(1_000))

    def ours() -> None:
        out = folder / f"out{next(number)}"
        ingest.run(ingest.Settings(corpus="activitynet_captions", paths=[str(source)], out=str(out)))

    ours()  # once for imports
    table = pq.read_table(folder / "out0/samples.parquet")
    took, theirs = seconds(ours), seconds(lambda: peer(source, folder / "peer.parquet"))
    parsing = seconds(lambda: orjson.loads(source.read_bytes()))
    writing = seconds(lambda: pq.write_table(table, folder / "ready.parquet", **OPTIONS))
    print(f"ActivityNet train, {table.num_rows:,} samples: ingest {took:.3f} s, the peer {theirs:.3f} s")
    print(f"  (of the peer: orjson alone {parsing:.3f} s, writing a table that is ready {writing:.3f} s)")
    print(f"  ratio {took / theirs:.2f} (limit 5)")


def moments(path: Path, rows: int) -> None:
    """Write invented moment JSONL: several queries a video, one window in a hundred past the end."""
    chance = random.Random(rows)
    words = "a man woman dog opens closes takes puts runs looks the door table cup window slowly again".split()
    with path.open("w") as file:
        for i in range(rows):
            start = round(chance.uniform(0, 140), 1)
            end = round(start + chance.uniform(1, 10 if i % 100 else 40), 1)
            query = " ".join(chance.choices(words, k=9))
            row = {
                "qid": i,
                "query": query,
                "duration": 150,
                "vid": f"v{i // 5:07d}",
                "relevant_windows": [[start, end]],
            }
            file.write(json.dumps(row) + "\n")


def alone(path: Path, out: Path) -> tuple[float, float]:
    """Seconds and peak GB of an ingest in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--one", str(path), str(out)], capture_output=True, text=True, check=True
    )
    took, peak = done.stdout.split()
    return float(took), float(peak)


def one(path: str, out: str) -> None:
    """What the process of its own does."""
    begun = time.process_time()
    ingest.run(ingest.Settings(corpus="moment_jsonl", paths=[path], out=out, name="invented"))
    took = time.process_time() - begun
    print(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9)


def growth(folder: Path) -> None:
    """Ratio 2."""
    found: dict[int, tuple[float, float]] = {}
    for rows in (100_000, 1_000_000):
        moments(folder / f"train{rows}.jsonl", rows)
        found[rows] = alone(folder / f"train{rows}.jsonl", folder / f"rows{rows}")
        print(f"moment JSONL, {rows:,} rows: {found[rows][0]:.2f} s, peak {found[rows][1]:.2f} GB (limit 2)")
    print(f"  ratio {found[1_000_000][0] / found[100_000][0]:.2f} (limit 12)")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(*sys.argv[2:])
    else:
        with tempfile.TemporaryDirectory() as name:
            if os.environ.get("VTGDATA_TEST_DATA"):
                activitynet(Path(name))
            else:
                print("VTGDATA_TEST_DATA is not set: no ActivityNet file, ratio 1 not measured")
            growth(Path(name))
