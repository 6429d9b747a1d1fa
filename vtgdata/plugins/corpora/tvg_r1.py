"""TVG-R1: cold start and RL data for models that reason, from six corpora (Chen et al., EMNLP 2025 Industry).

Raw item:  {"dataset": "didemo", "video": "didemo/videos/12345678@N00_1234567890_0a1b2c3d4e.mp4", "choices": "",
            "problem": "Find when the kite dips.", "video_length": 29.8, "gt_frame": [9.6, 15.2], "ground_truth": ""}
           a JSON list or JSON lines; `images` (a list of frame files) may replace `video`
Times:     `gt_frame` is in seconds, in spite of its name. If only `ground_truth` has a pair, with values from 0 to 1,
           the file has the form of its predecessor Temporal-R1: fractions of `video_length`.
Labels:    the cold start has the teacher's windows, RL the annotated ones: two label versions, on purpose.
Questions: with `choices`, a string or a list, `ground_truth` is the letter or the text of the right one.
Oddities:  the training code measures the videos of Charades itself: ignore their `video_length`. There is no id.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from vtgdata.annotations import ids, items, sources, text
from vtgdata.annotations.json_text import parse_json
from vtgdata.annotations.text import duration, pair, sequence, shown, words
from vtgdata.records import Bound, Corpus, Example, RawRow, Split, Unit

CORPUS = Corpus(
    name="tvg_r1",
    title="TVG-R1",
    summary="Cold start (about 13 thousand rows, a teacher's windows) and RL (about 18 thousand) data from HiREST, "
    "QuerYD, TACoS, DiDeMo, InternVid-VTime and Grounded-VideoLLM.",
    splits=(
        Split(name="coldstart", files=("TVG_Coldstart.json", "TVG_Coldstart.jsonl")),
        Split(name="rl", files=("TVG_RL.json", "TVG_RL.jsonl")),
        Split(name="rl_val", files=("TVG_RL_val.json", "TVG_RL_val.jsonl")),
    ),
    license="LicenseRef-unstated",
    license_link="https://huggingface.co/datasets/RuizheChen/TVG_processed_data",
    license_confidence="C",
    homepage="https://huggingface.co/datasets/RuizheChen/TVG_processed_data",
    citation="Chen et al.: Datasets and Recipes for Video Temporal Grounding via Reinforcement Learning. EMNLP 2025 "
    "Industry Track.",
    grid=None,
    family="moments",
    usage="TVG_Coldstart.json TVG_RL.json",
    download="TVG_Coldstart.json, TVG_RL.json and TVG_RL_val.json of the homepage; no licence is stated there, and the "
    "terms of the sources and of the teacher (Gemini-2.5-Pro) apply",
    overlaps=(
        "Grounded-VideoLLM: the questions with answers are on ActivityNet and QVHighlights videos, as is ReXTime, a "
        "benchmark",
    ),
    youtube=True,
)

EXAMPLE = Example(
    files={
        "TVG_Coldstart.json": """[
  {"dataset": "didemo", "video": "didemo/videos/12345678@N00_1234567890_0a1b2c3d4e.mp4",
   "problem": "Find when the kite  dips behind a tree.", "choices": "", "video_length": 29.8, "gt_frame": [9, 16],
   "ground_truth": "", "solution": "<think>The kite is low at 9 s.</think> <time>[9.0, 16.0]</time>"}
]""",
        "TVG_RL.json": """[
  {"dataset": "didemo", "video": "didemo/videos/12345678@N00_1234567890_0a1b2c3d4e.mp4",
   "problem": "Find when the kite  dips behind a tree.", "choices": "", "video_length": 29.8, "gt_frame": [9.6, 30.2],
   "ground_truth": ""},
  {"dataset": "activitynet", "video": "activitynet/v_Qx81-kLm_0A.mp4", "problem": "What does the man row?",
   "choices": ["(A) a boat", "(B) a raft"], "video_length": 64.12, "gt_frame": [[3, 9]], "ground_truth": "B"},
  {"dataset": "tacos", "images": ["tacos/s99-d01/000001.jpg", "tacos/s99-d01/000002.jpg"], "problem": "she cuts it",
   "choices": "", "video_length": 80, "ground_truth": [0.25, 0.5]},
  {"dataset": "charades_train", "video": "charades/K7QZ2.mp4", "problem": "a person laughs", "choices": "",
   "video_length": 1, "gt_frame": [3.4, 11.0], "ground_truth": ""},
  {"dataset": "queryd", "video": "queryd/K7QZ3.mp4", "problem": "rain falls", "choices": "", "video_length": 20,
   "ground_truth": [3.0, 9.0]},
  {"dataset": "queryd", "video": "queryd/K7QZ3.mp4", "problem": "snow falls", "choices": "", "video_length": 20,
   "gt_frame": [9.0, 3.0], "ground_truth": ""}
]""",
    },
    samples=[
        ("12345678@N00_1234567890_0a1b2c3d4e", "Find when the kite dips behind a tree.", [[9.0, 16.0]]),
        ("12345678@N00_1234567890_0a1b2c3d4e", "Find when the kite dips behind a tree.", [[9.6, 29.8]]),
        ("v_Qx81-kLm_0A", "What does the man row?", [[3.0, 9.0]]),
        ("s99-d01", "she cuts it", [[20.0, 40.0]]),
        ("K7QZ2", "a person laughs", [[3.4, 11.0]]),
    ],
    drops=["unreadable_row", "reversed"],
)

_CORPORA = {
    "charades": "charades_sta", "charades_train": "charades_sta", "activitynet": "activitynet_captions",
    "anet": "activitynet_captions", "internvid": "internvid_vtime", "grounded_vllm": "grounded_videollm",
}  # fmt: skip
_USED = {"dataset", "video", "images", "problem", "choices", "video_length", "gt_frame"}
_FORM = '{"dataset": "...", "video": "...", "problem": "...", "video_length": 29.8, "gt_frame": [9.6, 15.2], ...}'
_LETTER = re.compile(r"\s*\(?([A-H])[).:]?\s*\Z")
_LABEL = re.compile(r"(?:\A|\s)\(?([A-H])[).:]\s+")


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """Rows of the released files; in the cold start, the windows are the teacher's."""
    for source in sources.find(paths, CORPUS, split):
        yield from items.rows(source, _row, _FORM)


def _row(record: items.Item, source: sources.Source) -> RawRow:
    item = record.fields()
    dataset, named = words(item.get("dataset"), "dataset"), _named(item)
    windows, unit = _windows(item)
    options = _options(item.get("choices"))
    measured = dataset == "charades_train" and unit == "seconds"
    name = dataset.lower().replace("-", "_")
    teacher = source.split == "coldstart"
    return RawRow(
        origin=record.origin,
        raw=record.raw,
        video_id=named.video_id,
        file=named.file,
        query=words(item.get("problem"), "problem"),
        windows=windows,
        split=source.split,
        unit=unit,
        annotation_set="teacher" if teacher else "",
        duration=None if measured else duration(item.get("video_length")),
        source_id=named.source_id,
        source_start=named.source_start,
        source_corpus=_CORPORA.get(name, name),
        task="grounded_qa" if options else "moment_retrieval",
        options=options,
        answer=_answer(item.get("ground_truth"), options),
        label_version="teacher" if teacher else "original",
        extra={key: value for key, value in item.items() if key not in _USED} | {"dataset": dataset},
    )


def _named(item: Mapping[str, Any]) -> ids.Named:
    """The names of the row's video; if there are only frame files, it is named after their folder."""
    if "video" in item:
        return ids.named(words(item["video"], "video"), youtube=CORPUS.youtube)
    frames = sequence(item.get("images"), "video or images")
    folder = words(frames[0] if frames else None, "the first of the images").replace("\\", "/").rpartition("/")[0]
    if not folder:
        raise ValueError(f"images {shown(frames)} lie in no folder that could name their video")
    named = ids.named(folder, youtube=CORPUS.youtube)
    return named._replace(file=f"{ids.base(folder)}.mp4")


def _windows(item: Mapping[str, Any]) -> tuple[list[tuple[Bound, Bound]], Unit]:
    """The row's windows and their unit: seconds, or fractions if only `ground_truth` has a window."""
    if item.get("gt_frame") not in (None, "", []):
        return text.windows(_parsed(item["gt_frame"])), "seconds"
    truth = _parsed(item.get("ground_truth"))
    if not isinstance(truth, list):
        raise ValueError(f"there is no gt_frame, and ground_truth is {shown(item.get('ground_truth'))}")
    start, end = pair(truth)
    if not (0 <= start <= 1 and 0 <= end <= 1):
        raise ValueError(f"there is no gt_frame, and ground_truth [{start:g}, {end:g}] is no pair of fractions")
    return [(start, end)], "fraction"


def _parsed(value: Any) -> Any:
    """The value; if it is text that holds a JSON list, that list."""
    return parse_json(value) if isinstance(value, str) and value.lstrip().startswith("[") else value


def _options(choices: Any) -> tuple[str, ...]:
    """The texts of the options without their letters; empty if there are no choices.

    >>> _options("(A) a boat (B) a raft"), _options(["A. one", "B. two"]), _options("")
    (('a boat', 'a raft'), ('one', 'two'), ())
    """
    if isinstance(choices, list):
        found = [words(choice, "a choice") for choice in sequence(choices, "choices")]  # pyright: ignore[reportUnknownArgumentType]
        return tuple(_LABEL.sub("", choice, count=1).strip() if _LABEL.match(choice) else choice for choice in found)
    said = words(choices, "choices") if choices is not None else ""
    parts = _LABEL.split(said)
    if len(parts) > 4 and parts[1::2] == [chr(ord("A") + i) for i in range(len(parts) // 2)]:
        return tuple(part.strip() for part in parts[2::2])
    return (said,) if said.strip() else ()


def _answer(truth: Any, options: Sequence[str]) -> str | None:
    """The right option's letter; None if it cannot be determined (`extra` keeps the original value)."""
    if not options or not isinstance(truth, str):
        return None
    letter = _LETTER.match(truth)
    if letter is not None:
        return letter[1]
    same = [i for i, option in enumerate(options) if option.strip().lower() == truth.strip().lower()]
    return chr(ord("A") + same[0]) if len(same) == 1 else None
