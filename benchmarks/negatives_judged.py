"""How many made negatives are true after all: sheets for two readers, and their shares with intervals and agreement.

    python benchmarks/negatives_judged.py sheet out/samples.parquet --known Charades_v1_train.csv --out sheet.tsv
    python benchmarks/negatives_judged.py table sheet.tsv first.txt second.txt

A sheet has a line for each query: its number, grade, the query, and all that the video's annotation says (sentences,
script, descriptions, objects), which is what a reader has; there is no video. A reader writes one line for each query:
its number and `true` (the annotation says or clearly implies that it happens), `open` (it may) or `false`. Intervals
are Wilson's; agreement is Cohen's kappa on true against the rest.
"""

import argparse
import csv
import math
import random
import sys
from collections import defaultdict
from pathlib import Path

from vtgdata.annotations.known_texts import known_texts
from vtgdata.files.samples import read_samples

COLUMNS = ("number", "grade", "query", "sentences", "texts")


def sheet(path: str, known: list[str], n: int, seed: int, out: Path) -> None:
    """Write `n` negatives of each grade, in a random order, with what is known of their videos."""
    samples = read_samples(path)
    texts = known_texts([Path(each) for each in known])
    own: dict[str, list[str]] = defaultdict(list)
    of_grade: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for sample in samples:
        if not sample.none_is_right:
            own[sample.video.source].append(sample.query)
    for sample in (each for each in samples if each.none_is_right):
        grade = str(sample.extra.get("negative", sample.split))
        of_grade[grade].append((sample.query, sample.video.source, sample.video.video_id))
    rng = random.Random(seed)
    rows = [(g, *each) for g, found in sorted(of_grade.items()) for each in rng.sample(found, min(n, len(found)))]
    rng.shuffle(rows)
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter="\t")
        writer.writerow(COLUMNS)
        for number, (grade, query, source, video) in enumerate(rows, 1):
            said = [text for text in texts.get(video, []) if not text.replace(".", "").isdigit()]
            writer.writerow([number, grade, query, " | ".join(own[source]), " | ".join(said)])


def table(path: Path, readers: list[Path]) -> None:
    """Print the share of each grade that each reader calls true, and how far two readers agree."""
    with path.open(newline="", encoding="utf-8") as file:
        grades = {row["number"]: row["grade"] for row in csv.DictReader(file, delimiter="\t")}
    said = [dict(line.split()[:2] for line in each.read_text().splitlines() if line.strip()) for each in readers]
    write = sys.stdout.write
    for grade in [*sorted(set(grades.values())), "all"]:
        numbers = [number for number in grades if grade in (grades[number], "all")]
        for reader, each in zip(readers, said, strict=True):
            judged = [each[number] for number in numbers if number in each]
            true, open_ = judged.count("true"), judged.count("open")
            low, high = wilson(true, len(judged))
            write(
                f"{grade:12} {reader.stem:12} true {true:4} of {len(judged):4} = {share(true, len(judged))} "
                f"[{100 * low:.1f}, {100 * high:.1f}]   open {share(open_, len(judged))}\n"
            )
        if len(said) == 2:
            pairs = [(said[0][n] == "true", said[1][n] == "true") for n in numbers if n in said[0] and n in said[1]]
            alike = share(sum(a == b for a, b in pairs), len(pairs))
            write(f"{grade:12} both         agree {alike}, kappa {kappa(pairs):.2f}\n")


def share(part: int, whole: int) -> str:
    """Per cent with one decimal."""
    return f"{100 * part / whole:5.1f} %" if whole else "-"


def wilson(part: int, whole: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    if not whole:
        return 0.0, 1.0
    p, scale = part / whole, 1 + z * z / whole
    middle, spread = p + z * z / (2 * whole), z * math.sqrt(p * (1 - p) / whole + z * z / (4 * whole * whole))
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def kappa(pairs: list[tuple[bool, bool]]) -> float:
    """Cohen's kappa of two readers; NaN where both always say the same one thing."""
    n = len(pairs)
    if not n:
        return math.nan
    first, second = sum(a for a, _ in pairs) / n, sum(b for _, b in pairs) / n
    chance = first * second + (1 - first) * (1 - second)
    return math.nan if chance == 1 else (sum(a == b for a, b in pairs) / n - chance) / (1 - chance)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    made = commands.add_parser("sheet")
    made.add_argument("samples")
    made.add_argument("--known", action="append", default=[])
    made.add_argument("--n", type=int, default=200)
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--out", type=Path, required=True)
    read = commands.add_parser("table")
    read.add_argument("sheet", type=Path)
    read.add_argument("readers", type=Path, nargs="+")
    given = parser.parse_args()
    if given.command == "sheet":
        sheet(given.samples, given.known, given.n, given.seed, given.out)
    else:
        table(given.sheet, given.readers)
