"""The looks: each finds its fault in a plausible file that was spoilt, and says nothing of the file before."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from support.published import published
from vtgdata.annotations.looks.gathering import Gathering
from vtgdata.annotations.looks.table import LOOKS, Finding, look
from vtgdata.annotations.normalise import normalise
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.records import Corpus, RawRow

CORPUS: Corpus = plugins.load("corpora", "moment_jsonl").CORPUS
Rows = list[RawRow]


def replace(row: RawRow, **fields: Any) -> RawRow:
    return msgspec.structs.replace(row, **fields)


def said(rows: Sequence[RawRow], corpus: Corpus = CORPUS) -> list[Finding]:
    gathering = Gathering()
    for row, outcome in zip(rows, normalise(rows, corpus), strict=True):
        gathering.add(row, outcome)
    return look(gathering, {corpus.name: corpus}.get)


def names(rows: Sequence[RawRow]) -> set[str]:
    return {finding.look for finding in said(rows)}


def plausible(count: int = 120, *, duration: bool = True) -> Rows:
    """Rows of a good file: three sentences on each video, in order of time, the last ones late."""
    chance, found = random.Random(7), Rows()
    for i in range(count):
        seconds = round(chance.uniform(20, 200), 1) if i % 3 == 0 else (found[-1].duration or 0.0)
        begin = seconds * (i % 3) / 3.2
        window = (round(begin, 1), round(min(seconds, begin + chance.uniform(2, 20)), 1))
        query = f"{('first', 'then', 'finally')[i % 3]} person {i} opens the door"
        origin = f"a.json#K7QZ{i // 3}/timestamps/{i % 3}"
        found.append(
            RawRow(
                origin=origin, raw="", video_id=f"K7QZ{i // 3}", file=f"K7QZ{i // 3}.mp4", query=query,
                windows=[window], split="train", duration=seconds,
            )
        )  # fmt: skip
    return found if duration else [replace(row, duration=None) for row in found]


def moved(change: Callable[[float, float, float], tuple[float, float]]) -> Callable[[Rows], Rows]:
    """Rows with other bounds; `change` takes start, end and duration."""

    def spoil(rows: Rows) -> Rows:
        return [
            replace(row, windows=[change(float(start), float(end), row.duration or 60.0) for start, end in row.windows])
            for row in rows
        ]

    return spoil


def shuffled(field: str) -> Callable[[Rows], Rows]:
    def spoil(rows: Rows) -> Rows:
        values = [getattr(row, field) for row in rows]
        random.Random(3).shuffle(values)
        return [replace(row, **{field: value}) for row, value in zip(rows, values, strict=True)]

    return spoil


def each(**fields: Any) -> Callable[[Rows], Rows]:
    return lambda rows: [replace(row, **fields) for row in rows]


def numbered(rows: Rows) -> Rows:
    return [replace(row, query=f"q_{i}") for i, row in enumerate(rows)]


def with_other_clips(rows: Rows) -> Rows:
    return [replace(row, extra={"relevant_clip_ids": [90, 91]}) for row in rows]


def one_wide_query(rows: Rows) -> Rows:
    return [replace(rows[0], query="a\t1\t2\nb\t3\t4\nc\t5\t6"), *rows[1:]]


def half_in_milliseconds(rows: Rows) -> Rows:
    in_ms = moved(lambda a, b, d: (1000 * a, 1000 * b))(rows)
    return [
        replace(wrong, duration=1000 * row.duration) if i % 2 and row.duration else row
        for i, (row, wrong) in enumerate(zip(rows, in_ms, strict=True))
    ]


def split_by_row(rows: Rows) -> Rows:
    return [replace(row, split=("train", "test")[i % 2]) for i, row in enumerate(rows)]


SPOILT: dict[str, tuple[str, Callable[[Rows], Rows]]] = {
    "shares of the duration": ("fractions", moved(lambda a, b, d: (a / d, b / d))),
    "per cent": ("ends_past_end", moved(lambda a, b, d: (100 * a / d, 100 * b / d))),
    "milliseconds": ("starts_past_end", moved(lambda a, b, d: (1000 * a, 1000 * b))),
    "frames": ("starts_past_end", moved(lambda a, b, d: (round(25 * a), round(25 * b)))),
    "minutes": ("early", moved(lambda a, b, d: (a / 60, b / 60))),
    "swapped bounds": ("dropped", moved(lambda a, b, d: (b, a))),
    "start and length": ("dropped", moved(lambda a, b, d: (a, b - a))),
    "one window": ("one_window", moved(lambda a, b, d: (0.0, 1.0))),
    "the whole video": ("whole_video", moved(lambda a, b, d: (0.0, d))),
    "points": ("dropped", moved(lambda a, b, d: (0.0, 0.0))),
    "shuffled windows": ("starts_past_end", shuffled("windows")),
    "shuffled durations": ("durations_disagree", shuffled("duration")),
    "shuffled times of a video": ("out_of_order", shuffled("windows")),
    "shuffled sentences": ("words_disagree", shuffled("query")),
    "one query": ("one_query", each(query="N/A")),
    "one video": ("one_video", each(video_id="clip", file="clip.mp4")),
    "queries are ids": ("id_queries", numbered),
    "queries of control characters": ("no_text", each(query="\x00a\x00 \x01b")),
    "rows joined by a quote": ("queries_of_lines", one_wide_query),
    "durations of minus one": ("no_durations", each(duration=-1.0)),
    "clips of other windows": ("clips_disagree", with_other_clips),
    "two units": ("two_units", half_in_milliseconds),
    "a split by rows": ("split_videos", split_by_row),
    "every id twice": ("repeated_rows", each(published_id="7")),
}
BY_OTHERS = {"percents", "milliseconds", "off_grid"}
"""Looks that have tests of their own below."""


@pytest.mark.parametrize("fault", SPOILT)
def test_a_spoilt_file_is_named(fault: str) -> None:
    wanted, spoil = SPOILT[fault]
    assert names(plausible()) == set()
    assert wanted in names(spoil(plausible()))


def test_every_look_is_tried() -> None:
    assert {wanted for wanted, _ in SPOILT.values()} | BY_OTHERS == set(LOOKS)


def test_a_tenth_of_the_rows_is_enough() -> None:
    rows = plausible()
    wrong = SPOILT["milliseconds"][1](rows)
    assert "starts_past_end" in names([wrong[i] if i % 10 == 0 else row for i, row in enumerate(rows)])


def test_milliseconds_without_durations_are_named() -> None:
    rows = plausible(duration=False)
    assert "milliseconds" in names(moved(lambda a, b, d: (1000 * a, 1000 * b))(rows))
    assert names(rows) == set()


def test_per_cent_of_long_videos_is_named() -> None:
    rows = [replace(row, duration=600.0) for row in plausible()]
    spread = moved(lambda a, b, d: (a / 2, min(100.0, a / 2 + 5)))(rows)
    assert "percents" in names(spread)


def test_bounds_between_the_steps_of_a_corpus_are_named() -> None:
    corpus = msgspec.structs.replace(CORPUS, grid=2.0)
    rows = moved(lambda a, b, d: (2 * (a // 2), 2 * (b // 2) + 2))(plausible())
    assert "off_grid" not in {finding.look for finding in said(rows, corpus)}
    assert "off_grid" in {finding.look for finding in said(plausible(), corpus)}


def test_a_unit_that_was_said_is_not_asked_for() -> None:
    rows = moved(lambda a, b, d: (a / d, b / d))(plausible())
    assert names([replace(row, unit="fraction") for row in rows]) == set()


def test_times_with_a_unit_of_their_own_count_as_seconds() -> None:
    rows = [replace(row, windows=[(f"{a}s", f"{b}s") for a, b in row.windows], unit="frames") for row in plausible()]
    assert names(rows) == set()


def test_an_accepted_look_says_nothing() -> None:
    gathering, rows = Gathering(), SPOILT["one query"][1](plausible())
    for row, outcome in zip(rows, normalise(rows, CORPUS), strict=True):
        gathering.add(row, outcome)
    assert "one_query" not in {found.look for found in look(gathering, lambda _: CORPUS, ["one_query"])}


def test_a_long_file_is_looked_at_in_all_its_parts() -> None:
    rows = plausible(60_000)
    late = rows[:30_000] + SPOILT["milliseconds"][1](rows[30_000:])
    found = {finding.look: finding for finding in said(late)}
    assert "looked at" in found["starts_past_end"].says


def test_samples_for_which_no_ingest_spoke_are_looked_at_too() -> None:
    from support.builders import make_sample
    from vtgdata.annotations.looks import said as spoken

    rows = [
        make_sample(f"s{i}", query=f"person {i} waves", windows=[(0.1 + i / 100, 0.5 + i / 100)], duration=60.0 + i)
        for i in range(30)
    ]
    assert [found.look for found in spoken.of_file(Path("nowhere/samples.parquet"), rows, [])][:1] == ["fractions"]


TRUE = {
    "tvgbench": {"durations_disagree"},  # FORMATS: 44 files with more than one duration
    "ego4d_nlq": {"dropped"}, "queryd": {"dropped"}, "samples": {"dropped"},  # examples that are mostly faulty rows
}  # fmt: skip
"""What is true of a corpus's files, and said."""


def of_reader(name: str, paths: list[Path], split: str | None = None, **options: Any) -> set[str]:
    module = plugins.load("corpora", name)
    rows = list(module.read(paths, split, **options))
    return {finding.look for finding in said(rows, module.CORPUS)}


@pytest.mark.parametrize("name", plugins.names("corpora"))
def test_nothing_is_said_of_a_corpus_s_own_example(name: str, tmp_path: Path) -> None:
    example = plugins.load("corpora", name).EXAMPLE
    for file, text in example.files.items():
        (tmp_path / file).write_text(text, encoding="utf-8", newline="")
    found = of_reader(name, [tmp_path / file for file in example.files], example.split)
    assert found <= TRUE.get(name, set())


@pytest.mark.parametrize("name", plugins.names("corpora"))
def test_nothing_is_said_of_a_published_corpus(name: str) -> None:
    folder = published("corpora", name)
    if not folder.is_dir():
        pytest.skip(f"no published file of {name}")
    try:
        found = of_reader(name, [folder])
    except VtgError as error:
        pytest.skip(str(error))
    assert found <= TRUE.get(name, set())


FIELD: dict[str, tuple[str, dict[str, str], set[str]]] = {
    "cgbench/cgbench_mini.head400.json": ("train", {"windows": "clue_intervals"}, set()),
    "na_vmr/charades_id_neg_test.jsonl": ("test", {}, {"one_window"}),  # every window is [0, 0]
    "na_vmr/qvhl_id_pos_neg_val.jsonl": ("val", {}, {"one_window", "dropped"}),  # half of the windows are [0, 0]
    "rarft/human_anno.json": ("train", {"query": "query_text"}, set()),
    "rarft/ss_vtg_qvhighlight.json": ("train", {"query": "query_text"}, set()),
    "rextime/rextime_val.jsonl": ("val", {}, set()),
    "vue_tr/VUE-TR_ground_truth.json": ("train", {}, set()),
    "vue_tr_v2/VUE-TRv2_ground_truth.json": ("train", {}, set()),
}


@pytest.mark.parametrize("file", FIELD)
def test_nothing_false_is_said_of_a_file_of_2026(file: str) -> None:
    path = published("field2026", file)
    if not path.exists():
        pytest.skip(f"{path} is not here")
    split, keys, true = FIELD[file]
    assert of_reader("moment_jsonl", [path], split, map=keys) == true
