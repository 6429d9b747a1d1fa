"""Instructions that hold a query: where a corpus asks in whole sentences, and the query stands in quotes inside."""

import re

_OPENS = re.compile(r"(?<![^\s(:])['\"](?=\S)")
_CLOSES = re.compile(r"(?<=\S)['\"](?![^\s.,;:?!)])")


def quoted(sentence: str) -> str | None:
    """The text between the outer quotes of a sentence; None when nothing is quoted.

    A quote opens before a word and closes after one, so that apostrophes in the query or beside it are none:

    >>> quoted("Find the part that matches 'the dog's bowl isn't full' and give its start.")
    "the dog's bowl isn't full"
    >>> quoted("Find when the dogs' bowl isn't full.") is None
    True
    """
    last = {sentence[found.start()]: found.start() for found in _CLOSES.finditer(sentence)}
    for found in _OPENS.finditer(sentence):
        end = last.get(found[0], -1)
        if end > found.start():
            return sentence[found.end() : end]
    return None
