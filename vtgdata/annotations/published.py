"""Rows and videos of a split: as many as its corpus publishes, beside those that were read, and why they differ."""

import msgspec
from msgspec import UNSET, UnsetType

from vtgdata.records import Split


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """Rows and videos of a split: as many as its corpus publishes, and as many as were read."""

    published: int | None
    """Rows; None where no number is known."""
    read: int
    """Rows."""
    videos_published: int | UnsetType = UNSET
    """Where their number is known."""
    videos_read: int | UnsetType = UNSET
    """Where the published number is known."""
    difference: str | UnsetType = UNSET
    """Why another number of rows was read than is published."""


def compared(facts: Split | None, *, rows: int, videos: int, limit: int | None) -> Published:
    """What was read of a split beside what is published.

    Args:
        facts: of the split, as far as its corpus has any.
        rows: that were read.
        videos: that were read.
        limit: of rows to read, where there was one.
    """
    if facts is None:
        return Published(published=None, read=rows)
    differs = facts.rows is not None and rows != facts.rows
    return Published(
        published=facts.rows,
        read=rows,
        videos_published=UNSET if facts.videos is None else facts.videos,
        videos_read=UNSET if facts.videos is None else videos,
        difference=_difference(facts, rows - (facts.rows or 0), limit) if differs else UNSET,
    )


def _difference(split: Split, more: int, limit: int | None) -> str:
    """Why a split has another number of rows than its corpus publishes, as far as anybody can say."""
    known = split.copies.get((split.rows or 0) + more)
    if known is not None:
        return known
    if limit is not None:
        return f"--limit {limit} stopped the reading"
    if more < 0:
        return f"{-more:,} fewer: part of the files, or a copy without videos that have vanished"
    return f"{more:,} more: another version of the files, or one given twice under two names"
