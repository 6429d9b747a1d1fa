"""Records of one type as bytes, for as many as a file has: objects would take five times the memory."""

from array import array
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from vtgdata.files.read_anew import ReadAnew

T = TypeVar("T", bound=msgspec.Struct)
_encode = msgspec.msgpack.Encoder().encode


class Packed(ReadAnew[T]):
    """Records in the order in which they were added; each reading makes a new, equal one."""

    def __init__(self, kind: type[T]) -> None:
        """Begin without any record of this type."""
        self._data, self._ends = bytearray(), array("q", [0])
        self._decode = msgspec.msgpack.Decoder(kind).decode

    def append(self, record: T) -> None:
        """Add a record; raises ValueError for a text that is no Unicode (a lone surrogate)."""
        self._data += _encode(record)
        self._ends.append(len(self._data))

    def __len__(self) -> int:
        return len(self._ends) - 1

    def _at(self, i: int) -> T:
        return self._decode(self._data[self._ends[i] : self._ends[i + 1]])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]

    __hash__ = None  # pyright: ignore[reportAssignmentType]
