"""Whether an answer without a window says that the video has no such moment: then it is an answer, and may be right.

An empty text, words about something else, a letter alone and a model that declines say no such thing.
"""

import re
from typing import NamedTuple

from vtgdata.conversation import answer_json
from vtgdata.conversation import answer_phrases as phrases
from vtgdata.conversation.answer_clean import clean
from vtgdata.conversation.answer_scan import Scan
from vtgdata.conversation.answer_text import Parts, ends, parts, split_reasoning, without_blocks
from vtgdata.conversation.answer_times import Units

MAY_SAY_SO = ("no_answer", "unparsable")
"""Statuses of answers without a window that may say that there is none."""
MOST = 12_000
"""Most characters that are read of the text after the reasoning, half from each end."""
_UNRELATED = Scan(
    r"\b(?:un|not |ir)?(?:related|relevant) to (?:the|this) (?:video|clip)|\birrelevant\b|\bunrelated\b"
    r"|\bdoes(?: not|n't) (?:match|correspond|relate|apply)\b|\bno (?:relation|relevance)\b"
)
_MAY_DENY = re.compile(
    r"n't|\b(?:not?|never|none|nothing|nobody|neither|nor|kein\w*|nicht|nie|pas|aucune?|n[aã]o|nunca|ning\w+|nessun\w*|non"
    r"|geen|niet|tidak|yok|değil|không)\b|[\u0400-\u04ff\u0600-\u06ff\u0900-\u097f\u0e00-\u0e7f\u3040-\ud7af]",
    re.IGNORECASE,
)
"""What every denial holds, found fast: most texts hold none of it."""
_ANYTHING = re.compile(r"[\w\[{]")
_SECONDS = Units(1.0, None)


def says_none(text: str | None, status: str) -> bool:
    """Whether a text says that there is no such moment. Args: status: how our parser read it.

    >>> says_none("<answer>no such moment</answer>", "no_answer"), says_none("[]", "no_answer")
    (True, True)
    >>> says_none("<answer></answer>", "no_answer"), says_none("(B)", "no_answer")
    (False, False)
    """
    if status not in MAY_SAY_SO or not text:
        return False
    found = parts(clean(without_blocks(ends(split_reasoning(text)[1], MOST))), cut=False)
    return absent(said_in(found), status)


class Said(NamedTuple):
    """What is read of a text without its reasoning."""

    words: str
    tagged: bool
    """Whether they stood in a tag."""


def said_in(found: Parts) -> Said:
    """The last tag that holds more than an option, else what is outside; beside an empty tag words may say so."""
    holding = [block.content for block in found.blocks if block.inner and not phrases.only_option(block.content)]
    tagged = bool(holding and holding[-1].strip())
    return Said(holding[-1] if tagged else found.outside, tagged)


def absent(said: Said, status: str) -> bool:
    """Whether what was said is that there is no such moment. Args: status: one of MAY_SAY_SO, as our parser gave it."""
    words = said.words
    if status == "unparsable":  # then the parser has looked for all else
        return _unrelated(words) or (said.tagged and _MAY_DENY.search(words) is not None and phrases.denies(words))
    if _ANYTHING.search(words) is None or phrases.declines(words):
        return False
    if phrases.says_nothing(words) or phrases.says_absent(words) or phrases.denies(words) or _unrelated(words):
        return True
    read = answer_json.read(words, _SECONDS) if "{" in words or "[" in words else None
    return read is not None and read.empty and not read.option


def _unrelated(said: str) -> bool:
    match = _UNRELATED.search(said)
    return match is not None and not match[0].lower().startswith(("related", "relevant"))
