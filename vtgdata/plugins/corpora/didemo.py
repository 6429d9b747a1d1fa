"""DiDeMo: descriptions in Flickr videos of 25 to 30 s, each placed by four or more annotators (Hendricks, ICCV 2017).

Raw item:  {"num_segments": 6, "description": "the kite dips behind a tree", "times": [[2, 2], [2, 3], [2, 2], [1, 2]],
            "video": "12345678@N00_1234567890_0a1b2c3d4e.mov", "annotation_id": 70001, "dl_link": "https://..."}
Times:     for each annotator, the first and last chunk of 5 s, both inclusive: [2, 2] is 10 s to 15 s.
Oddities:  annotators disagree in two thirds of the rows: the most frequent pair is used, never the mean, and all pairs
           stay in `extra.annotators`; there is no duration, and the last chunk may extend past the end of the video;
           ids contain `@`; file names have ten different extensions, and a bare `.` in 53 rows of val; a video may
           occur under two extensions (29 do in val, where 1,094 file names stand for 1,065 videos).
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from vtgdata.annotations import ids, items, sources, text
from vtgdata.annotations.text import sequence, shown, words
from vtgdata.records import Corpus, Example, RawRow, Split

CORPUS = Corpus(
    name="didemo",
    title="DiDeMo",
    summary="Descriptions in Flickr videos of 25 to 30 s on a grid of 5 s, each placed by four or more annotators.",
    splits=(
        Split(name="train", files=("train_data.json",)),
        Split(name="val", files=("val_data.json",), rows=4_180, videos=1_065, benchmark=True),
        Split(name="test", files=("test_data.json",), rows=4_021, benchmark=True),
    ),
    license="BSD-2-Clause",
    license_link="https://github.com/LisaAnne/LocalizingMoments#license",
    license_confidence="A",
    homepage="https://github.com/LisaAnne/LocalizingMoments",
    citation="Hendricks, Wang, Shechtman, Sivic, Darrell, Russell: Localizing Moments in Video with Natural Language. "
    "ICCV 2017.",
    grid=5.0,
    usage="val_data.json",
    download="Folder `data` of https://github.com/LisaAnne/LocalizingMoments: train_data.json, val_data.json, "
    "test_data.json. Each video is under a Creative Commons licence of its own, named in video_licenses.txt there.",
    overlaps=("TimeRFT takes 237 of its 2,500 rows from DiDeMo.",),
)

EXAMPLE = Example(
    files={
        "val_data.json": """[
  {"num_segments": 6, "description": "the kite dips behind a tree", "dl_link": "https://example.org/1",
   "times": [[2, 2], [2, 3], [2, 2], [1, 2]], "video": "12345678@N00_1234567890_0a1b2c3d4e.mov",
   "annotation_id": 70001},
  {"num_segments": 5, "description": " a dog\\nruns off", "dl_link": "https://example.org/2",
   "times": [[0, 0], [0, 1], [1, 1], [0, 0], [0, 1]], "video": "87654321@N03_1234567891_0f.", "annotation_id": 70002},
  {"num_segments": 6, "description": "rain starts", "dl_link": "https://example.org/3",
   "times": [[5, 5], [5]], "video": "87654321@N03_1234567892_0f.3gp", "annotation_id": 70003}
]"""
    },
    samples=[
        ("12345678@N00_1234567890_0a1b2c3d4e", "the kite dips behind a tree", [[10.0, 15.0]]),
        ("87654321@N03_1234567891_0f", "a dog runs off", [[0.0, 10.0]]),
    ],
    drops=["unreadable_row"],
)

_FORM = '{"num_segments": 6, "description": "...", "times": [[2, 2], ...], "video": "...", "annotation_id": 70001}'
_VIDEO = re.compile(r"\d+@N\d+_\d+_[0-9a-f]+\Z", re.ASCII)


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """Rows of the JSON lists."""
    for source in sources.find(paths, CORPUS, split):
        yield from items.rows(source, _row, _FORM)


def _row(record: items.Item, source: sources.Source) -> RawRow:
    item = record.fields()
    named = ids.named(words(item.get("video"), "video"))
    if _VIDEO.match(named.video_id) is None:
        raise ValueError(f"{shown(named.file)} is no file of DiDeMo: a Flickr user, a photo and its secret")
    number = item.get("annotation_id")
    return RawRow(
        origin=record.origin,
        raw=record.raw,
        video_id=named.video_id,
        file=named.file,
        query=words(item.get("description"), "description"),
        windows=(),
        opinions=[_chunks(pair) for pair in sequence(text.held(item, "times"), "times")],
        unit="chunks",
        split=source.split,
        published_id=None if number is None else str(number),
        extra={key: item[key] for key in ("num_segments", "dl_link") if key in item},
    )


def _chunks(pair: object) -> tuple[float, float]:
    first, last = text.pair(pair)
    if not (first.is_integer() and last.is_integer()):
        raise ValueError(f"{shown(pair)} is no pair of chunks, which are whole numbers")
    return first, last
