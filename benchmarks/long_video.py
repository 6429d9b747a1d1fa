"""A two-hour video with planted moments: `propose` against one pass over the whole video at the same frame rate.

    PYTHONPATH=tests python benchmarks/long_video.py [--hours 2]

The video is drawn small (64 x 64, one frame a second, a key frame every ten seconds): grey, with moments in colours. A
model that sees colours and nothing else (`support.coloured`) is asked for all red moments, all green ones and the blue
ones, of which there are none: what it finds was shown to it, and put back on the right clock. Then the scripted model
is asked, which errs. Then a retrieval model scores the stretches in place of the first look: one that sees colours, and
a tiny CLIP of transformers, trained here, for the memory and the time that the library takes.

Decoded frames are those that PyAV gave, the ones included that it only went through to reach others. Memory is that of
the largest of a command's processes, its decoding processes included. Tokens are 100 a frame: their ratio is what
counts.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from support import coloured, tiny_transformers_clip
from support.builders import make_sample
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import write_samples
from vtgdata.records import FrameSampling, Video
from vtgdata.video.store import FrameStore

PROGRAM = """
import sys
from vtgdata.cli import app
from vtgdata.video import store
store.DECODER = "support.counting_decoder"
sys.exit(app.run(sys.argv[1:]))
"""
STRETCH, OVERLAP, COARSE, FINE, BEST = 120, 20, 0.25, 1.0, 4
HOUR = 3600


class Ran(NamedTuple):
    """What one command took."""

    said: dict[str, Any]
    seconds: float
    megabytes: float
    decoded: int


def vtgdata(at: Path, name: str, *words: str) -> Ran:
    """Run a command with a cache of its own, and measure it."""
    cache = at / f"cache-{name}"
    cache.mkdir()
    path = os.pathsep.join(entry for entry in sys.path if entry)
    began = time.perf_counter()
    with (at / f"{name}.json").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *words, "--out", name, "--frames", str(cache / "frames"), "--json", "-q"],
            stdout=out, cwd=at, env=os.environ | {"PYTHONPATH": path, "VTGDATA_CACHE": str(cache)},
        )  # fmt: skip
        _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(words)}: ended with {os.waitstatus_to_exitcode(status)}")
    numbers = cache / "frames.txt"
    decoded = sum(map(int, numbers.read_text().split())) if numbers.exists() else 0
    said = json.loads((at / f"{name}.json").read_text().splitlines()[-1])
    return Ran(said, time.perf_counter() - began, used.ru_maxrss / 1024, decoded)


def planted(seconds: int) -> dict[str, list[tuple[float, float]]]:
    """Moments of 6 to 20 s, far apart, two of them at the edge of stretches."""
    step = STRETCH - OVERLAP
    return {
        "red": [(seconds // 7, seconds // 7 + 12), (seconds // 2, seconds // 2 + 20), (seconds - 500, seconds - 494)],
        "green": [(step * (seconds // step // 3) - 4, step * (seconds // step // 3) + 6)],
    }


def score(at: Path, name: str) -> dict[str, float]:
    """Metrics of a file of predictions."""
    given = ["--samples", "samples.parquet", "--predictions", f"{name}/predictions.jsonl", "--metrics", "multi"]
    said = subprocess.run(
        [sys.executable, "-m", "vtgdata", "evaluate", *given, "--out", f"score-{name}", "--json", "-q"],
        cwd=at, env=os.environ | {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return json.loads(said.stdout)["metrics"]


def row(name: str, ran: Ran, questions: int, frames: int, tokens: int, metrics: dict[str, float]) -> None:
    """Print one line of the table."""
    print(
        f"{name:28s} {questions:9,} {frames:8,} {tokens:10,} {ran.decoded:8,} {ran.megabytes:7,.0f} {ran.seconds:7.1f} "
        f" {100 * metrics['mIoU']:5.1f}  {100 * metrics['F1@0.5']:6.1f}  {100 * metrics['refusal-recall']:7.1f}"
    )


def one_pass(at: Path) -> tuple[Ran, list[dict[str, Any]]]:
    """The whole video in one question for each query, at the frame rate of the closer look."""
    words = ["--samples", "samples.parquet", "--videos", "videos", "--model", "support.coloured:", "--fps", f"{FINE:g}"]
    more = ["--num-frames", "1000000", "--prompt", "ground_several_or_none", "--metrics", "multi"]
    return vtgdata(at, "whole", "evaluate", *words, *more), read_parquet(at / "whole/rollouts.parquet")


def seeking(at: Path, seconds: int) -> tuple[float, float]:
    """Seconds to decode the first and the last stretch of the video, each the best of three."""
    found: list[float] = []
    for start in (0, seconds - STRETCH):
        took: list[float] = []
        for number in range(3):
            store = FrameStore(
                at / "videos", FrameSampling(frames=None, fps=FINE), at / f"seek-{start}-{number}", isolated=False
            )
            store.times(Video(video_id="v", file="v.mp4#t=0,1"))  # the file is hashed and probed once
            began = time.perf_counter()
            assert store.frames(Video(video_id="v", file=f"v.mp4#t={start},{start + STRETCH}")).status == "ok"
            took.append(time.perf_counter() - began)
        found.append(min(took))
    return found[0], found[1]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=2.0)
    seconds = round(parser.parse_args().hours * HOUR)
    with tempfile.TemporaryDirectory() as folder:
        at, moments = Path(folder), planted(seconds)
        began = time.perf_counter()
        coloured.draw(at / "videos/v.mp4", seconds, moments)
        size = (at / "videos/v.mp4").stat().st_size
        print(
            f"{seconds:,} s of video drawn in {time.perf_counter() - began:.0f} s, {size / 1e6:.1f} MB; load "
            f"{os.getloadavg()[0]:.1f}"
        )
        write_samples(
            at / "samples.parquet",
            [
                make_sample(
                    name, video_id="v", duration=float(seconds), query=f"the {name} moment",
                    windows=moments.get(name, []), none_is_right=name not in moments,
                )
                for name in coloured.COLOURS
            ],
        )  # fmt: skip
        given = ["propose", "--samples", "samples.parquet", "--stretch", str(STRETCH), "--overlap", str(OVERLAP)]
        looks = ["--videos", "videos", "--fps", f"{COARSE:g}", "--ground-fps", f"{FINE:g}"]
        sees = vtgdata(at, "stretches", *given, *looks, "--model", "support.coloured:")
        erring = ["--model", "scripted:samples=samples.parquet,errors=0.2,noise=0.05", "--n", "5", "--temperature", "1"]
        scripted = vtgdata(at, "scripted", *given, *looks, *erring)
        fewer = ["--best", str(BEST), "--model", "support.coloured:"]
        by_colour = vtgdata(at, "scored", *given, *looks, *fewer, "--score-by", "support.coloured_retriever")
        tiny_transformers_clip.build(at / "clip", steps=60)
        by_clip = vtgdata(at, "clipped", *given, *looks, *fewer, "--score-by", "transformers_clip:clip")
        whole, rows = one_pass(at)
        print(f"{'':28s} questions   frames     tokens  decoded      MB seconds   mIoU  F1@0.5  refused")
        for name, ran, folder_name in (
            ("propose, sees colours", sees, "stretches"), ("propose, scripted, 5 answers", scripted, "scripted"),
            (f"scored by colour, best {BEST}", by_colour, "scored"),
            (f"scored by CLIP, best {BEST}", by_clip, "clipped"),
        ):  # fmt: skip
            said = ran.said
            row(name, ran, said["answers"], said["frames"], said["tokens_in"], score(at, folder_name))
        frames = sum(len(each["frame_times"]) for each in rows)
        row(
            "one pass, sees colours", whole, len(rows), frames, sum(r["tokens_in"] for r in rows), whole.said["metrics"]
        )
        longest = max(len(each["frame_times"]) for each in read_parquet(at / "stretches/grounded.parquet"))
        print(
            f"propose / one pass: frames shown {sees.said['frames'] / frames:.2f}, decoded "
            f"{sees.decoded / whole.decoded:.2f}, memory {sees.megabytes / whole.megabytes:.2f}; longest question "
            f"{longest:,} frames against {seconds:,}"
        )
        for name, ran in (("scored by colour", by_colour), ("scored by CLIP", by_clip)):
            print(
                f"{name}: {ran.said['frames_scored']:,} frames scored; frames shown {ran.said['frames'] / frames:.2f} "
                f"of one pass and {ran.said['frames'] / sees.said['frames']:.2f} of asking each stretch, decoded "
                f"{ran.decoded / whole.decoded:.2f} and {ran.decoded / sees.decoded:.2f}, memory "
                f"{ran.megabytes / whole.megabytes:.2f} and {ran.megabytes / sees.megabytes:.2f}"
            )
        first, last = seeking(at, seconds)
        print(
            f"decoding the last {STRETCH} s takes {last / first:.2f} of what the first {STRETCH} s take ({first:.2f} s)"
        )


if __name__ == "__main__":
    main()
