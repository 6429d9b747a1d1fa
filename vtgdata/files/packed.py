"""Records of one type as bytes, for as many as a file has: objects would take five times the memory."""

from array import array
from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar, overload

import msgspec

T = TypeVar("T", bound=msgspec.Struct)
_encode = msgspec.msgpack.Encoder().encode


class Packed(Sequence[T], Generic[T]):
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

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        first = index if index >= 0 else index + len(self)
        if not 0 <= first < len(self):
            raise IndexError(index)
        return self._decode(self._data[self._ends[first] : self._ends[first + 1]])

    def __iter__(self) -> Iterator[T]:
        return (self[number] for number in range(len(self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]

    __hash__ = None  # pyright: ignore[reportAssignmentType]
