"""HiREST: which moment of a how-to video answers a prompt, and which steps it has (Zala et al., CVPR 2023).

Raw entry: {"Prune a Rose Bush": {"aB3_dE-6hIj.mp4": {"relevant": true, "clip": true, "v_duration": 312.4,
            "bounds": [41, 198], "steps": [{"index": 0, "heading": "remove dead wood", "absolute_bounds": [41, 77]}]}}}
Rows:      `extra.kind` names the kind: each (prompt, video) pair is a `moment` with its `bounds`, and each of its steps
           is a `step` with its heading and `absolute_bounds`.
Times:     seconds from the start of the whole video, never of the clip; nearly all are whole numbers.
Oddities:  a pair with `clip: false` has no moment, and its bounds are [0, 0]; 16 train and 3 val windows have no
           length; in the test file every pair, with a clip or without, has the placeholder [0, 1] and no steps.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from vtgdata.annotations import events, ids, sources, text
from vtgdata.annotations.text import mapping, sequence, shown, unreadable, words
from vtgdata.records import Corpus, Example, RawRow, Records, Split

CORPUS = Corpus(
    name="hirest",
    title="HiREST",
    summary="Prompts and step headings on instructional YouTube videos, each with the moment it is about.",
    splits=(
        Split(name="train", files=("all_data_train.json",), rows=1_507 + 4_145, videos=1_507),
        Split(name="val", files=("all_data_val.json",), rows=477 + 606, videos=477),
        Split(name="test", files=("all_data_test.json",), rows=1_391, videos=1_391, benchmark=True),
    ),
    license="MIT",
    license_link="https://github.com/j-min/HiREST/blob/main/LICENSE",
    license_confidence="A",
    homepage="https://github.com/j-min/HiREST",
    citation="Zala, Cho, Kottur, Chen, Oguz, Mehdad, Bansal: Hierarchical Video-Moment Retrieval and Step-Captioning. "
    "CVPR 2023.",
    grid=1.0,
    usage="all_data_train.json",
    download="Folder `data/splits` of https://github.com/j-min/HiREST.",
    overlaps=(
        "TVGBench's HiREST questions are about 55 videos of the val split: training on val contaminates it.",
        "TimeIT's HiREST files are cuts of these videos.",
        "The videos are HowTo100M's.",
    ),
    records=(Records(shape="object", at="*/* + */*/steps/*"),),
    youtube=True,
)

EXAMPLE = Example(
    files={
        "all_data_train.json": """{
  "Prune a Rose Bush": {
    "aB3_dE-6hIj.mp4": {"relevant": true, "clip": true, "v_duration": 312.4, "bounds": [41, 198], "steps": [
      {"index": 0, "heading": "remove dead wood ", "absolute_bounds": [41, 77]},
      {"index": 1, "heading": "sharpen the shears", "absolute_bounds": [77, 77]},
      {"index": 2, "heading": "cut above a bud", "absolute_bounds": [77.5, 101]},
      {"index": 3, "heading": "sweep up", "absolute_bounds": [101]}]},
    "-_a0bZ_c1dE.mp4": {"relevant": true, "clip": false, "v_duration": 529.0, "bounds": [0, 0], "steps": []}
  },
  "Fold a Kite": {
    "v_000000zzz.mp4": {"relevant": true, "clip": true, "v_duration": 60.0, "bounds": [9, 9], "steps": []},
    "not a video": {"relevant": true, "clip": true, "v_duration": 60.0, "bounds": [9, 12], "steps": []}
  }
}""",
        "all_data_test.json": """{
  "Fold a Kite": {
    "0123456789a.mp4": {"relevant": true, "clip": true, "v_duration": 90.5, "bounds": [0, 1], "steps": []},
    "0123456789b.mp4": {"relevant": true, "clip": false, "v_duration": 70.5, "bounds": [0, 1], "steps": []}
  }
}""",
    },
    samples=[
        ("aB3_dE-6hIj", "Prune a Rose Bush", [[41.0, 198.0]]),
        ("aB3_dE-6hIj", "remove dead wood", [[41.0, 77.0]]),
        ("aB3_dE-6hIj", "cut above a bud", [[77.5, 101.0]]),
        ("0123456789a", "Fold a Kite", []),
        ("0123456789b", "Fold a Kite", []),
    ],
    drops=["zero_length", "unreadable_row", "no_moment_annotated", "zero_length", "unreadable_row"],
)

_FORM = '{"PROMPT": {"YOUTUBE_ID.mp4": {"clip": true, "v_duration": 312.4, "bounds": [41, 198], "steps": [...]}, ...}}'
_PLACEHOLDER = (0, 1)
"""Bounds that stand for hidden ones in the test file; no annotated pair has them."""


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """Rows of the (prompt, video) pairs, each followed by its steps."""
    for source in sources.find(paths, CORPUS, split):
        yield from events.rows(source, partial(_prompt, source.split), _FORM)


def _prompt(split: str, origin: str, prompt: str, videos: Any) -> Iterator[RawRow]:
    found = mapping(videos, "the prompt's videos")
    return events.each(f"{origin}/", found, split, partial(_pair, split, prompt))


def _pair(split: str, prompt: str, origin: str, key: str, pair: Any) -> Iterator[RawRow]:
    """The row of a (prompt, video) pair, then the rows of its steps.

    Raises ValueError when a field that they share is faulty: the pair then becomes one unreadable row.
    """
    fields, named = mapping(pair, "the pair"), _named(key)
    bounds = text.pair(fields.get("bounds"))
    steps = sequence(fields.get("steps"), "steps")
    if not isinstance(fields.get("clip"), bool):
        raise ValueError(f"clip is {shown(fields.get('clip'))}, not true or false")
    duration, hidden = text.duration(fields.get("v_duration")), bounds == _PLACEHOLDER and not steps
    if fields["clip"] or hidden:
        extra = {"kind": "moment", "relevant": fields.get("relevant"), "clip": fields["clip"]}
        yield _row(origin, {key: pair}, named, prompt, bounds, split, duration, extra, labelled=not hidden)
    else:
        detail = f"clip is false: no moment of {named.video_id} was annotated for {shown(prompt)}"
        yield unreadable(origin, {key: pair}, split, detail, "no_moment_annotated", file=named.file)
    yield from events.each(f"{origin}/steps/", steps, split, partial(_step, named, prompt, split, duration))


def _step(
    named: ids.Named, prompt: str, split: str, duration: float | None, origin: str, number: int, step: Any
) -> RawRow:
    fields = mapping(step, "the step")
    bounds, heading = text.pair(fields.get("absolute_bounds")), words(fields.get("heading"), "heading")
    extra = {"kind": "step", "prompt": prompt, "index": fields.get("index")}
    return _row(origin, step, named, heading, bounds, split, duration, extra)


def _row(
    origin: str,
    raw: Any,
    named: ids.Named,
    query: str,
    bounds: tuple[float, float],
    split: str,
    duration: float | None,
    extra: dict[str, Any],
    labelled: bool = True,
) -> RawRow:
    return RawRow(
        origin=origin,
        raw=raw,
        video_id=named.video_id,
        file=named.file,
        query=query,
        windows=[bounds],
        split=split,
        duration=duration,
        source_id=named.source_id,
        labelled=labelled,
        extra=extra,
    )


def _named(key: str) -> ids.Named:
    """A key of HiREST, a YouTube id with `.mp4`.

    >>> _named("aB3_dE-6hIj.mp4").video_id
    'aB3_dE-6hIj'
    """
    named = ids.named(key, youtube=CORPUS.youtube)
    if named.source_id != named.video_id or ids.cut(named.video_id) is not None:
        raise ValueError(f"{shown(key)} is no key of HiREST, a YouTube id and .mp4")
    return named
