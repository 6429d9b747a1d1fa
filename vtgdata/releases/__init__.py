"""Releases: versions of a dataset, what they say of themselves, and how they are written, compared and published."""

from vtgdata.releases.document import (
    CHOSEN,
    COLDSTART,
    COLUMNS,
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
