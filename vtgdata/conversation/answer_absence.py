"""Whether an answer without a window says that the video has no such moment: then it is an answer, and may be right.

An empty text, words about something else, a letter alone and a model that declines say no such thing.
"""

import re

from vtgdata.conversation import answer_json
from vtgdata.conversation import answer_phrases as phrases
from vtgdata.conversation.answer_clean import clean
from vtgdata.conversation.answer_text import ends, parts, split_reasoning, without_blocks
from vtgdata.conversation.answer_times import Units

MAY_SAY_SO = ("no_answer", "unparsable")
"""Statuses of answers without a window that may say that there is none."""
MOST = 12_000
"""Most characters that are read of the text after the reasoning, half from each end."""
_UNRELATED = re.compile(
    r"\b(?:un|not |ir)?(?:related|relevant) to (?:the|this) (?:video|clip)|\birrelevant\b|\bunrelated\b"
    r"|\bdoes(?: not|n't) (?:match|correspond|relate|apply)\b|\bno (?:relation|relevance)\b",
    re.IGNORECASE,
)
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
    tagged = [block.content for block in found.blocks if block.content.strip()]
    said = tagged[-1] if tagged else found.outside
    if _ANYTHING.search(said) is None or phrases.declines(said):
        return False
    if phrases.says_nothing(said) or phrases.says_absent(said) or _unrelated(said) or phrases.denies(said):
        return True
    read = answer_json.read(said, _SECONDS)
    return read is not None and read.empty and not read.option


def _unrelated(said: str) -> bool:
    match = _UNRELATED.search(said)
    return match is not None and not match[0].lower().startswith(("related", "relevant"))
