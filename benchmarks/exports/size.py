"""How long an export takes and what it takes of the disk: rows of 64 frames, beside a straight copy of the same files.

    python benchmarks/exports/size.py [ROWS] [VIDEOS] [TRAINER ...]

Frames are written into the frame store first, as if they had been decoded. Each export runs in a process of its own,
the second on the pictures that the first has put on the disk. The peer writes the same JPEGs as files of its own and
the same lines without rendering, in the same run.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

import msgspec

from support.release_builders import PROMPT, PROMPT_ID, make_pass_rate, make_release, make_sample
from vtgdata.files.parquet import parquet_writer
from vtgdata.files.samples import write_samples
from vtgdata.files.schemas import DRAWN, PASS_RATES
from vtgdata.records import Frames, FrameSampling, Sample, Video
from vtgdata.video.store import FrameStore

FRAMES = 64
"""Of a row, unless --frames says otherwise."""
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


def make(folder: Path, rows: int, videos: int, frames: int = FRAMES) -> tuple[Path, bytes]:
    """A release of rows on some videos, whose frames are stored."""
    sampling = FrameSampling(frames=frames, short_side=224)
    jpeg = picture()
    (folder / "videos").mkdir()
    for number in range(videos):
        (folder / f"videos/v{number}.mp4").write_bytes(f"\0\0\0\x18ftypisom{number}".encode())
    store = FrameStore(folder / "videos", sampling, folder / "frames")
    for number in range(videos):
        frames_id = store._id(folder / f"videos/v{number}.mp4", None)
        images = tuple(jpeg + bytes([number % 256, n]) for n in range(frames))
        times = tuple(n / 2 for n in range(frames))
        store._write(Frames(frames_id=frames_id, times=times, images=images, duration=32.0, status="ok"))

    def sample(number: int) -> Sample:
        video = Video(video_id=f"v{number % videos}", file=f"v{number % videos}.mp4", duration=32.0)
        return make_sample(number, sample_id=f"alpha:{number:07}", video=video)

    write_samples(folder / "samples.parquet", map(sample, range(rows)))
    said = {
        "frame_sampling": msgspec.json.encode(sampling).decode(),
        "sampling": DRAWN_AS,
        "prompt": PROMPT,
        "prompt_id": PROMPT_ID,
    }
    with parquet_writer(folder / "rows.parquet", PASS_RATES | DRAWN | {"rank": "count"}) as writer:
        for number in range(rows):
            writer.write(make_pass_rate(sample(number), **said) | {"rank": number})
    given = {"samples": str(folder / "samples.parquet"), "splits": {"rl": str(folder / "rows.parquet")}}
    return make_release(folder / "release", given), jpeg


def peer(folder: Path, rows: int, videos: int, jpeg: bytes, frames: int = FRAMES) -> float:
    """Seconds to write the same pictures as files, and lines of the same length."""
    begun = time.perf_counter()
    for number in range(videos):
        place = folder / f"peer/{number}"
        place.mkdir(parents=True)
        for n in range(frames):
            (place / f"{n:04d}.jpg").write_bytes(jpeg + bytes([number % 256, n]))
    with (folder / "peer/rl.jsonl").open("wb") as file:
        for number in range(rows):
            images = [f"{number % videos}/{n:04d}.jpg" for n in range(frames)]
            text = "".join(f"{n / 2:.1f} s<image>" for n in range(frames))
            file.write(msgspec.json.encode({"messages": [{"role": "user", "content": text}], "images": images}) + b"\n")
    return time.perf_counter() - begun


def used(folder: Path) -> int:
    """Bytes on the disk, each inode once."""
    found: dict[int, int] = {}
    for path in folder.rglob("*"):
        stat = path.stat()
        found[stat.st_ino] = stat.st_blocks * 512
    return sum(found.values())


CHILD = """
import sys, time
from pathlib import Path
from vtgdata.stages import export

def peak():  # ru_maxrss would begin with that of the parent
    return next(int(line.split()[1]) for line in Path("/proc/self/status").open() if line.startswith("VmHWM"))

name, folder, out = sys.argv[1:]
before, begun, cpu = peak(), time.perf_counter(), time.process_time()
where = {key: f"{folder}/{key}" for key in ("release", "videos", "frames")}
export.run(export.Settings(format=name, out=f"{folder}/{out}", **where))
print(time.perf_counter() - begun, time.process_time() - cpu, before, peak())
"""


class Took(NamedTuple):
    """What one export took, in a process of its own."""

    seconds: float
    cpu: float
    """Seconds of computing."""
    before: float
    """Megabytes of the process when all was imported."""
    peak: float
    """Megabytes, at most."""
    disk: float
    """Megabytes more on the disk."""
    lines: float
    """Megabytes of the data file."""


def run(folder: Path, name: str, out: str) -> Took:
    """Export in a new process."""
    base = used(folder)
    command = [sys.executable, "-c", CHILD, name, str(folder), out]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    seconds, cpu, before, peak = map(float, said)
    lines = sum(path.stat().st_size for path in (folder / out).glob("rl.*"))
    return Took(seconds, cpu, before / 1e3, peak / 1e3, (used(folder) - base) / 1e6, lines / 1e6)


def main() -> None:
    """Make, export with each trainer's plug-in in turn, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int, nargs="?", default=10_000)
    parser.add_argument("videos", type=int, nargs="?", default=100)
    parser.add_argument("trainers", nargs="*", default=["ms_swift", "trl"])
    parser.add_argument("--peer-rows", type=int, help="lines that the peer writes, where as many fill the disk")
    parser.add_argument("--frames", type=int, default=FRAMES, help="frames of a row")
    parser.add_argument("--scratch", default=None, help="folder for what is written, and deleted at the end")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.scratch) as scratch:
        folder = Path(scratch)
        _, jpeg = make(folder, asked.rows, asked.videos, asked.frames)
        frames = asked.videos * asked.frames * (len(jpeg) + 2) / 1e6
        print(f"{asked.rows:,} rows, {asked.videos:,} videos of {asked.frames} frames ({frames:,.0f} MB)", flush=True)
        begun = time.process_time()
        straight = peer(folder, asked.peer_rows or asked.rows, asked.videos, jpeg, asked.frames)
        cpu = time.process_time() - begun
        print(f"peer           {straight:7.1f} s, {cpu:7.1f} s of computing", flush=True)
        shutil.rmtree(folder / "peer")
        for number, name in enumerate(asked.trainers):
            one = run(folder, name, f"export-{number}")
            print(
                f"{name:14} {one.seconds:7.1f} s, {one.cpu:7.1f} s of computing ({one.seconds / straight:.2f} and "
                f"{one.cpu / cpu:.2f} of the peer); {one.disk:,.0f} MB more on the disk, {one.lines:,.0f} MB of them "
                f"lines; memory {one.before:,.0f} MB before, {one.peak:,.0f} MB at most",
                flush=True,
            )


if __name__ == "__main__":
    main()
