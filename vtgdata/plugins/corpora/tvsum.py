"""TVSum: 50 YouTube videos of ten kinds, each shot rated for importance by 20 people (Song et al., CVPR 2015).

Raw line:  {"qid": "aB3_dE-6hIj", "query": "Replacing a bicycle tube", "duration": 2, "vid": "aB3_dE-6hIj",
            "label": [[1.0, 2.0, ...], [1.0, 1.0, ...]], "domain": "VT", "relevant_windows": null, ...}
Labels:    for highlight detection, not windows: row i of `label` has 20 scores from 1 to 5 for [2i, 2i + 2) s. They
           stay in `extra`; the sample has no windows and is never scored as grounding.
Oddities:  `duration` counts shots of 2 s, unlike in its sibling YouTube-Highlights, which has seconds; a video is up to
           2.01 s longer than its shots. `query` is the video's title.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from vtgdata.annotations import ids, items, labels, moment_jsonl, sources
from vtgdata.annotations.text import number, sequence, shown
from vtgdata.records import Corpus, Example, RawRow, Repair, Split

CORPUS = Corpus(
    name="tvsum",
    title="TVSum",
    summary="Highlight scores (no windows) of 20 people for every 2 s of 50 YouTube videos, with their titles.",
    splits=(
        Split(name="train", files=("tvsum_train_release.jsonl",), rows=40, videos=40),
        Split(name="val", files=("tvsum_val_release.jsonl",), rows=10, videos=10, benchmark=True),
    ),
    license="CC-BY-3.0",
    license_link="https://github.com/yalesong/tvsum",
    license_confidence="B",
    homepage="https://github.com/yalesong/tvsum",
    citation="Song, Vallmitjana, Stent, Jaimes: TVSum: Summarizing Web Videos Using Titles. CVPR 2015.",
    grid=2.0,
    clock="shots of 2 s from the start of the file",
    family="moments",
    usage="tvsum_train_release.jsonl",
    download="Folder `data/tvsum` of https://github.com/line/lighthouse: tvsum_train_release.jsonl, "
    "tvsum_val_release.jsonl, four training videos and one other of each of the ten kinds.",
    youtube=True,
)

EXAMPLE = Example(
    files={
        "tvsum_train_release.jsonl": (
            '{"qid": "aB3_dE-6hIj", "query": "Replacing a bicycle tube", "duration": 2, "vid": "aB3_dE-6hIj", '
            '"relevant_clip_ids": null, "relevant_windows": null, "label": [[1.0, 2.0, 5.0], [1.0, 1.0, 3.0]], '
            '"domain": "VT"}\n'
            '{"qid": "-_a0bZ_c1dE", "query": "A parade", "duration": 3, "vid": "-_a0bZ_c1dE", '
            '"relevant_clip_ids": null, "relevant_windows": null, "label": [[1.0, 2.0, 5.0]], "domain": "PR"}\n'
        ),
    },
    samples=[("aB3_dE-6hIj", "Replacing a bicycle tube", [])],
    drops=["unreadable_row"],
)

_FORM = '{"qid": "...", "query": "...", "duration": 66, "vid": "...", "label": [[1.0, 2.0, ...], ...], "domain": "VT"}'
_SHOT = 2.0
"""Length of a shot in seconds."""


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """Rows of the JSON lines, with scores of shots but without windows."""
    for source in sources.find(paths, CORPUS, split):
        yield from items.rows(source, _row, _FORM)


def _row(item: items.Item, source: sources.Source) -> RawRow:
    row = moment_jsonl.row(item, source, moment_jsonl.Facts(name=_named, no_labels=labels.Stated("all")))
    scores = sequence(row.extra.get("label"), "label")
    for i, shot in enumerate(scores):
        if len([number(score) for score in sequence(shot, f"label {i}")]) < 2:
            raise ValueError(f"label {i} has not the scores of several people")
    if row.duration != len(scores):
        raise ValueError(f"duration {row.duration} is not the number of shots that have scores, {len(scores)}")
    seconds = _SHOT * len(scores)
    return msgspec.structs.replace(
        row,
        windows=(),
        labelled=False,
        duration=seconds,
        repairs=(Repair("shots_to_seconds", f"{len(scores)}", f"{seconds:g}"),),
        extra={key: value for key, value in row.extra.items() if value is not None},
    )


def _named(key: str) -> ids.Named:
    youtube = ids.youtube_id(key)
    if youtube is None:
        raise ValueError(f"{shown(key)} is no YouTube id")
    return ids.Named(youtube, f"{key}.mp4", youtube)
