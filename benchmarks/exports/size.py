"""How long an export takes and what it takes of the disk: rows of 64 frames, beside a straight copy of the same files.

    python benchmarks/exports/size.py [ROWS] [VIDEOS]

Frames are written into the frame store first, as if they had been decoded. The peer writes the same JPEGs as files of
its own and the same lines without rendering, in the same run.
"""

import argparse
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

import msgspec

from support.release_builders import PROMPT, PROMPT_ID, make_pass_rate, make_release, make_sample
from vtgdata.files import pieces
from vtgdata.files.samples import write_samples
from vtgdata.files.schemas import DRAWN, PASS_RATES
from vtgdata.records import Frames, FrameSampling, Video
from vtgdata.stages import export
from vtgdata.video.store import FrameStore

FRAMES = 64
SAMPLING = FrameSampling(frames=FRAMES, short_side=224)


DRAWN_AS = '{"max_tokens":512,"seed":7,"temperature":1.0,"top_p":1.0}'


def picture() -> bytes:
    """A JPEG of usual size: 398 x 224."""
    import io

    import numpy as np
    from PIL import Image

    noise = np.random.default_rng(0).integers(0, 255, (28, 50, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).resize((398, 224), Image.Resampling.BICUBIC).save(file, "JPEG", quality=85)
    return file.getvalue()


def make(folder: Path, rows: int, videos: int) -> tuple[Path, bytes]:
    """A release of rows on some videos, whose frames are stored."""
    import polars as pl

    jpeg = picture()
    (folder / "videos").mkdir()
    for number in range(videos):
        (folder / f"videos/v{number}.mp4").write_bytes(f"\0\0\0\x18ftypisom{number}".encode())
    store = FrameStore(folder / "videos", SAMPLING, folder / "frames")
    for number in range(videos):
        frames_id = store._id(folder / f"videos/v{number}.mp4")
        images = tuple(jpeg + bytes([number % 256, n]) for n in range(FRAMES))
        times = tuple(n / 2 for n in range(FRAMES))
        store._write(Frames(frames_id=frames_id, times=times, images=images, duration=32.0, status="ok"))
    samples = [
        make_sample(
            n,
            sample_id=f"alpha:{n:07}",
            video=Video(video_id=f"v{n % videos}", file=f"v{n % videos}.mp4", duration=32.0),
        )
        for n in range(rows)
    ]
    write_samples(folder / "samples.parquet", samples)
    said = {
        "frame_sampling": msgspec.json.encode(SAMPLING).decode(),
        "sampling": DRAWN_AS,
        "prompt": PROMPT,
        "prompt_id": PROMPT_ID,
    }
    chosen = [make_pass_rate(sample, **said) | {"rank": n} for n, sample in enumerate(samples)]
    frame = pl.DataFrame(chosen, schema_overrides={"sampling": pl.String}, infer_schema_length=None)
    pieces.write_table(folder / "rows.parquet", frame, PASS_RATES | DRAWN | {"rank": "count"})
    given = {"samples": str(folder / "samples.parquet"), "splits": {"rl": str(folder / "rows.parquet")}}
    return make_release(folder / "release", given), jpeg


def peer(folder: Path, rows: int, videos: int, jpeg: bytes) -> float:
    """Seconds to write the same pictures as files, and lines of the same length."""
    begun = time.perf_counter()
    for number in range(videos):
        place = folder / f"peer/{number}"
        place.mkdir(parents=True)
        for n in range(FRAMES):
            (place / f"{n:04d}.jpg").write_bytes(jpeg + bytes([number % 256, n]))
    with (folder / "peer/rl.jsonl").open("wb") as file:
        for number in range(rows):
            images = [f"{number % videos}/{n:04d}.jpg" for n in range(FRAMES)]
            text = "".join(f"{n / 2:.1f} s<image>" for n in range(FRAMES))
            file.write(msgspec.json.encode({"messages": [{"role": "user", "content": text}], "images": images}) + b"\n")
    return time.perf_counter() - begun


def used(folder: Path) -> int:
    """Bytes on the disk, each inode once."""
    found: dict[int, int] = {}
    for path in folder.rglob("*"):
        stat = path.stat()
        found[stat.st_ino] = stat.st_blocks * 512
    return sum(found.values())


def run(folder: Path, name: str, out: str) -> tuple[float, Any]:
    """Seconds of an export, and its summary."""
    begun = time.perf_counter()
    settings = export.Settings(
        format=name, release=str(folder / "release"), videos=str(folder / "videos"), frames=str(folder / "frames"),
        out=str(folder / out),
    )  # fmt: skip
    summary = export.run(settings)
    return time.perf_counter() - begun, summary


def main() -> None:
    """Make, export twice, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int, nargs="?", default=10_000)
    parser.add_argument("videos", type=int, nargs="?", default=100)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        _, jpeg = make(folder, asked.rows, asked.videos)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        base = used(folder)
        first, summary = run(folder, "ms_swift", "one")
        one = used(folder) - base
        second, _ = run(folder, "trl", "two")
        two = used(folder) - base - one
        straight = peer(folder, asked.rows, asked.videos, jpeg)
        data = (folder / "two/rl.jsonl").stat().st_size
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(f"{asked.rows:,} rows, {asked.videos:,} videos of {FRAMES} frames ({summary.bytes / 1e6:,.0f} MB)")
        print(
            f"first export  {first:7.1f} s  {first / straight:5.2f} of the peer  {one / 1e6:10,.0f} MB more on the disk"
        )
        more = f"{two / 1e6:10,.0f} MB more, of which {data / 1e6:,.0f} MB of lines"
        print(f"second export {second:7.1f} s  {second / straight:5.2f} of the peer  {more}")
        print(f"peer          {straight:7.1f} s")
        print(f"memory: {before / 1e3:,.0f} MB before, {peak / 1e3:,.0f} MB at most")
        shutil.rmtree(folder / "peer")


if __name__ == "__main__":
    main()
