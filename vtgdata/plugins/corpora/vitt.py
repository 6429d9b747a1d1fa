"""ViTT: timeline tags of instructional YouTube-8M videos, 12,461 annotations of 8,169 videos (Huang et al., AACL 2020).

Raw line:  {"id": "AbCd", "annotations": [{"timestamp": 1250, "tag": "Greeting"}, {"timestamp": 22400, "tag": "Grip"}]}
           `timestamp` is the start of a section in milliseconds; a line is one annotator's timeline.
Ends:      none are published. A section is taken to end where the next one starts (`extra.derived_end` says so); the
           last section is dropped, because without a video length its end is unknown.
Splits:    id lists train_id.txt, dev_id.txt, test_id.txt, beside the file or given; a video in none of them (videos
           with more than 3 annotations are in none) gets the split `unlisted`.
Oddities:  an id annotated by several people has several lines: each is an annotation set of its own. `id` is the four
           characters of YouTube-8M, not YouTube's id: Google's look-up service gives that for videos still public.
"""

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from vtgdata.annotations import items, sources
from vtgdata.annotations.text import lines, mapping, number, sequence, shown, unreadable, words
from vtgdata.errors import VtgError
from vtgdata.records import Corpus, Example, RawRow, Records, Split

_FILE = "ViTT-annotations.json"

CORPUS = Corpus(
    name="vitt",
    title="ViTT",
    summary="Tags of the sections of instructional videos; starts are annotated, ends are derived.",
    splits=(
        Split(name="train", files=(_FILE, "train_id.txt")),
        Split(name="dev", files=(_FILE, "dev_id.txt")),
        Split(name="test", files=(_FILE, "test_id.txt"), benchmark=True),
        Split(name="unlisted", files=(_FILE,)),
    ),
    license="LicenseRef-unstated",
    license_link="https://github.com/google-research-datasets/Video-Timeline-Tags-ViTT",
    license_confidence="C",
    homepage="https://github.com/google-research-datasets/Video-Timeline-Tags-ViTT",
    citation="Huang, Pang, Zhu, Rivera, Soricut: Multimodal Pretraining for Dense Video Captioning. AACL 2020.",
    grid=None,
    clock="milliseconds from the start of the file; starts only, ends are derived from the next start",
    usage="ViTT-annotations.json train_id.txt dev_id.txt test_id.txt",
    download="ViTT-annotations.json and the id lists are linked from the homepage.",
    split_in_rows=True,
    records=(Records(at="*/annotations/*"),),
)

EXAMPLE = Example(
    files={
        "ViTT-annotations.json": (
            '{"id": "AbCd", "annotations": [{"timestamp": 1250, "tag": "Greeting"}, '
            '{"timestamp": 22400, "tag": "Showing the grip "}, {"timestamp": 60000, "tag": "Closing"}]}\n'
            '{"id": "AbCd", "annotations": [{"timestamp": 900, "tag": "Greeting"}, '
            '{"timestamp": "soon", "tag": "Grip"}, {"timestamp": 61000, "tag": "Bye"}]}\n'
            '{"id": "Wx_9", "annotations": [{"timestamp": 5000, "tag": "Folding"}, '
            '{"timestamp": 2000, "tag": "Opening"}]}\n'
            '{"id": "not an id", "annotations": [{"timestamp": 0, "tag": "Opening"}]}\n'
        ),
        "train_id.txt": "Wx_9\n",
        "dev_id.txt": "AbCd\n",
    },
    samples=[
        ("AbCd", "Greeting", [[1.25, 22.400000000000002]]),
        ("AbCd", "Showing the grip", [[22.400000000000002, 60.0]]),
        ("AbCd", "Greeting", [[0.9, 61.0]]),
        ("Wx_9", "Opening", [[2.0, 5.0]]),
    ],
    drops=["no_end", "unreadable_row", "no_end", "no_end", "unreadable_row"],
)

_FORM = '{"id": "AbCd", "annotations": [{"timestamp": 1250, "tag": "Greeting"}, ...]}'
_ID = re.compile(r"[A-Za-z0-9_-]{4}\Z", re.ASCII)


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """One row for each tag; with `split`, only rows of that split."""
    for source in sources.find(paths, CORPUS, split, companions=(".txt",)):
        listed = _listed([*paths, source.path.parent])
        if split not in {None, "unlisted", *listed.values()}:
            raise VtgError(f"{source.path}: which videos are in {split} stands in {split}_id.txt. Give that file too.")
        annotators = Counter[str]()
        rows = items.rows(source, lambda item, _, n=annotators, lists=listed: _tags(item, n, lists), _FORM)
        yield from sources.only(rows, split)


def _listed(places: Sequence[Path]) -> dict[str, str]:
    """Video id -> split, from id lists that are given, lie in a given folder, or lie beside the annotations."""
    found: dict[str, str] = {}
    for place in places:
        known = [source.path for source in sources.named_files(place, CORPUS)] if place.is_dir() else [place]
        for path in known:
            name = sources.plain_name(path)
            if name.endswith(".txt"):
                owner = next((split.name for split in CORPUS.splits if name.startswith(split.name)), None)
                if owner is None:
                    raise VtgError(f"{path}: an id list is called train_id.txt, dev_id.txt or test_id.txt.")
                found = {line.strip(): owner for _, line in lines(path)} | found
    return found


def _tags(item: items.Item, annotators: Counter[str], listed: Mapping[str, str]) -> Iterator[RawRow]:
    fields = item.fields()
    video_id = words(fields.get("id"), "id")
    if _ID.match(video_id) is None:
        raise ValueError(f"{shown(video_id)} is no id of YouTube-8M, four characters")
    tags = sequence(fields.get("annotations"), "annotations")
    annotators[video_id] += 1
    split = listed.get(video_id, "unlisted")
    starts = _starts(tags)
    for i, tag in enumerate(tags):
        yield _tag(f"{item.origin}/{i}", tag, video_id, str(annotators[video_id]), split, starts)


def _start(tag: object) -> float:
    start = number(mapping(tag, "the tag").get("timestamp"))
    if not math.isfinite(start):
        raise ValueError(f"timestamp {start} is no time")
    return start


def _starts(tags: Sequence[object]) -> list[float]:
    """The readable starts of tags, sorted."""
    found: list[float] = []
    for tag in tags:
        with suppress(ValueError):  # such a tag becomes an unreadable row of its own
            found.append(_start(tag))
    return sorted(found)


def _tag(origin: str, tag: object, video_id: str, annotator: str, split: str, starts: Sequence[float]) -> RawRow:
    try:
        start, query = _start(tag), words(mapping(tag, "the tag").get("tag"), "tag")
    except ValueError as error:
        return unreadable(origin, tag, split, str(error))
    later = bisect_right(starts, start)
    if later == len(starts):
        detail = f"the last tag starts at {start / 1000:g} s; where it ends is not published, nor how long the video is"
        return unreadable(origin, tag, split, detail, "no_end", file=f"{video_id}.mp4")
    return RawRow(
        origin=origin,
        raw=tag,
        video_id=video_id,
        file=f"{video_id}.mp4",
        query=query,
        windows=[(start, starts[later])],
        unit="milliseconds",
        split=split,
        annotation_set=annotator,
        extra={"derived_end": "next_start", "annotator": int(annotator)},
    )
