"""Which rows of a `samples.parquet` may be no valid samples: a look at whole columns, since almost all rows are valid.

What a column's look finds is judged by `samples.row_sample`, which says what is wrong.
"""

from typing import Any, get_args

import msgspec

from vtgdata.files import json_document
from vtgdata.records import Task

_LONG = 128
"""Characters from which on the depth of an `extra` is looked at."""
_decode = msgspec.json.Decoder(dict[str, Any]).decode
NO_EXTRA = "{}"
"""An `extra` that holds nothing."""


def read_extra(text: str) -> dict[str, Any]:
    """The value of a cell of the column `extra`; raises msgspec.DecodeError for what is no JSON object."""
    return _decode(text) if len(text) < _LONG else json_document.decode(text, dict[str, Any])


def suspects(frame: Any) -> Any:
    """The rows that `row_sample` has to look at: all that it refuses are among them.

    Args:
        frame: a Polars frame with the columns and types of `schemas.SAMPLES`.
    """
    import polars as pl

    start, end = (pl.element().list.get(place, null_on_oob=True) for place in (0, 1))
    sound = (pl.element().list.len() == 2) & (start >= 0) & (start < end) & (end < float("inf"))
    texts = ("sample_id", "corpus", "split", "video_id", "query")
    empty = [pl.col(name).is_null() for name in texts] + [pl.col(name) == "" for name in ("sample_id", "video_id")]
    wrong = [
        *empty,
        ~((pl.col("duration") > 0) & (pl.col("duration") < float("inf"))),
        ~pl.col("source_start").is_finite(),
        ~pl.col("task").is_in(list(get_args(Task))),
        ~pl.col("windows").list.eval(sound.fill_null(False)).list.all(),
        pl.col("options").list.eval(pl.element().is_null()).list.any(),
        pl.col("repairs").list.len() > 0,
        pl.col("none_is_right") & ((pl.col("windows").list.len() > 0) | ~pl.col("labelled")),
    ]
    found = frame.filter(pl.any_horizontal(each.fill_null(False) for each in wrong))
    more = frame["extra"].fill_null(NO_EXTRA)
    odd = [not _is_object(text) for text in more.filter(~more.is_in([NO_EXTRA, ""]))]
    if not any(odd):
        return found
    numbered = frame.with_row_index("(number)").filter(~more.is_in([NO_EXTRA, ""]))
    unreadable = numbered.filter(pl.Series(odd)).drop("(number)")
    return pl.concat([found, unreadable])


def _is_object(text: str) -> bool:
    try:
        read_extra(text)
    except msgspec.DecodeError:
        return False
    return True
