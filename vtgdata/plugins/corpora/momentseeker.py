"""MomentSeeker: moments in long videos of films, sports, animals and daily life (Yuan et al., 2025, arXiv 2502.12558).

Raw item:  {"src_video_path": "movie/aB3_dE-6hIj.mp4", "qry_text": "the man opens the red door",
            "answering_time_interval": [[61.0, 75.5]], "task": "MS"}        (seconds; no duration)
Unseen:    nobody of this project has seen the file, which is on the Hub alone: this is the schema that TimeLens2's
           evaluator reads (MCG-NJU/TimeLens2 at a5ce450). It is that of t2v.json, whose queries are texts; queries
           with an image or a clip are in other files, which this reader does not read.
Scorer:    mean set IoU of the LLM papers: `evaluate --metrics momentseeker`. Rows without a window stay as samples.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from vtgdata.annotations import folders, items, moment_jsonl, sources
from vtgdata.annotations.keys import Keys
from vtgdata.records import Corpus, Example, RawRow, Split

CORPUS = Corpus(
    name="momentseeker",
    title="MomentSeeker",
    summary="Moment retrieval in long videos, queries by text; windows are sets.",
    splits=(Split(name="test", files=("t2v.json",), benchmark=True),),
    license="CC-BY-NC-SA-4.0",
    license_link="https://github.com/yhy-2000/MomentSeeker",
    license_confidence="B",
    homepage="https://github.com/yhy-2000/MomentSeeker",
    citation="Yuan et al.: MomentSeeker: A Task-Oriented Benchmark For Long-Video Moment Retrieval. arXiv 2502.12558, "
    "2025.",
    grid=None,
    usage="t2v.json",
    download="Hub dataset avery00/MomentSeeker; the README adds: for research only",
)

EXAMPLE = Example(
    files={
        "t2v.json": """[
  {"src_video_path": "movie/K7QZ2.mp4", "qry_text": "the man opens the red door",
   "answering_time_interval": [[61.0, 75.5], [20, 31.5]], "task": "MS"},
  {"src_video_path": "sports/M2XP0.mp4", "qry_text": "a goal", "answering_time_interval": [], "task": "CA"},
  {"src_video_path": "sports/M2XP1.mp4", "qry_text": "a foul", "answering_time_interval": "soon", "task": "CA"}
]"""
    },
    samples=[
        ("K7QZ2", "the man opens the red door", [[20.0, 31.5], [61.0, 75.5]]),
        ("M2XP0", "a goal", []),
    ],
    drops=["unreadable_row"],
)

_FORM = '{"src_video_path": "movie/....mp4", "qry_text": "...", "answering_time_interval": [[61.0, 75.5]], ...}'
_KEYS = {"video": ("src_video_path",), "query": ("qry_text",), "windows": ("answering_time_interval",), "split": ()}


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """One row for each query, with all its windows."""
    keys = Keys(None, _KEYS)
    found = sources.find(paths, CORPUS, split)
    name = folders.naming(key for source in found for key in moment_jsonl.video_keys(source.path, keys))
    for source in found:
        facts = moment_jsonl.Facts(keys=keys, name=name)
        yield from items.rows(source, lambda item, given, facts=facts: moment_jsonl.row(item, given, facts), _FORM)
