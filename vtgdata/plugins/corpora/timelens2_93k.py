"""TimeLens2-93K: queries with all their moments, verified, on videos of many corpora (MCG-NJU, 2026, arXiv 2607.17423).

Raw line:  {"video_path": "ab/aB3_dE-6hIj.mp4", "duration": 612.4, "events": [
             {"query": "a man signs a paper", "span": [[10.0, 15.0], [71.5, 80.0]]}]}
           or flat, with `query` and `span` in the line; a span is a pair or a list of pairs   (seconds)
Rollouts:  lines of the rollout files are flat too, with `rollouts`, and their `query` is the whole prompt: its
           quotation is the query. `vtgdata import rollouts` brings the answers in.
Frames:    a path that does not end in .mp4 is a folder of frames, taken at `sample_fps`, which `extra` keeps.
Unseen:    nobody of this project has seen the file, which is larger than could be had: this is the schema of the
           trainer's own reader (MCG-NJU/TimeLens2 at a5ce450, grpo/timelens/data/sources.py), which skips a line
           without events and without query and span silently; here it is a drop. 93,232 queries, 23,793 videos and
           12,091 queries with several windows are the page's own counts.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from vtgdata.annotations import events, ids, instructions, items, sources, text, video_parts
from vtgdata.annotations.text import held, mapping, sequence, windows, words
from vtgdata.records import Corpus, Example, RawRow, Records, Split

CORPUS = Corpus(
    name="timelens2_93k",
    title="TimeLens2-93K",
    summary="Verified sets of windows for training, one or several for each query, on videos of up to an hour.",
    splits=(Split(name="train", files=("timelens2-93k.jsonl",), rows=93_232, videos=23_793),),
    license="LicenseRef-TimeLens",
    license_link="https://github.com/MCG-NJU/TimeLens2",
    license_confidence="A",
    homepage="https://github.com/MCG-NJU/TimeLens2",
    citation="TimeLens2. arXiv 2607.17423, 2026.",
    grid=None,
    family="moments",
    usage="timelens2-93k.jsonl",
    download="grpo/data/annotations/timelens2-93k.jsonl of the repository; the licence's text: academic use only, no "
    "use within the EU; the corpora that the videos are of keep their own terms",
    records=(Records(at="*/events/*"),),
    youtube=True,
)

EXAMPLE = Example(
    files={
        "timelens2-93k.jsonl": (
            '{"video_path": "ab/aB3_dE-6hIj.mp4", "duration": 612.4, "events": [{"query": "a man signs  a paper", '
            '"span": [[71.5, 80.0], [10.0, 15.0]]}, {"query": "it rains", "span": [3, 9]}, {"query": "it snows"}]}\n'
            '{"source": "timelens2-93k", "data_type": "grounding", "video_path": "ab/aB3_dE-6hIk", "duration": 61.5, '
            '"sample_fps": 2.0, "query": "You are given a video.\\nTask: find \\"a dog barks\\" in it.", '
            '"span": [[10.0, 65.0]], "rollouts": ["[[9.0, 15.0]]", "[]"]}\n'
            '{"video_path": "ab/aB3_dE-6hIm.mp4", "duration": 612.4}\n'
        )
    },
    samples=[
        ("aB3_dE-6hIj", "a man signs a paper", [[10.0, 15.0], [71.5, 80.0]]),
        ("aB3_dE-6hIj", "it rains", [[3.0, 9.0]]),
        ("aB3_dE-6hIk", "a dog barks", [[10.0, 61.5]]),
    ],
    drops=["no_labels", "unreadable_row"],
)

_FORM = '{"video_path": "ab/....mp4", "duration": 612.4, "events": [{"query": "...", "span": [[10.0, 15.0]]}]}'
_EXTRA = ("source", "data_type", "sample_fps", "span2")


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """One row for each event of each video."""
    for source in sources.find(paths, CORPUS, split):
        yield from items.rows(source, _video, _FORM)


def _video(record: items.Item, source: sources.Source) -> items.Made:
    fields = record.fields()
    path, length = words(fields.get("video_path"), "video_path"), text.duration(fields.get("duration"))
    part, named = video_parts.of_record(fields), ids.named(path, youtube=CORPUS.youtube)
    shared = {key: fields[key] for key in _EXTRA if key in fields}

    def row(origin: str, _: int, value: Any) -> RawRow:
        event = mapping(value, "the event")
        said = words(event.get("query"), "query")
        query = instructions.quoted(said) if "rollouts" in event else None
        return RawRow(
            origin=origin,
            raw=value,
            video_id=video_parts.video_id(named, part),
            file=named.file,
            query=said if query is None else query,
            windows=windows(held(event, "span")),
            split=source.split,
            duration=length,
            source_id=named.source_id,
            source_start=named.source_start if part is None else part[0],
            read_in_place=part is not None,
            label_version="timelens2",
            extra=shared | {key: event[key] for key in _EXTRA if key in event} | ({"prompt": said} if query else {}),
        )

    if "events" in fields:
        return events.each(f"{record.origin}/events/", sequence(fields["events"], "events"), source.split, row)
    if "query" not in fields:
        raise ValueError("the line has neither events nor a query with its span")
    return row(record.origin, 0, record.value)
