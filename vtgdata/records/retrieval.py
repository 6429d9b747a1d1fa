"""Retrieval models, which say how well a picture fits a text: both become vectors, and their cosine says it."""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float64]
"""(n, d), each row of length 1."""


class Retriever(Protocol):
    """A retrieval model, as `connect` of a plug-in returns it. `tests/contracts/test_retrievers.py` holds all of it."""

    id: str
    """Fingerprint of all that may change a vector: weights, tokenizer, how pictures are prepared."""

    def images(self, jpegs: Sequence[bytes]) -> Vectors:
        """The vectors of n pictures, n 1 or more, each the bytes of a JPEG file."""
        ...

    def texts(self, queries: Sequence[str]) -> Vectors:
        """The vectors of n texts; one that is longer than the model reads is cut off."""
        ...


class RetrieverModule(Protocol):
    """The module of a retriever plug-in.

    What else it may say, in variables of these names:

    NEEDS = "open_clip"            a package that it imports inside functions and a plain installation does not bring
    EXAMPLE = RetrieverExample()   how the contract test opens it; every one of ours has it
    """

    def connect(self, argument: str, **settings: Any) -> Retriever:
        """Open a model.

        Args:
            argument: what stands after the colon of a spec, as in `transformers_clip:FOLDER`.
            settings: each is a parameter with a default; unknown ones are refused before.

        Raises VtgError when it cannot be opened.
        """
        ...


class RetrieverExample(msgspec.Struct, frozen=True, kw_only=True):
    """How the contract test opens a retriever.

    In `argument` and `settings`, `{open_clip_model}` stands for the folder of a tiny open_clip model, `{clip_model}`
    for one of a tiny CLIP of transformers, with its processor; both are untrained.
    """

    argument: str = ""
    settings: dict[str, Any] = {}
