"""ReXTime: questions whose cause and effect lie in different moments (Chen et al., NeurIPS 2024 Datasets).

Raw line:  {"qid": "anet_val12", "query": "What does the man do after he puts down the rope?", "duration": 88.2,
            "vid": "v_Qx81-kLm_0A", "relevant_windows": [[31, 40]], "ans": "A"}
Times:     whole seconds from the start of the file or, in the rows of QVHighlights, of the cut.
Oddities:  the options are not in the file, so that the question cannot be asked with them; `ans` is kept in `extra`,
           for accuracies of files that have an answer. 2 windows have no length (a benchmark's row stays, without a
           window), 4 end past the video by less than 1 s. Of both `extra.published_windows` keeps what is published,
           which the official scorer uses. The test labels are hidden on a leaderboard.
Scorer:    `evaluate --metrics rextime`.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from vtgdata.annotations import ids, items, moment_jsonl, sources
from vtgdata.annotations.text import shown
from vtgdata.records import Corpus, Example, RawRow, Split

CORPUS = Corpus(
    name="rextime",
    title="ReXTime",
    summary="Reasoning across time: a question about one moment, answered in another, with the moment of the answer.",
    splits=(Split(name="val", files=("rextime_val.jsonl",), rows=921, videos=696, benchmark=True),),
    license="CC-BY-NC-SA-4.0",
    license_link="https://github.com/ReXTime/ReXTime",
    license_confidence="A",
    homepage="https://github.com/ReXTime/ReXTime",
    citation="Chen et al.: ReXTime: A Benchmark Suite for Reasoning-Across-Time in Videos. NeurIPS 2024.",
    grid=1.0,
    family="moments",
    usage="rextime_val.jsonl",
    download="data/rextime_val.jsonl of the repository",
    overlaps=(
        "ActivityNet Captions val: 741 of its rows are on videos of it",
        "QVHighlights val: 180 of its rows are on cuts of it",
    ),
    youtube=True,
)

EXAMPLE = Example(
    files={
        "rextime_val.jsonl": (
            '{"qid": "anet_val12", "query": "What does the man do after he puts down the rope?", "duration": 88.2, '
            '"vid": "v_Qx81-kLm_0A", "relevant_windows": [[81, 89]], "ans": "A"}\n'
            '{"qid": "qvh_val3", "query": "Why did the boat stop?", "duration": 150, '
            '"vid": "aB3_dE-6hIj_60.0_210.0", "relevant_windows": [[5, 5]], "ans": "C"}\n'
            '{"qid": "qvh_val4", "query": "Why?", "duration": 150, "vid": "aB3_dE-6hIj_60.0_210.0", '
            '"relevant_windows": "soon", "ans": "C"}\n'
        )
    },
    samples=[
        ("v_Qx81-kLm_0A", "What does the man do after he puts down the rope?", [[81.0, 88.2]]),
        ("aB3_dE-6hIj_60.0_210.0", "Why did the boat stop?", []),
    ],
    drops=["unreadable_row"],
)

_FORM = '{"qid": "anet_val12", "query": "...", "duration": 88.2, "vid": "...", "relevant_windows": [[31, 40]], ...}'
_CORPORA = {"anet": "activitynet_captions", "qvh": "qvhighlights"}


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """One row for each question."""
    for source in sources.find(paths, CORPUS, split):
        yield from items.rows(source, _row, _FORM)


_FACTS = moment_jsonl.Facts(name=lambda key: ids.named(key, youtube=CORPUS.youtube), needs=("qid", "ans"))


def _row(item: items.Item, source: sources.Source) -> RawRow:
    row = moment_jsonl.row(item, source, _FACTS)
    origin = _CORPORA.get((row.published_id or "").partition("_")[0])
    if origin is None:
        raise ValueError(f"qid {shown(row.published_id)} begins with none of {', '.join(_CORPORA)}")
    pairs = [(float(start), float(end)) for start, end in row.windows]
    odd = any(start >= end or (row.duration is not None and end > row.duration) for start, end in pairs)
    extra = row.extra | ({"published_windows": [list(pair) for pair in pairs]} if odd else {})
    return msgspec.structs.replace(row, source_corpus=origin, extra=extra)
