"""MUSEG: RL data with one or many segments for a query, in two stages (Luo et al., 2025, arXiv 2505.20715).

Raw line:  {"idx": 1, "problem": "Find all the sections of the video where the action 'stacking crates' occurs.",
            "solution": [[4.5, 11.2], [30.0, 42.75]], "video": "videos/et_instruct_164k/hacs/aB3_dE-6hIj.mp4",
            "duration": 58.0, "task": "tal"}                  (seconds; task tvg: one segment, tal: many)
Query:     the quotation inside the instruction, which is kept in `extra`; if nothing is quoted, the whole instruction
           is the query, and `extra` has `query_from: problem`.
Durations: missing in all Charades rows (half of stage 1): read from Charades_v1_train.csv or a durations.json
           ({"K7QZ2": 30.96}) beside the file or given as a path of its own.
Oddities:  in stage 1, 197 segments end past the video, 4 begin past it and 2 have no length: such a segment is removed
           or clamped, and the others of its row stay; 48 rows have overlapping segments.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from vtgdata.annotations import ids, instructions, items, lengths, sources
from vtgdata.annotations.text import Lacking, duration, windows, words
from vtgdata.records import Corpus, Example, RawRow, Split

_LENGTHS = ("Charades_v1_train.csv", "durations.json")

CORPUS = Corpus(
    name="museg",
    title="MUSEG",
    summary="RL data with several segments for a query, from Charades-STA and, through ET-Instruct, HACS, ActivityNet, "
    "DiDeMo and TACoS.",
    splits=(
        Split(name="stage_1", files=("stage_1.jsonl", *_LENGTHS), rows=5_600, videos=5_010),
        Split(name="stage_2", files=("stage_2.jsonl", *_LENGTHS), rows=7_000),
    ),
    license="LicenseRef-unstated",
    license_link="https://github.com/THUNLP-MT/MUSEG",
    license_confidence="C",
    homepage="https://github.com/THUNLP-MT/MUSEG",
    citation="Luo et al.: MUSEG: Reinforcing Video Temporal Understanding via Timestamp-Aware Multi-Segment Grounding. "
    "arXiv 2505.20715, 2025.",
    grid=None,
    family="moments",
    usage="stage_1.jsonl Charades_v1_train.csv",
    download="data/train/stage_1.jsonl and stage_2.jsonl of the repository; Charades_v1_train.csv from Charades",
    overlaps=(
        "Charades-STA train: all 2,819 Charades rows of stage 1 (2,260 videos)",
        "ActivityNet Captions train: all 348 ActivityNet videos of stage 1; none is in val_1",
        "TACoS train: all 28 TACoS videos of stage 1",
        "none of stage 1 is in TVGBench, DiDeMo val or TACoS val; the two stages share videos but no row",
    ),
    youtube=True,
)

EXAMPLE = Example(
    files={
        "stage_1.jsonl": (
            '{"idx": 0, "problem": "Find all the sections of the video where the action \'stacking crates\' occurs.", '
            '"solution": [[30.0, 42.75], [4.5, 11.2], [60.0, 61.0]], '
            '"video": "videos/et_instruct_164k/hacs/aB3_dE-6hIj.mp4", "duration": 58.0, "task": "tal"}\n'
            '{"idx": 1, "problem": "Locate the content mentioned in the text query \'the man\'s hat isn\'t on\' within '
            'the video.", "solution": [[11.0, 24.6]], "video": "videos/charades/K7QZ2.mp4", "task": "tvg"}\n'
            '{"idx": 2, "problem": "When does a person\'s phone ring?", "solution": [[1.0, 2.5]], '
            '"video": "videos/charades/M2XP0.mp4", "task": "tvg"}\n'
            '{"idx": 3, "problem": "Locate \'a kite  falls\' in it.", "solution": [[5, 5]], '
            '"video": "videos/et_instruct_164k/didemo/1@N00_2_3a.mp4", "duration": 29.0, "task": "tvg"}\n'
            '{"idx": 4, "problem": "Locate \'it rains\'.", "solution": "5-9", "video": "videos/x/y.mp4"}\n'
            '{"idx": 5, "problem": "Locate \'a dog runs\'.", "solution": [[3, 4], [5, 5], [6, 9.5]], '
            '"video": "videos/et_instruct_164k/activitynet/v_Qx81-kLm_0A.mp4", "duration": 9.0, "task": "tal"}\n'
        ),
        "Charades_v1_train.csv": 'id,subject,actions,length\r\nK7QZ2,AB1C,"c092 11.90 21.20",23.75\r\n',
    },
    samples=[
        ("aB3_dE-6hIj", "stacking crates", [[4.5, 11.2], [30.0, 42.75]]),
        ("K7QZ2", "the man's hat isn't on", [[11.0, 23.75]]),
        ("M2XP0", "When does a person's phone ring?", [[1.0, 2.5]]),
        ("v_Qx81-kLm_0A", "a dog runs", [[3.0, 4.0], [6.0, 9.0]]),
    ],
    drops=["zero_length", "unreadable_row"],
)

_CORPORA = {"charades": "charades_sta", "activitynet": "activitynet_captions"}
_FORM = '{"idx": 1, "problem": "... \'a query\' ...", "solution": [[4.5, 11.2]], "video": ".../hacs/....mp4", ...}'


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """Rows of the two stages' files, with durations of Charades videos from files that are given or lie beside them."""
    annotations = sources.find(paths, CORPUS, split, companions=lengths.SUFFIXES)
    durations = lengths.of_corpus(paths, [source.path for source in annotations], CORPUS)
    for source in annotations:
        yield from items.rows(source, lambda item, given: _row(item, given, durations), _FORM)


def _row(record: items.Item, source: sources.Source, durations: Mapping[str, float]) -> RawRow:
    item = record.fields()
    if "solution" not in item:
        raise Lacking("there is no solution")
    path = words(item.get("video"), "video")
    problem = words(item.get("problem"), "problem")
    named, query, folder = ids.named(path, youtube=CORPUS.youtube), instructions.quoted(problem), _folder(path)
    published = item.get("duration")
    return RawRow(
        origin=record.origin,
        raw=record.raw,
        video_id=named.video_id,
        file=named.file,
        query=problem if query is None else query,
        windows=windows(item["solution"]),
        split=source.split,
        duration=durations.get(named.video_id) if published is None else duration(published),
        source_id=named.source_id,
        source_start=named.source_start,
        source_corpus=_CORPORA.get(folder, folder),
        extra=_extra(item, problem) | ({"query_from": "problem"} if query is None else {}),
    )


def _extra(item: Mapping[str, Any], problem: str) -> dict[str, Any]:
    return {"problem": problem} | {key: item[key] for key in ("task", "idx") if key in item}


def _folder(path: str) -> str:
    """The lower-case name of the folder that a video lies in, which is named after its corpus; empty without one."""
    parts = path.replace("\\", "/").split("/")
    return parts[-2].lower() if len(parts) > 1 else ""
