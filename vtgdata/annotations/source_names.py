"""The corpora that collections name as their sources, each under its many spellings.

A row that a collection took from another corpus stands under that corpus's licence too, whatever the collection calls
it: `Charades-STA`, `charades_sta` and `charades` are one.
"""

import re
from collections.abc import Iterable, Iterator

import msgspec

from vtgdata.annotations.blocks import Block
from vtgdata.records import RawRow

KEYS = ("source_corpus", "source_dataset", "data_source", "dataset_name", "dataset", "source")
"""Keys of a record that name its source, the clearest first."""

_CORPORA = {
    "activitynet_captions": "activitynet activitynetcaptions anet anetcaptions anetcap",
    "activitynet_cg": "activitynetcg",
    "charades_cg": "charadescg",
    "charades_sta": "charades charadessta",
    "coin": "coin",
    "didemo": "didemo",
    "ego4d_nlq": "ego4dnlq egonlq ego4dnaq",
    "hirest": "hirest hirestgrounding hireststep",
    "internvid_vtime": "internvidvtime internvid",
    "nextgqa": "nextgqa",
    "qvhighlights": "qvhighlights qvhighlight qvh",
    "queryd": "queryd",
    "tacos": "tacos",
    "tvsum": "tvsum",
    "vidchapters": "vidchapters vidchapters7m",
    "vitt": "vitt",
    "youcook2": "youcook2 youcookii youcook",
    "youtube_highlights": "youtubehighlights",
}
_BY_SPELLING = {spelling: name for name, spellings in _CORPORA.items() for spelling in spellings.split()}
_SIGNS = re.compile(r"[^a-z0-9]+")


def corpus_of(name: str) -> str | None:
    """The reader's name of the corpus that a collection calls so; None for one that no reader knows.

    >>> corpus_of("Charades-STA"), corpus_of("YouCook II"), corpus_of("youtube")
    ('charades_sta', 'youcook2', None)
    """
    return _BY_SPELLING.get(_SIGNS.sub("", name.lower()))


def with_sources(rows: Iterable[RawRow | Block], own: str) -> Iterator[RawRow | Block]:
    """The rows of a general reader, with the corpus that a row's other fields name as its source.

    Args:
        rows: as the reader yields them; one that names its source itself stays as it is.
        own: name of the corpus being read, which is no source of itself.
    """
    for row in rows:
        if isinstance(row, Block):
            row.odd = {place: _with_source(each, own) for place, each in row.odd.items()}
            yield row
        else:
            yield _with_source(row, own)


def _with_source(row: RawRow, own: str) -> RawRow:
    named = None if row.source_corpus or not row.extra else _named(row)
    return row if named is None or named == own else msgspec.structs.replace(row, source_corpus=named)


def _named(row: RawRow) -> str | None:
    for key in KEYS:
        value = row.extra.get(key)
        if isinstance(value, str) and (found := corpus_of(value)):
            return found
    return None
