"""YouTube-Highlights: which clips of sports and pet videos are highlights, in six domains (Sun et al., ECCV 2014).

Raw line:  {"qid": "aB3_dE-6hIj", "query": "surfing", "duration": 12.5, "vid": "aB3_dE-6hIj", "domain": "surfing",
            "frames": 375.0, "fps": 30.0, "clip": [[0.0, 100.0], [50.0, 150.0]], "match": [-1, 1],
            "label": [[0], [1]], "relevant_windows": null, ...}
Labels:    for highlight detection, not windows: `match` says whether clip i is a highlight (1, with `label` 1),
           borderline (0) or not one (-1); clips are about 100 frames long and overlap by half. They stay in `extra`;
           the sample has no windows and is never scored as grounding.
Oddities:  `clip` counts frames and `duration` seconds (frames / fps), while its sibling TVSum counts shots; `query` is
           only the domain.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from vtgdata.annotations import ids, items, labels, moment_jsonl, sources
from vtgdata.annotations.text import number, pair, sequence, shown
from vtgdata.records import Corpus, Example, RawRow, Split

CORPUS = Corpus(
    name="youtube_highlights",
    title="YouTube-Highlights",
    summary="Which clips of YouTube videos in six domains are highlights (no windows).",
    splits=(
        Split(name="train", files=("youtube_highlight_train_release.jsonl",), rows=233, videos=233),
        Split(name="val", files=("youtube_highlight_val_release.jsonl",), rows=152, videos=152, benchmark=True),
    ),
    license="LicenseRef-unstated",
    license_link="https://github.com/aliensunmin/DomainSpecificHighlight",
    license_confidence="C",
    homepage="https://github.com/aliensunmin/DomainSpecificHighlight",
    citation="Sun, Farhadi, Seitz: Ranking Domain-Specific Highlights by Analyzing Edited Videos. ECCV 2014.",
    grid=None,
    clock="seconds from the start of the file; clips in frames at the row's own rate",
    family="moments",
    usage="youtube_highlight_train_release.jsonl",
    download="Folder `data/youtube_highlight` of https://github.com/line/lighthouse: "
    "youtube_highlight_train_release.jsonl, youtube_highlight_val_release.jsonl.",
    youtube=True,
)

EXAMPLE = Example(
    files={
        "youtube_highlight_train_release.jsonl": (
            '{"qid": "aB3_dE-6hIj", "query": "surfing", "duration": 6.25, "vid": "aB3_dE-6hIj", '
            '"relevant_clip_ids": null, "relevant_windows": null, "label": [[0], [1], [0]], "domain": "surfing", '
            '"frames": 150.0, "fps": 24.0, "clip": [[0.0, 100.0], [50.0, 125.0], [100.0, 150.0]], '
            '"match": [-1, 1, 0]}\n'
            '{"qid": "-_a0bZ_c1dE", "query": "dog", "duration": 4.0, "vid": "-_a0bZ_c1dE", "label": [[0], [1]], '
            '"domain": "dog", "frames": 100.0, "fps": 25.0, "clip": [[0.0, 100.0]], "match": [-1, 1]}\n'
        ),
    },
    samples=[("aB3_dE-6hIj", "surfing", [])],
    drops=["unreadable_row"],
)

_FORM = '{"qid": "...", "query": "surfing", "duration": 12.5, "vid": "...", "clip": [[0.0, 100.0], ...], "match": [-1]}'

HIDDEN = labels.Stated("all")
"""Highlight data has no windows: `relevant_windows` is null in every row."""


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """Rows of the JSON lines, with marks of clips but without windows."""
    for source in sources.find(paths, CORPUS, split):
        yield from items.rows(source, _row, _FORM)


def _row(item: items.Item, source: sources.Source) -> RawRow:
    row = moment_jsonl.row(item, source, moment_jsonl.Facts(name=_named, no_labels=HIDDEN))
    clips = [pair(clip) for clip in sequence(row.extra.get("clip"), "clip")]
    marks = [number(mark) for mark in sequence(row.extra.get("match"), "match")]
    labels = sequence(row.extra.get("label"), "label")
    if not len(clips) == len(marks) == len(labels):
        raise ValueError(f"{len(clips)} clips have {len(marks)} marks (match) and {len(labels)} labels")
    extra = {key: value for key, value in row.extra.items() if value is not None}
    return msgspec.structs.replace(row, windows=(), labelled=False, extra=extra)


def _named(key: str) -> ids.Named:
    """The names of a video by its YouTube id; in the original files, some ids have blanks at an edge."""
    youtube = ids.youtube_id(key.strip())
    if youtube is None:
        raise ValueError(f"{shown(key)} is no YouTube id")
    return ids.Named(youtube, f"{key.strip()}.mp4", youtube)
