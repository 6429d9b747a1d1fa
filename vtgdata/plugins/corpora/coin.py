"""COIN: the steps of 180 everyday tasks in instructional YouTube videos (Tang et al., CVPR 2019).

Raw file:  {"database": {"aB3_dE-6hIj": {"duration": 97.45, "class": "PolishBoots", "start": 12.08, "end": 80.33,
             "subset": "training", "recipe_type": 4, "video_url": "...",
             "annotation": [{"id": "9", "segment": [14.0, 31.0], "label": "brush off the dust"}]}}}
Times:     seconds from the start of the whole video, although `start` and `end` bound the part that shows the task.
Rows:      labels come from a fixed list and repeat within a video: all segments of a label make one row, a query with
           several windows.
Oddities:  the keys are `annotation`, in the singular, and `label`; the subset of the test videos is `testing`, or
           `validation` in the documentation; any other subset becomes a split of its own name and appears in the
           counts.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from vtgdata.annotations import ids, sources
from vtgdata.annotations.json_text import read_json
from vtgdata.annotations.text import duration, mapping, pair, sequence, shown, some_readable, unreadable, words
from vtgdata.errors import VtgError
from vtgdata.records import Bound, Corpus, Example, RawRow, Records, Split

CORPUS = Corpus(
    name="coin",
    title="COIN",
    summary="Step labels of everyday tasks in instructional YouTube videos; often several moments a step.",
    splits=(
        Split(name="train", files=("COIN.json",)),
        Split(name="test", files=("COIN.json",), benchmark=True),
        Split(name="val", files=("COIN.json",), benchmark=True),
    ),
    license="LicenseRef-COIN",
    license_link="https://github.com/coin-dataset/annotations",
    license_confidence="A",
    homepage="https://coin-dataset.github.io/",
    citation="Tang, Ding, Rao, Zheng, Zhang, Zhao, Lu, Zhou: COIN: A Large-scale Dataset for Comprehensive "
    "Instructional Video Analysis. CVPR 2019.",
    grid=None,
    usage="COIN.json",
    download="COIN.json of https://github.com/coin-dataset/annotations; videos lie in folders by task number in the "
    "common layout, and are found by their names.",
    split_in_rows=True,
    records=(
        Records(
            shape="object",
            at="database/*/annotation/*",
            rows="windows",
            why="segments of a video that have one label are one row",
        ),
    ),
    youtube=True,
)

EXAMPLE = Example(
    files={
        "COIN.json": """{"database": {
  "aB3_dE-6hIj": {"duration": 97.45, "class": "PolishBoots", "video_url": "https://www.youtube.com/embed/aB3_dE-6hIj",
    "start": 12.08, "annotation": [
      {"id": "9", "segment": [14.0, 31.0], "label": "brush off the dust"},
      {"id": "10", "segment": [31.0, 52.0], "label": "apply the polish"},
      {"id": "9", "segment": [60.0, 98.0], "label": "brush off the dust"},
      {"id": "10", "segment": ["?", 90.0], "label": "apply the polish"}],
    "subset": "training", "end": 80.33, "recipe_type": 4},
  "-_a0bZ_c1dE": {"duration": 40.5, "class": "PolishBoots", "start": 1, "end": 40, "subset": "testing",
    "annotation": [{"id": "9", "segment": [5.0, 5.0], "label": "brush off the dust"}], "recipe_type": 4},
  "v_000000zzz": {"duration": 40.5, "class": "PolishBoots", "annotation": [], "recipe_type": 4}
}}"""
    },
    samples=[
        ("aB3_dE-6hIj", "brush off the dust", [[14.0, 31.0], [60.0, 97.45]]),
        ("aB3_dE-6hIj", "apply the polish", [[31.0, 52.0]]),
        ("-_a0bZ_c1dE", "brush off the dust", []),
    ],
    drops=["unreadable_row", "unreadable_row"],
)

_SUBSETS = {"training": "train", "testing": "test", "validation": "val"}
_FORM = '{"database": {"YOUTUBE_ID": {"duration": 97.45, "subset": "training", "annotation": [...]}, ...}}'


class _Step(msgspec.Struct):
    """One label of a video, with all its segments."""

    origin: str
    """Path of keys to its first segment."""
    raw: list[Any]
    windows: list[tuple[Bound, Bound]]
    id: Any


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """One row for each label of each video; with `split`, only rows of that split."""
    for source in sources.find(paths, CORPUS, split):
        try:
            document = mapping(read_json(source.path), "the document")
            database = mapping(document.get("database"), "database")
        except ValueError as error:
            raise VtgError(f"{source.path}: not a file of COIN, {_FORM}: {error}. Give the right file.") from error
        rows = (row for key, video in database.items() for row in _video(source.path.name, key, video))
        yield from sources.only(some_readable(source.path, rows, _FORM), split)


def _video(name: str, key: str, video: Any) -> Iterator[RawRow]:
    """A row for each unreadable segment, then one for each label, in the order of the labels' first segments."""
    origin = f"{name}#database/{key}"
    try:
        if ids.youtube_id(key) != key:
            raise ValueError(f"{shown(key)} is no key of COIN, a YouTube id")
        fields = mapping(video, "the video")
        subset = words(fields.get("subset"), "subset")
        annotations = sequence(fields.get("annotation"), "annotation")
    except ValueError as error:
        yield unreadable(origin, {key: video}, "", str(error))
        return
    split, found = _SUBSETS.get(subset, subset), dict[str, _Step]()
    for i, annotation in enumerate(annotations):
        at = f"{origin}/annotation/{i}"
        try:
            _add(found, annotation, at)
        except ValueError as error:
            yield unreadable(at, annotation, split, str(error))
    for label, step in found.items():
        yield _row(key, label, step, fields, split)


def _add(found: dict[str, _Step], annotation: Any, origin: str) -> None:
    fields = mapping(annotation, "the annotation")
    label, window = words(fields.get("label"), "label"), pair(fields.get("segment"))
    step = found.setdefault(label, _Step(origin, [], [], fields.get("id")))
    step.raw.append(annotation)
    step.windows.append(window)


def _row(key: str, label: str, step: _Step, video: dict[str, Any], split: str) -> RawRow:
    extra = {name: video[name] for name in ("class", "recipe_type", "start", "end") if name in video}
    return RawRow(
        origin=step.origin,
        raw=step.raw,
        video_id=key,
        file=f"{key}.mp4",
        query=label,
        windows=step.windows,
        split=split,
        duration=duration(video.get("duration")),
        source_id=key,
        extra=extra | {"step": step.id},
    )
