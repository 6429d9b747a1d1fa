"""TACoS: short steps in 127 cooking videos of a fixed kitchen, about 5 minutes long (Regneri et al., TACL 2013).

Raw entry: "s99-d01.avi": {"timestamps": [[310, 420]], "sentences": ["He rinses the pear."], "fps": 29.4,
                           "num_frames": 8120}
           times in FRAMES; the duration is num_frames / fps    (train.json, as 2D-TAN packages it)
Raw line:  {"qid": "7", "query": "He rinses the pear.", "vid": "s99-d01", "duration": 276.19,
            "relevant_windows": [[10.54, 14.29]]}
           times in SECONDS                                     (tacos_train_release.jsonl and other moment JSONL)
Oddities:  an eighth of the rows repeats another exactly (kept and flagged, because scores count them); 43
           train ends lie past the last frame, by at most 0.51 s; video files are called `s99-d01.avi`, in some copies
           `s99-d01-cam-002.mp4`.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import msgspec

from vtgdata.annotations import captions_json, ids, items, moment_jsonl, sources
from vtgdata.annotations.json_text import read_json
from vtgdata.annotations.text import duration, shown
from vtgdata.records import Corpus, Example, RawRow, Records, Split

CORPUS = Corpus(
    name="tacos",
    title="TACoS",
    summary="Short steps in 127 long cooking videos of one fixed kitchen; times are frame numbers.",
    splits=(
        Split(name="train", files=("train.json", "tacos_train_release.jsonl"), rows=9_790, videos=75),
        Split(name="val", files=("val.json", "tacos_val_release.jsonl"), rows=4_436, videos=27, benchmark=True),
        Split(
            name="test",
            files=("test.json", "tacos_test_release.jsonl"),
            rows=4_001,
            videos=25,
            benchmark=True,
            copies={3_434: "Keyed by video, query and window: rows that repeat another exactly have collapsed."},
        ),
    ),
    license="LicenseRef-unstated",
    license_link="https://github.com/microsoft/2D-TAN",
    license_confidence="C",
    homepage="https://github.com/microsoft/2D-TAN",
    citation="Regneri, Rohrbach, Wetzel, Thater, Schiele, Pinkal: Grounding Action Descriptions in Videos. TACL 2013. "
    "Packaging: Zhang, Peng, Fu, Luo: Learning 2D Temporal Adjacent Networks. AAAI 2020.",
    grid=None,
    clock="frame numbers of the file at 29.4 frames a second (train.json), or seconds (moment JSONL)",
    usage="train.json",
    download="Folder `data/TACoS` of https://github.com/microsoft/2D-TAN: train.json, val.json, test.json. Videos: "
    "MPII Cooking, on request from its authors.",
    overlaps=("TVGBench takes 168 of its 800 rows from 5 videos of TACoS val.",),
    family="captions",
    records=(Records(shape="object", at="*/{windows}|{query}/*"),),
)

EXAMPLE = Example(
    files={
        "train.json": """{
  "s99-d01.avi": {"timestamps": [[294, 441], [588, 8140], [294, 441], [900, 900]],
    "sentences": ["He rinses the pear.", " He cuts it. ", "He rinses the pear.", "He waits."],
    "fps": 29.4, "num_frames": 8134},
  "s99-d02.avi": {"timestamps": [[10, 20]], "sentences": ["She enters."], "num_frames": 900}
}""",
        "tacos_test_release.jsonl": (
            '{"qid": "3", "query": "He peels it.", "vid": "s98-d04", "duration": 61.5, '
            '"relevant_windows": [[10.54, 14.29]]}\n'
        ),
    },
    samples=[
        ("s99-d01", "He rinses the pear.", [[10.0, 15.0]]),
        ("s99-d01", "He cuts it.", [[20.0, 8134 / 29.4]]),
        ("s99-d01", "He rinses the pear.", [[10.0, 15.0]]),
        ("s98-d04", "He peels it.", [[10.54, 14.29]]),
    ],
    drops=["zero_length", "unreadable_row"],
)

_KITCHEN = re.compile(r"s\d+-d\d+\Z", re.ASCII)


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """Rows of either form: a JSON object of videos has times in frames, a list of rows has times in seconds."""
    for source in sources.find(paths, CORPUS, split, one_copy=True):
        if _by_video(source.path):
            yield from map(_timed, captions_json.rows(source, captions_json.facts(name=_named, unit="frames")))
        else:
            # The qids belong to the copy: ids are made of video and sentence, so that both forms give the same.
            yield from moment_jsonl.rows(source, moment_jsonl.Facts(name=_named, ids_unique=False))


def _by_video(path: Path) -> bool:
    """Whether a file is an object of videos, which has objects in it; a file with a single row is an object without."""
    document = read_json(path) if items.shape(path) == "json" else None
    return isinstance(document, dict) and any(isinstance(value, dict) for value in cast(Any, document).values())


def _timed(row: RawRow) -> RawRow:
    """The row with its duration, computed from the number of frames."""
    if row.duration is not None or not row.fps:
        return row
    frames = duration(row.extra.get("num_frames"))
    return row if frames is None else msgspec.structs.replace(row, duration=frames / row.fps)


def _named(key: str) -> ids.Named:
    """The names of a kitchen session; a key without an extension gets the corpus's own file name, `.avi`.

    >>> _named("s99-d01").file, _named("s99-d01-cam-002.mp4")[:2]
    ('s99-d01.avi', ('s99-d01', 's99-d01-cam-002.mp4'))
    """
    found = ids.named(key)
    if _KITCHEN.match(found.video_id) is None:
        raise ValueError(f"{shown(key)} is no video of TACoS, which looks like 's99-d01'")
    return found._replace(file=f"{key}.avi") if key == found.video_id else found
