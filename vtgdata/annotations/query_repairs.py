"""Repairs of a row's query, and checks of the names of its video."""

import html
import re

from vtgdata.annotations.draft import Draft
from vtgdata.annotations.text import UNREADABLE
from vtgdata.conversation.controls import CODE, broken

MAX_NAME = 255
"""Maximum bytes of a file name; file systems on which videos lie take no more."""


def readable(draft: Draft) -> None:
    """Drop a row that its reader could not read, with the reader's reason, and a row that names no video file."""
    draft.drop = draft.row.problem
    if draft.drop is None and (wrong := bad_name(draft.row.video_id, draft.row.file)) is not None:
        draft.drop = (UNREADABLE, wrong)


def bad_name(video_id: str, file: str) -> str | None:
    """What is wrong with a row's video id or file name; None when nothing is."""
    # Folders that tell videos of one name apart are in the id too.
    folder = video_id.rpartition("/")[0]
    name = file.removeprefix(f"{folder}/") if folder else file
    if _NO_FILE.search(name) or _NO_FOLDER.search(file) or not video_id or video_id.isspace():
        return f"{file[:MAX_NAME]!r} is no name of a video file"
    if _NO_ID.search(video_id) or len(file.encode(errors="replace")) > MAX_NAME:
        return f"{video_id[:MAX_NAME]!r} is no id of a video"
    return None


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
    """Drop a row without a query, or with a word that programs write where there is none (`NaN`)."""
    if not draft.query:
        draft.drop = ("empty_query", "the query is empty")
    elif draft.query.lower() in _NO_QUERY:
        draft.drop = ("empty_query", f"the query is {draft.query!r}, as programs write where there is none")


def plain(query: str) -> bool:
    """Whether an ASCII query has nothing for `query_entities` and the steps after it to do.

    >>> plain("a man & a dog"), plain("nan"), plain("salt &amp; pepper"), plain("a <image> falls")
    (True, False, False, False)
    """
    if len(query) <= _LONGEST and query.lower() in _NO_QUERY:
        return False
    if "<" in query or "[" in query:
        return False
    return query.isprintable() and ("&" not in query or ";" not in query)


def query_entities(draft: Draft) -> None:
    """Turn the entities of a web page (`&amp;`, `&#39;`) into their characters."""
    if "&" not in draft.query or ";" not in draft.query:
        return
    mended = _ENTITY.sub(lambda found: html.unescape(found[0]), draft.query)
    if mended != draft.query:
        draft.repair("query_entities", repr(draft.query), repr(mended))
        draft.query = mended


def query_invisible(draft: Draft) -> None:
    """Remove control characters and those of no width; joiners inside words of Persian or Hindi, or in emoji, stay."""
    if draft.query.isprintable():
        return
    mended = _EDGE_JOINER.sub("", _INVISIBLE.sub("", draft.query))
    if mended != draft.query:
        draft.repair("query_invisible", repr(draft.query), repr(mended))
        draft.query = mended


def query_text(draft: Draft) -> None:
    """Repair the query's text until nothing is left to repair: one repair may complete what another one repairs."""
    before = None
    while draft.query != before:
        before = draft.query
        for step in _TEXT_STEPS:
            step(draft)


_TEXT_STEPS = (query_characters, query_mojibake, query_entities, query_invisible, query_blanks, query_dots)
"""Each returns its own result unchanged, and none makes a text longer, so that `query_text` ends."""


def query_controls(draft: Draft) -> None:
    """Note control tokens of models that a query spells out. They stay, as text: see `conversation.controls`."""
    sent, found = broken(draft.query)
    if found:
        draft.repair(CODE, repr(draft.query), f"kept; to servers it is {sent!r}")


_NO_QUERY = frozenset(("none", "nan", "null", "<na>", "n/a", "#n/a"))
"""What Python, pandas, SQL and Excel write where there is no value, in lower case."""

_LONGEST = max(map(len, _NO_QUERY))

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")

_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f\x80-\x84\x86-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
"""Control characters that are no blanks, soft hyphens, spaces of no width, and marks of direction."""

_EDGE_JOINER = re.compile("\\A[\u200c\u200d]+|(?<=\\s)[\u200c\u200d]+|[\u200c\u200d]+(?=\\s|\\Z)")


SURROGATE = re.compile("[\ud800-\udfff]")


_NO_FOLDER = re.compile(r"\A[A-Za-z]:|(?:\A|/)[\s.]*/")
"""What leads out of a folder: a drive, the root, or a folder of dots; some systems leave blanks beside these out."""
_NO_FILE = re.compile(r"[/\\\0]|\A[\s.]*\Z")


_NO_ID = re.compile(r"\0|(?:\A|[/\\])\s*\.\.\s*(?:[/\\]|\Z)|\A[/\\]")
