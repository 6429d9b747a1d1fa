"""How our parser and those of other systems read the probes (tests/conversation/probes), as Markdown tables.

    python benchmarks/readings.py               # every set
    python benchmarks/readings.py first third

`right`: the windows are those of the probe, or there are none and it reads none. `wrong window`: another window than
the right one. `missed`: no window where there is one. `false window`: a window where there is none. A pair that is
reversed or has no length is no window: whoever reads it scores 0. `vtgdata, scored` is our reading as it is scored:
where it finds several windows though one is wanted, none is scored.
"""

import base64
import gzip
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from vtgdata.conversation.answer import Form, parse
from vtgdata.files import plugins
from vtgdata.records import Answer

PROBES = Path(__file__).parent.parent / "tests" / "conversation" / "probes"
KINDS = ("right", "wrong window", "missed", "false window")
Reading = Callable[[dict[str, Any]], list[list[float]]]


def read(probe: dict[str, Any]) -> Answer:
    """The answer as our parser reads it."""
    form = Form(
        template=probe.get("form", Form().template),
        reasoning=probe["reasoning"],
        several=probe.get("several", False),
        answers_in=probe.get("answers_in", "seconds"),
    )
    return parse(probe["text"], duration=probe["duration"], form=form, finish_reason=probe["finish_reason"])


def wanted(probe: dict[str, Any]) -> list[list[float]]:
    """The right windows; none where what was said is no window."""
    listed = {"reversed", "zero_length", "out_of_range"} & {probe["status"] if isinstance(probe["status"], str) else ""}
    return [] if listed else probe["windows"]


def lenient(probe: dict[str, Any]) -> list[list[float]]:
    """Our lenient reading."""
    answer = read(probe)
    return [[window.start, window.end] for window in answer.windows]


def scored(probe: dict[str, Any]) -> list[list[float]]:
    """Our lenient reading as it is scored: no windows where several are read and one is right."""
    answer = read(probe)
    listed = answer.parse_status == "several_where_one" and len(wanted(probe)) < 2
    return [] if listed else [[window.start, window.end] for window in answer.windows]


def strict(probe: dict[str, Any]) -> list[list[float]]:
    """Our strict reading: nothing unless the text is the asked form."""
    answer = read(probe)
    return [[window.start, window.end] for window in answer.windows] if answer.strict_ok else []


def other(function: Callable[..., Iterable[Sequence[float]] | None]) -> Reading:
    """Another system's reading."""
    return lambda probe: [list(pair) for pair in function(probe["text"], probe["duration"]) or () if pair[0] < pair[1]]


def readings() -> dict[str, Reading]:
    """Ours, and each plug-in's, with the reward's reading where it differs."""
    found: dict[str, Reading] = {"vtgdata": lenient, "vtgdata, scored": scored, "vtgdata, strict": strict}
    for name in plugins.names("other_parsers"):
        module = plugins.load("other_parsers", name)
        found[name] = other(module.read)
        if hasattr(module, "read_reward"):
            found[f"{name}, reward"] = other(module.read_reward)
    return found


def outcome(said: list[list[float]], right: list[list[float]]) -> str:
    """Which kind of reading this is; windows are compared to a hundredth of a second."""
    if [[round(time, 2) for time in window] for window in said] == [
        [round(time, 2) for time in each] for each in right
    ]:
        return "right"
    if not right:
        return "false window"
    return "wrong window" if said else "missed"


def row(cells: Iterable[object]) -> str:
    """A line of a Markdown table."""
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def main() -> None:
    """Print the tables of each set; of the sealed one only the counts."""
    for name in sys.argv[1:] or sorted(path.stem for path in PROBES.glob("*.jsonl")):
        print(f"## {name}\n")
        if name == "second":
            packed = (PROBES / "second.sealed").read_bytes()
            lines = gzip.decompress(base64.b64decode(packed)).decode().splitlines()
        else:
            lines = (PROBES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        tables([json.loads(line) for line in lines])


def tables(probes: list[dict[str, Any]]) -> None:
    """Print both tables of a set."""
    columns = readings()
    families: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for probe in probes:
        family = probe["id"].partition("/")[0]
        for name, reading in columns.items():
            families[family][name][outcome(reading(probe), wanted(probe))] += 1
    totals = {name: sum((counts[name] for counts in families.values()), Counter[str]()) for name in columns}
    print(f"{len(probes)} probes, {sum(bool(probe['windows']) for probe in probes)} of them with a window\n")
    print(row(["reading", *KINDS]), row(["---"] + ["---:"] * len(KINDS)), sep="\n")
    for name, counts in totals.items():
        print(row([name, *(counts[kind] for kind in KINDS)]))
    print("\nBy family: right / wrong window / missed / false window\n")
    print(row(["family", "n", *columns]), row(["---"] + ["---:"] * (len(columns) + 1)), sep="\n")
    for family, counts in families.items():
        cells = [" / ".join(str(counts[name][kind]) for kind in KINDS) for name in columns]
        print(row([family, sum(counts["vtgdata"].values()), *cells]))
    print()


if __name__ == "__main__":
    main()
