"""The facts in release.json about a release's rows: counts, facts of each corpus, and overlaps between splits."""

from collections import Counter
from typing import Any

from vtgdata.annotations import overlap
from vtgdata.files import plugins
from vtgdata.files.samples import read_sample
from vtgdata.files.schemas import Row
from vtgdata.releases.rows import grouped

_COUNTED = ("corpus", "split", "license", "task")
_FACTS = ("title", "homepage", "citation", "grid", "license_confidence")


def counts(rows: list[Row]) -> dict[str, dict[str, int]]:
    """{column: {value: number of rows}} for corpus, split, license and task, as far as all rows have the column."""
    columns = [column for column in _COUNTED if all(column in row for row in rows)]
    return {column: dict(sorted(Counter(str(row[column]) for row in rows).items())) for column in columns}


def corpora(samples: list[Row]) -> dict[str, dict[str, Any]]:
    """{corpus: its facts for the card}: rows, licences, and the facts in its plug-in if there is one."""
    facts: dict[str, dict[str, Any]] = {}
    for name, rows in grouped(samples, "corpus").items():
        licences = dict(sorted(Counter(row["license"] or "unverified" for row in rows).items()))
        facts[name] = {
            "rows": len(rows), "licenses": licences, "license_confidence": None, "title": name, "homepage": "",
            "citation": "", "grid": None,
        }  # fmt: skip
        if name in plugins.names("corpora"):
            corpus = plugins.load("corpora", name).CORPUS
            facts[name] |= {key: getattr(corpus, key) for key in _FACTS}
    return facts


def contamination(path: str, samples: list[Row]) -> list[dict[str, Any]]:
    """The overlap of each two splits that share videos.

    Raises VtgError, which names `path`, when a row is not a valid sample.
    """
    if len({(row["corpus"], row["split"]) for row in samples}) < 2:
        return []
    groups = overlap.grouped(read_sample(path, row) for row in samples)
    return [
        {
            "first": str(pair.first), "second": str(pair.second), "sources": pair.sources, "queries": pair.queries,
            "duplicates": pair.duplicates, "contaminates": pair.contaminates,
        }
        for pair in overlap.Index(groups).pairs()
        if pair.sources
    ]  # fmt: skip
