"""Verification of stored rollouts: the whole chain, and the audit, against 60 s and 2 GB at 10^5 samples x 8 answers.

    python benchmarks/verification.py            # 10^4 samples
    python benchmarks/verification.py 100000

`verify` is the chain alone, in one process. `anew` is the whole of build-coldstart --rollouts (read, score, verify,
choose, trace, write) on answers that nobody says how they were read, so that each text is parsed; `again` is the same
on the file that it wrote. The answers are invented: half are right, reasonings name times, some of them others than the
answer. Each part runs in a process of its own; the peak of memory is that of it and of the processes that it starts,
what they share counted once (sampled, so that short peaks may be missed).
"""

import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from vtgdata.conversation.prompt import load_prompt
from vtgdata.files.parquet import parquet_writer, read_frame
from vtgdata.files.pieces import piece_writer, read_pieces, to_frame, to_table
from vtgdata.files.samples import open_samples, write_samples
from vtgdata.files.schemas import ROLLOUTS
from vtgdata.records import Sample, Video, Window

ANSWERS = 8
LIMITS = (60.0, 2.0)
"""Seconds and GB at 10^5 samples."""
WAYS = (
    "At first the person stands beside the table and nothing happens. From {0:.1f} s the hand moves to the door, and "
    "until {1:.1f} s the door is opened. Then the person leaves the room.",
    "The video lasts 60.0 s. The person is seen in the kitchen at 2.0 s. The door is opened between {0:.1f} and "
    "{1:.1f} seconds, after which the person walks to the left.",
    "0.0 s: table. {0:.1f} s: the hand is at the door. {1:.1f} s: the door is open. So this is the moment.",
    "The person opens the door while the dog is looking on from behind the sofa.",
    "The door is opened from {2:.1f} to {3:.1f} s.",
)


def make(folder: Path, n: int) -> None:
    """Samples and rollouts."""
    rng, prompt = random.Random(7), load_prompt("ground").id
    samples = []
    with parquet_writer(folder / "rollouts.parquet", ROLLOUTS) as writer:
        for number in range(n):
            start = round(rng.uniform(0, 45), 1)
            end = round(start + rng.uniform(3, 14), 1)
            samples.append(Sample(
                sample_id=f"made:{number}", corpus="made", split="train", query="a person opens the door",
                video=Video(video_id=f"v{number // 3}", file=f"v{number // 3}.mp4", duration=60.0),
                windows=(Window(start, end),), license="MIT",
            ))  # fmt: skip
            for index in range(ANSWERS):
                a, b = (start, end) if rng.random() < 0.5 else sorted((rng.uniform(0, 50), rng.uniform(0, 50)))
                a, b = max(0.0, round(a + rng.gauss(0, 0.4), 1)), min(60.0, round(b + rng.gauss(0, 0.4), 1))
                a, b = (a, b) if a < b else (start, end)
                far = round((a + 30) % 45, 1)
                thought = rng.choice(WAYS).format(a, b, far, far + 5)
                shared = max(0.0, min(b, end) - max(a, start))
                iou = shared / (b - a + end - start - shared)
                writer.write({
                    "key": f"{number}-{index}", "sample_id": f"made:{number}", "model_id": f"m{index % 2}",
                    "prompt_id": prompt, "sampling_id": "t1-p1-m512", "frames_id": "f",
                    "frame_times": [2.0 * k for k in range(30)], "index": index,
                    "text": f"<think>{thought}</think><answer>{a:.1f} to {b:.1f}</answer>", "reasoning": thought,
                    "windows": [[a, b]], "option": None, "parse_status": "ok", "strict_ok": True, "iou": iou,
                    "scores": [{"name": "tiou", "value": iou}], "finish_reason": "stop", "tokens_in": 1,
                    "tokens_out": 1, "error": None,
                })  # fmt: skip
    write_samples(folder / "samples.parquet", samples)


def verify(folder: Path) -> str:
    """The chain on every row; what was kept."""
    from vtgdata.engine.verification import DEFAULT_CHAIN, Chain

    samples = open_samples(folder / "samples.parquet", look=False)
    chain = Chain(DEFAULT_CHAIN, samples)
    kept = total = 0
    each = read_frame(folder / "rollouts.parquet").iter_rows(named=True, buffer_size=8192)
    for sample in samples:
        rows = list(islice(each, ANSWERS))
        reasons = chain.reasons(rows, sample)
        kept, total = kept + sum(why is None for why in reasons), total + len(rows)
    return f"{kept:,} of {total:,} kept"


def anew(folder: Path) -> str:
    """The command on a file that no command of ours wrote: answers parsed, scored, verified, and written."""
    return _coldstart(folder, "one.parquet", "traces")


def again(folder: Path) -> str:
    """The command on the file that it wrote, with another least score: answers scored, verified, and written."""
    return _coldstart(folder, "traces/rollouts.parquet", "again", keep={"tiou": 0.6})


def _coldstart(folder: Path, rollouts: str, out: str, **more: Any) -> str:
    from vtgdata.stages import coldstart

    summary = coldstart.run(coldstart.Settings(
        samples=str(folder / "samples.parquet"), rollouts=str(folder / rollouts), out=str(folder / out),
        model="scripted:x", n=ANSWERS, per_sample=0, **more,
    ))  # fmt: skip
    return f"{summary.traces:,} of {summary.rollouts:,} kept" if isinstance(summary, coldstart.Summary) else ""


def audit(folder: Path) -> str:
    """The command."""
    from vtgdata.stages import audit

    summary = audit.run(audit.Settings(
        samples=str(folder / "samples.parquet"), rollouts=[str(folder / "rollouts.parquet")], out=str(folder / "audit")
    ))  # fmt: skip
    return f"{summary.queue:,} of {summary.samples:,} in the queue"


def watched(command: list[str]) -> float:
    """Run a command to its end. Returns: the peak of memory of all its processes together, in GB."""
    process, peak = subprocess.Popen(command), 0
    while process.poll() is None:
        peak = max(peak, sum(map(_shared_out, _tree(process.pid))))
        time.sleep(0.1)
    if process.returncode:
        raise SystemExit(process.returncode)
    return peak / 1e6


def _tree(pid: int) -> list[int]:
    """A process and all that it started, as far as they run."""
    try:
        below = [path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return []
    return [pid, *(each for found in below for child in found for each in _tree(int(child)))]


def _shared_out(pid: int) -> int:
    """Kilobytes of a process, each page that several have in equal parts."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


PARTS = {"verify": verify, "anew": anew, "again": again, "audit": audit}


def main() -> None:
    """Make the input, or run one part."""
    if len(sys.argv) > 2:
        started = time.perf_counter()
        said = PARTS[sys.argv[1]](Path(sys.argv[2]))
        seconds = time.perf_counter() - started
        used, below = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        processor = sum(each.ru_utime + each.ru_stime for each in (used, below))
        print(f"{sys.argv[1]:10} {seconds:7.1f} s ({processor:.1f} s of processor)  {said}", end="", flush=True)
        return
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, n)
        with piece_writer(folder / "one.parquet", ROLLOUTS) as writer:
            for piece in read_pieces(folder / "rollouts.parquet", ROLLOUTS):
                writer.write(to_table(to_frame(piece).with_columns(model_id=pl.lit("m")), ROLLOUTS))
        print(f"{n:,} samples x {ANSWERS} answers; limits at 100,000: {LIMITS[0]:g} s, {LIMITS[1]:g} GB")
        print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
        for part in PARTS:
            print(f"  {watched([sys.executable, __file__, part, name]):5.2f} GB", flush=True)


if __name__ == "__main__":
    main()
