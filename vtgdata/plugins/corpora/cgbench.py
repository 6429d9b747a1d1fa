"""CG-Bench: questions on long videos, with the clues that answer them (Chen et al., ICLR 2025).

Raw item:  {"qid": 3101, "video_uid": "aB3_dE-6hIj", "question": "Which tool lies on the bench?", "answer": "A saw",
            "choices": ["A saw", "A plane", "A file", "A rasp", "A chisel"], "right_answer": "A",
            "clue_intervals": [[612, 640], [900.5, 912]], "domain": "Life Record",
            "sub_category": "Entity Perception", "duration": 1830}           (seconds)
Oddities:  5 to 8 choices; in 5 rows of the mini set one choice stands twice; 421 of its rows have several clues, at
           most 19, 8 of them overlapping. Ids are YouTube's or BiliBili's (`BV...`). The mini set is a part of the
           whole one: read one of them.
Unseen:    the whole set, cgbench.json, is taken to have the same form; its counts are not verified.
Scorer:    mIoU, rec.@IoU and acc.@IoU on merged clues: `evaluate --metrics cgbench`.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from vtgdata.annotations import ids, moment_jsonl, sources
from vtgdata.annotations.keys import Keys
from vtgdata.records import Corpus, Example, RawRow, Split

CORPUS = Corpus(
    name="cgbench",
    title="CG-Bench",
    summary="Clue-grounded question answering on videos of ten minutes to two hours.",
    splits=(
        Split(name="mini", files=("cgbench_mini.json",), rows=3_000, videos=1_118, benchmark=True),
        Split(name="test", files=("cgbench.json",), benchmark=True),
    ),
    license="LicenseRef-unstated",
    license_link="https://github.com/CG-Bench/CG-Bench",
    license_confidence="C",
    homepage="https://github.com/CG-Bench/CG-Bench",
    citation="Chen et al.: CG-Bench: Clue-grounded Question Answering Benchmark for Long Video Understanding. ICLR "
    "2025.",
    grid=None,
    usage="cgbench_mini.json",
    download="cgbench_mini.json of the repository",
    youtube=True,
)

EXAMPLE = Example(
    files={
        "cgbench_mini.json": """[
  {"qid": 3101, "video_uid": "aB3_dE-6hIj", "question": "Which tool lies on the  bench?", "answer": "A saw",
   "choices": ["A saw", "A plane", "A file", "A rasp", "A chisel"], "right_answer": "A",
   "clue_intervals": [[900.5, 912], [612, 640]], "domain": "Life Record", "sub_category": "Entity Perception",
   "duration": 1830},
  {"qid": 3102, "video_uid": "BV1xx411c7XX", "question": "What colour is the van?", "answer": "Grey",
   "choices": ["Grey", "Blue", "Grey"], "right_answer": "C", "clue_intervals": [[5, 9]], "domain": "News",
   "sub_category": "Entity Perception", "duration": 1201},
  {"qid": 3103, "video_uid": "aB3_dE-6hIj", "question": "Who?", "answer": "He", "choices": ["He", "She"],
   "right_answer": "E", "clue_intervals": [[5, 9]], "domain": "News", "sub_category": "Reasoning", "duration": 1830}
]"""
    },
    samples=[
        ("aB3_dE-6hIj", "Which tool lies on the bench?", [[612.0, 640.0], [900.5, 912.0]]),
        ("BV1xx411c7XX", "What colour is the van?", [[5.0, 9.0]]),
    ],
    drops=["unreadable_row"],
)

_FORM = '{"qid": 3101, "video_uid": "...", "question": "...", "choices": [...], "clue_intervals": [[612, 640]], ...}'
_KEYS = {
    "id": ("qid",), "video": ("video_uid",), "query": ("question",), "windows": ("clue_intervals",),
    "duration": ("duration",), "options": ("choices",), "answer": ("right_answer",), "start": (), "end": (),
    "split": (),
}  # fmt: skip


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """One row for each question, with its options and all its clues."""
    name = partial(ids.named, youtube=CORPUS.youtube)
    facts = moment_jsonl.Facts(keys=Keys(None, _KEYS), name=name, needs=("video_uid", "clue_intervals"))
    for source in sources.find(paths, CORPUS, split):
        yield from moment_jsonl.rows(source, facts, _FORM)
