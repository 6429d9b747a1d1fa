r"""TempSamp-R1's 2,000 training rows by reward, taken from TimeLens-100K by length and difficulty (2025, 2509.18056).

Raw line:  {"problem": "<video>To accurately pinpoint the event \"a dog barks\" in the video, ...", "answer":
            "<answer> 40.0 to 44.0 </answer>", "problem_type": "temporal grounding", "data_type": "video",
            "videos": ["video_shards/cosmo_cap/aB3_dE-6hIj.mp4"], "difficulty": 0.4, "duration": 61.2, "gt_len": 4.0}
Query:     the quotation of the prompt, which is Time-R1's.
Oddities:  `difficulty` is 1 - IoU of a single answer of a model that nobody names, so higher is harder (Time-R1's is
           the reverse); kept as `mean_iou` in [0, 1], higher is easier, n = 1. A row may stand twice: the sampler
           draws again where a bucket is short.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from vtgdata.annotations import ids, instructions, items, sources
from vtgdata.annotations.text import duration, held, number, sequence, shown, words
from vtgdata.records import Corpus, Example, RawRow, Split

CORPUS = Corpus(
    name="tempsamp_r1",
    title="TempSamp-R1's rows",
    summary="2,000 rows of TimeLens-100K for training by reward, stratified by length, coverage and difficulty.",
    splits=(Split(name="train", files=("timelens_grpo_train.jsonl",), rows=2_000),),
    license="LicenseRef-TimeLens",
    license_link="https://github.com/ZhangZikun6666/TempSamp-R1",
    license_confidence="B",
    homepage="https://github.com/ZhangZikun6666/TempSamp-R1",
    citation="Li et al.: TempSamp-R1: Effective Temporal Sampling with Reinforcement Fine-Tuning for Video LLMs. "
    "NeurIPS 2025.",
    grid=None,
    usage="timelens_grpo_train.jsonl",
    download="data/timelens_grpo_train.jsonl of the repository; the rows are TimeLens-100K's, whose terms go along",
    overlaps=("TimeLens-100K: all of its rows",),
    youtube=True,
)

EXAMPLE = Example(
    files={
        "timelens_grpo_train.jsonl": (
            '{"problem": "<video>To accurately pinpoint the event \\"a dog  barks\\" in the video, determine the '
            'precise time period of the event. <answer> 12.5 to 17.8 </answer>.", '
            '"answer": "<answer> 40.0 to 44.0 </answer>", '
            '"problem_type": "temporal grounding", "data_type": "video", '
            '"videos": ["video_shards/cosmo_cap/aB3_dE-6hIj.mp4"], "difficulty": 0.4, '
            '"duration": 61.2, "gt_len": 4.0}\n'
            '{"problem": "<video>When?", "answer": "<answer> 4 to 9 </answer>", "problem_type": "temporal grounding", '
            '"videos": ["video_shards/didemo/K7QZ2.mp4"], "difficulty": 1.0, "duration": 29.8, "gt_len": 5.0}\n'
        )
    },
    samples=[("aB3_dE-6hIj", "a dog barks", [[40.0, 44.0]])],
    drops=["unreadable_row"],
)

MEAN_IOU_OF = "one answer of an unnamed model against the published window; in [0, 1], higher is easier"
_ANSWER = re.compile(r"\s{0,9}<answer>\s{0,9}(\S{1,20})\s{1,9}to\s{1,9}(\S{1,20})\s{0,9}</answer>\s{0,9}\Z")
_FORM = '{"problem": "... \\"a query\\" ...", "answer": "<answer> 40.0 to 44.0 </answer>", "videos": ["..."], ...}'


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """One row for each line."""
    for source in sources.find(paths, CORPUS, split):
        yield from items.rows(source, _row, _FORM)


def _row(record: items.Item, source: sources.Source) -> RawRow:
    item = record.fields()
    videos, problem = sequence(item.get("videos"), "videos"), words(item.get("problem"), "problem")
    answer, query = words(held(item, "answer"), "answer"), instructions.quoted(problem)
    if len(videos) != 1:
        raise ValueError(f"videos are {shown(videos)}, not one video")
    if query is None:
        raise ValueError("the problem quotes no query")
    window = _ANSWER.match(answer)
    if window is None:
        raise ValueError(f"the answer {shown(answer)} is not <answer> A to B </answer>")
    named, path = ids.named(words(videos[0], "a video"), youtube=CORPUS.youtube), str(videos[0])
    return RawRow(
        origin=record.origin,
        raw=record.raw,
        video_id=named.video_id,
        file=named.file,
        query=query,
        windows=[(number(window[1]), number(window[2]))],
        split=source.split,
        duration=duration(item.get("duration")),
        source_id=named.source_id,
        source_start=named.source_start,
        license="Apache-2.0 AND LicenseRef-TimeLens",  # the README's own, and that of the rows' corpus
        label_version="timelens",
        source_corpus=_folder(path),
        extra=_scored(item),
    )


def _folder(path: str) -> str:
    """The folder that a video lies in, which is named after its corpus; empty without one."""
    parts = path.replace("\\", "/").split("/")
    return parts[-2] if len(parts) > 1 else ""


def _scored(item: dict[str, Any]) -> dict[str, Any]:
    """The IoU of the one answer as `mean_iou`, as far as the row has its difficulty."""
    if item.get("difficulty") is None:
        return {}
    return {"mean_iou": 1.0 - number(item["difficulty"]), "mean_iou_of": MEAN_IOU_OF, "mean_iou_n": 1}
