"""Any corpus in the moments family: one record for each query, with its video and windows; JSON lines, JSON, csv, tsv.

Raw line:  {"qid": 412, "query": "A child feeds two goats.", "duration": 150, "vid": "aB3_dE-6hIj_60.0_210.0",
            "relevant_windows": [[10, 24], [40, 46]]}
Keys:      query, vid, relevant_windows (or start and end), duration, qid and their common other names; name others
           with `--map query=desc,windows=gt`. Give units other than seconds with `--unit`; frames also need `--fps`.
Talk:      a file of conversations (`messages`, `conversations`) is read as the reader of that name reads it.
Corpus:    give its name with `--name` and its licence with `--license`; the file does not tell them.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import structs

from vtgdata.annotations import conversations, folders, items, labels, moment_jsonl, sources
from vtgdata.annotations.blocks import Block, Rows
from vtgdata.annotations.keys import Keys
from vtgdata.records import Corpus, Example, RawRow, Split, Unit

CORPUS = Corpus(
    name="moment_jsonl",
    title="Moments (any corpus)",
    summary="JSON lines, a JSON list, csv or tsv with a query, a video and its windows in each record.",
    splits=(
        Split(name="train", files=("*train*.jsonl", "*train*.csv", "*train*.tsv")),
        Split(name="val", files=("*val*.jsonl", "*val*.csv", "*val*.tsv")),
        Split(name="test", files=("*test*.jsonl", "*test*.csv", "*test*.tsv"), benchmark=True),
    ),
    license="LicenseRef-unstated",
    license_link="https://spdx.github.io/spdx-spec/v2.3/SPDX-license-list/",
    license_confidence="C",
    homepage="",
    citation="The corpus's own, which its file does not tell.",
    grid=None,
    family="moments",
    usage="my_train.jsonl --name my_corpus --license CC-BY-4.0",
)

EXAMPLE = Example(
    files={
        "my_train.jsonl": (
            '{"qid": 412, "query": "A child feeds two goats by a fence.", "duration": 150, '
            '"vid": "aB3_dE-6hIj_60.0_210.0", "relevant_windows": [[10, 24], [40, 46]]}\n'
            '{"id": "q7", "sentence": "a man  waves..", "video": "clips/K7QZ2.mp4", "start": "0:02.5", '
            '"end": "00:09"}\n'
            '{"qid": 413, "query": "it rains", "vid": "K7QZ2", "duration": 8.5, "span": [9, 12]}\n'
            '{"qid": 414, "query": "it snows", "vid": "K7QZ2", "windows": [["soon", 3]]}\n'
            '{"qid": 415, "desc": "\\u00e2\\u20ac\\u0153Stop\\u00e2\\u20ac\\u009d", "vid": "K7QZ2", '
            '"timestamp": [3, 5], "duration": 8.5}\n'
        ),
    },
    samples=[
        ("aB3_dE-6hIj_60.0_210.0", "A child feeds two goats by a fence.", [[10.0, 24.0], [40.0, 46.0]]),
        ("K7QZ2", "a man waves.", [[2.5, 9.0]]),
        ("K7QZ2", "\u201cStop\u201d", [[3.0, 5.0]]),
    ],
    drops=["starts_past_end", "unreadable_row"],
)


def read(
    paths: Sequence[Path],
    split: str | None,
    *,
    map: Mapping[str, str] | None = None,
    unit: Unit = "seconds",
    fps: float | None = None,
    source_clock: bool = False,
    records: str = "",
    sep: str = "",
    quote: str = "",
    unlabelled: bool = False,
    empty_means: labels.Meaning = "error",
    override_split: bool = False,
) -> Iterator[RawRow]:
    """One row for each record.

    Args:
        paths: files, or folders of files whose names tell their split.
        split: the split of files whose names do not tell it.
        map: our name of a field -> the file's key.
        unit: unit of the starts and ends.
        fps: frames per second, if starts and ends are in frames.
        source_clock: whether starts and ends count from the start of the video that the files were cut from.
        records: the key of a JSON document that holds the records.
        sep: the character between two cells of a table.
        quote: the character round cells of a table.
        unlabelled: whether the labels are hidden, so that any windows are placeholders.
        empty_means: what an empty value means where windows should be.
        override_split: whether `split` counts, whatever a record or a file's name says.
    """

    def pieces() -> Iterator[RawRow | Block]:
        stated = items.Stated(sep=sep, quote=quote, records=records)
        keys, found = Keys(map or {}), sources.find(paths, CORPUS, split, rows_tell=True, override_split=override_split)
        spoken = {source.path for source in found if not map and conversations.holds(source.path)}
        placed, told = [source.path for source in found if folders.has_folders(source.path)], conversations.keys(None)
        facts = moment_jsonl.Facts(
            keys=keys,
            name=folders.naming(
                key
                for path in placed
                for key in (
                    conversations.video_keys(path, told)
                    if path in spoken
                    else moment_jsonl.video_keys(path, keys, stated)
                )
            ),
            unit=unit,
            fps=fps,
            source_clock=source_clock,
            no_labels=labels.Stated("all" if unlabelled else "", empty_means),
            own_split=not override_split,
            asked_split=split or "",
        )
        for source in found:
            if source.path in spoken:
                yield from conversations.rows(source, structs.replace(facts, keys=told))
            else:
                yield from moment_jsonl.pieces(source, facts, stated=stated)

    return Rows(pieces())
