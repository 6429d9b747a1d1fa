"""Every command on a terminal, under nohup and with -q: it fits, says how far it is, and lets no library speak.

pytest tests/cli/test_terminal.py -m slow -s      # all commands, some minutes; prints a table
VTGDATA_TERMINAL_ONLY=ingest,push ...             # only these
"""

import importlib.util
import os
import re
import sys
from typing import NamedTuple

import pytest

from support import every_command, forked, killing
from support.killing import Case, Desk
from support.terminals import said_by

WIDTHS = (80, 120)
ONLY = set(filter(None, os.environ.get("VTGDATA_TERMINAL_ONLY", "").split(",")))
FEW = ("check", "score-difficulty, no price")
"""What the default suite looks at."""
CLEAR = "\r\x1b[K"
STYLE = re.compile(r"\x1b\[[\d;]*m")
NUMBER = re.compile(r"(?<![\w.,:/-])[-+]?\d[\d,]*(?:\.\d+)?(?![\w/:-])")
TIME = re.compile(r"\d\d:\d\d:\d\d ")
STATE = re.compile(r"[^:]+(?::\S[^:]*)*: (?:.* (?:so far|to go)\b|.*\d/(?:s|min|h)\b|[\d,]+ of [\d,]+ \w+)")
"""How far something is, without the time of a plain line."""
OURS = re.compile(r"\d\d:\d\d:\d\d |vtgdata: |Usage: |Try |Error: |$")
"""How a line of stderr begins that is ours."""
VARIES = re.compile(r"tokens per second [\d.]+|disk .* free")
"""Numbers that are others in every run."""


class Looked(NamedTuple):
    """What is wrong with the output of a command, by what is looked at; nothing where it is right."""

    fits: str = ""
    progress: str = ""
    plain: str = ""
    quiet: str = ""
    foreign: str = ""


def look(at: Desk, case: Case) -> Looked:
    """Run a case from what was saved: on terminals of 80 and 120 columns, under nohup, and with -q."""
    words = case.words.format(**every_command.SHORT).replace("URL", at.env["URL"]).split()

    def run(columns: int | None, *more: str):
        at.restore()
        return said_by([*words, *more], at.root, at.env, columns, at.also)

    piped = run(None)
    on_terminals = {columns: run(columns) for columns in WIDTHS}
    quiet = run(WIDTHS[0], "-q")
    narrow = on_terminals[WIDTHS[0]]
    plain = [line for line in piped.errors.splitlines() if TIME.match(line) and STATE.match(line[9:])]
    codes = {said.code for said in (piped, quiet, *on_terminals.values())}
    assert len(codes) == 1, f"{case.name}: exit codes {codes}\n{narrow.text}"
    return Looked(
        fits="; ".join(filter(None, (_too_wide(said.text, columns) for columns, said in on_terminals.items())))
        or _cut(piped.text, narrow.text),
        progress="" if _states(narrow.text) else "no line of progress",
        plain=("" if plain else "no plain line") or ("drives a terminal" if "\x1b" in piped.errors else ""),
        quiet="; ".join(_states(quiet.text)[:1]),
        foreign=next((line for line in piped.errors.splitlines() if not OURS.match(line)), ""),
    )


def _states(text: str) -> list[str]:
    """What the overwritten line said."""
    lines = [after.split("\n")[0] for after in text.split(CLEAR)[1:]]
    return [line for line in lines if STATE.match(line) and not TIME.match(line)]


def _too_wide(text: str, columns: int) -> str:
    """The first line that is wider than the terminal, unless it is one word, as a path is, which is never broken."""
    for state in (state for line in text.split("\n") for state in line.split(CLEAR)):
        shown = STYLE.sub("", state)
        if len(shown) > columns and len(shown.split()) > 1:
            return f"at {columns}: {shown!r}"
    return ""


def _cut(whole: str, folded: str) -> str:
    """The numbers that a terminal does not show, though a pipe does."""
    there = set(NUMBER.findall(STYLE.sub("", folded.replace(CLEAR, "\n"))))
    lacking = [number for number in NUMBER.findall(VARIES.sub("", whole)) if number not in there]
    return f"lacks {lacking}" if lacking else ""


def test_a_few_commands_fit_say_how_far_they_are_and_let_no_library_speak(tmp_path):
    with killing.desk(tmp_path) as at:
        for case in killing.cases():
            if case.name in FEW:
                at.save()
                assert look(at, case) == Looked(), case.name


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.parametrize("torch", [False, True])
def test_every_command_fits_says_how_far_it_is_and_lets_no_library_speak(tmp_path, torch):
    if torch and importlib.util.find_spec("trl") is None:
        pytest.skip("needs vtgdata[train]")
    found: dict[str, Looked] = {}
    with killing.desk(tmp_path, killing.IMPORTED if torch else ()) as at:
        for case in killing.cases(torch):
            killing.prepare(at, case)
            at.save()
            if (case.command in killing.TORCH) == torch and (not ONLY or ONLY & {case.name, case.command}):
                found[case.name] = look(at, case)
            elif case.name != "demo-base":  # which takes a minute, and nobody reads what it makes
                at.start(case.words).wait(killing.LIMIT)
    table(found)
    assert not any(any(each) for each in found.values())


def table(found: dict[str, Looked]) -> None:
    """Print command x (fits, progress, plain under nohup, quiet, no foreign warnings)."""
    line = "{:28} {:>6} {:>8} {:>5} {:>5} {:>10}\n".format
    sys.stdout.write("\n" + line("command", "fits", "progress", "plain", "quiet", "no foreign"))
    for name, each in found.items():
        sys.stdout.write(line(name, *("NO" if wrong else "yes" for wrong in each)))
        sys.stdout.writelines(f"    {what}: {wrong[:300]}\n" for what, wrong in each._asdict().items() if wrong)
    sys.stdout.flush()


FOREIGN = """
import logging, sys, warnings
from vtgdata.cli import foreign
foreign.hush()
from tqdm.auto import tqdm
from huggingface_hub.utils import logging as hub, tqdm as hub_tqdm
import huggingface_hub, numpy, PIL.Image
list(tqdm(range(3)))
list(hub_tqdm(range(3)))
warnings.warn("old")
warnings.warn("older", DeprecationWarning)
numpy.float64(1) / numpy.float64(0)
logging.getLogger("av").warning("a packet")
logging.getLogger("trl").warning("a hint")
hub.get_logger("huggingface_hub.x").warning("no token")
for name in ("transformers", "datasets"):
    try:
        library = __import__(name)
    except ImportError:
        continue
    library.utils.logging.get_logger(name + ".x").warning("advice")
"""


@pytest.mark.slow
def test_other_libraries_say_nothing():
    done = forked.run(["-c", FOREIGN])
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_who_wants_to_hear_warnings_hears_them():
    words = [sys.executable, "-W", "default", "-c", "from vtgdata.cli import foreign; foreign.hush(); import warnings\n"
             "warnings.warn('old')"]  # fmt: skip
    assert "old" in forked.subprocess.run(words, capture_output=True, text=True, check=True).stderr
