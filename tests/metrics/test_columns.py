"""What an evaluation keeps as columns is what the objects say: samples, answers, rows, guesses and parts."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from vtgdata.conversation.answer import Form
from vtgdata.files.parquet import parquet_writer, write_parquet
from vtgdata.files.samples import open_samples, write_samples
from vtgdata.metrics import baselines
from vtgdata.metrics.answered import NOTHING, Answered, given_windows
from vtgdata.metrics.answers import answers_of
from vtgdata.metrics.breakdown import break_down, ways
from vtgdata.metrics.judged_rows import JudgedRows
from vtgdata.metrics.judging import judge_predictions
from vtgdata.metrics.predictions.record import Prediction
from vtgdata.metrics.query_words import query_words
from vtgdata.metrics.report_rows import EVALUATED
from vtgdata.metrics.truths import Truths
from vtgdata.records import Sample, Video, Window


def make(number: int, **more: Any) -> Sample:
    rng = np.random.default_rng(number)
    start = float(rng.uniform(0, 20))
    windows = tuple(Window(start + 7 * k, start + 7 * k + 5) for k in range(more.pop("count", 1)))
    video = Video(video_id=f"v{number // 3}", file="v.mp4", duration=more.pop("duration", 60.0 + number))
    query = f"the {('start', 'end', 'middle')[number % 3]} of song {number % 5}"
    given = {"sample_id": f"t:{number}", "corpus": "test", "split": "val", "query": query, "windows": windows}
    return Sample(**given | {"video": video} | more)


SAMPLES = [
    *(make(number) for number in range(60)),
    make(60, duration=None),
    make(61, count=0, none_is_right=True),
    make(62, count=3, extra={"type": "several"}, answer="B", options=("a", "b")),
    make(63, video=Video(video_id="part", file="p.mp4", duration=9.5, source_id="whole"), split="test"),
    make(64, video=Video(video_id="own", file="p.mp4", duration=700.0, source_id=""), label_version="mended"),
    make(65, count=0, labelled=False, corpus="other", origin="file.jsonl:3"),
]


@pytest.fixture
def table(tmp_path: Path) -> Truths:
    write_samples(tmp_path / "samples.parquet", SAMPLES)
    return Truths(open_samples(tmp_path / "samples.parquet"))


def same(one: Any, other: Any) -> None:
    np.testing.assert_array_equal(np.asarray(list(one)), np.asarray(list(other)))


def test_columns_of_a_table_are_those_of_its_samples(table: Truths):
    ours, theirs = Truths(SAMPLES), table
    assert list(theirs) == SAMPLES
    for name in ("ids", "sources", "corpora", "queries", "durations", "absent", "answers"):
        same(getattr(theirs.columns, name), getattr(ours.columns, name))
    for one, other in zip(theirs.windows, ours.windows, strict=True):
        same(one, other)
    same(theirs.columns.by_id(), ours.columns.by_id())
    assert list(theirs.columns.extras()) == list(ours.columns.extras())
    assert theirs.clusters.names == ours.clusters.names
    same(theirs.clusters.of, ours.clusters.of)
    groups, expected = theirs.columns.groups(), ours.columns.groups()
    assert groups.keys() == expected.keys()
    for group, places in groups.items():
        same(places, expected[group])
        same(theirs.columns.origins(places), ours.columns.origins(places))


def test_some_samples_have_the_columns_of_these(table: Truths):
    mask = np.arange(len(SAMPLES)) % 2 == 0
    some = table.only(mask)
    assert list(some) == SAMPLES[::2] == list(Truths(SAMPLES).only(mask))
    assert [some.words.known[code] for code in some.words.code] == [
        word for sample in SAMPLES[::2] for word in dict.fromkeys(w for w in sample.query.split() if w.isalpha())
    ]


ANSWERS = [
    NOTHING,
    Answered(windows=np.array([[1.0, 2.0], [3.0, 5.0]]), confidence=np.array([0.5, 0.25]), ranked=True),
    Answered(
        windows=np.array([[np.nan, np.nan], [4.0, 5.0]]), raw=np.array([[3.0, 1.0], [4.0, 5.0]]), option="B"
    ),
    Answered(saliency=np.array([0.1, 0.9]), says_none=True),
]  # fmt: skip


def shown(answer: Answered) -> Any:
    return repr([getattr(answer, name) for name in ("windows", "confidence", "ranked", "option", "saliency", "read")])


def test_answers_as_columns_are_the_answers():
    columns = answers_of(ANSWERS)
    assert [shown(each) for each in columns] == [shown(each) for each in ANSWERS] == [shown(e) for e in columns[0:4]]
    for one, other in zip(columns, ANSWERS, strict=True):
        same(given_windows(one), given_windows(other))
        assert one.says_none == other.says_none
    same(columns.said.sizes, [len(each.said) for each in ANSWERS])
    same(columns.said.windows, np.concatenate([each.said for each in ANSWERS]))
    same(columns.refused, [each.says_none and not len(each.windows) for each in ANSWERS])
    ranked = [msgspec.structs.replace(each, ranked=True) for each in ANSWERS]
    assert [shown(each) for each in columns.as_ranked] == [shown(each) for each in ranked]
    kept = np.array([True, False, True, False])
    left = [each if keep else NOTHING for each, keep in zip(ANSWERS, kept, strict=True)]
    assert [shown(each) for each in columns.only(kept)] == [shown(each) for each in left]
    assert not columns.without_saliency.have_saliency and columns.have_saliency


def test_rows_written_as_tables_are_the_rows(tmp_path: Path):
    found = {
        "t:0": Prediction(keys=("t:0",), where="f:1", windows=((1.0, 2.0),)),
        "t:1": Prediction(keys=("t:1",), where="f:2", windows=((2.0, 1.0), (-3.0, 4.0), (-2.0, -1.0))),
        "t:2": Prediction(keys=("t:2",), where="f:3", text="From 3 to 5 seconds."),
        "t:3": Prediction(keys=("t:3",), where="f:4", text="From 3 to 5 and from 7 to 9 seconds."),
        "t:4": Prediction(keys=("t:4",), where="f:5", error="out of memory", option="A"),
        "t:5": Prediction(keys=("t:5",), where="f:6", windows=()),
        "t:6": Prediction(keys=("t:6",), where="f:7", windows=((50.0, 75.0, 0.5),), unit="percent", ranked=True),
    }
    judged = judge_predictions(found, SAMPLES, Form())
    rows, ious = judged.rows, np.linspace(0, 1, len(SAMPLES))
    assert isinstance(rows, JudgedRows)
    assert [row["parse_status"] for row in rows[:8]] == [
        "ok", "ok", "ok", "several_where_one", None, "no_answer", "ok", None,
    ]  # fmt: skip
    assert rows[1]["windows"] == [[0.0, 4.0]] and rows[3]["windows"] == [[3.0, 5.0], [7.0, 9.0]]
    assert not len(judged.answers[3].windows) and rows[6]["windows"] == [[33.0, 49.5]]
    scores = [[{"name": "s", "value": each}] for each in ious.tolist()]
    told = {"model": "m", "seeing": "sighted"}
    with parquet_writer(tmp_path / "tables.parquet", EVALUATED) as writer:
        for each in rows.tables(EVALUATED, told, ious, scores.__getitem__):
            writer.write_table(each)
    written = [
        row | told | {"iou": None if row["error"] else iou, "scores": None if row["error"] else score}
        for row, iou, score in zip(rows, ious.tolist(), scores, strict=True)
    ]
    write_parquet(tmp_path / "rows.parquet", written, EVALUATED)
    assert (tmp_path / "tables.parquet").read_bytes() == (tmp_path / "rows.parquet").read_bytes()


@pytest.mark.parametrize("name", baselines.BASELINES)
def test_guesses_for_many_samples_are_the_guesses_for_each(name: str, table: Truths):
    fit = baselines.BASELINES[name]
    for guess in (fit(SAMPLES), fit(table), baselines.crossed(fit, SAMPLES)):
        for samples in (table, Truths(SAMPLES)):
            many = guess.answers(samples)
            assert [shown(each) for each in many] == [shown(guess.answer(sample)) for sample in SAMPLES]


def test_words_that_say_where_are_used_for_many_queries_too(table: Truths):
    guess = query_words(table)
    assert len({str(answer.windows) for answer in guess.answers(table)}) > 5


def test_parts_of_many_samples_are_the_parts_of_each(table: Truths):
    values = {"mIoU": np.linspace(0, 1, len(SAMPLES))}
    by_each = ways(SAMPLES, ("type", "unheard"))
    for samples in (table, SAMPLES):
        found = break_down(values, samples, ("type", "unheard"))
        assert found.keys() == by_each.keys()
        for name, parts in found.items():
            expected = [by_each[name](sample) for sample in SAMPLES]
            assert {part: scores["n"] for part, scores in parts.items()} == {p: expected.count(p) for p in {*expected}}
            for part, scores in parts.items():
                mean = np.mean([v for v, its in zip(values["mIoU"].tolist(), expected, strict=True) if its == part])
                assert scores["metrics"]["mIoU"] == pytest.approx(mean)
