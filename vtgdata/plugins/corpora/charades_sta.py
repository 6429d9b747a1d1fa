"""Charades-STA: 16,128 sentences on 6,672 indoor videos of about 30 s (Gao et al., ICCV 2017).

Raw line:  K7QZ2 3.4 11.0##a person folds the towel on the bed.
           video start end  query            (seconds, grid 0.1 s)
Copies:    {"qid": 0, "query": "...", "duration": 30.96, "vid": "K7QZ2", "relevant_windows": [[3.4, 11.0]]}
           one row per line, as Lighthouse ships it; `qid` numbers the rows of the copy and is no id of the corpus
Durations: column `length` of Charades_v1_<split>.csv, or durations.json ({video: seconds}, probed, as VideoMind ships
           it), beside the annotations or given as a path of its own; they take precedence over those in a copy.
Oddities:  15 % of the train rows end past the video; 4 are reversed; `#` occurs inside sentences. Copies have clamped
           ends and lack the reversed rows.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from vtgdata.annotations import ids, items, lengths, moment_jsonl, sources, text
from vtgdata.annotations.keys import ALIASES, Keys
from vtgdata.annotations.text import MAX_RAW, lines, shown, some_readable, unreadable
from vtgdata.records import Corpus, Example, RawRow, Records, Split

CORPUS = Corpus(
    name="charades_sta",
    title="Charades-STA",
    summary="Sentence grounding in home videos of about 30 s, acted from scripts.",
    splits=(
        Split(
            name="train",
            files=(
                "charades_sta_train.txt",
                "charades_train_release.jsonl",
                "durations.json",
                "Charades_v1_train.csv",
            ),
            rows=12_408,
            videos=5_338,
            copies={12_404: "Lighthouse's copy (and 2D-TAN's loader): the 4 reversed rows are left out."},
        ),
        Split(
            name="test",
            files=("charades_sta_test.txt", "charades_test_release.jsonl", "durations.json", "Charades_v1_test.csv"),
            rows=3_720,
            videos=1_334,
            benchmark=True,
            copies={3_719: "Lighthouse's copy: one row less than the original."},
        ),
    ),
    license="LicenseRef-Charades",
    license_link="https://prior.allenai.org/projects/charades",
    license_confidence="B",
    homepage="https://github.com/jiyanggao/TALL",
    citation="Gao, Sun, Yang, Nevatia: TALL: Temporal Activity Localization via Language Query. ICCV 2017.",
    grid=0.1,
    family="moments",
    usage="charades_sta_train.txt Charades_v1_train.csv",
    download="charades_sta_train.txt and charades_sta_test.txt: folder `data/Charades-STA` of "
    "https://github.com/microsoft/2D-TAN (the links of the homepage are reported dead); Charades_v1_train.csv, "
    "Charades_v1_test.csv, the licence and the videos: https://prior.allenai.org/projects/charades.",
    overlaps=(
        "Charades-CG draws its splits from train and test together: 1,960 of its 8,281 training rows are test rows "
        "here, and so are 847 of test_trivial.",
        "TVGBench takes 138 of its 800 rows from test (120 videos).",
        "MUSEG stage 1 takes 2,819 of its 5,600 rows from train.",
        "Files called val.json in collections for reinforcement learning hold the test split.",
        "Charades-TimeLens annotates test videos anew: another label version, never mixed with this one.",
    ),
    records=(Records(shape="text"),),
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
        "charades_test_release.jsonl": (
            '{"qid": 0, "query": "a person is waving.", "duration": 12.5, "vid": "B0XW1", '
            '"relevant_windows": [[0.0, 6.9]]}\n'
        ),
    },
    samples=[
        ("K7QZ2", "a person folds the towel on the bed.", [[3.4, 11.0]]),
        ("K7QZ2", "person #2 opens the window.", [[11.0, 23.75]]),
        ("ZZ9AA", "person ## drinks.", [[0.0, 6.9]]),
        ("B0XW1", "a person is waving.", [[0.0, 6.9]]),
    ],
    drops=["reversed", "starts_past_end", "unreadable_row"],
)

_FORM = "`K7QZ2 3.4 11.0##a sentence`"
_KEYS = Keys(known={**ALIASES, "video": ("vid",)})
"""Only `vid` names the video: collections with some of Charades' rows use other keys, and are not copies."""
_VIDEO = re.compile(r"[A-Z0-9]{5}\Z", re.ASCII)


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """Rows of the text files or their copies, with durations from files that are given or lie beside them."""
    annotations = sources.find(paths, CORPUS, split, companions=lengths.SUFFIXES, one_copy=True)
    durations = lengths.of_corpus(paths, [source.path for source in annotations], CORPUS, ids.stem)
    # The qid of a copy is only a line number: ids are made of video and sentence, as for the original.
    facts = moment_jsonl.Facts(keys=_KEYS, name=_named, durations=durations, ids_unique=False)
    for source in annotations:
        if items.shape(source.path) in ("jsonl", "json"):
            yield from moment_jsonl.rows(source, facts)
        else:
            yield from some_readable(source.path, _lines(source, durations), _FORM)


def _named(key: str) -> ids.Named:
    video_id = ids.stem(key)
    if _VIDEO.match(video_id) is None:
        raise ValueError(f"{shown(key)} is no video of Charades, which looks like 'K7QZ2'")
    return ids.Named(video_id, f"{video_id}.mp4")


def _lines(source: sources.Source, durations: dict[str, float]) -> Iterator[RawRow]:
    for number, line in lines(source.path):
        yield _row(f"{source.path.name}:{number}", line, source.split, durations)


def _row(origin: str, line: str, split: str, durations: dict[str, float]) -> RawRow:
    head, marks, query = line.partition("##")
    parts = head.split()
    if not marks or len(parts) != 3:
        return unreadable(origin, line, split, f"not of the form {_FORM}")
    try:
        named = _named(parts[0])
        window = text.seconds(parts[1]), text.seconds(parts[2])
    except ValueError as error:
        return unreadable(origin, line, split, str(error))
    return RawRow(
        origin=origin,
        raw=line[:MAX_RAW],
        video_id=named.video_id,
        file=named.file,
        query=query,
        windows=[window],
        split=split,
        duration=durations.get(named.video_id),
    )
