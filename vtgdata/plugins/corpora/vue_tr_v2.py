"""VUE-TR-V2: all moments of a query in videos of seconds to two hours, sound included (Vidi2, ByteDance, 2025).

Raw item:  {"query_id": 17, "video_id": "aB3_dE-6hIj", "duration": 61.375, "query": "a kite lands",
            "gt": [[12, 15], [40, 44]], "task": "temporal_retrieval", "duration_category": "short",
            "query_format": "phrase", "query_modality": "vision"}          (seconds, nearly all whole)
Oddities:  287 queries are about sound alone (`query_modality` is audio): no model that sees only frames can answer
           them, so scores are also reported by modality. 337 rows have several windows, at most 32; 65 queries have
           stray blanks. VUE-TR's file has the same form: only its name and its queries tell the two apart.
Scorer:    areas under curves, after rounding answers to whole seconds: `evaluate --metrics vue_tr_v2`.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from vtgdata.annotations import vue_tr
from vtgdata.records import RawRow

CORPUS = vue_tr.corpus(
    name="vue_tr_v2",
    title="VUE-TR-V2",
    summary="Temporal retrieval: every moment of a query by sight, sound or both; more and longer videos than VUE-TR.",
    folder="VUE_TR_V2",
    file="VUE-TRv2_ground_truth.json",
    rows=1_600,
    videos=847,
    citation="Vidi Team: Vidi2: Large Multimodal Models for Video Understanding and Creation. 2025.",
)

EXAMPLE = vue_tr.example("VUE-TRv2_ground_truth.json")


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """One row for each query, with all its windows."""
    return vue_tr.read(CORPUS, paths, split)
