"""How much of a new version the Hub has to be sent, where 1 % of new videos is added to 10^6 rows.

The Hub's storage cuts files into chunks by their content, 64 KiB on average, 8 to 128 KiB each, and takes only chunks
that it does not have. Both versions are written by the stage `release` itself, with pyarrow's content-defined chunking;
their data files are then cut the same way here (a gear hash of the last 64 bytes), and the bytes of chunks that the
first version does not have are counted. Limit: 5 %.

    python benchmarks/release.py [ROWS]
"""

import hashlib
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from vtgdata import releases, tables
from vtgdata.records import Sample, Video, Window
from vtgdata.stages import release

LEAST, MEAN, MOST = 8 << 10, 64 << 10, 128 << 10
BLOCK = 1 << 24
GEAR = np.random.default_rng(64).integers(0, 1 << 64, 256, dtype=np.uint64)
WORDS = [
    line.strip()
    for line in """
    person opens closes door window walks sits stands holds puts takes book phone cup table chair towel runs kitchen
    room floor bed laptop cooks pours water milk cuts onion washes hands smiles laughs turns light dog street bicycle
""".split()
]


def boundaries(raw: bytes) -> np.ndarray:
    """Places at which the hash of the 64 bytes before allows a cut: one in 64 Ki."""
    data = np.frombuffer(raw, dtype=np.uint8)
    found: list[np.ndarray] = []
    for start in range(0, len(data), BLOCK):
        begun = max(0, start - 63)
        value = GEAR[data[begun : start + BLOCK]]
        for width in (1, 2, 4, 8, 16, 32):
            # The hash of twice as many bytes: the older half is shifted on.
            value[width:] = value[width:] + (value[:-width] << np.uint64(width))
        hits = np.flatnonzero((value >> np.uint64(48)) == 0) + begun
        found.append(hits[hits >= start])
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)


def chunks(raw: bytes) -> Iterator[bytes]:
    """The chunks of a file's bytes."""
    start, cuts, place = 0, boundaries(raw), 0
    while start < len(raw):
        place = int(np.searchsorted(cuts, start + LEAST))
        end = int(cuts[place]) + 1 if place < len(cuts) else len(raw)
        end = min(end, start + MOST, len(raw))
        yield raw[start:end]
        start = end


def new_bytes(first: releases.Release, second: releases.Release) -> tuple[int, int, int]:
    """Bytes of the second release, those that the first's chunks do not hold, and the mean chunk."""
    known = {
        hashlib.sha256(chunk).digest() for name in first.files for chunk in chunks((first.path / name).read_bytes())
    }
    whole = sent = count = 0
    for name in second.files:
        for chunk in chunks((second.path / name).read_bytes()):
            key = hashlib.sha256(chunk).digest()
            whole, count = whole + len(chunk), count + 1
            sent += 0 if key in known else len(chunk)
            known.add(key)
    return whole, sent, whole // max(count, 1)


def samples(rows: int, videos: int) -> Iterator[Sample]:
    """Invented rows over so many videos, their ids in no order of time."""
    for number in range(rows):
        draw = random.Random(number)
        video = hashlib.md5(f"{number % videos}-{number // 1_000_000}".encode()).hexdigest()[:11]
        duration = round(draw.uniform(20, 200), 2)
        start = round(draw.uniform(0, duration - 6), 1)
        yield Sample(
            sample_id=f"doors:{number}",
            corpus="doors",
            split="train",
            video=Video(video_id=video, file=f"{video}.mp4", duration=duration),
            query=" ".join(draw.choices(WORDS, k=draw.randint(5, 14))),
            windows=(Window(start, round(start + draw.uniform(2, 6), 1)),),
            license="MIT",
            origin=f"train.txt:{number}",
        )


def main() -> None:
    """Make both versions and say what the second costs."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        made: list[str] = []
        for version, count in (("1.0.0", rows), ("1.1.0", rows + rows // 100)):
            tables.write_samples(folder / f"{version}.parquet", samples(count, rows // 5))
            out, previous = str(folder / version), made[-1] if made else ""
            source = str(folder / f"{version}.parquet")
            release.run(release.Settings(out=out, version=version, samples=source, previous=previous))
            made.append(out)
        whole, sent, mean = new_bytes(*(releases.open_release(each) for each in made))
    share = sent / whole
    print(f"{rows:,} rows, then {rows // 100:,} more: {whole:,} bytes, of them {sent:,} new = {share:.2%} (limit 5 %)")
    print(f"mean chunk {mean:,} bytes; {time.monotonic() - begun:.0f} s")
    sys.exit(share > 0.05)


if __name__ == "__main__":
    main()
