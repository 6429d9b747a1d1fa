"""A retrieval model that sees colours and nothing else, whose scores are known: the share of a picture's saturation.

    --score-by support.coloured_retriever, with queries such as "the red moment", on videos of `support.coloured`

The vector of a picture is the colour that it shows, and grey where it shows none; that of a text the colour it names:
the cosine is 1 where they agree, and 0 else.
"""

from collections.abc import Sequence

import numpy as np

from support.coloured import COLOURS, dominant

ASKED: list[int] = []
"""Number of pictures of each call."""


class Sees:
    """A vector has a place for each colour, and one for grey."""

    id = "coloured-retriever-1"

    def images(self, jpegs: Sequence[bytes]) -> np.ndarray:
        ASKED.append(len(jpegs))
        return np.stack([_vector(dominant(jpeg)) for jpeg in jpegs])

    def texts(self, queries: Sequence[str]) -> np.ndarray:
        return np.stack([_vector(next((name for name in COLOURS if name in query), "none")) for query in queries])


def _vector(colour: str) -> np.ndarray:
    return np.eye(len(COLOURS) + 1)[[*COLOURS].index(colour) if colour in COLOURS else -1]


def connect(argument: str) -> Sees:
    del argument
    return Sees()
