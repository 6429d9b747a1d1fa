"""Versions of a dataset: rows, release.json, card, croissant, plots, difference, permission to publish, takedowns."""

from vtgdata.releases.columns import CHOSEN, COLDSTART, COLUMNS
from vtgdata.releases.document import (
    NAME,
    SCHEMA_VERSION,
    DataFile,
    Document,
    PromptFile,
    Release,
    ReleaseFile,
    content,
    named,
    open_release,
    parse_version,
    read_document,
    refuse_older,
)

__all__ = [
    "CHOSEN",
    "COLDSTART",
    "COLUMNS",
    "NAME",
    "SCHEMA_VERSION",
    "DataFile",
    "Document",
    "PromptFile",
    "Release",
    "ReleaseFile",
    "content",
    "named",
    "open_release",
    "parse_version",
    "read_document",
    "refuse_older",
]
