"""No space left, at any write of any command: words that say where and what to do; with space again, the same bytes.

    VTGDATA_FULL=all pytest tests/whole/test_disk_full.py -m slow -s

tries every write rather than a dozen of each way, and prints what was tried; `VTGDATA_FULL=sites`, where our fail point
is counted, the first and the last write from each place of the code. `VTGDATA_KILL_ONLY` as in test_kills.
"""

import importlib.util
import os
import sys
from collections import Counter

import pytest

from support import filling, killing
from support.filling import Filled
from support.killing import TORCH, Case, Desk

FULL = os.environ.get("VTGDATA_FULL", "12")
MOST = int(FULL) if FULL.isdigit() else None
"""Most writes of one way that are tried."""
ONLY = set(filter(None, os.environ.get("VTGDATA_KILL_ONLY", "").split(",")))


def test_no_space_at_any_write_of_a_command_is_said_and_the_next_run_goes_on(tmp_path):
    with killing.desk(tmp_path) as at:
        told = tried(at, [case for case in killing.cases() if case.name == "remove"], 3, everywhere=False)
    assert told["tries"] == 3 and not told["faults"]


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_no_space_at_our_fail_point_over_all_commands(tmp_path):
    with killing.desk(tmp_path) as at:
        told = tried(at, killing.cases(), MOST, everywhere=False)
    assert told["tries"] and not told["faults"]


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.program("cc")
@pytest.mark.parametrize("torch", [False, True])
def test_no_space_at_any_call_of_the_system_over_all_commands(tmp_path, torch):
    if torch and importlib.util.find_spec("trl") is None:
        pytest.skip("needs vtgdata[train]")
    with killing.desk(tmp_path, killing.IMPORTED if torch else (), filling.library(tmp_path)) as at:
        told = tried(at, killing.cases(torch), MOST, everywhere=True, torch=torch)
    assert told["tries"] and not told["faults"]


def tried(at: Desk, ways: list[Case], most: int | None, *, everywhere: bool, torch: bool = False) -> Counter[str]:
    """Fill the disk under these ways, with `torch` only under those that load it; prints what came of it."""
    told = Counter[str]()
    for case in ways:
        if case.name == "demo-base" and ONLY and case.name not in ONLY:
            continue  # minutes, and no other command reads what it makes
        killing.prepare(at, case)
        at.save()
        wanted = killing.undisturbed(at, case, everywhere)
        if (case.command in TORCH) != torch or (ONLY and not ONLY & {case.name, case.command}):
            continue
        places = filling.numbers(wanted.writes, most)
        if FULL == "sites" and not everywhere:
            places = filling.each_site(wanted.sites)
        found = filling.fill(at, case, wanted, places, everywhere=everywhere)
        told.update(tries=found.tries, faults=len(found.unclean) + len(found.differences) + len(found.leftovers))
        show(case.name, wanted.writes, found)
        at.restore()
        killing.undisturbed(at, case, everywhere)
    sys.stdout.write(f"all: {told['tries']} full disks, {told['faults']} faults\n")
    sys.stdout.flush()
    return told


def show(name: str, writes: int, found: Filled) -> None:
    line = f"{name}: {writes} writes, {found.tries} full disks, {len(found.unclean)} unclean, "
    line += f"{len(found.differences)} differences, {len(found.leftovers)} leftovers\n"
    for wrong in (*found.unclean[:3], found.differences[:6], found.leftovers[:6]):
        line += f"    {wrong}\n" if wrong else ""
    sys.stdout.write(line)
    sys.stdout.flush()
