"""Shapes: the corpus that `vtgdata demo-draw` draws: real mp4 files with known moments, small enough for a CPU.

Raw line:  {"id": "v0001#0", "video": "v0001.mp4", "split": "sft", "query": "blue cross", "start": 3.0, "end": 9.0,
            "duration": 30.0, "scene": [...], "level": 0}
           seconds; `scene` says what the file shows and `level` how hard the query is: the model `scripted` makes its
           answers from them.
Oddities:  on purpose, some labels are wrong and some rows occur twice.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from vtgdata.annotations import items, sources
from vtgdata.annotations.text import duration, pair, shown, words
from vtgdata.records import Corpus, Example, RawRow, Split

_FILES = ("annotations.jsonl",)

CORPUS = Corpus(
    name="shapes",
    title="Shapes",
    summary="Coloured shapes that appear for a while: drawn by this project's demo, with known moments.",
    splits=(
        Split(name="sft", files=_FILES),
        Split(name="rl", files=_FILES),
        Split(name="test", files=_FILES, benchmark=True),
    ),
    license="CC0-1.0",
    license_link="https://creativecommons.org/publicdomain/zero/1.0/",
    license_confidence="A",
    homepage="",
    citation="Drawn by vtgdata's own demo.",
    grid=None,
    usage="annotations.jsonl",
    download="`vtgdata demo-draw` writes it.",
    split_in_rows=True,
)

EXAMPLE = Example(
    files={
        "annotations.jsonl": (
            '{"id": "v0001#0", "video": "v0001.mp4", "split": "sft", "query": "blue cross", "start": 3.0, "end": 9.0, '
            '"duration": 30.0, "scene": [], "level": 1}\n'
            '{"id": "v0001#1", "video": "v0001.mp4", "split": "sft", "query": "red ring", "start": 28, "end": 33, '
            '"duration": 30.0, "scene": []}\n'
            '{"id": "v0002#0", "video": "v0002.mp4", "split": "rl", "query": "red ring", "start": 9, "end": 6, '
            '"duration": 30.0, "scene": []}\n'
            '{"id": "v0003#0", "video": "v0003.mp4", "split": "test", "query": "cyan square", "start": 40, "end": 41, '
            '"duration": 20.0, "scene": []}\n'
            '{"id": "v0004#0", "video": "v0004.mp4", "split": "test", "query": "cyan\n'
        )
    },
    samples=[
        ("v0001", "blue cross", [[3.0, 9.0]]),
        ("v0001", "red ring", [[28.0, 30.0]]),
        ("v0003", "cyan square", []),
    ],
    drops=["reversed", "unreadable_row"],
)

_OWN_KEYS = {"id", "video", "split", "query", "start", "end", "duration"}
_FORM = '{"id": "v0001#0", "video": "v0001.mp4", "split": "sft", "query": "...", "start": 3.0, "end": 9.0, ...}'


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """Rows of the JSON lines, each with its own split; with `split`, only rows of that split."""
    for source in sources.find(paths, CORPUS, split):
        yield from sources.only(items.rows(source, _row, _FORM), split)


def _row(item: items.Item, source: sources.Source) -> RawRow:
    del source
    fields, known = item.fields(), [split.name for split in CORPUS.splits]
    if fields.get("split") not in known:
        raise ValueError(f"split {shown(fields.get('split'))} is none of {', '.join(known)}")
    file = PurePosixPath(words(fields.get("video"), "video")).name
    return RawRow(
        origin=item.origin,
        raw=item.raw,
        video_id=PurePosixPath(file).stem,
        file=file,
        query=words(fields.get("query"), "query"),
        windows=[pair([fields.get("start"), fields.get("end")])],
        split=fields["split"],
        published_id=words(fields.get("id"), "id"),
        duration=duration(fields.get("duration")),
        extra={key: value for key, value in fields.items() if key not in _OWN_KEYS},
    )
