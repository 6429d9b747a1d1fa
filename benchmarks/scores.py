"""How long scores and the parser take; scores as ratios against numpy's bare arithmetic in the same run.

1. 10^6 (prediction, truth) pairs by tiou and by tiou_boundary, against intersection over union of the same arrays in
   plain numpy. Limit: 5.
2. Hostile answers of 100 kB, each made to be slow for a pattern or a loop of the parser. Limit: 50 ms each, CPU time.

    python benchmarks/scores.py
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from vtgdata.conversation.answer import Form, parse
from vtgdata.metrics.window_table import tiou_in_place
from vtgdata.plugins.scores.tiou_boundary import tiou_boundary_array

N = 1_000_000
RUNS = 9
SIZE = 100_000
UNITS = {
    "digits": "9", "blanks": " ", "line ends": "\n", "line ends and blanks": " \n", "nul": "\x00", "letters": "a",
    "open reasoning": "<think>", "closed reasoning": "</think>", "open tags": "<answer>",
    "empty tags": "<answer></answer>", "tags": "<time>[1,2]</time>", "tag names": "<answer ", "other tags": "<a>",
    "closing tags": "</answer", "less than": "<", "windows": "5 s to 10 s ", "plain windows": "5-6 ", "numbers": "1 ",
    "a chain": "1-", "chain with and": "1 and ", "thousands": ",234", "decimal commas": "1,2 a ", "clock": "1:",
    "clocks": "00:01 ", "minutes": "1 min 1 ", "negative": "-1 ", "braces": "{", "empty objects": "{}",
    "open objects": '{"a":', "objects": '{"start": 1, "end": 2}', "nested objects": '{"time":', "brackets": "[",
    "lists": "[1,", "parentheses": "(a", "quotes": '"', "apostrophes": "'", "entities": "&lt;", "ampersands": "&",
    "double entities": "&amp;lt;", "stars": "*", "underscores": "a_", "dollars": "$1", "backslashes": "\\",
    "boxes": "\\boxed{", "comments": "<!--", "empty comments": "<!---->", "fences": "```", "links": "http://",
    "arabic digits": "١ ", "combining marks": "\u0301", "zero width": "\u200b", "chinese": "从1到2",
    "starts": "starts at ", "bounds": "start 1 end 2 ", "absent": "does not ", "refusals": "i can't ",
    "sentences": "a. ", "options": "answer is ", "letters in brackets": "(A) ", "null": "null ", "bold": "1*",
}  # fmt: skip
WRAPPED = ("{}", "<answer>{}</answer>", "<think>{}</think>", '{{"time": {}}}', "5 s to {}", "<answer>{}")


def bare(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union and nothing else."""
    overlap = np.maximum(0.0, np.minimum(a[:, 1], b[:, 1]) - np.maximum(a[:, 0], b[:, 0]))
    return overlap / ((a[:, 1] - a[:, 0]) + (b[:, 1] - b[:, 0]) - overlap)


def seconds(function: Callable[[], Any]) -> float:
    """CPU seconds of one call."""
    begun = time.process_time()
    function()
    return time.process_time() - begun


def scores() -> None:
    """Print the ratios of both scores."""
    rng = np.random.default_rng(0)
    said, true = (np.sort(rng.uniform(0, 120, (N, 2)), axis=1) + np.array([0.0, 0.01]) for _ in range(2))
    duration = rng.uniform(60, 180, N)
    functions = {
        "bare": lambda: bare(said, true),
        "tiou": lambda: tiou_in_place(said, true),
        "tiou_boundary": lambda: tiou_boundary_array(said, true, duration),
    }
    # In turn, so that what else the machine does falls on all of them.
    taken: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(RUNS):
        for name, function in functions.items():
            taken[name].append(seconds(function))
    times = {name: statistics.median(values) for name, values in taken.items()}
    print(f"{N:,} pairs, median of {RUNS}: bare numpy {times['bare'] * 1e3:.1f} ms")
    for name in ("tiou", "tiou_boundary"):
        print(f"  {name}: {times[name] * 1e3:.1f} ms, ratio {times[name] / times['bare']:.2f} (limit 5)")


def hostile() -> None:
    """Print the slowest of the hostile answers."""
    found: list[tuple[float, str]] = []
    for name, unit in UNITS.items():
        text = (unit * (SIZE // len(unit) + 1))[:SIZE]
        for wrap in WRAPPED:
            answer = wrap.format(text)
            taken = min(seconds(lambda answer=answer: parse(answer, duration=60.0, form=Form())) for _ in range(3))
            found.append((taken, f"{name} in {wrap}"))
    print(f"{len(found)} hostile answers of {SIZE:,} characters, best of 3 each (limit 50 ms); the slowest:")
    for taken, name in sorted(found, reverse=True)[:5]:
        print(f"  {taken * 1e3:.1f} ms  {name}")


if __name__ == "__main__":
    scores()
    hostile()
