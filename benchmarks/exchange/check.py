"""Whether the tools' own loaders take what `vtgdata exchange` writes, and whether decisions come back from them.

    benchmarks/exchange/setup.sh FOLDER && python benchmarks/exchange/check.py FOLDER

A queue of labels with odd texts and windows, some decided in every way, is written for each tool, read and written
again by the tool's own package (`in_label_studio.py`, `in_fiftyone.py`), and brought back: each decision must be the
one that was sent, to the last digit. Prints a JSON object for each tool; fails where something is refused or lost.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from support.builders import make_sample
from support.hostile_texts import TEXTS
from vtgdata.files.label_reviews import QUEUE_COLUMNS, queue_row, read_decisions
from vtgdata.files.parquet import write_parquet
from vtgdata.stages import exchange

HERE = Path(__file__).parent
WINDOWS = ([[0.0, 0.04]], [[1.234, 2.718], [30.0, 41.077]], [[99.96, 100.0]], [[0.001, 99.999]], [[12.5, 12.533]])


def make(folder: Path) -> None:
    """A queue of a label for each hostile text, and decisions about four in five of them."""
    rows, lines = [], []
    texts = [text for text in TEXTS if len(text) < 2_000]
    for number, text in enumerate(texts):
        windows = WINDOWS[number % len(WINDOWS)]
        sample = make_sample(f"e:{number}", video_id=f"v{number}", duration=100.0, query=text, windows=windows)
        told = {"proposed": WINDOWS[(number + 1) % len(WINDOWS)], "low": [], "high": [], "agree": 1.0, "answers": 6}
        row = queue_row(number, sample, told)
        rows.append(row)
        kind = (None, "fix", "accept", "none", "drop")[number % 5]
        if kind:
            line = {"sample_id": f"e:{number}", "decision": kind, "who": "ab", "when": "2026-11-29T10:00:00Z",
                    "label": row["label"], "note": text if number % 2 else ""}  # fmt: skip
            lines.append(line | ({"windows": WINDOWS[(number + 2) % len(WINDOWS)]} if kind == "fix" else {}))
    write_parquet(folder / "review.parquet", rows, QUEUE_COLUMNS)
    (folder / "decisions.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))


def through(tool: str, tools: Path, folder: Path) -> dict[str, object]:
    """What the tool's package said, once its file has come back."""
    given, out = folder / f"{tool}.json", folder / tool
    queue = str(folder / "review.parquet")
    made = exchange.run(
        exchange.Settings(queue=queue, tool=tool, out=str(given), decisions=str(folder / "decisions.jsonl"), fps=29.97)
    )  # fmt: skip
    out.mkdir()
    (out / "config.xml").write_text(made.config)
    words = (
        [str(given), str(out / "config.xml"), str(out)]
        if tool == "label_studio"
        else [str(given), str(out / "back.json")]
    )
    done = subprocess.run(
        [tools / tool / "bin/python", HERE / f"in_{tool}.py", *words], capture_output=True, text=True, check=False,
        env=os.environ | {"HOME": str(folder / "home"), "FIFTYONE_DO_NOT_TRACK": "1"},
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{tool}: {done.stderr[-2000:]}")
    said = json.loads(done.stdout.strip().splitlines()[-1])
    back = out / "JSON/result.json" if tool == "label_studio" else out / "back.json"
    exchange.run(exchange.Settings(queue=queue, tool=tool, back=str(back), out=str(folder / f"{tool}.jsonl")))
    sent = {each.sample_id: each for _, each in read_decisions(str(folder / "decisions.jsonl"))}
    came = {each.sample_id: each for _, each in read_decisions(str(folder / f"{tool}.jsonl"))}
    lost = [name for name in sent if came.get(name) != sent[name]]
    return {"tool": tool, **said, "decisions": len(sent), "came_back_alike": len(sent) - len(lost), "lost": lost}


def main() -> None:
    """Check the tools whose environments are there."""
    tools = Path(sys.argv[1])
    there = [tool for tool in ("label_studio", "fiftyone") if (tools / tool / "bin/python").exists()]
    if not there:
        raise SystemExit(f"{tools}: has no environment of a tool. Make one with benchmarks/exchange/setup.sh {tools}")
    with tempfile.TemporaryDirectory() as name:
        make(Path(name))
        found = [through(tool, tools, Path(name)) for tool in there]
    for each in found:
        print(json.dumps(each))
    if any(each["refused"] or each["lost"] for each in found):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
