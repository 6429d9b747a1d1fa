"""Similarity of two queries: the share of their three-letter pieces (trigrams) that they have in common.

Like an edit distance it tolerates other endings and slips of the pen, but it can be looked up in an index; articles,
punctuation and case do not matter. Source: trigram similarity, as pg_trgm of PostgreSQL has it.
"""

import re
from functools import lru_cache

_WORD = re.compile(r"\w+")
_FIGURES = re.compile(r"\d+")
_ARTICLES = frozenset({"a", "an", "the"})


@lru_cache(maxsize=1 << 14)
def pieces(query: str) -> frozenset[str]:
    """The three-letter pieces of a query's words, each word padded with blanks at its edges; never empty.

    >>> sorted(pieces("The ox."))
    ['  o', ' ox', 'ox ']
    """
    words = _WORD.findall(query.casefold())
    words = [word for word in words if word not in _ARTICLES] or words or [query]
    return frozenset[str]().union(*map(_of_word, words))


@lru_cache(maxsize=1 << 16)
def _of_word(word: str) -> frozenset[str]:
    edged = f"  {word} "
    return frozenset(edged[i : i + 3] for i in range(len(edged) - 2))


@lru_cache(maxsize=1 << 14)
def figures(query: str) -> frozenset[str]:
    """The numbers in a query, as they are written."""
    return frozenset(_FIGURES.findall(query))


def similarity(one: str, other: str) -> float:
    """Similarity in [0, 1]; 1 for queries that differ only in case, punctuation, articles and the order of words.

    Two queries with different numbers have similarity 0, however long the rest: "number 3" is not "number 4".

    >>> similarity("A person opens the door.", "person opens a door")
    1.0
    >>> round(similarity("he cuts the carrot", "he cut the carrot"), 2)
    0.8
    >>> round(similarity("he opens the door", "he closes the door"), 2)
    0.38
    >>> similarity("a graphic shows the number 3", "a graphic shows the number 4")
    0.0
    """
    if figures(one) != figures(other):
        return 0.0
    first, second = pieces(one), pieces(other)
    shared = len(first & second)
    return shared / (len(first) + len(second) - shared)
