"""How much of a new version the Hub has to be sent, where 1 % of new videos is added to 10^6 rows.

Both versions are written by the stage `release` itself, with pyarrow's content-defined chunking, and compared as
`vtgdata push --dry-run` does it (`vtgdata.releases.deduplication`): cut by content into chunks as the Hub's storage
cuts them, 64 KiB on average, 8 to 128 KiB each; bytes of chunks that the first version does not have are new. Limit:
5 %.

    python benchmarks/release.py [ROWS]
"""

import hashlib
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from vtgdata import releases
from vtgdata.files.samples import write_samples
from vtgdata.records import Sample, Video, Window
from vtgdata.releases import deduplication
from vtgdata.stages import release

WORDS = [
    line.strip()
    for line in """
    person opens closes door window walks sits stands holds puts takes book phone cup table chair towel runs kitchen
    room floor bed laptop cooks pours water milk cuts onion washes hands smiles laughs turns light dog street bicycle
""".split()
]


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
            write_samples(folder / f"{version}.parquet", samples(count, rows // 5))
            out, previous = str(folder / version), made[-1] if made else ""
            source = str(folder / f"{version}.parquet")
            release.run(release.Settings(out=out, version=version, samples=source, previous=previous))
            made.append(out)
        first, second = (releases.open_release(each) for each in made)
        upload = [name for name, file in second.files.items() if first.files.get(name) != file]
        compared = time.monotonic()
        found = deduplication.expected(first, second, upload)
        took = time.monotonic() - compared
        whole = sum(file.bytes for file in second.files.values())
    share = found.new / whole
    more = f"{rows:,} rows, then {rows // 100:,} more"
    print(f"{more}: {whole:,} bytes, {found.bytes:,} in changed files, {found.new:,} new = {share:.2%} (limit 5 %)")
    print(found.how)
    print(f"estimated in {took:.1f} s; {time.monotonic() - begun:.0f} s in all")
    sys.exit(share > 0.05)


if __name__ == "__main__":
    main()
