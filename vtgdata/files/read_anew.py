"""Sequences whose items are made when they are read, from memory that takes less than the items would."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar, overload

T = TypeVar("T")


class ReadAnew(Sequence[T], Generic[T]):
    """A sequence of which each reading makes a new, equal item; a slice is a list."""

    @abstractmethod
    def _at(self, i: int) -> T:
        """The item at a place in [0, len)."""

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        places = range(len(self))[index]
        return self._at(places) if isinstance(places, int) else list(map(self._at, places))

    def __iter__(self) -> Iterator[T]:
        return map(self._at, range(len(self)))
