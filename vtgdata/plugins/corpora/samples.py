"""Our own files, read again: samples.parquet, the Parquet files of a release's config `samples`, and JSON lines.

Raw line:  {"sample_id": "pets:7", "corpus": "pets", "split": "train", "video_id": "K7QZ2", "video_file": "K7QZ2.mp4",
            "duration": 30.5, "query": "a dog jumps", "windows": [[2.5, 9.0]], ...}
           the columns of samples.parquet; `extra` may be an object; other columns are ignored.
Result:    the same samples, with their ids, corpora, licences, repairs and probe results. So files of several corpora
           can be combined, probed again with `--videos`, or corrected by hand and checked again.
Oddities:  an id that does not begin with its corpus gets it as a prefix; a row that is not a valid sample is a drop.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from vtgdata.annotations import items, published_parquet, sources
from vtgdata.annotations.own_rows import raw_row
from vtgdata.annotations.text import some_readable, unreadable
from vtgdata.files.samples import row_sample
from vtgdata.records import Corpus, Example, RawRow, Sample, Split

_FILES = ("samples.parquet", "samples.jsonl", "*-of-*.parquet")


class _OfAnyCorpus(Corpus, frozen=True, kw_only=True):
    """Facts of files that hold rows of other corpora, whose splits may have any name."""

    def benchmark(self, split: str) -> bool:
        """False for train, sft and rl, else True: rows without a window then stay, as their own corpus kept them."""
        return all(known.benchmark for known in self.splits if known.name == split)


CORPUS = _OfAnyCorpus(
    name="samples",
    title="Samples (our own files)",
    summary="What `vtgdata ingest`, `curate` and `release` wrote, or somebody wrote by hand with the same columns.",
    splits=(
        Split(name="train", files=_FILES),
        Split(name="val", files=_FILES, benchmark=True),
        Split(name="test", files=_FILES, benchmark=True),
        Split(name="val_1", files=_FILES, benchmark=True),
        Split(name="val_2", files=_FILES, benchmark=True),
        Split(name="sft", files=_FILES),
        Split(name="rl", files=_FILES),
    ),
    license="LicenseRef-unstated",
    license_link="https://spdx.github.io/spdx-spec/v2.3/SPDX-license-list/",
    license_confidence="C",
    homepage="",
    citation="Those of the corpora that its rows are of.",
    grid=None,
    usage="work/my_corpus/samples.parquet",
    download="`vtgdata ingest` and `curate` write them; of a release, name the folder data/samples.",
    family="samples",
    split_in_rows=True,
)

EXAMPLE = Example(
    files={
        "samples.jsonl": (
            '{"sample_id": "samples:a1", "corpus": "samples", "split": "train", "video_id": "aB3_dE-6hIj", '
            '"video_file": "aB3_dE-6hIj.mp4", "source_id": "aB3_dE-6hIj", "source_start": null, "duration": 61.5, '
            '"query": "a dog jumps", "windows": [[4.5, 19.0], [19.0, 22.25]], "license": "CC-BY-4.0", '
            '"origin": "pets.csv:2", "repairs": [{"code": "windows_touch", "old": "[4.5, 19], [19, 22.25]", '
            '"new": "kept"}], "extra": "{\\"mood\\":\\"glad\\"}"}\n'
            '{"sample_id": "samples:a2", "corpus": "samples", "split": "val_1", "video_id": "K7QZ2", '
            '"duration": 30.5, "query": "it rains", "windows": [], "video_status": "missing", "origin": "pets.csv:3"}\n'
            '{"sample_id": "samples:a3", "corpus": "samples", "split": "train", "video_id": "K7QZ2", '
            '"duration": 30.5, "query": "it  snows", "windows": [[28.0, 33.0]], "extra": {"mood": "sad"}}\n'
            '{"sample_id": "samples:a4", "corpus": "samples", "split": "train", "video_id": "K7QZ2", '
            '"duration": 30.5, "query": "it snows", "windows": [[31.0, 33.0]]}\n'
            '{"sample_id": "samples:a5", "corpus": "samples", "split": "train", "video_id": "K7QZ2", '
            '"duration": 30.5, "query": "it snows", "windows": [[9.0, 3.0]]}\n'
            '{"sample_id": "", "corpus": "samples", "split": "train", "video_id": "K7QZ2", "duration": null, '
            '"query": "it snows", "windows": [[1, 3]]}\n'
        ),
    },
    samples=[
        ("aB3_dE-6hIj", "a dog jumps", [[4.5, 19.0], [19.0, 22.25]]),
        ("K7QZ2", "it rains", []),
        ("K7QZ2", "it snows", [[28.0, 30.5]]),
    ],
    drops=["unreadable_row", "unreadable_row", "unreadable_row"],
)

_FORM = (
    '{"sample_id": "...", "corpus": "...", "split": "...", "video_id": "...", "duration": 30.5, "query": "...", ...}'
)


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """Rows of the files, each with its own split; with `split`, only rows of that split."""
    found = [source.path for source in sources.find(paths, CORPUS, split)]
    tables_in = {path.parent for path in found if sources.plain_name(path) == _FILES[0]}
    for path in found:
        # In a folder, samples.jsonl beside samples.parquet repeats its rows: read it only if it is named itself.
        if path in paths or sources.plain_name(path) != _FILES[1] or path.parent not in tables_in:
            yield from sources.only(some_readable(path, _rows(path), _FORM), split)


def _rows(path: Path) -> Iterator[RawRow]:
    packed = items.shape(path) == "parquet"
    for item in published_parquet.records(path) if packed else items.read(path):
        try:
            yield raw_row(_sound(item.fields()), item.origin, item.raw)
        except ValueError as error:
            yield unreadable(item.origin, item.raw, "", str(error))


def _sound(fields: dict[str, Any]) -> Sample:
    """The sample of a row; raises ValueError, which names the column, if it is not a valid one."""
    extra = fields.get("extra")
    try:
        found = row_sample(fields | {"extra": json.dumps(extra)} if isinstance(extra, dict) else fields)
    except RecursionError:
        raise ValueError("column extra: it nests too deep") from None
    if not found.corpus:
        raise ValueError("column corpus: it is empty")
    duration = found.video.duration
    if duration is not None and any(window.start >= duration for window in found.windows):
        raise ValueError(f"column windows: one starts at or past the end of the video, {duration:g} s")
    if found.windows and not found.labelled:
        raise ValueError("column windows: the row has some, and is not labelled")
    return found
