"""Attacks, each tried on every command of the table: what is typed, and which commands are exempt and why.

A new command is attacked by itself: it needs an entry in `every_stage.RUNS`, as for other tests, and an exemption only
with a reason. `python tests/support/attacks.py` prints all exemptions, those of `file_attacks` included.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

from support import file_attacks
from support.every_stage import NOT_TRIED_WHOLE, OUT, RUNS
from vtgdata.cli import commands

ATTACKS = {
    "A1": "an output that is, holds or lies in an input",
    "A2": "an output folder that holds something else, or another command's result",
    "A3": "modules in the current folder, and keys in the environment of child processes",
    "A4": "two runs into one folder",
    "A6": "two runs that change one file",
    "A8": "text that drives the terminal",
    "A9": "a bound video with other bytes",
    "A10": "credentials in addresses and variables",
    "A11": "pictures and videos of formats that start programs or lead elsewhere",
    "A15": "a release with other bytes than its hashes say",
    "A16": "a model's folder with code of its own",
}
_ASKS = ("build-coldstart", "score-difficulty", "propose", "evaluate", "train sft", "train rl", "train distill")
_NO_RELEASE = "it reads no release"
_NO_VIDEO = "it opens no video"
_NO_MODEL = "it opens no model"
_ONE_FILE = "it changes no file that others change too: it writes a folder of its own"
EXEMPT: dict[str, dict[str, str]] = {
    "A1": {
        "pull": "its input is on the Hub", "demo-draw": "it reads nothing", "demo-base": "it reads nothing",
        "push": "its output is its target: test_a_push_into_the_release_is_refused",
        "remove": "it exists to change the file that it reads: test_a_file_that_is_something_else_is_not_written_over",
    },
    "A2": {
        "pull": "test_a_pull_leaves_a_folder_that_holds_something_else, with a Hub",
        "diff": "it writes a file: test_a_file_that_is_something_else_is_not_written_over",
        "remove": "it writes a file: test_a_file_that_is_something_else_is_not_written_over",
        "exchange": "it writes a file: test_a_file_that_is_something_else_is_not_written_over",
        "report": "it writes a file: test_a_file_that_is_something_else_is_not_written_over",
    },
    "A4": {
        "remove": "it adds to a file that all may change: see A6",
        "diff": "it writes one file, whole, and a second run writes the same",
        "exchange": "it writes one file, whole, and a second run writes the same",
        "report": "it writes one file, whole, and a second run writes the same",
        "push": "a folder: tests/files/test_owned.py; the Hub: tests/stages/test_push.py",
        "pull": "the lease of its folder is that of push: tests/files/test_owned.py",
    },
    "A6": dict.fromkeys((name for name in RUNS if name not in ("remove", "videos bind")), _ONE_FILE),
    "A9": {
        **dict.fromkeys(
            (
                *("compare-rates", "import rollouts", "negatives", "select", "audit", "review", "remove", "release"),
                *("push", "pull", "diff", "demo-draw", "demo-base", "demo-report"),
            ),
            _NO_VIDEO,
        ),
        "exchange": "it asks videos for their frame rates alone, and decodes nothing",
        "rebuild": "its steps are these commands, in a process of their own",
        "export": "its frames come from the FrameStore, as those of the asking commands do",
        "train sft": "its frames come from the FrameStore, as those of the asking commands do; it needs a model",
        "train rl": "its frames come from the FrameStore, as those of the asking commands do; it needs a model",
        "train distill": "its frames come from the FrameStore, as those of the asking commands do; it needs a model",
    },
    "A15": {
        **dict.fromkeys(
            (
                "ingest", "curate", "negatives", "check", "videos verify", "videos bind", "videos proxy", "videos warm",
                "build-coldstart", "score-difficulty", "select", "audit", "review", "exchange", "evaluate", "demo-draw",
                "demo-base", "compare-rates", "import rollouts", "propose",
            ),
            _NO_RELEASE,
        ),
        "pull": "it reads the Hub's bytes, each compared with its hash: tests/stages/test_pull.py",
        "demo-report": "it names a release in its report, and does not read it",
    },
    "A16": {
        **dict.fromkeys((name for name in RUNS if name not in _ASKS), _NO_MODEL),
        "curate": "a filter opens one of open_clip: test_a_clip_model_may_not_ask_for_its_own_code",
        "rebuild": "its steps are these commands, in a process of their own",
        "push": "it copies a model's files and opens none",
        "export": "it reads which family a config.json names, and opens no model",
    },
}  # fmt: skip
"""{attack: {command: why it is not tried there}}."""
SILENT = {
    "pull": "it says nothing of the folder where no Hub answers: see the test with a Hub",
    "demo-base": "it trains for minutes: tried with a number of steps that it refuses",
    "demo-draw": "it says numbers alone",
}
"""Commands whose words hold nothing of the hostile inputs, and why."""
PARTLY = {
    "whole, but with outputs that are refused (A2, A4, A14)": NOT_TRIED_WHOLE,
    "for what it says (A8)": SILENT,
    "with a Parquet file that is huge once it is read (A7)": file_attacks.PARQUET_FREE,
    "setting by setting (A12)": file_attacks.TRAINED,
}
"""{part of the attacks: {command: why that part is not tried there}}."""


def attacked(attack: str) -> list[str]:
    """The commands on which an attack is tried."""
    return [name for name in commands.COMMANDS if name not in EXEMPT.get(attack, {})]


def typed(command: str, **changes: Any) -> list[str]:
    """The words of a command line for a command's settings in `every_stage.RUNS`, with changes."""
    values = RUNS[command] | changes
    places = commands.COMMANDS[command].arguments
    words = command.split()
    words += [str(item) for place in places for item in _items(values.get(place, []))]
    for name, value in values.items():
        if name not in places:
            words += _options(name, value)
    return words


def out(command: str, place: str) -> dict[str, str]:
    """The setting that says where a command writes."""
    return {OUT.get(command, "out"): place}


def _options(name: str, value: Any) -> Iterator[str]:
    flag = "--" + name.replace("_", "-")
    if isinstance(value, bool):
        yield flag if value else f"--no-{flag[2:]}"
        return
    for item in _items(value):
        yield from (flag, str(item))


def _items(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [f"{key}={item}" for key, item in value.items()]
    return value if isinstance(value, list) else [value]


def texts(command: str) -> list[str]:
    """The settings of a command that are texts, or lists or mappings of texts."""
    hints = get_type_hints(commands.settings_type(command))
    return [name for name, hint in hints.items() if "str" in str(hint) and "Literal" not in str(hint)]


EVIL = "\x1b]0;pwned\x07\x1b[2J\x9b31m\u202e\u2066\u200f"
"""Sets the title of a terminal, clears it, colours it, and turns the direction of writing around."""


def wrong(said: str) -> list[str]:
    """The characters of a text that a terminal obeys, besides line breaks and tabs."""
    marks = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\u2028\u2029"
    return [c for c in said if (c < " " and c not in "\n\t") or "\x7f" <= c <= "\x9f" or c in marks]


CANARIES = {
    "HF_TOKEN": "hf_canary5up3rs3cr3tABCDEFGHIJ",
    "VTGDATA_API_KEY": "sk-canary-5up3rs3cr3t-0123456789",
    "OPENAI_API_KEY": "canary-of-openai-0123456789",
    "AWS_SECRET_ACCESS_KEY": "canary/of+aws=0123456789",
    "DB_PASSWORD": "canary of a data base",
    "MIRROR_CREDS": "canary-of-creds-0123",
    "HF_ENDPOINT": "http://bob:canary-of-hub@127.0.0.1:9/hub",
    "HTTPS_PROXY": "http://bob:canary%20of%20proxy@127.0.0.1:9",
    "MIRROR_URL": "https://mirror.example/x?X-Amz-Signature=canary0of0signature&n=1",
}
"""Variables with credentials in them."""
SECRETS = (
    *("hf_canary5up3rs3cr3tABCDEFGHIJ", "sk-canary-5up3rs3cr3t-0123456789", "canary-of-openai-0123456789"),
    *("canary/of+aws=0123456789", "canary of a data base", "canary-of-hub", "canary%20of%20proxy", "canary of proxy"),
    *("canary0of0signature", "canary-of-creds-0123", "Ym9iOmNhbmFyeS1vZi1odWI="),
)
"""What must be nowhere: the credentials as they are, without their percent signs, and as a header has them."""


def leaked(folder: Path, said: str) -> list[str]:
    """Where a credential is: `said`, or the name or content of a file below a folder."""
    found = ["said" for secret in SECRETS if secret in said]
    for path in folder.rglob("*"):
        raw = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        found += [str(path) for secret in SECRETS if secret in path.name or secret.encode() in raw]
    return found


def table() -> str:
    """All exemptions as text: those of these attacks, of the attacks by files, and of parts of both."""
    lines: list[str] = []
    every = {f"{name} {what}": EXEMPT.get(name, {}) for name, what in ATTACKS.items()}
    every |= {f"{name} {what}": file_attacks.EXEMPT[name] for name, what in file_attacks.ATTACKS.items()}
    for what, exempt in every.items():
        lines.append(f"{what}: {len(commands.COMMANDS) - len(exempt)} commands")
        lines += [f"    not {command}: {why}" for command, why in exempt.items()]
    for what, exempt in PARTLY.items():
        lines.append(f"not tried {what}: {len(exempt)} commands")
        lines += [f"    {command}: {why}" for command, why in exempt.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    import sys

    sys.stdout.write(table() + "\n")
