"""The form of VUE-TR and VUE-TR-V2: a JSON list of queries by sight, sound or both, with all moments of each.

    {"query_id": 17, "video_id": "aB3_dE-6hIj", "duration": 61.375, "query": "a kite lands",
     "gt": [[12, 15], [40, 44]], "task": "temporal_retrieval", "duration_category": "short",
     "query_format": "phrase", "query_modality": "vision"}          (seconds, nearly all whole)

Both files have it: only their names and queries tell the two apart.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from vtgdata.annotations import ids, moment_jsonl, sources
from vtgdata.records import Corpus, Example, RawRow, Split

_FORM = '{"query_id": 17, "video_id": "...", "duration": 61.375, "query": "...", "gt": [[12, 15]], ...}'
_NEEDS = ("query_id", "query_modality")


def corpus(
    *, name: str, title: str, summary: str, folder: str, file: str, rows: int, videos: int, citation: str
) -> Corpus:
    """The facts of one of the two: what differs is given, `folder` and `file` as in their repository."""
    return Corpus(
        name=name,
        title=title,
        summary=summary,
        splits=(Split(name="test", files=(file,), rows=rows, videos=videos, benchmark=True),),
        license="CC-BY-NC-4.0",
        license_link="https://github.com/bytedance/vidi",
        license_confidence="A",
        homepage="https://github.com/bytedance/vidi",
        citation=citation,
        grid=None,
        family="moments",
        usage=file,
        download=f"{folder}/{file} of the repository",
        youtube=True,
    )


def example(file: str) -> Example:
    """Raw text in this form, under the name of a corpus's file, and what becomes of it."""
    return Example(
        files={
            file: """[
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


def read(facts: Corpus, paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """One row for each query of the files of a corpus in this form, with all its windows."""
    shared = moment_jsonl.Facts(name=partial(ids.named, youtube=facts.youtube), needs=_NEEDS)
    for source in sources.find(paths, facts, split):
        yield from moment_jsonl.rows(source, shared, _FORM)
