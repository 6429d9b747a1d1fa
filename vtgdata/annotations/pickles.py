"""Python pickles read as data: texts, numbers, lists and mappings, and never an object of a class.

A pickle is a program: Python's own loader lets it call any function, so that a file from the internet can do anything.
Here the loader refuses every name that a file wants to import, as Python's documentation advises ("Restricting
Globals"). What it built is then copied as plain data; anything that JSON could not say is refused.
"""

import io
import pickle
import pickletools
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from vtgdata.annotations.file_text import head
from vtgdata.annotations.text import shown
from vtgdata.errors import VtgError
from vtgdata.files import limits

MAX_STEPS = 8_000_000
"""Instructions of a pickle, and values of what it builds when all that is shared is written out."""
MAX_DEPTH = 50
"""Lists in lists; a corpus's go four deep."""

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
    most = limits.PICKLE.value
    data = head(path, most + 1)
    if len(data) > most:
        raise limits.PICKLE.error(path, "the pickle is too long")
    try:
        return run(data)
    except MemoryError:
        raise limits.no_memory(path) from None
    except ValueError as error:
        raise VtgError(f"{path}: not a pickle that is read here: {error}. {CONVERT}") from error


def run(data: bytes) -> Any:
    r"""The value that a pickle builds; raises ValueError when it is damaged or builds anything but plain data.

    >>> run(b"\x80\x03]q\x00(X\x03\x00\x00\x00dogq\x01K\x02e.")
    ['dog', 2]
    """
    _check_memory(data)
    try:
        # The encoding is that of texts which Python 2 wrote.
        value = Loader(io.BytesIO(data), encoding="utf-8").load()
    except ValueError:
        raise
    except Exception as error:  # a damaged pickle may raise anything, says Python's documentation
        raise ValueError(f"it is damaged ({str(error) or type(error).__name__})") from error
    return _Plain().of([value], -1)[0]


class Loader(pickle.Unpickler):
    """Python's loader without what lets a pickle run something."""

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        """Refuse a class or function, whatever it is."""
        name = shown(f"{module_name} {global_name}")
        raise ValueError(f"it has the instruction GLOBAL {name}, which is none for plain data")

    def persistent_load(self, pid: Any, /) -> Any:
        """Refuse an object that is kept outside of the file."""
        raise ValueError(f"it has the instruction PERSID {shown(pid)}, which is none for plain data")


def _check_memory(data: bytes) -> None:
    """Raise ValueError where reading a pickle would take far more memory than its size: the loader does not look.

    It makes room for as many kept values as an instruction names, and a byte suffices for an empty list.
    """
    number = place = 0
    for number, (code, argument, position) in enumerate(pickletools.genops(data)):
        if number == MAX_STEPS:
            raise ValueError(f"it has more than {MAX_STEPS:,} instructions")
        if code.name in ("PUT", "BINPUT", "LONG_BINPUT") and not 0 <= cast(int, argument) <= len(data):
            raise ValueError(f"it keeps a value under the number {argument}")
        place = position or 0
    if behind := len(data) - place - 1:
        raise ValueError(f"{behind} bytes follow its end")


class _Plain:
    """Makes plain data of what a pickle built, in place; what occurs twice is looked at once."""

    def __init__(self) -> None:
        self.lists: dict[int, tuple[Any, list[Any]]] = {}
        """Of tuples, by identity, each with its tuple: one that were gone would leave its identity to another value."""
        self.depths: dict[int, int] = {}
        """How deep each list and mapping goes, by identity."""
        self.sizes: dict[int, int] = {}
        """How many values each holds, when all that is shared is written out: lists can double themselves."""

    def of(self, value: Any, level: int) -> Any:
        """A list, tuple or mapping that lies so many lists deep; raises ValueError where JSON could not say it."""
        name = id(value)
        if name in self.sizes:
            return self.lists[name][1] if name in self.lists else value
        if level > MAX_DEPTH:  # one that holds itself ends here too
            raise ValueError(f"it nests deeper than {MAX_DEPTH} lists")
        found = value
        if type(value) is tuple:
            found = list(cast(tuple[Any, ...], value))
            self.lists[name] = value, found
        depth, size = 0, 1 + len(found)
        for key, each in _items(found):
            kind = each.__class__
            if kind in _CONTAINERS:
                found[key] = self.of(each, level + 1)
                depth, size = max(depth, self.depths[id(each)] + 1), size + self.sizes[id(each)]
            elif kind is not str and kind is not float:
                _check_scalar(each)
        if depth > MAX_DEPTH or size > MAX_STEPS:
            raise ValueError(f"it nests deeper than {MAX_DEPTH} lists, or holds more than {MAX_STEPS:,} values")
        self.depths[name], self.sizes[name] = depth, size
        return found


def _items(value: Any) -> Iterable[tuple[Any, Any]]:
    """Places and values of a list, or keys and values of a mapping; raises ValueError where a key is no text."""
    if type(value) is list:
        return enumerate(cast(list[Any], value))
    for key in value:
        if type(key) is not str:
            raise ValueError(f"the key {shown(key)} is no text")
    return value.items()


_CONTAINERS = frozenset((list, tuple, dict))
"""Exactly these: what is of a class that inherits from them cannot be in a pickle without its name."""


def _check_scalar(value: Any) -> None:
    if type(value) is int and value.bit_length() > 64:
        raise ValueError("a whole number has more than 64 bits")
    if value is not None and type(value) not in (bool, int, float, str):
        raise ValueError(f"it holds {shown(value)}, which is no plain data but {type(value).__name__}")
