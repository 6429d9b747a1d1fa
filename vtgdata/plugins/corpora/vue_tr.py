"""VUE-TR: all moments of a query in videos of half a minute to 85 minutes, sound included (Vidi, ByteDance, 2025).

Raw item:  {"query_id": 17, "video_id": "aB3_dE-6hIj", "duration": 61.375, "query": "a kite lands",
            "gt": [[12, 15], [40, 44]], "task": "temporal_retrieval", "duration_category": "short",
            "query_format": "phrase", "query_modality": "vision"}          (seconds, nearly all whole)
Oddities:  288 queries are about sound alone (`query_modality` is audio): no model that sees only frames can answer
           them, so scores are also reported by modality. 458 rows have several windows, at most 27.
Scorer:    areas under curves, after rounding answers to whole seconds: `evaluate --metrics vue_tr`.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from vtgdata.annotations import vue_tr
from vtgdata.records import RawRow

CORPUS = vue_tr.corpus(
    name="vue_tr",
    title="VUE-TR",
    summary="Temporal retrieval: every moment of a query by sight, sound or both, in short to very long videos.",
    folder="VUE_TR",
    file="VUE-TR_ground_truth.json",
    rows=1_598,
    videos=424,
    citation="Vidi Team: Vidi: Large Multimodal Models for Video Understanding and Editing. arXiv 2504.15681, 2025.",
)

EXAMPLE = vue_tr.example("VUE-TR_ground_truth.json")


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """One row for each query, with all its windows."""
    return vue_tr.read(CORPUS, paths, split)
