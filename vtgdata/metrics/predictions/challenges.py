"""The submission of the Ego4D NLQ challenge, which names a query by its number within an annotator's clip.

{"version": "1.0", "challenge": "ego4d_nlq_challenge", "results": [{"clip_uid": "..", "annotation_uid": "..",
 "query_idx": 0, "predicted_times": [[11, 21], ..]}]}                                 (windows best first)
"""

from vtgdata.annotations.text import mapping, shown
from vtgdata.metrics.predictions.entries import Entry
from vtgdata.metrics.predictions.fields import keys_of, whole_ids, windows
from vtgdata.metrics.predictions.record import Prediction
from vtgdata.records import Sample

_NAMES = ("clip_uid", "annotation_uid", "query_idx", "predicted_times")


def is_ego4d(entry: Entry) -> bool:
    """Whether an entry is a record of the challenge."""
    return entry.key is None and all(name in entry.record for name in _NAMES[1:])


def ego4d(entry: Entry) -> Prediction:
    """The prediction of one query."""
    row = mapping(entry.value, "the row")
    if missing := [name for name in _NAMES if name not in row]:
        raise ValueError(f"it has no {', '.join(missing)}, only {keys_of(row)}")
    number = whole_ids(str(row["query_idx"]))
    if not number.isdecimal():
        raise ValueError(f"query_idx is {shown(row['query_idx'])}, not the number of a query")
    return Prediction(
        keys=(f"{row['annotation_uid']}_{number}", f"{row['clip_uid']}>>>{number}"),
        where=entry.where,
        windows=windows(row["predicted_times"], "predicted_times"),
        ranked=True,
    )


def ego4d_keys(sample: Sample) -> tuple[str, ...]:
    """The annotation's uid with the query's number, as our reader makes ids; else the clip and the query's id."""
    published = sample.sample_id.partition(":")[2]
    return published, f"{sample.video.video_id}>>>{published}"
