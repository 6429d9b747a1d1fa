"""Rows of Time-R1's TimeRFT list, as its corpus and the answers that are published to it read them.

See the corpus timerft for the form.
"""

from typing import Any

from vtgdata.annotations import ids, video_parts
from vtgdata.annotations.items import Item
from vtgdata.annotations.sources import Source
from vtgdata.annotations.text import duration, held, number, pair, shown, words
from vtgdata.records import RawRow

YOUTUBE = True
"""Names of videos may be YouTube ids."""
MEAN_IOU_OF = "one greedy answer of Time-R1's base model against the published window; in [0, 1], higher is easier"
_CORPORA = {"cosmo": "cosmo_cap", "internvid-vtime": "internvid_vtime", "yt-temporal": "yt_temporal"}
FORM = '{"video": "...", "timestamp": [12.0, 20.0], "sentence": "...", "qid": "my|cosmo|...|...", ...}'


def row(record: Item, source: Source) -> RawRow:
    """The row of one item, with the qid as id; raises ValueError when it cannot be read."""
    item = record.fields()
    qid = words(item.get("qid"), "qid")
    origin = _origin(qid)
    named = ids.named(words(item.get("video"), "video"), youtube=YOUTUBE)
    part = video_parts.of_record(item)
    return RawRow(
        origin=record.origin,
        raw=record.raw,
        video_id=video_parts.video_id(named, part),
        file=named.file,
        query=words(item.get("sentence"), "sentence"),
        windows=[pair(held(item, "timestamp"))],
        split=source.split,
        published_id=qid,
        duration=duration(item.get("duration")),
        source_id=named.source_id,
        source_start=None if part is None else part[0],
        read_in_place=part is not None,
        source_corpus=_CORPORA.get(origin, origin),
        extra=_scored(item) | ({} if part is None else {"cut": list(part)}),
    )


def _origin(qid: str) -> str:
    """The corpus in a qid, `my|corpus|video|sentence`; only the sentence may contain a `|`."""
    parts = qid.split("|", 3)
    if len(parts) != 4:
        raise ValueError(f"qid {shown(qid)} is not my|corpus|video|sentence")
    return parts[1]


def _scored(item: dict[str, Any]) -> dict[str, Any]:
    """The base model's answer, and its IoU as `mean_iou`, as far as the row has them."""
    extra = {"pred": item["pred"]} if "pred" in item else {}
    if item.get("difficulty") is None:
        return extra
    return extra | {"mean_iou": number(item["difficulty"]) / 100, "mean_iou_of": MEAN_IOU_OF}
