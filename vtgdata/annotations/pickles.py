"""Python pickles read as data: only what JSON could say as well, and never by unpickling.

A pickle is a program for a small machine. Python's own loader lets it call any function, so that a file from the
internet can do anything. The machine here knows only the instructions that build texts, numbers, lists and mappings; a
file with any other is refused.
"""

import pickletools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeGuard

from vtgdata.annotations.file_text import head
from vtgdata.annotations.text import shown
from vtgdata.errors import VtgError

MAX_BYTES = 1 << 28
"""Bytes of a pickle; a corpus's are a few million."""
MAX_STEPS = 8_000_000
"""Instructions of a pickle, and values of what it builds when all that is shared is written out."""
MAX_DEPTH = 50
"""Lists in lists; a corpus's go four deep."""
MAX_INDEX = 1 << 31
"""Numbers under which a pickle may keep a value to use it again."""

CONVERT = (
    "Where you trust its origin, convert it once: python -c 'import json, pickle, sys; "
    'json.dump(pickle.load(open(sys.argv[1], "rb")), open(sys.argv[2], "w"), default=lambda v: v.tolist())\' '
    "FILE.pkl FILE.json, and give the JSON file."
)


def read_pickle(path: Path) -> Any:
    """The value of a pickle of any protocol, as JSON would have it: tuples are lists, keys of mappings are text.

    Raises VtgError, saying what was found and how to convert the file, when it is no pickle, is damaged, is too large,
    or holds anything else than texts, numbers, lists and mappings.
    """
    data = head(path, MAX_BYTES + 1)
    try:
        if len(data) > MAX_BYTES:
            raise ValueError(f"it is larger than {MAX_BYTES >> 20} MiB")
        return run(data)
    except ValueError as error:
        raise VtgError(f"{path}: not a pickle that is read here: {error}. {CONVERT}") from error


def run(data: bytes) -> Any:
    r"""The value that a pickle builds; raises ValueError when it is damaged or builds anything but plain data.

    >>> run(b"\x80\x03]q\x00(X\x03\x00\x00\x00dogq\x01K\x02e.")
    ['dog', 2]
    """
    machine = _Machine()
    for number, (code, argument, place) in enumerate(pickletools.genops(data)):
        if number == MAX_STEPS:
            raise ValueError(f"it has more than {MAX_STEPS:,} instructions")
        if code.name == "STOP":
            return machine.result(len(data) - (place or 0) - 1)
        step = _STEPS.get(code.name)
        if step is None:
            named = f" {shown(argument)}" if isinstance(argument, str) else ""
            raise ValueError(f"byte {place} has the instruction {code.name}{named}, which is none for plain data")
        try:
            step(machine, argument)
        except IndexError:
            raise ValueError(f"byte {place} takes a value where there is none") from None
    raise ValueError("it ends before its last instruction")


class _Machine:
    """A stack of values, the places in it that were marked, and values kept under a number.

    A list or mapping that lies in another one, or was taken again, changes no more: so none can come to hold itself.
    """

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.kept: dict[int, Any] = {}
        self.sizes: dict[int, tuple[int, int]] = {}
        """Of each list and mapping, by identity: how deep it goes, and how many values it holds, all written out."""
        self.closed: set[int] = set()
        """Lists and mappings, by identity, that change no more."""

    def result(self, behind: int) -> Any:
        """What the pickle built, with so many bytes behind its end."""
        if len(self.stack) != 1 or self.marks:
            raise ValueError("it ends with other than one value")
        if behind:
            raise ValueError(f"{behind} bytes follow its end")
        return self.stack[0]

    def new(self, value: list[Any] | dict[str, Any]) -> None:
        """Put an empty list or mapping on the stack."""
        self.sizes[id(value)] = (0, 1)
        self.closed.discard(id(value))  # the identity of one before, perhaps
        self.stack.append(value)

    def from_mark(self) -> list[Any]:
        """Take everything behind the last mark, and the mark."""
        start = self.marks.pop()
        found, self.stack[start:] = self.stack[start:], []
        return found

    def last(self, number: int) -> list[Any]:
        """Take so many values, in the order in which they came; a mark is not passed."""
        start = len(self.stack) - number
        if start < (self.marks[-1] if self.marks else 0):
            raise IndexError
        found, self.stack[start:] = self.stack[start:], []
        return found

    def fill(self, found: list[Any]) -> None:
        """Put values at the end of the list on top of the stack."""
        target = self.stack[-1]
        if not _is_list(target) or id(target) in self.closed:
            raise ValueError("it fills what is no list, or one in use")
        for value in found:
            self._hold(value, target)
            target.append(value)

    def enter(self, found: list[Any]) -> None:
        """Put keys and values, which come by turns, into the mapping on top of the stack."""
        target = self.stack[-1]
        if not _is_mapping(target) or id(target) in self.closed or len(found) % 2:
            raise ValueError("it fills what is no mapping, or one in use")
        for key, value in zip(found[::2], found[1::2], strict=True):
            if not isinstance(key, str) or key in target:
                raise ValueError(f"the key {shown(key)} is no text, or occurs twice in one mapping")
            self._hold(value, target)
            target[key] = value

    def _hold(self, inner: Any, outer: object) -> None:
        depth, size = self.sizes[id(outer)]
        if _is_list(inner) or _is_mapping(inner):
            inner_depth, inner_size = self.sizes[id(inner)]
            depth, size = max(depth, inner_depth + 1), size + inner_size
            self.closed.add(id(inner))
        else:
            size += 1
        if depth > MAX_DEPTH or size > MAX_STEPS:
            raise ValueError(f"it nests deeper than {MAX_DEPTH} lists, or holds more than {MAX_STEPS:,} values")
        self.sizes[id(outer)] = depth, size

    def keep(self, index: int) -> None:
        """Keep the last value under a number."""
        if not 0 <= index < MAX_INDEX:
            raise ValueError(f"it keeps a value under the number {index}")
        self.kept[index] = self.stack[-1]

    def again(self, index: int) -> None:
        """Put a kept value on the stack once more."""
        if index not in self.kept:
            raise ValueError(f"it takes the value of number {index}, which has none")
        value = self.kept[index]
        if _is_list(value) or _is_mapping(value):
            self.closed.add(id(value))
        self.stack.append(value)


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _is_mapping(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _whole(value: int) -> int:
    if value.bit_length() > 64:
        raise ValueError("a whole number has more than 64 bits")
    return value


def _decoded(value: str) -> str:
    """A text that Python 2 wrote, as bytes: they are taken as UTF-8."""
    return value.encode("latin-1").decode("utf-8")


def _listed(machine: _Machine, found: list[Any]) -> None:
    machine.new([])
    machine.fill(found)


def _mapped(machine: _Machine, found: list[Any]) -> None:
    machine.new({})
    machine.enter(found)


_Step = Callable[[_Machine, Any], None]
_STEPS: dict[str, _Step] = {
    **dict.fromkeys(("PROTO", "FRAME"), lambda machine, value: None),
    "MARK": lambda machine, _: machine.marks.append(len(machine.stack)),
    "NONE": lambda machine, _: machine.stack.append(None),
    "NEWTRUE": lambda machine, _: machine.stack.append(True),
    "NEWFALSE": lambda machine, _: machine.stack.append(False),
    **dict.fromkeys(
        ("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4"),
        lambda machine, value: machine.stack.append(_whole(value)),
    ),
    **dict.fromkeys(
        ("FLOAT", "BINFLOAT", "STRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
        lambda machine, value: machine.stack.append(value),
    ),
    **dict.fromkeys(
        ("BINSTRING", "SHORT_BINSTRING"), lambda machine, value: machine.stack.append(_decoded(value))
    ),
    "EMPTY_LIST": lambda machine, _: machine.new([]),
    "EMPTY_DICT": lambda machine, _: machine.new({}),
    "EMPTY_TUPLE": lambda machine, _: machine.new([]),
    "APPEND": lambda machine, _: machine.fill(machine.last(1)),
    "APPENDS": lambda machine, _: machine.fill(machine.from_mark()),
    "SETITEM": lambda machine, _: machine.enter(machine.last(2)),
    "SETITEMS": lambda machine, _: machine.enter(machine.from_mark()),
    "LIST": lambda machine, _: _listed(machine, machine.from_mark()),
    "DICT": lambda machine, _: _mapped(machine, machine.from_mark()),
    "TUPLE": lambda machine, _: _listed(machine, machine.from_mark()),
    "TUPLE1": lambda machine, _: _listed(machine, machine.last(1)),
    "TUPLE2": lambda machine, _: _listed(machine, machine.last(2)),
    "TUPLE3": lambda machine, _: _listed(machine, machine.last(3)),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), lambda machine, index: machine.keep(index)),
    "MEMOIZE": lambda machine, _: machine.keep(len(machine.kept)),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), lambda machine, index: machine.again(index)),
}  # fmt: skip
"""The instructions known, by the names that `pickletools` gives them."""
