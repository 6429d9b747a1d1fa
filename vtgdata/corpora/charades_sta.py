"""Charades-STA: 16,128 sentences on 6,672 indoor videos of about 30 s (Gao et al., ICCV 2017).

Raw line:  K7QZ2 3.4 11.0##a person folds the towel on the bed.
           video start end  query            (seconds, grid 0.1 s)
Durations: column `length` of Charades_v1_<split>.csv, beside the text file or given as a path of its own.
Oddities:  15 % of the train rows end past the video; 4 are reversed; `#` occurs inside sentences.
"""

import csv
import io
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from vtgdata.errors import VtgError
from vtgdata.readers import sources, text
from vtgdata.records import Corpus, Example, RawRow, Split

CORPUS = Corpus(
    name="charades_sta",
    title="Charades-STA",
    summary="Sentence grounding in home videos of about 30 s, acted from scripts.",
    splits=(
        Split(name="train", files=("charades_sta_train.txt", "Charades_v1_train.csv"), rows=12_408, videos=5_338),
        Split(
            name="test",
            files=("charades_sta_test.txt", "Charades_v1_test.csv"),
            rows=3_720,
            videos=1_334,
            benchmark=True,
        ),
    ),
    license="LicenseRef-Charades",
    license_link="https://prior.allenai.org/projects/charades",
    license_confidence="B",
    homepage="https://github.com/jiyanggao/TALL",
    citation="Gao, Sun, Yang, Nevatia: TALL: Temporal Activity Localization via Language Query. ICCV 2017.",
    grid=0.1,
    usage="charades_sta_train.txt Charades_v1_train.csv",
)

EXAMPLE = Example(
    files={
        "charades_sta_train.txt": (
            "K7QZ2 3.4 11.0##a person folds the towel on the bed.\n"
            "K7QZ2 11.0 24.6##person  #2 opens the window.\n"
            "K7QZ2 9.0 4.0##a person sneezes.\n"
            "M2XP0 30.5 31.0##person closes the closet.\n"
            "M2XP0 0.0 ?##person laughs.\n"
            "ZZ9AA 0.0 6.9##person ## drinks.\n"
        ),
        "Charades_v1_train.csv": (
            'id,subject,actions,length\r\nK7QZ2,AB1C,"c092 11.90 21.20;c147 0.00 12.60",23.75\r\nM2XP0,DE2F,,30.04\r\n'
        ),
    },
    samples=[
        ("K7QZ2", "a person folds the towel on the bed.", [[3.4, 11.0]]),
        ("K7QZ2", "person #2 opens the window.", [[11.0, 23.75]]),
        ("ZZ9AA", "person ## drinks.", [[0.0, 6.9]]),
    ],
    drops=["reversed", "starts_past_end", "unreadable_row"],
)

_FORM = "`K7QZ2 3.4 11.0##a sentence`"


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """Rows of the text files, with durations out of the csv files that are given or lie beside them."""
    annotations = sources.find(paths, CORPUS, split, companions=(".csv",))
    durations = _durations(paths, [source.path for source in annotations])
    for source in annotations:
        rows = (
            _row(f"{source.path.name}:{number}", line, source.split, durations)
            for number, line in text.lines(source.path)
        )
        yield from text.some_readable(source.path, rows, _FORM)


def _row(origin: str, line: str, split: str, durations: dict[str, float]) -> RawRow:
    head, marks, query = line.partition("##")
    parts = head.split()
    if not marks or len(parts) != 3:
        return text.unreadable(origin, line, split, f"not of the form {_FORM}")
    video_id = parts[0]
    try:
        window = text.number(parts[1]), text.number(parts[2])
    except ValueError as error:
        return text.unreadable(origin, line, split, str(error))
    return RawRow(
        origin=origin,
        raw=line[: text.MAX_RAW],
        video_id=video_id,
        file=f"{video_id}.mp4",
        query=query,
        windows=[window],
        split=split,
        duration=durations.get(video_id),
    )


def _durations(paths: Sequence[Path], annotations: Sequence[Path]) -> dict[str, float]:
    """Seconds by video id, out of every csv given and every published one in a folder given or beside a text file.

    Where two differ, a csv given goes before one of a folder given, and that before one beside a text file.
    """
    tables = {path.resolve(): path for path in paths if path.is_file() and sources.plain_name(path).endswith(".csv")}
    for folder in [*(path for path in paths if path.is_dir()), *(path.parent for path in annotations)]:
        for source in sources.named_files(folder, CORPUS):
            if sources.plain_name(source.path).endswith(".csv"):
                tables.setdefault(source.path.resolve(), source.path)
    durations: dict[str, float] = {}
    for path in tables.values():
        durations = dict(_lengths(path)) | durations
    return durations


def _lengths(path: Path) -> Iterator[tuple[str, float]]:
    table = csv.DictReader(io.StringIO(text.read_text(path), newline=""))
    try:
        missing = {"id", "length"} - set(table.fieldnames or ())
        if missing:
            raise VtgError(
                f"{path}: lacks the column(s) {', '.join(sorted(missing))}. Give Charades_v1_train.csv or _test.csv."
            )
        for row in table:
            # A length that is no number is noted with each of its rows, by normalisation.
            seconds = text.duration((row["length"] or "").strip())
            yield (row["id"] or "").strip(), math.nan if seconds is None else seconds
    except csv.Error as error:
        raise VtgError(f"{path}:{table.line_num}: not a readable csv ({error}). Download it again.") from error
