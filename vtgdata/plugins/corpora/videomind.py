"""VideoMind's processed files: one folder for each of its corpora, moments as JSON lines (Liu et al., ICLR 2026).

Raw line:  {"vid": "aB3_dE-6hIj", "duration": 61.0, "query": "a woman signs a paper", "span": [4, 19]}
           or, in tacos and ego4d_nlq, {"qid": "t7", "vid": "s99-d01", "relevant_windows": [[4.2, 19.5]], ...}: seconds.
Lengths:   durations.json beside it, {"aB3_dE-6hIj": 60.96}: probed, so they take precedence over the line's own.
Corpus:    the file's name (anno_cosmo_cap.jsonl) or the folder tells which corpus the rows come from, whose licence and
           names of video files then apply. If neither tells, the corpus is unknown and the licence unverified.
Grid:      depends on the corpus, as VideoMind's code rounds: cosmo_cap 1 s; tacos and ego4d_nlq 0.001 s;
           internvid_vtime 0.1 s.
Oddities:  the folders of charades_sta, activitynet_captions, didemo, hirest, youcook2, nextgqa, qvhighlights and queryd
           hold the original files: read them with the readers of those names.
"""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import msgspec

from vtgdata.annotations import ids, items, lengths, moment_jsonl, sources
from vtgdata.annotations.keys import Keys
from vtgdata.files import outside
from vtgdata.records import Corpus, Example, RawRow, Split

_LENGTHS = "durations.json"
_SOURCES = {
    "cosmo": "cosmo", "internvid": "internvid_vtime", "tacos": "tacos", "ego4d": "ego4d_nlq", "nlq": "ego4d_nlq",
    "charades": "charades_sta", "activitynet": "activitynet_captions", "anet": "activitynet_captions",
    "didemo": "didemo", "hirest": "hirest", "youcook2": "youcook2", "qvhighlights": "qvhighlights",
    "nextgqa": "nextgqa", "queryd": "queryd",
}  # fmt: skip
"""A word in the name of a file or folder -> the corpus that its rows come from."""

CORPUS = Corpus(
    name="videomind",
    title="VideoMind-Dataset",
    summary="Moments of many corpora in one form, as VideoMind's training reads them, with probed lengths.",
    splits=(
        Split(name="train", files=("anno_*.jsonl", "*train*.jsonl", _LENGTHS)),
        Split(name="val", files=("*val*.jsonl", _LENGTHS)),
        Split(name="test", files=("*test*.jsonl", _LENGTHS), benchmark=True),
    ),
    license="BSD-3-Clause",
    license_link="https://huggingface.co/datasets/yeliudev/VideoMind-Dataset",
    license_confidence="B",
    homepage="https://huggingface.co/datasets/yeliudev/VideoMind-Dataset",
    citation="Liu, Lin, Chen, Shou: VideoMind: A Chain-of-LoRA Agent for Temporal-Grounded Video Reasoning. ICLR 2026.",
    grid=None,
    usage="cosmo_cap/",
    download="The folders cosmo_cap, internvid_vtime, tacos and ego4d_nlq of the homepage; the videos lie there too, "
    "at 3 frames a second.",
    overlaps=(
        "Its rows are those of the corpora it packs: by video they overlap with them, their benchmarks included.",
        "TimeRFT has 801 rows and TVG-R1's pool others of cosmo_cap.",
    ),
    family="moments",
    youtube=True,
)

EXAMPLE = Example(
    files={
        "anno_cosmo_cap.jsonl": (
            '{"vid": "aB3_dE-6hIj", "duration": 61.0, "query": "a woman signs a paper", "span": [4, 19]}\n'
            '{"vid": "-_a0bZ_c1dE", "duration": 40, "query": "the  credits roll", "span": [31, 38.5]}\n'
            '{"vid": "v_0aZ_bY1cX", "duration": 40, "query": "it rains", "span": [41, 44]}\n'
            '{"vid": "v_0aZ_bY1cX", "duration": 40, "query": "it snows", "span": "soon"}\n'
        ),
        "durations.json": '{"aB3_dE-6hIj": 60.96, "-_a0bZ_c1dE": 37.25}',
    },
    samples=[
        ("aB3_dE-6hIj", "a woman signs a paper", [[4.0, 19.0]]),
        ("-_a0bZ_c1dE", "the credits roll", [[31.0, 37.25]]),
    ],
    drops=["starts_past_end", "unreadable_row"],
)

_KEYS = Keys(
    known={
        "video": ("vid",), "query": ("query",), "windows": ("span", "relevant_windows"), "duration": ("duration",),
    },
)  # fmt: skip
_FORM = '{"vid": "...", "duration": 61.0, "query": "...", "span": [4, 19]}'
_CAMERA = "-cam-002"


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """Rows of the JSON lines, with the corpus that they come from, and lengths from the durations.json beside them."""
    for source in sources.find(paths, CORPUS, split, companions=(_LENGTHS,)):
        corpus = _source_corpus(source.path)
        facts = moment_jsonl.Facts(
            keys=_KEYS,
            name=_kitchen if corpus == "tacos" else partial(ids.named, youtube=CORPUS.youtube),
            annotation_set=corpus,
            durations=lengths.beside(source.path, lambda key: ids.named(key).video_id),
            ids_unique=False,
        )
        yield from items.rows(source, lambda item, given, facts=facts: _row(item, given, facts), _FORM)


def _row(item: items.Item, source: sources.Source, facts: moment_jsonl.Facts) -> RawRow:
    row = moment_jsonl.row(item, source, facts)
    corpus = facts.annotation_set
    return msgspec.structs.replace(row, source_corpus=corpus, license="" if corpus else "LicenseRef-unstated")


def _source_corpus(path: Path) -> str:
    """The corpus whose rows a file holds, by the file's name or its folder's; empty if neither tells.

    >>> _source_corpus(Path("cosmo_cap/anno.jsonl")), _source_corpus(Path("nlq_train.jsonl")), _source_corpus(Path("a"))
    ('cosmo', 'ego4d_nlq', '')
    """
    for name in (path.name, outside.resolved(path).parent.name):
        words = re.split(r"[^a-z0-9]+", name.lower())
        found = [corpus for word, corpus in _SOURCES.items() if word in words]
        if found:
            return found[0]
    return ""


def _kitchen(key: str) -> ids.Named:
    """The names of a TACoS session; VideoMind uses the file of camera 002."""
    found = ids.named(key)
    return found._replace(file=f"{found.video_id}{_CAMERA}.mp4")
