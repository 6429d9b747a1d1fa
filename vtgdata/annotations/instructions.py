"""Instructions that contain a query: some corpora ask in whole sentences, with the query in quotes inside."""

import re

_OPENS = re.compile(r"(?<![^\s(:])['\"](?=\S)")
_CLOSES = re.compile(r"(?<=\S)['\"](?![^\s.,;:?!)])")


def quoted(sentence: str) -> str | None:
    """The text between the outer quotes of a sentence; None when nothing is quoted.

    An opening quote stands before a word and a closing one after a word, so apostrophes do not count as quotes:

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
