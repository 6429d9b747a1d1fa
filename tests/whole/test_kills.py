"""Every command, killed anywhere by any signal: the same command again ends as if nothing had happened.

    VTGDATA_KILLS=660 VTGDATA_KILL_SEED=0 pytest tests/whole/test_kills.py -m slow -s

prints what was tried, command by command. Every kill depends on the seed and the name of its way alone, and what went
wrong is printed with how it was disturbed. `VTGDATA_KILL_ONLY=curate,push` tries only these.
"""

import importlib.util
import os
import random
import sys
from collections import Counter
from pathlib import Path

import pytest

from support import killing
from support.killing import EXEMPT, HOWS, TORCH, Case, Desk

KILLS = int(os.environ.get("VTGDATA_KILLS", "660"))
TRAINED = min(60, int(os.environ.get("VTGDATA_TORCH_KILLS", "60")))
"""Of them, in commands that load torch."""
SEED = int(os.environ.get("VTGDATA_KILL_SEED", "0"))
ONLY = set(filter(None, os.environ.get("VTGDATA_KILL_ONLY", "").split(",")))
EACH = 20
"""Kills of every command, if there are enough."""
MOST = 20
"""Events of one way, started programs and connections among them, at which temporary files are looked at."""
FEW = ("curate", "remove")
"""Ways that the default suite tries, once each."""


def test_every_command_is_killed_or_says_why_not():
    named = {case.command for torch in (False, True) for case in killing.cases(torch)}
    assert set(TORCH) <= named and not named & set(EXEMPT)
    assert named | set(EXEMPT) == killing.commands_of_the_command_line()
    for command, reason in EXEMPT.items():
        sys.stdout.write(f"not killed: {command}: {reason}\n")


def test_a_few_commands_killed_end_as_if_nothing_had_happened(tmp_path):
    with killing.desk(tmp_path) as at:
        for number, case in enumerate(case for case in killing.cases() if case.name in FEW):
            told = kill(at, case, 1, HOWS[number % 2 : number % 2 + 1])
            assert told["kills"] and not told["faults"], told


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.parametrize("torch", [False, True])
def test_every_command_killed_anywhere_ends_as_if_nothing_had_happened(tmp_path, torch):
    if torch and importlib.util.find_spec("trl") is None:
        pytest.skip("needs vtgdata[train]")
    ways = [case for case in killing.cases(torch) if (case.command in TORCH) == torch]
    number = TRAINED if torch else KILLS - TRAINED
    share = killing.shares(ways, number, EACH, random.Random(SEED))
    sums: dict[str, Counter[str]] = {}
    with killing.desk(tmp_path, killing.IMPORTED if torch else ()) as at:
        for case in killing.cases(torch):
            if case.name == "demo-base" and ONLY and case.name not in ONLY:
                continue  # minutes, and no other command reads what it makes
            killing.prepare(at, case)
            wanted = share.get(case.name, 0) if not ONLY or ONLY & {case.command, case.name} else 0
            # A trainer takes long from its start to its end, so it is killed a few times in a row.
            told = kill(at, case, wanted, HOWS, 5 if torch else 1)
            sums.setdefault(case.command, Counter()).update(told)
            if wanted:  # at once, so that a test that is ended early has said what it tried
                sys.stdout.write(f"{case.name}: {told['kills']} kills, {told['faults']} faults\n")
                sys.stdout.flush()
    table(sums, share)
    assert not any(each["faults"] for each in sums.values())


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_a_kill_at_any_change_among_temporary_files_leaves_nothing_there_after_the_next_run(tmp_path):
    wrong = list[str]()
    with killing.desk(tmp_path) as at:
        folder, counted = at.root / "tmp", at.root.parent / "counted"
        for case in killing.cases():
            killing.prepare(at, case)
            at.save()
            at.start(case.words, root=str(folder), count=str(counted)).wait(killing.LIMIT)
            events = int(counted.read_text().split()[0])
            for event in range(1, min(events, MOST) + 1) if not ONLY or ONLY & {case.command, case.name} else ():
                at.restore()
                at.start(case.words, root=str(folder), at=event, signal=9).wait(killing.LIMIT)
                at.start(case.words).wait(killing.LIMIT)
                left = [f"event {event}: {path.name}" for path in folder.rglob("*")]
                wrong += [f"{case.name}, {each}" for each in left]
                sys.stdout.write("".join(f"{case.name}, {each} is left over\n" for each in left))
            sys.stdout.write(f"{case.name}: {events} events\n")
            sys.stdout.flush()
    assert not wrong


def kill(at: Desk, case: Case, number: int, hows: tuple[str, ...], row: int = 1) -> Counter[str]:
    """Run a way undisturbed, then disturb it so many times in these ways in turn; returns what came of it.

    Every try kills it `row` times, or now and then once more, before it is run to its end.
    """
    at.save()
    wanted = killing.undisturbed(at, case)
    told, chance, turn = Counter[str](), random.Random(f"{SEED} {case.name}"), 0
    while told["kills"] < number:
        more = row + (number > 1 and chance.random() < 0.25)
        chosen = [hows[(turn * row + step) % len(hows)] for step in range(min(more, number - told["kills"]))]
        kills, fault = killing.tried(at, case, wanted, chosen, chance)
        told.update(kills=kills, runs=1)
        turn += 1
        if fault is not None:
            told.update(faults=1, differences=len(fault.differences), leftovers=len(fault.leftovers))
            sys.stdout.write(
                f"{case.name} (seed {SEED}, try {turn}): {fault.how}\n  differs: {fault.differences[:9]}\n"
                f"  left over: {fault.leftovers[:9]}\n  said: {fault.said[-500:]}\n"
            )
            sys.stdout.flush()
    if number:
        at.restore()
        assert killing.undisturbed(at, case).code == wanted.code
    return told


def table(sums: dict[str, Counter[str]], share: dict[str, int]) -> None:
    """Print command x (kills, differences, leftovers)."""
    line = "{:20} {:>6} {:>12} {:>10}\n".format
    sys.stdout.write(f"\nseed {SEED}, {len(share)} ways\n" + line("command", "kills", "differences", "leftovers"))
    total = Counter[str]()
    for command, told in sums.items():
        if told["kills"]:
            sys.stdout.write(line(command, told["kills"], told["differences"], told["leftovers"]))
        total.update(told)
    sys.stdout.write(line("all", total["kills"], total["differences"], total["leftovers"]))
    for command, reason in EXEMPT.items():
        sys.stdout.write(line(command, "-", "", "") + f"    {reason}\n")
    sys.stdout.flush()


def test_kills_are_shared_out_so_that_every_command_gets_its_own():
    ways = killing.cases()
    commands = len({case.command for case in ways})
    share = killing.shares(ways, EACH * commands, EACH, random.Random(0))
    each = Counter[str]()
    for case in ways:
        each[case.command] += share[case.name]
    assert min(each.values()) >= EACH and sum(each.values()) == EACH * commands
    assert sum(killing.shares(ways, 10, EACH, random.Random(0)).values()) <= commands
    assert Path(killing.__file__).is_file()
