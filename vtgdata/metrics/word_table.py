"""The words of many queries as numbers, each word of a query once."""

import re
from array import array
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vtgdata.metrics.flat import Index

_WORD = re.compile(r"[^\W\d_]+")


class Words(NamedTuple):
    """The words of n queries, query by query."""

    known: list[str]
    """The words."""
    code: NDArray[np.int32]
    """(k,) which word of `known` each is."""
    sizes: Index
    """(n,) number of words of each query."""

    def only(self, mask: NDArray[np.bool_]) -> "Words":
        """The words of some of the queries. Args: mask: (n,)."""
        return Words(self.known, self.code[np.repeat(mask, self.sizes)], self.sizes[mask])


def words_in(query: str) -> list[str]:
    """The words of a query in lower case, each once.

    >>> words_in("The end of the song")
    ['the', 'end', 'of', 'song']
    """
    return list(dict.fromkeys(_WORD.findall(query.casefold())))


def words_of(queries: Iterable[str]) -> Words:
    """The words of queries."""
    place: dict[str, int] = {}
    code, sizes = array("i"), array("i")
    for query in queries:
        words = words_in(query)
        sizes.append(len(words))
        code.extend([place.setdefault(word, len(place)) for word in words])
    return Words(list(place), np.array(code, dtype=np.int32), np.array(sizes, dtype=np.intp))
