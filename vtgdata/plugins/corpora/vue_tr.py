"""VUE-TR: all moments of a query in videos of half a minute to 85 minutes, sound included (Vidi, ByteDance, 2025).

Raw item:  {"query_id": 17, "video_id": "aB3_dE-6hIj", "duration": 61.375, "query": "a kite lands",
            "gt": [[12, 15], [40, 44]], "task": "temporal_retrieval", "duration_category": "short",
            "query_format": "phrase", "query_modality": "vision"}          (seconds, nearly all whole)
Oddities:  288 queries are about sound alone (`query_modality` is audio): no model that sees only frames can answer
           them, so scores are also reported by modality. 458 rows have several windows, at most 27.
Scorer:    areas under curves, after rounding answers to whole seconds: `evaluate --metrics vue_tr`.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from vtgdata.annotations import ids, moment_jsonl, sources
from vtgdata.records import Corpus, Example, RawRow, Split

CORPUS = Corpus(
    name="vue_tr",
    title="VUE-TR",
    summary="Temporal retrieval: every moment of a query by sight, sound or both, in short to very long videos.",
    splits=(Split(name="test", files=("VUE-TR_ground_truth.json",), rows=1_598, videos=424, benchmark=True),),
    license="CC-BY-NC-4.0",
    license_link="https://github.com/bytedance/vidi",
    license_confidence="A",
    homepage="https://github.com/bytedance/vidi",
    citation="Vidi Team: Vidi: Large Multimodal Models for Video Understanding and Editing. arXiv 2504.15681, 2025.",
    grid=None,
    family="moments",
    usage="VUE-TR_ground_truth.json",
    download="VUE_TR/VUE-TR_ground_truth.json of the repository",
    youtube=True,
)

EXAMPLE = Example(
    files={
        "VUE-TR_ground_truth.json": """[
  {"query_id": 17, "video_id": "aB3_dE-6hIj", "duration": 61.375, "query": "a kite lands ", "gt": [[12, 15], [40, 44]],
   "task": "temporal_retrieval", "duration_category": "short", "query_format": "phrase", "query_modality": "vision"},
  {"query_id": 18, "video_id": "aB3_dE-6hIj", "duration": 61.375, "query": "a bell rings", "gt": [[3.5, 9]],
   "task": "temporal_retrieval", "duration_category": "short", "query_format": "phrase", "query_modality": "audio"},
  {"query_id": 19, "video_id": "aB3_dE-6hIj", "duration": 61.375, "query": "it rains", "answer": [[3.5, 9]],
   "task": "temporal_retrieval"}
]"""
    },
    samples=[
        ("aB3_dE-6hIj", "a kite lands", [[12.0, 15.0], [40.0, 44.0]]),
        ("aB3_dE-6hIj", "a bell rings", [[3.5, 9.0]]),
    ],
    drops=["unreadable_row"],
)

_FORM = '{"query_id": 17, "video_id": "...", "duration": 61.375, "query": "...", "gt": [[12, 15]], ...}'


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """One row for each query, with all its windows."""
    name = partial(ids.named, youtube=CORPUS.youtube)
    for source in sources.find(paths, CORPUS, split):
        yield from moment_jsonl.rows(source, moment_jsonl.Facts(name=name, needs=("query_id", "query_modality")), _FORM)
