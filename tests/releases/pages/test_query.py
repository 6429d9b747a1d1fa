"""Filters and sorts of a served page, against the same said plainly over Python values."""

import polars as pl
import pytest

from vtgdata.releases.pages import query
from vtgdata.releases.pages.payload import Column

COLUMNS = [
    Column(name=name, title=name, kind=kind, help="")
    for name, kind in (("query", "text"), ("corpus", "text"), ("start", "number"), ("pass_rate", "share"))
]
ROWS = [
    {"query": text, "corpus": corpus, "start": start, "pass_rate": rate, "sample_id": f"s:{number}"}
    for number, (text, corpus, start, rate) in enumerate(
        [
            ("a Dog jumps", "a", 3.0, 0.5), ("a door opens", "b", None, None), ("", "", 1.0, float("nan")),
            ("Zebra", None, 3.0, 0.0), ("a dog", "ab", -1.0, 1.0), ("dog: [x]", "a", 20.0, 0.25),
        ]
    )
]  # fmt: skip
ASKED = {
    "": lambda row: True,
    "dog": lambda row: "dog" in row["query"].lower(),
    "a dog": lambda row: "dog" in row["query"].lower() and "a" in f"{row['query']}\n{row['sample_id']}".lower(),
    '"a dog"': lambda row: "a dog" in row["query"].lower(),
    "s:4": lambda row: row["sample_id"] == "s:4",
    "[x]": lambda row: "[x]" in row["query"],
    "corpus:a": lambda row: "a" in (row["corpus"] or ""),
    "corpus=A": lambda row: row["corpus"] == "a",
    "-corpus=a": lambda row: row["corpus"] != "a",
    "corpus:none": lambda row: not row["corpus"],
    "-pass_rate:none": lambda row: row["pass_rate"] is not None,
    "start<3": lambda row: row["start"] is not None and row["start"] < 3,
    "start<=3 start>=1": lambda row: row["start"] is not None and 1 <= row["start"] <= 3,
    "start:3": lambda row: row["start"] == 3,
    "-start:3": lambda row: row["start"] != 3,
    "start<x": lambda row: False,
    "start<1_000": lambda row: False,
    "start<inf": lambda row: False,
    "pass_rate>0.2": lambda row: row["pass_rate"] is not None and row["pass_rate"] > 0.2,  # nan is no number
    "pass_rate>0.2 dog -corpus:b": lambda row: (row["pass_rate"] or 0) > 0.2 and "dog" in row["query"].lower()
    and "b" not in (row["corpus"] or ""),
}  # fmt: skip


def found(filter_: str = "", sort: str = "", falling: bool = False) -> list[int]:
    words = (pl.col("query") + "\n" + pl.col("sample_id")).str.to_lowercase().alias(query.WORDS)
    return query.rows(pl.DataFrame(ROWS).with_columns(words), COLUMNS, filter_, sort, falling).to_list()


@pytest.mark.parametrize("filter_", ASKED)
def test_a_filter_keeps_what_it_says(filter_):
    assert found(filter_) == [number for number, row in enumerate(ROWS) if ASKED[filter_](row)]


@pytest.mark.parametrize("falling", [False, True])
@pytest.mark.parametrize("sort", [column.name for column in COLUMNS])
def test_a_sort_has_unknown_values_last_and_keeps_the_order_of_equal_ones(sort, falling):
    known = {n: row[sort] for n, row in enumerate(ROWS) if row[sort] not in (None, "") and row[sort] == row[sort]}
    ordered = sorted(known, key=lambda number: known[number])
    if falling:  # equal ones stay in the order of the frame
        ordered = sorted(ordered, key=lambda number: known[number], reverse=True)
    unknown = [number for number in range(len(ROWS)) if number not in known]
    assert found("", sort, falling) == ordered + unknown
    assert found("dog", sort, falling) == [number for number in ordered + unknown if number in found("dog")]
