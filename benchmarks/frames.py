"""Decoders side by side on the same files in one run, and what the frame store saves.

    python benchmarks/frames.py [FOLDER OF VIDEOS] [--frames 64] [--repeats 3]

Every decoder runs as it is used: in a worker process, one thread each, pictures reduced and made into JPEG. A decoder
is exact here when it shows, file by file, the frames at the times at which the default shows them, which tests hold to
ffprobe's. Times are the sum over the files of the best of the repeats; decoders take turns, so that a busy machine is
busy for all.
"""

import argparse
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.records import FrameSampling, Video
from vtgdata.video.decode import SampledFrames
from vtgdata.video.find import find
from vtgdata.video.store import DECODER, FrameStore
from vtgdata.video.workers import Here, Workers

QUERIES, ROLLOUTS = 6, 8


def main() -> None:
    """Print all comparisons."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--frames", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--longer-than", type=float, default=5.0, help="seconds; shorter files measure the overhead")
    given = parser.parse_args()
    sampling = FrameSampling(frames=given.frames, midpoint=True)
    eyes = Workers(2)
    paths = [path for path in sorted(_files(given.folder)) if _length(eyes, path) > given.longer_than]
    compare(eyes, paths, sampling, given.repeats)
    isolation(eyes, paths, sampling, given.repeats)
    saving(given.folder, paths, sampling)


def _files(root: Path) -> list[Path]:
    return [path for found in find(root).by_name.values() for path in found if len(found) == 1]


def _length(eyes: Workers, path: Path) -> float:
    try:
        return eyes.probe(DECODER, path).duration
    except VtgError:
        return 0.0


def timed(
    eyes: Workers | Here, decoder: str, path: Path, sampling: FrameSampling
) -> tuple[float, SampledFrames | None]:
    """Seconds, and what was seen; None where it cannot be read."""
    began = time.perf_counter()
    try:
        found = eyes.look(decoder, path, sampling)
    except VtgError:
        found = None
    return time.perf_counter() - began, found


def compare(eyes: Workers, paths: list[Path], sampling: FrameSampling, repeats: int) -> None:
    """Seconds of each decoder over the files that all of them read."""
    usable = [name for name in plugins.names("decoders") if timed(eyes, name, paths[0], sampling)[1] is not None]
    best: dict[tuple[str, Path], float] = {}
    seen: dict[tuple[str, Path], SampledFrames | None] = {}
    for _ in range(repeats):
        for path in paths:
            for name in usable:
                seconds, seen[name, path] = timed(eyes, name, path, sampling)
                best[name, path] = min(seconds, best.get((name, path), seconds))
    unread = [path.name for path in paths if seen[DECODER, path] is None]
    if unread:
        print(f"left out, since the default does not read them: {', '.join(unread)}")
        paths = [path for path in paths if path.name not in unread]
    common = [path for path in paths if all(seen[name, path] is not None for name in usable)]
    wrong = {name: sum(not _same(seen[name, path], seen[DECODER, path]) for path in paths) for name in usable}
    total = {name: sum(best[name, path] for path in common) for name in usable}
    fastest = min((seconds, name) for name, seconds in total.items() if not wrong[name])
    print(f"{len(paths)} videos, {sampling.frames} frames each; compared on the {len(common)} that all decoders read")
    for name, seconds in sorted(total.items(), key=lambda item: item[1]):
        exact = (
            f"exact, {seconds / fastest[0]:.3f} of the fastest exact" if not wrong[name] else f"wrong on {wrong[name]}"
        )
        print(f"  {name:12} {seconds:7.2f} s  {exact}{'  (default)' if name == DECODER else ''}")


def _same(one: SampledFrames | None, other: SampledFrames | None) -> bool:
    if one is None or other is None or len(one.times) != len(other.times):
        return False
    return all(abs(a - b) < 1e-4 for a, b in zip(one.times, other.times, strict=True))


def isolation(eyes: Workers, paths: list[Path], sampling: FrameSampling, repeats: int) -> None:
    """What the process of its own costs, as a ratio."""
    totals = dict.fromkeys(("here", "worker"), 0.0)
    for path in paths:
        for name, way in (("here", Here()), ("worker", eyes)):
            totals[name] += min(timed(way, DECODER, path, sampling)[0] for _ in range(repeats))
    print(f"in a worker process: {totals['worker'] / totals['here']:.3f} of the time in this one")


def saving(root: Path, paths: list[Path], sampling: FrameSampling) -> None:
    """The store against decoding for each query and rollout; size and speed of what it keeps."""
    one = max(paths, key=lambda path: path.stat().st_size)
    with tempfile.TemporaryDirectory() as folder:
        each = min(timed(Workers(1), DECODER, one, sampling)[0] for _ in range(2))
        began = time.perf_counter()
        for _ in range(QUERIES * ROLLOUTS):
            FrameStore(root, sampling, Path(folder) / "one").frames(_video(one))
        store = time.perf_counter() - began
        print(
            f"{QUERIES} queries x {ROLLOUTS} rollouts on {one.name}: {QUERIES * ROLLOUTS * each:.2f} s decoded each "
            f"time, {store:.2f} s with the store opened anew each time: 1/{QUERIES * ROLLOUTS * each / store:.0f}"
        )
        for name in ("cold", "warm"):
            frames, size, seconds = filled(FrameStore(root, sampling, Path(folder) / "all"), paths)
            print(f"{name}, 2 workers: {frames / seconds:,.0f} frames/s; {size / frames:,.0f} bytes a frame")


def filled(store: FrameStore, paths: list[Path]) -> tuple[int, int, float]:
    """Frames, their bytes, and the seconds that two threads take to get them all."""
    began = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda path: store.frames(_video(path)), paths))
    seconds = time.perf_counter() - began
    images = [image for frames in found for image in frames.images]
    return len(images), sum(map(len, images)), seconds


def _video(path: Path) -> Video:
    return Video(video_id=path.stem, file=path.name)


if __name__ == "__main__":
    main()
