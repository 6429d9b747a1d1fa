"""TVGBench: 800 questions on 462 files from five corpora, the benchmark of Time-R1 (Wang et al., NeurIPS 2025).

Raw item:  {"path": ".../aB3_dE-6hIj.mp4", "question": "...", "answer": "8.25-19.5", "start": 31.5, "end": 96.0,
            "duration": 64.5, "qsemtype": "Human Pose", "bins": {"dataset": "hirest", ...}, ...}
Times:     seconds; if `start` and `end` are numbers (252 rows), the loader reads only that part of the file, and the
           answer counts from its start.
Oddities:  there is no id, and one (video, question) occurs twice: the position in the list is used as id; 27 ends lie
           past the cut; 11 windows have no length and stay as rows without a window; 135 questions have blanks at an
           edge; 44 files occur with several durations; the 168 rows of Ego4D lack `dataset_name`, but have
           `bins.dataset`.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from vtgdata.annotations import ids, items, sources
from vtgdata.annotations.text import duration, held, mapping, pair, shown, words
from vtgdata.records import Corpus, Example, RawRow, Split

CORPUS = Corpus(
    name="tvgbench",
    title="TVGBench",
    summary="800 grounding questions from Charades-STA test, ActivityNet val_2, TACoS val, HiREST val and "
    "Ego4D NLQ, whose own terms apply to their rows (Ego4D's needs a signature).",
    splits=(Split(name="test", files=("tvgbench.json",), rows=800, videos=462, benchmark=True),),
    license="Apache-2.0",
    license_link="https://github.com/xiaomi-research/time-r1",
    license_confidence="B",
    homepage="https://github.com/xiaomi-research/time-r1",
    citation="Wang et al.: Time-R1: Post-Training Large Vision Language Model for Temporal Video Grounding. NeurIPS "
    "2025.",
    grid=None,
    clock="seconds from the start of the file, or of the part of it that `start` and `end` name",
    usage="tvgbench.json",
    download="dataset/timer1/annotations/tvgbench.json of the repository",
    overlaps=(
        "Charades-STA test: 120 of its 462 files",
        "ActivityNet Captions val_1 and val_2: 157 files, the same in both",
        "TACoS val: its 5 TACoS videos",
        "HiREST val: its 55 HiREST videos",
        "none of its files is in Charades-STA train, ActivityNet Captions train, TimeRFT or MUSEG stage 1",
    ),
    youtube=True,
)

EXAMPLE = Example(
    files={
        "tvgbench.json": """[
  {"path": "./videos/K7QZ2.mp4", "question": "a person sits at a table.", "answer": "1.0-7.5", "start": null,
   "end": null, "duration": 30.12, "question_type": "video temporal grounding", "dataset_name": "charades",
   "qsemtype": "Human Pose", "bins": {"videolen": 1, "qcenter": 1, "qlen": 2, "dataset": "charades", "qsemtype": "HP"}},
  {"path": "./videos/aB3_dE-6hIj.mp4", "question": " the man opens the gate", "answer": "8.25-65.5", "start": 31.5,
   "end": 96.0, "duration": 64.5, "dataset_name": "hirest", "qsemtype": "Human Pose", "bins": {"dataset": "hirest"}},
  {"path": "./videos/0f-11-22.mp4", "question": "where was the nut?", "answer": "85.83-85.83", "start": 90.93,
   "end": 225.17, "duration": 134.23999999999998, "bins": {"dataset": "egonlq"}},
  {"path": "./videos/v_Qx81-kLm_0A.mp4", "question": "a man rows", "answer": "soon", "start": null, "end": null,
   "duration": 64.12, "bins": {"dataset": "anet"}}
]"""
    },
    samples=[
        ("K7QZ2", "a person sits at a table.", [[1.0, 7.5]]),
        ("aB3_dE-6hIj_31.50_96.00", "the man opens the gate", [[8.25, 64.5]]),
        ("0f-11-22_90.93_225.17", "where was the nut?", []),
    ],
    drops=["unreadable_row"],
)

_CORPORA = {"charades": "charades_sta", "anet": "activitynet_captions", "egonlq": "ego4d_nlq"}
_FORM = '{"path": "...", "question": "...", "answer": "8.25-19.5", "duration": 64.5, ...}'
_ANSWER = re.compile(r"\s*(\d+(?:\.\d+)?)\s*-\s*(\d+(?:\.\d+)?)\s*\Z", re.ASCII)


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """Rows of the JSON list, with their position in it as id."""
    for source in sources.find(paths, CORPUS, split):
        yield from items.rows(source, _row, _FORM)


def _row(record: items.Item, source: sources.Source) -> RawRow:
    item = record.fields()
    file = ids.base(words(item.get("path"), "path"))
    answer = _ANSWER.match(words(held(item, "answer"), "answer"))
    if answer is None:
        raise ValueError(f"answer {shown(item['answer'])} is not two numbers with a - between")
    stem = ids.stem(file)
    cut = _cut(item)
    dataset = mapping(item.get("bins", {}), "bins").get("dataset")
    extra = {key: item[key] for key in ("qsemtype", "bins") if key in item}
    return RawRow(
        origin=record.origin,
        raw=record.raw,
        # A file may have several cuts of different lengths: each cut is a video of its own.
        video_id=stem if cut is None else f"{stem}_{cut[0]:.2f}_{cut[1]:.2f}",
        file=file,
        query=words(item.get("question"), "question"),
        windows=[(float(answer[1]), float(answer[2]))],
        split=source.split,
        published_id=f"{record.position:04d}",
        duration=duration(item.get("duration")),
        source_id=_source_id(stem, dataset, cut),
        source_start=None if cut is None else cut[0],
        read_in_place=cut is not None,
        source_corpus=_CORPORA.get(str(dataset), str(dataset or "")),
        extra=extra | {"dataset": dataset} | ({} if cut is None else {"cut": list(cut)}),
    )


def _cut(item: dict[str, Any]) -> tuple[float, float] | None:
    if item.get("start") is None or item.get("end") is None:
        return None
    start, end = pair([item["start"], item["end"]])
    if not 0 <= start < end < float("inf"):
        raise ValueError(f"start {start:g} and end {end:g} are no part of a file")
    return start, end


def _source_id(stem: str, dataset: object, cut: tuple[float, float] | None) -> str | None:
    """The id of the source video: a YouTube id for ActivityNet and HiREST, the file's name if only a part is read."""
    if dataset == "anet":
        return stem.removeprefix("v_")
    return stem if dataset == "hirest" or cut is not None else None
