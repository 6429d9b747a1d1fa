"""Filters and sorts of a page's samples, in the same words as the page's own program (`data.js`), over Polars."""

import re
from typing import Any

from vtgdata.releases.pages.payload import Column

_PART = re.compile(r'(-)?(?:([a-z_]+)(<=|>=|<|>|=|:))?(?:"([^"]*)"|(\S+))')
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?")
WORDS = "(words)"
"""A column that the frame gets: query and id in small letters, for a search."""
_ROW, _KEY = "(row)", "(key)"


def rows(frame: Any, columns: list[Column], filter_: str, sort: str, falling: bool) -> Any:
    """The numbers of the rows that fit, in the order of a column; rows without a value come last.

    Args:
        frame: the samples, with the column `WORDS`.
        columns: that may be named.
        filter_: words, and conditions such as `corpus:shapes pass_rate<0.5 -trace:kept`.
        sort: name of a column; empty for the frame's own order.
        falling: whether the largest comes first.
    """
    import polars as pl

    kinds = {column.name: column.kind for column in columns}
    kept = frame.lazy().with_row_index(_ROW).filter(*conditions(filter_, kinds))  # reads only the columns that it names
    if sort not in kinds:
        return kept.select(_ROW).collect()[_ROW]
    key, text = pl.col(sort), kinds[sort] == "text"
    key = pl.when(key == "").then(None).otherwise(key) if text else key.fill_nan(None)
    found = kept.select(_ROW, key.alias(_KEY)).collect()
    if text:  # with a second key, and no nulls said of it, Polars takes less than half of the time
        return found.sort(_KEY, _ROW, descending=[falling, False], nulls_last=[True, False])[_ROW]
    return found.sort(_KEY, descending=falling, nulls_last=True, maintain_order=True)[_ROW]


def conditions(filter_: str, kinds: dict[str, str]) -> list[Any]:
    """The conditions of a filter as Polars expressions. Args: kinds: of the columns that it may name."""
    import polars as pl

    found: list[Any] = []
    for part in _PART.finditer(filter_):
        not_, name, sign, quoted, bare = part.groups()
        value = (quoted if quoted is not None else bare).lower()
        if name not in kinds:
            word = part[0].replace('"', "").lower()
            found.append(pl.col(WORDS).str.contains(word, literal=True))
            continue
        holds = _condition(pl.col(name), kinds[name], sign, value).fill_null(False)
        found.append(~holds if not_ else holds)
    return found


def _condition(column: Any, kind: str, sign: str, value: str) -> Any:
    import polars as pl

    if value == "none":
        return column.is_null() | (column == "") if kind == "text" else column.is_null()
    if kind == "text":
        text = column.fill_null("").str.to_lowercase()
        return text == value if sign == "=" else text.str.contains(value, literal=True)
    if not _NUMBER.fullmatch(value):
        return pl.lit(False)
    number, column = float(value), column.fill_nan(None)  # Polars takes nan for the largest number
    compared = {"<": column < number, "<=": column <= number, ">": column > number, ">=": column >= number}
    return compared.get(sign, column == number)
