"""Fuzz a shared reader, or the parser of answers, with inputs that grow by the code they reach (`vtgdata[fuzz]`).

    python tests/fuzz/guided.py pickles --seconds 60
    python tests/fuzz/guided.py all --seconds 60 --jobs 2

A find lands in tests/fuzz/finds under its target's name; a test replays it from then on.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
FINDS = Path(__file__).resolve().parent / "finds"
sys.path[:0] = [str(TESTS), str(TESTS.parent)]
sys.dont_write_bytecode = True

TIMEOUT = 5
"""Seconds that an input may take under the fuzzer's instruments; the replay holds it to one."""
MAX_LENGTH = 3_000
_RUNS = re.compile(r"stat::number_of_executed_units: (\d+)")
_REACHED = re.compile(r"#\d+\s.* cov: (\d+)")


def seeds(target: str, folder: Path) -> None:
    """Write the first inputs: the corpora's examples and some texts of the target's own."""
    from fuzz.forms import FORMS
    from vtgdata.files import plugins

    texts = [b"83.4", b"01:23.5", b"1:02:03", b".5", b"v_Qx81-kLm_0A", b"aB3_dE-6hIj_00:03:22:400_00:04:00:000.mp4"]
    for name in plugins.names("corpora"):
        module = plugins.load("corpora", name)
        files = {name: text.encode() for name, text in module.EXAMPLE.files.items()}
        for form in [files, *FORMS.get(name, lambda files: [])(files)]:
            texts += [data for data in form.values() if len(data) <= MAX_LENGTH]
    if target == "answer":
        probes = (TESTS / "conversation" / "probes" / "first.jsonl").read_text(encoding="utf-8").splitlines()
        texts += [data for data in (json.loads(probe)["text"].encode() for probe in probes) if len(data) <= MAX_LENGTH]
    extra = b"\0" if target in ("text", "moment_jsonl", "answer") else b""
    for index, data in enumerate(texts):
        (folder / f"{index:03d}").write_bytes(extra + data)


def fuzz(target: str, seconds: int, corpus: Path) -> None:
    """Fuzz in this process until the time is over or something is found; does not return."""
    import atheris

    with atheris.instrument_imports(include=["vtgdata"]):
        from fuzz.targets import TARGETS
    options = [
        f"-max_total_time={seconds}", f"-timeout={TIMEOUT}", f"-max_len={MAX_LENGTH}", "-rss_limit_mb=4096",
        f"-artifact_prefix={FINDS}/{target}-", "-print_final_stats=1",
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, str(corpus)], TARGETS[target])
    atheris.Fuzz()


def started(target: str, seconds: int) -> bool:
    """Fuzz in a process of its own; says what was run and found. False when something was found."""
    with tempfile.TemporaryDirectory() as corpus:
        seeds(target, Path(corpus))
        command = [sys.executable, __file__, target, "--seconds", str(seconds), "--corpus", corpus]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        kept = len(list(Path(corpus).iterdir()))
    runs, reached = (int((found.findall(done.stderr) or ["0"])[-1]) for found in (_RUNS, _REACHED))
    say(f"{target:14} | {runs:10,} | {reached:7,} | {kept:6,} | {'find' if done.returncode else '-'}")
    if done.returncode:
        say(done.stdout[-2_000:] + done.stderr[-2_000:])
    return done.returncode == 0


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", help="a shared reader, answer, or all")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--jobs", type=int, default=2, help="targets at a time")
    parser.add_argument("--corpus", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.corpus:
        fuzz(given.target, given.seconds, given.corpus)
    from fuzz.targets import TARGETS

    if given.target not in ("all", *TARGETS):
        parser.error(f"{given.target} is none of all, {', '.join(TARGETS)}")
    names = list(TARGETS) if given.target == "all" else [given.target]
    say(f"{'target':14} | {'inputs':>10} | {'reached':>7} | {'kept':>6} | found")
    with ThreadPoolExecutor(given.jobs) as pool:
        clean = list(pool.map(lambda name: started(name, given.seconds), names))
    return 0 if all(clean) else 1


if __name__ == "__main__":
    sys.exit(main())
