"""Decodes JSON that somebody else may have written; whatever is wrong with it is one kind of error.

Without this, a document that nests deep raises a RecursionError here, or later in code that walks through it.
"""

import re
from itertools import accumulate
from typing import Any, TypeVar, overload

import msgspec

from vtgdata.errors import VtgError
from vtgdata.files import limits

T = TypeVar("T")

_FEW = 64
"""Openings of lists and objects that are not looked at: no corpus nests nearly as deep."""
_STEPS = bytes.maketrans(b"[{]}", b"\x02\x02\x00\x00")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[{]}"))
_PIECE = 1 << 20
"""Characters that are looked at together."""
_STRING = r'"(?:[^"\\]|\\.)*+"'
_STRINGS, _STRINGS_OF_BYTES = re.compile(_STRING, re.DOTALL), re.compile(_STRING.encode(), re.DOTALL)


@overload
def decode(raw: bytes | str) -> Any: ...
@overload
def decode(raw: bytes | str, type: type[T]) -> T: ...
def decode(raw: bytes | str, type: Any = Any) -> Any:
    """The value of a JSON document.

    Args:
        raw: the document.
        type: what it must be, as msgspec has it.

    Raises msgspec.DecodeError when it is no JSON, not UTF-8, not of the type, or nests too deep.
    """
    try:
        if nests_too_deep(raw):
            raise RecursionError
        return msgspec.json.decode(raw, type=type)
    except RecursionError:
        raise msgspec.DecodeError(too_deep()) from None
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(str(error)) from error


def cell(text: str, column: str, type: Any = Any) -> Any:
    """The value of JSON in a cell of a table.

    Raises VtgError, naming the column, when it is no JSON of the type.
    """
    try:
        return decode(text, type)
    except msgspec.DecodeError as error:
        raise VtgError(
            f"column {column}: {text!r:.80} is not the JSON it should be ({error}). Make it again."
        ) from error


def too_deep() -> str:
    """What is wrong with a document that nests deeper than the limit."""
    return f"it nests too deep: above the limit of {limits.DEPTH.value} levels that {limits.DEPTH.variable} sets"


def nests_too_deep(text: bytes | str) -> bool:
    """Whether a JSON text nests deeper than the limit; brackets in its strings do not count."""
    # They are counted first, since that is quick, and left out where there seem to be too many.
    if not (seems := depth(text)) or seems <= (most := limits.DEPTH.value):
        return False
    rest = _STRINGS.sub("", text) if isinstance(text, str) else _STRINGS_OF_BYTES.sub(b"", text)
    return depth(rest) > most


def depth(text: bytes | str) -> int:
    """How deep a JSON text seems to nest, brackets in its strings included; 0 where it has so few that none matters."""
    signs: tuple[Any, Any] = ("[", "{") if isinstance(text, str) else (b"[", b"{")
    if text.count(signs[0]) + text.count(signs[1]) <= _FEW:
        return 0
    deepest = now = 0
    for start in range(0, len(text), _PIECE):
        piece = text[start : start + _PIECE]
        data = piece.encode("ascii", errors="replace") if isinstance(piece, str) else piece
        # Openings and closings become 2 and 0, and all else goes: a few per cent of the text are left.
        steps = data.translate(_STEPS, _NO_BRACKETS)
        if steps:
            deepest, now = max(deepest, now + _highest(steps)), now + sum(steps) - len(steps)
    return deepest


def _highest(steps: bytes) -> int:
    """The highest sum of the first steps, each of which is one less than its byte."""
    if len(steps) < 1000:  # then NumPy need not be loaded
        return max(accumulate(step - 1 for step in steps))
    import numpy as np

    return int(np.cumsum(np.frombuffer(steps, np.uint8).astype(np.int8) - np.int8(1), dtype=np.int32).max())
