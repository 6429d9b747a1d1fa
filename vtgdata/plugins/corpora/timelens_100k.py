"""TimeLens-100K: training videos of five corpora, re-annotated by a teacher model (Zhang et al., CVPR 2026).

Raw line:  {"source": "didemo", "video_path": "didemo/12345678@N00_1234567890_0a1b2c3d4e.mp4", "duration": 29.8,
            "events": [{"query": "the kite dips behind a tree", "span": [9.6, 15.2]},
                       {"query": "a dog barks", "span": [[20.0, 22.0]]}]}
           a video with its events; a span is a pair or a list of pairs     (seconds from the start of the file)
Filtered:  the project's files after inference have a line for each event, {"source", "video_path", "duration", "query",
           "span", "pred", "answer", "iou"}: the model's answer goes to `extra`. [duration + 10, duration + 20] marks
           an answer that could not be read, and is not a prediction. Queries have no blanks and dots at the edges
           there, so an event may get another id.
Filters:   TimeLens's training leaves out queries about sound, videos under 5 s or over 500 s, queries of more than 200
           words and events without a usable span. These are choices, not repairs: use `vtgdata curate` for them.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from vtgdata.annotations import items, sources, timelens_events
from vtgdata.records import Corpus, Example, RawRow, Records, Split

CORPUS = Corpus(
    name="timelens_100k",
    title="TimeLens-100K",
    summary="Queries and times by Gemini-2.5-Pro on videos of COSMO-Cap, DiDeMo, HiREST, InternVid-VTime and QuerYD.",
    splits=(Split(name="train", files=("timelens-100k.jsonl",)),),
    license="LicenseRef-TimeLens",
    license_link="https://github.com/TencentARC/TimeLens",
    license_confidence="A",
    homepage="https://huggingface.co/datasets/TencentARC/TimeLens-100K",
    citation="Zhang et al.: TimeLens: Rethinking Video Temporal Grounding with Multimodal LLMs. CVPR 2026.",
    grid=None,
    family="moments",
    usage="timelens-100k.jsonl",
    download="timelens-100k.jsonl of the homepage; the card says bsd-3-clause, the licence's text adds academic use "
    "only and no use within the EU, and the terms of the teacher that wrote the labels apply too",
    overlaps=("DiDeMo, HiREST, InternVid-VTime, QuerYD and COSMO-Cap: the same videos under other labels",),
    records=(Records(at="*/events/*"),),
    youtube=timelens_events.YOUTUBE,
)

EXAMPLE = Example(
    files={
        "timelens-100k.jsonl": (
            '{"source": "didemo", "video_path": "didemo/12345678@N00_1234567890_0a1b2c3d4e.mp4", "duration": 29.8, '
            '"events": [{"query": "the kite dips  behind a tree", "span": [9.6, 30.2]}, '
            '{"query": "a dog barks", "span": [[20.0, 22.0], [5, 8]]}, {"query": "it snows", "span": "soon"}, '
            '{"query": "a man waves", "span": [[4, 4]]}]}\n'
            '{"source": "internvid_vtime", "video_path": "internvid_vtime/aB3_dE-6hIj_00:00:39.000_00:01:24.700.mp4", '
            '"duration": 45.7, "query": "a woman signs a paper", "span": [[3, 9]], "pred": [[55.7, 65.7]], '
            '"answer": "no idea", "iou": 0.0}\n'
            '{"source": "queryd", "video_path": "queryd/K7QZ2.mp4", "duration": 12.5, "events": {}}\n'
        )
    },
    samples=[
        ("12345678@N00_1234567890_0a1b2c3d4e", "the kite dips behind a tree", [[9.6, 29.8]]),
        ("12345678@N00_1234567890_0a1b2c3d4e", "a dog barks", [[5.0, 8.0], [20.0, 22.0]]),
        ("aB3_dE-6hIj_00:00:39.000_00:01:24.700", "a woman signs a paper", [[3.0, 9.0]]),
    ],
    drops=["unreadable_row", "zero_length", "unreadable_row"],
)


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """One row for each event of each video."""
    for source in sources.find(paths, CORPUS, split):
        yield from items.rows(source, timelens_events.video, timelens_events.FORM)
