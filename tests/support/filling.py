"""Every command on a disk that is full from its N-th write on: a clean error each time, and then the same bytes.

Writes are counted in two ways. A fail point of ours counts what Python writes through `files.whole`, `files.temporary`
and the lease; it needs nothing. A small library, which is compiled here and loaded before the C library, counts every
call that needs space, whoever makes it: SQLite, PyArrow, FFmpeg, torch.
"""

import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from support import killing
from support.killing import LIMIT, Case, Desk, Undisturbed
from vtgdata.files import crash_points

SOURCE = Path(__file__).with_name("full_disk.c")
SAID = re.compile(r"vtgdata: .+?: .*(no space left|disk is full|cannot be written)", re.IGNORECASE | re.DOTALL)
"""The message for a full disk; it begins with the file or folder. (SQLite does not say why it could not make one.)"""
ADVICE = re.compile(r"free (some )?(room|space)|name another", re.IGNORECASE)


class Filled(NamedTuple):
    """What came of running one way again and again, each time with more space."""

    tries: int
    """Runs that met a full disk."""
    unclean: list[str]
    """Those that ended in another way than with words that say where and what to do."""
    differences: list[str]
    leftovers: list[str]


def library(folder: Path) -> str:
    """Compile the library that counts writes; returns its path."""
    made = folder / "full_disk.so"
    compiler = shutil.which("cc") or "cc"
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", made, SOURCE, "-ldl"], check=True)
    return str(made)


def numbers(total: int, most: int | None) -> list[int]:
    """Which writes fail, in order: each of `total`, or `most` of them from the first to the last."""
    if most is None or total <= most:
        return list(range(1, total + 1))
    return sorted({1 + round(step * (total - 1) / (most - 1)) for step in range(most)})


def each_site(sites: Sequence[int]) -> list[int]:
    """Of the writes from each place of the code the first and the last, in order."""
    first, last = dict[int, int](), dict[int, int]()
    for number, site in enumerate(sites, 1):
        first.setdefault(site, number)
        last[site] = number
    return sorted({*first.values(), *last.values()})


def fill(at: Desk, case: Case, wanted: Undisturbed, places: Iterable[int], *, everywhere: bool) -> Filled:
    """Run a way with a disk that is full at each of these writes in turn, then once with space, and compare.

    Args:
        at: where it was saved before the way was run.
        case: the way.
        wanted: what it gives undisturbed.
        places: numbers of writes, rising.
        everywhere: count all writes of the process (`Desk.preload`), not only those that pass our fail point.
    """
    at.restore()
    tries, unclean = 0, list[str]()
    for place in places:
        code = _run(at, case, place, everywhere)
        if code == wanted.code and not _complains(at):
            continue  # it did not come so far this time, or it could do without: a cache
        tries += 1
        found = SAID.search(at.said)
        if code != 1 or "Traceback" in at.said or not found or not ADVICE.search(at.said):
            unclean.append(f"write {place}: exit code {code}: {at.said[-600:]}")
    code = at.start(case.words).wait(LIMIT)
    differences, leftovers = killing.compare(wanted.state, at.state())
    if code != wanted.code:
        differences.insert(0, f"exit code {code}, not {wanted.code}: {at.said[-300:]}")
    return Filled(tries, unclean, differences, leftovers)


def _run(at: Desk, case: Case, place: int, everywhere: bool) -> int:
    if everywhere:
        return at.start(case.words, full_at=place).wait(LIMIT)
    return at.start(case.words, f"{crash_points.FULL}:{place}").wait(LIMIT)


def _complains(at: Desk) -> bool:
    return SAID.search(at.said) is not None or "Traceback" in at.said
