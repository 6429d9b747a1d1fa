"""ExtremeWhenBench: one short moment in videos of an hour and more, up to nine (NAVER AI, 2026, arXiv 2606.12300).

Raw line:  {"qid": "aB3_dE-6hIj_q007", "video_id": "aB3_dE-6hIj", "source_corpus": "VideoMME",
            "question": "When does the woman lift the lid?", "correct_interval": [1210, 1226], "duration_s": 16,
            "video_duration_s": 3920, "category": "action"}
Times:     whole seconds from the start of the file. `duration_s` is the length of the moment, `video_duration_s` that
           of the video.
Videos:    of LVBench and VideoMME, with YouTube ids, and of MLVU, with names of clips.
Unseen:    nobody of this project has seen the file, which is on the Hub alone (JSON lines and Parquet are read): this
           is the schema of the reference script and of the lmms-eval task (naver-ai/ExtremeWhenbench at 6d00ed8).
Scorer:    `evaluate --metrics extremewhenbench`; texts by `--parser extremewhenbench`. The prompt must state the
           duration: without it published scores fall by two fifths.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from vtgdata.annotations import ids, items, published_parquet, sources
from vtgdata.annotations.text import duration, held, pair, refused, some_readable, words
from vtgdata.records import Corpus, Example, RawRow, Split

CORPUS = Corpus(
    name="extremewhenbench",
    title="ExtremeWhenBench",
    summary="When a short event happens in videos of an hour on average, from LVBench, MLVU and VideoMME.",
    splits=(
        Split(
            name="test",
            files=("test.jsonl", "test.parquet", "test-*.parquet", "extreme_when_bench*.jsonl"),
            rows=2_273,
            videos=194,
            benchmark=True,
        ),
    ),
    license="CC-BY-4.0",
    license_link="https://github.com/naver-ai/ExtremeWhenbench",
    license_confidence="B",
    homepage="https://github.com/naver-ai/ExtremeWhenbench",
    citation="ExtremeWhenBench: temporal grounding in hour-long videos. arXiv 2606.12300, 2026.",
    grid=1.0,
    usage="test.jsonl",
    download="Hub dataset min1321/extreme-when-bench, split test",
    overlaps=("LVBench, MLVU, VideoMME: its videos are theirs; the questions are new",),
    youtube=True,
)

EXAMPLE = Example(
    files={
        "test.jsonl": (
            '{"qid": "aB3_dE-6hIj_q007", "video_id": "aB3_dE-6hIj", "source_corpus": "VideoMME", "question": '
            '"When does the woman lift the lid?", "correct_interval": [1210, 1226], "duration_s": 16, '
            '"video_duration_s": 3920, "category": "action"}\n'
            '{"qid": "movie101_12_q001", "video_id": "movie101_12", "source_corpus": "MLVU", "question": '
            '"When is the letter  burnt?", "correct_interval": [3910, 3931], "duration_s": 21, '
            '"video_duration_s": 3925.5, "category": "action", "event_summary": "a letter burns"}\n'
            '{"qid": "movie101_12_q002", "video_id": "movie101_12", "source_corpus": "MLVU", "question": "When?", '
            '"correct_interval": 12, "duration_s": 21, "video_duration_s": 3925.5, "category": "action"}\n'
        )
    },
    samples=[
        ("aB3_dE-6hIj", "When does the woman lift the lid?", [[1210.0, 1226.0]]),
        ("movie101_12", "When is the letter burnt?", [[3910.0, 3925.5]]),
    ],
    drops=["unreadable_row"],
)

_FORM = '{"qid": "...", "video_id": "...", "question": "...", "correct_interval": [1210, 1226], ...}'
_KEPT = ("category", "event_summary", "duration_s")


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """One row for each question."""
    for source in sources.find(paths, CORPUS, split):
        packed = items.shape(source.path) == "parquet"
        records = published_parquet.records(source.path) if packed else items.read(source.path)
        yield from some_readable(source.path, (_readable(record, source) for record in records), _FORM)


def _readable(record: items.Item, source: sources.Source) -> RawRow:
    try:
        return _row(record, source)
    except ValueError as error:
        return refused(record.origin, record.raw, source.split, error)


def _row(record: items.Item, source: sources.Source) -> RawRow:
    fields = record.fields()
    key, corpus = words(fields.get("video_id"), "video_id"), words(fields.get("source_corpus"), "source_corpus")
    named = ids.named(key, youtube=CORPUS.youtube and corpus.lower() != "mlvu")
    return RawRow(
        origin=record.origin,
        raw=record.raw,
        video_id=named.video_id,
        file=named.file,
        query=words(fields.get("question"), "question"),
        windows=[pair(held(fields, "correct_interval"))],
        split=source.split,
        published_id=words(fields.get("qid"), "qid"),
        duration=duration(fields.get("video_duration_s")),
        source_id=named.source_id,
        source_start=named.source_start,
        extra={name: fields[name] for name in _KEPT if fields.get(name) is not None} | {"videos_of": corpus},
    )
