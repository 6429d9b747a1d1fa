"""Every command on a machine with an oddity: a cache that cannot be written, temporary files on another device, a clock
that has gone back. What it makes is what it makes elsewhere; or words say what is in the way.

`VTGDATA_KILL_ONLY` as in test_kills.
"""

import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from support import killing
from support.killing import Case, Desk, State, Undisturbed

ONLY = set(filter(None, os.environ.get("VTGDATA_KILL_ONLY", "").split(",")))
ODDITIES = ("cache", "temporary", "clock")
FEW = ("remove",)
"""Ways that the default suite tries."""
DAY = 86400.0


def test_a_few_commands_do_the_same_on_an_odd_machine(tmp_path):
    every_way(tmp_path, ODDITIES, [case for case in killing.cases() if case.name in FEW])


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.parametrize("oddity", ODDITIES)
def test_every_command_does_the_same_on_an_odd_machine(tmp_path, oddity):
    every_way(tmp_path, [oddity], killing.cases())


def every_way(tmp_path: Path, oddities: Sequence[str], ways: list[Case]) -> None:
    wrong = list[str]()
    with killing.desk(tmp_path) as at:
        for case in ways:
            killing.prepare(at, case)
            at.save()
            wanted = killing.undisturbed(at, case)
            for oddity in oddities if not ONLY or ONLY & {case.name, case.command} else ():
                at.restore()
                found = {"cache": cache, "temporary": temporary, "clock": clock}[oddity](at, case, wanted)
                wrong += [f"{case.name}: {oddity}: {each}" for each in found]
                sys.stdout.write(f"{case.name}: {oddity}: {'; '.join(found) or 'good'}\n")
                sys.stdout.flush()
            at.restore()
            killing.undisturbed(at, case)
    assert not wrong


def without_cache(state: State) -> State:
    return {name: each for name, each in state.items() if not name.startswith("home/")}


def cache(at: Desk, case: Case, wanted: Undisturbed) -> list[str]:
    """It lies where no folder can be made, for root neither."""
    place = str(at.root / "steps.yaml" / "cache")
    code = at.start(case.words, other={"VTGDATA_CACHE": place}).wait(killing.LIMIT)
    if code == 1 and wanted.code != 1:
        clean = "vtgdata: " in at.said and "Traceback" not in at.said and place in at.said
        # With the cache, what it had begun is taken up.
        code = at.start(case.words).wait(killing.LIMIT)
        return [*([] if clean else [f"unclean: {at.said}"]), *compared(at, wanted, code)]
    return compared(at, wanted, code)


def temporary(at: Desk, case: Case, wanted: Undisturbed) -> list[str]:
    """They lie on another device, so nothing can be renamed from there; killed as well, nothing stays there."""
    shared = Path("/dev/shm")
    if not shared.is_dir() or shared.stat().st_dev == at.root.stat().st_dev:
        pytest.skip("needs a second device: /dev/shm")
    with tempfile.TemporaryDirectory(dir=shared) as place:
        other, chance = {"TMPDIR": place}, random.Random(case.name)
        if wanted.events:
            at.start(case.words, other=other, at=chance.randint(1, wanted.events), signal=9).wait(killing.LIMIT)
        code = at.start(case.words, other=other).wait(killing.LIMIT)
        left = [f"left over: {path}" for path in Path(place).rglob("*")]
    return [*left, *compared(at, wanted, code)]


def clock(at: Desk, case: Case, wanted: Undisturbed) -> list[str]:
    """It was a day ahead when a run was killed: all that this left is dated tomorrow."""
    before = at.state()
    if wanted.events:
        at.start(case.words, at=random.Random(case.name).randint(1, wanted.events), signal=9).wait(killing.LIMIT)
    tomorrow = time.time() + DAY
    for path in at.root.rglob("*"):
        if path.relative_to(at.root).as_posix() not in before and not path.is_symlink():
            os.utime(path, (tomorrow, tomorrow))
    return compared(at, wanted, at.start(case.words).wait(killing.LIMIT))


def compared(at: Desk, wanted: Undisturbed, code: int) -> list[str]:
    differences, leftovers = killing.compare(without_cache(wanted.state), without_cache(at.state()))
    told = [f"exit code {code}, not {wanted.code}: {at.said[-400:]}"] if code != wanted.code else []
    return [*told, *(f"differs: {name}" for name in differences), *(f"left over: {name}" for name in leftovers)]
