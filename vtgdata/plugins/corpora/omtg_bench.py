"""OMTG Bench: every moment of a query, one to many, in long videos (OMTG-56k's benchmark, 2026, arXiv 2606.06294).

Raw row:   index	video	question	answer
           0	videos/aB3_dE-6hIj.mp4	Locate every moment when a dog jumps.	<time>3.0 - 5.5 seconds</time> <time>...
Query:     the whole question, or what it quotes.
Answers:   the truth is text, which OMTG's own parser reads (`conversation.omtg_times`): tags, else bare pairs with
           `seconds`, else pairs of other forms; a pair whose end is not after its start is none.
Unseen:    nobody of this project has seen OMTGBench.tsv, which is on the Hub alone: columns and parser are those of
           VLMEvalKit (open-compass/VLMEvalKit at e8e78f0); the form of `answer` is inferred from the parser. The 56K
           training rows are Parquet for verl with captions in their answers; this reader does not read them.
Scorer:    C-Acc, tF1 and EtF1: `evaluate --metrics omtg`.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from vtgdata.annotations import ids, instructions, items, sources
from vtgdata.annotations.text import held, shown, words
from vtgdata.conversation import omtg_times
from vtgdata.records import Corpus, Example, RawRow, Split

CORPUS = Corpus(
    name="omtg_bench",
    title="OMTG Bench",
    summary="One-to-many grounding: queries that happen several times, and how many times counts.",
    splits=(Split(name="test", files=("OMTGBench.tsv",), benchmark=True),),
    license="LicenseRef-unstated",
    license_link="https://github.com/Tangent0308/OMTG",
    license_confidence="C",
    homepage="https://github.com/Tangent0308/OMTG",
    citation="OMTG: One-to-Many Temporal Grounding. ICML 2026, arXiv 2606.06294.",
    grid=None,
    usage="OMTGBench.tsv",
    download="Hub dataset insomnia7/omtg_bench",
    youtube=True,
)

EXAMPLE = Example(
    files={
        "OMTGBench.tsv": (
            "index\tvideo\tquestion\tanswer\n"
            "0\tvideos/aB3_dE-6hIj.mp4\tLocate every moment when a dog jumps.\t"
            "<time>3.0 - 5.5 seconds</time> <time>62.0 - 70.0 seconds</time>\n"
            "1\tvideos/aB3_dE-6hIj.mp4\tFind all times of 'a dog  barks' in it.\t<time>01:05 - 01:20 seconds</time>\n"
            "2\tvideos/aB3_dE-6hIj.mp4\tWhen does it rain?\tsoon\n"
        )
    },
    samples=[
        ("aB3_dE-6hIj", "Locate every moment when a dog jumps.", [[3.0, 5.5], [62.0, 70.0]]),
        ("aB3_dE-6hIj", "a dog barks", [[65.0, 80.0]]),
    ],
    drops=["unreadable_row"],
)

_FORM = "index, video, question, answer (tsv), the answer as <time>3.0 - 5.5 seconds</time>"


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """One row for each question, with the windows that its answer says."""
    for source in sources.find(paths, CORPUS, split):
        yield from items.rows(source, _row, _FORM)


def _row(record: items.Item, source: sources.Source) -> RawRow:
    fields = record.fields()
    question, index = words(fields.get("question"), "question"), words(fields.get("index"), "index")
    answer = words(held(fields, "answer"), "answer")
    windows = omtg_times.read(answer)
    if not windows:
        raise ValueError(f"the answer {shown(answer)} has no window that OMTG's parser reads")
    named, query = ids.named(words(fields.get("video"), "video"), youtube=CORPUS.youtube), instructions.quoted(question)
    return RawRow(
        origin=record.origin,
        raw=record.raw,
        video_id=named.video_id,
        file=named.file,
        query=question if query is None else query,
        windows=windows,
        split=source.split,
        published_id=index,
        source_id=named.source_id,
        source_start=named.source_start,
        extra={} if query is None else {"question": question},
    )
