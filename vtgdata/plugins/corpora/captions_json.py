"""Any corpus in the captions family: one JSON object for the file, video id -> parallel lists of times and sentences.

Raw entry: "v_Qx81-kLm_0A": {"duration": 64.12, "timestamps": [[0.5, 12.3]], "sentences": ["Two men carry a boat."]}
Keys:      timestamps, sentences, duration and their common other names; name others with `--map query=captions`. Give
           units other than seconds with `--unit`: frames are not guessed (`fps` in an entry goes before `--fps`).
Tables:    csv and tsv with a row for each sentence (video, start, end, sentence, duration) are read too.
Corpus:    give its name with `--name` and its licence with `--license`; the file does not tell them.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from vtgdata.annotations import captions_json, folders, items, labels, moment_jsonl, sources
from vtgdata.annotations.keys import LISTS, Keys
from vtgdata.records import Corpus, Example, RawRow, Records, Split, Unit

CORPUS = Corpus(
    name="captions_json",
    title="Captions (any corpus)",
    summary="A JSON object of videos, each with parallel lists of times and sentences; or a table of them.",
    splits=(
        Split(name="train", files=("*train*.json", "*train*.csv", "*train*.tsv")),
        Split(name="val", files=("*val*.json", "*val*.csv", "*val*.tsv")),
        Split(name="test", files=("*test*.json", "*test*.csv", "*test*.tsv"), benchmark=True),
    ),
    license="LicenseRef-unstated",
    license_link="https://spdx.github.io/spdx-spec/v2.3/SPDX-license-list/",
    license_confidence="C",
    homepage="",
    citation="The corpus's own, which its file does not tell.",
    grid=None,
    family="captions",
    usage="my_train.json --name my_corpus --license CC-BY-4.0",
    records=(Records(shape="object", at="*/{windows}|{query}/*"),),
)

EXAMPLE = Example(
    files={
        "my_train.json": """{
  "aB3_dE-6hIj": {"sentences": ["whisk two eggs", "fold in the flour"], "timestamps": [[35, 51], [60, 88]],
    "duration": 318.4},
  "K7QZ2": {"queries": ["a man lifts a boat"], "spans": [[[3.0, 9.5], [20.0, 41.0]]], "duration": 30.5},
  "M2XP0": {"captions": ["it snows", "it rains"], "times": [["00:05", "00:08"], [4]]}
}"""
    },
    samples=[
        ("aB3_dE-6hIj", "whisk two eggs", [[35.0, 51.0]]),
        ("aB3_dE-6hIj", "fold in the flour", [[60.0, 88.0]]),
        ("K7QZ2", "a man lifts a boat", [[3.0, 9.5], [20.0, 30.5]]),
        ("M2XP0", "it snows", [[5.0, 8.0]]),
    ],
    drops=["unreadable_row"],
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
    """One row for each sentence of each entry.

    Args:
        paths: files, or folders of files whose names tell their split.
        split: the split of files whose names do not tell it.
        map: our name of a field -> the file's key (windows, query, duration).
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
    stated = items.Stated(sep=sep, quote=quote, records=records)
    found = sources.find(paths, CORPUS, split, rows_tell=True, override_split=override_split)
    tables = {source.path for source in found if sep or quote or items.shape(source.path) in ("csv", "tsv")}
    own, columns = Keys(map or {}, LISTS), Keys(map or {}) if tables else Keys()
    name = folders.naming(
        key
        for source in found
        if folders.has_folders(path := source.path)
        for key in (
            moment_jsonl.video_keys(path, columns, stated)
            if path in tables
            else captions_json.video_keys(path, records)
        )
    )
    for source in found:
        table = source.path in tables
        facts = moment_jsonl.Facts(
            keys=columns if table else own,
            name=name,
            unit=unit,
            fps=fps,
            source_clock=source_clock,
            no_labels=labels.Stated("all" if unlabelled else "", empty_means),
            own_split=not override_split,
            asked_split=split or "",
        )
        if table:
            yield from moment_jsonl.rows(source, facts, stated=stated)
        else:
            yield from captions_json.rows(source, facts, under=records)
