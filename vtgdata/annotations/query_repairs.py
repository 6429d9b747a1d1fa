"""Repairs of a row's query, and checks of the names of its video."""

import re

from vtgdata.annotations.draft import Draft
from vtgdata.annotations.text import UNREADABLE
from vtgdata.records import RawRow

MAX_NAME = 255
"""Maximum bytes of a file name; file systems on which videos lie take no more."""


def readable(draft: Draft) -> None:
    """Drop a row that its reader could not read, with the reader's reason, and a row that names no video file."""
    draft.drop = draft.row.problem
    if draft.drop is None and (wrong := bad_name(draft.row)) is not None:
        draft.drop = (UNREADABLE, wrong)


def bad_name(row: RawRow) -> str | None:
    """What is wrong with a row's video id or file name; None when nothing is."""
    if not row.video_id or row.video_id.isspace() or _NO_FILE.search(_name(row)):
        return f"{row.file[:MAX_NAME]!r} is no name of a video file"
    if _NO_ID.search(row.video_id) or len(row.file.encode(errors="replace")) > MAX_NAME:
        return f"{row.video_id[:MAX_NAME]!r} is no id of a video"
    return None


def _name(row: RawRow) -> str:
    """The file's name, without the folders that tell videos of one name apart: then the id has the same ones."""
    folder = row.video_id.rpartition("/")[0]
    return row.file.removeprefix(f"{folder}/") if folder else row.file


def query_characters(draft: Draft) -> None:
    """Replace halves of a character (lone surrogates, left by a broken escape) by U+FFFD: they cannot be written."""
    if draft.query.isascii():
        return
    whole = SURROGATE.sub("\ufffd", draft.query)
    if whole != draft.query:
        draft.repair("query_characters", repr(draft.query), repr(whole))
        draft.query = whole


def query_mojibake(draft: Draft) -> None:
    """Repair UTF-8 that was read in another encoding and written again (mojibake)."""
    if draft.query.isascii():
        return
    # Imported only for rows that need it.
    import ftfy

    mended = ftfy.fix_encoding(draft.query)
    if mended != draft.query:
        draft.repair("query_mojibake", repr(draft.query), repr(mended))
        draft.query = mended


def query_blanks(draft: Draft) -> None:
    """Remove blanks at both ends; turn newlines and runs of blanks into single blanks."""
    tidy = " ".join(draft.query.split())
    if tidy != draft.query:
        draft.repair("query_blanks", repr(draft.query), repr(tidy))
        draft.query = tidy


def query_dots(draft: Draft) -> None:
    """Turn dots at the end into one, if they are several or stand apart: `a man runs ..` becomes `a man runs.`."""
    query = draft.query
    if query.endswith((" .", "..")):
        bare = query.rstrip(". ")
        tidy = f"{bare}." if bare else ""
        draft.repair("query_dots", repr(query), repr(tidy))
        draft.query = tidy


def query_present(draft: Draft) -> None:
    """Drop a row without a query."""
    if not draft.query:
        draft.drop = ("empty_query", "the query is empty")


SURROGATE = re.compile("[\ud800-\udfff]")


_NO_FILE = re.compile(r"[/\\\0]|\A\s*\Z|\A\.{1,2}\Z")


_NO_ID = re.compile(r"\0|(?:\A|[/\\])\.\.(?:[/\\]|\Z)|\A[/\\]")
