"""NA-VMR: QVHighlights and Charades-STA with queries that have no moment (Flanagan et al., WACV 2025).

Raw line:  {"qid": 40112, "query": "a man shoes a horse", "duration": 150, "vid": "aB3_dE-6hIj_60.0_210.0",
            "relevant_clip_ids": [], "saliency_scores": [[]], "relevant_windows": [[0, 0]]}
Negatives: `[[0, 0]]` says that there is no such moment. In-domain (`id`) negatives are queries of other videos,
           out-of-domain (`ood`) ones sentences from elsewhere. Nobody viewed the videos: an in-domain query may
           happen in them all the same ("person turn a light on").
Oddities:  a negative may have the qid of a positive, so that ids come from video and query. Positives keep the clip
           labels of QVHighlights.
Scorer:    `evaluate --metrics na_vmr`.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from vtgdata.annotations import ids, items, moment_jsonl, sources
from vtgdata.annotations.text import shown
from vtgdata.records import Corpus, Example, RawRow, Split

CORPUS = Corpus(
    name="na_vmr",
    title="NA-VMR",
    summary="Negative-aware moment retrieval: queries of QVHighlights and Charades-STA that happen, and that do not.",
    splits=(
        Split(name="qvhl_pos_train", files=("qvhl_pos_train.jsonl",), rows=7_218),
        Split(name="qvhl_id_neg_train", files=("qvhl_id_neg_train.jsonl",), rows=7_218),
        Split(name="qvhl_ood_neg_train", files=("qvhl_ood_neg_train.jsonl",), rows=7_230),
        Split(name="qvhl_pos_val", files=("qvhl_pos_val.jsonl",), rows=1_550, benchmark=True),
        Split(name="qvhl_id_neg_val", files=("qvhl_id_neg_val.jsonl",), rows=1_550, benchmark=True),
        Split(name="qvhl_id_pos_neg_val", files=("qvhl_id_pos_neg_val.jsonl",), rows=3_100, benchmark=True),
        Split(name="qvhl_ood_pos_neg_val", files=("qvhl_ood_pos_neg_val.jsonl",), rows=3_100, benchmark=True),
        Split(name="charades_id_neg_train", files=("charades_id_neg_train.jsonl",), rows=12_404),
        Split(name="charades_ood_neg_train", files=("charades_ood_neg_train.jsonl",), rows=7_230),
        Split(name="charades_id_neg_test", files=("charades_id_neg_test.jsonl",), rows=3_720, benchmark=True),
        Split(name="charades_id_pos_neg_test", files=("charades_id_pos_neg_test.jsonl",), rows=7_440, benchmark=True),
        Split(name="charades_ood_pos_neg_test", files=("charades_ood_pos_neg_test.jsonl",), rows=7_440, benchmark=True),
    ),
    license="LicenseRef-unstated",
    license_link="https://github.com/keflanagan/MomentofUntruth",
    license_confidence="C",
    homepage="https://github.com/keflanagan/MomentofUntruth",
    citation="Flanagan, Damen, Wray: Moment of Untruth: Dealing with Negative Queries in Video Moment Retrieval. WACV "
    "2025.",
    grid=None,
    family="moments",
    usage="qvhl_id_pos_neg_val.jsonl",
    download="UniVTG-NA/data/qvhighlights/metadata and UniVTG-NA/data/charades/metadata of the repository",
    overlaps=(
        "QVHighlights train and val, Charades-STA train and test: the same videos, and the same positive queries",
        "files of negatives hold the same videos as those of positives, and files of both hold both again",
    ),
    youtube=True,
)

EXAMPLE = Example(
    files={
        "qvhl_id_pos_neg_val.jsonl": (
            '{"qid": 412, "query": "A child feeds two goats by a fence.", "duration": 150, '
            '"vid": "aB3_dE-6hIj_60.0_210.0", "relevant_windows": [[10, 14], [40, 42]], '
            '"relevant_clip_ids": [5, 6, 20], "saliency_scores": [[3, 2, 4], [4, 4, 3], [1, 0, 2]]}\n'
            '{"qid": 412, "query": "a man shoes a  horse", "duration": 150, "vid": "aB3_dE-6hIj_60.0_210.0", '
            '"relevant_clip_ids": [], "saliency_scores": [[]], "relevant_windows": [[0, 0]]}\n'
        ),
        "charades_id_neg_test.jsonl": (
            '{"qid": "test0", "query": "person turn a light on.", "duration": 37.3, "vid": "K7QZ2", '
            '"relevant_windows": [[0, 0]], "relevant_clip_ids": [], "saliency_scores": [[]]}\n'
            '{"qid": "test1", "query": "person sits.", "duration": 37.3, "vid": "K7QZ2", '
            '"relevant_windows": [[0, 0], [3, 9]], "relevant_clip_ids": [], "saliency_scores": [[]]}\n'
            '{"qid": "test2", "query": "person sits.", "duration": 37.3, "vid": "a film", '
            '"relevant_windows": [[0, 0]], "relevant_clip_ids": [], "saliency_scores": [[]]}\n'
        ),
    },
    samples=[
        ("aB3_dE-6hIj_60.0_210.0", "A child feeds two goats by a fence.", [[10.0, 14.0], [40.0, 42.0]]),
        ("aB3_dE-6hIj_60.0_210.0", "a man shoes a horse", []),
        ("K7QZ2", "person turn a light on.", []),
        ("K7QZ2", "person sits.", [[3.0, 9.0]]),
    ],
    drops=["unreadable_row"],
)

NOWHERE = [(0, 0)]
_FORM = '{"qid": 40112, "query": "...", "duration": 150, "vid": "...", "relevant_windows": [[0, 0]], ...}'


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """One row for each query; those that have no moment are said to have none."""
    for source in sources.find(paths, CORPUS, split):
        yield from items.rows(source, _row, _FORM)


def _named(key: str) -> ids.Named:
    found = ids.named(key, youtube=CORPUS.youtube)
    if found.source_start is None and not _is_charades(key):
        raise ValueError(f"{shown(key)} is neither a cut of QVHighlights nor a video of Charades")
    return found


def _is_charades(key: str) -> bool:
    return len(key) == 5 and key.isascii() and key.isalnum() and key.upper() == key


_FACTS = moment_jsonl.Facts(name=_named, ids_unique=False, needs=("qid", "relevant_clip_ids", "saliency_scores"))


def _row(item: items.Item, source: sources.Source) -> RawRow:
    row = moment_jsonl.row(item, source, _FACTS)
    none = list(row.windows) == NOWHERE
    extra: dict[str, Any] = {"qid": item.fields()["qid"]}
    if not none:
        extra |= row.extra
    return msgspec.structs.replace(
        row,
        windows=[] if none else row.windows,
        none_is_right=none,
        source_corpus="charades_sta" if row.source_start is None else "qvhighlights",
        extra=extra,
    )
