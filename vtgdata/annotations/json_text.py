"""Reads JSON from text and files; a key that is given twice is an error, since the first of the two would be lost."""

import gc
import json
import re
from pathlib import Path
from typing import Any

from vtgdata.annotations.file_text import read_text
from vtgdata.errors import VtgError
from vtgdata.files import json_document, limits

_VALUE_BYTES = 16
"""Bytes that a value in a list takes at the least, and a key of an object takes more."""
_KEY = re.compile(r'"[^"\\\n]{1,200}"\s*:')
_SAMPLE, _FEW = 1 << 18, 1000
"""Characters that are looked at for keys, and how many keys must be there to tell."""


def read_json(path: Path) -> Any:
    """The value of a JSON document (NaN and Infinity allowed, as Python and NumPy write them).

    Raises VtgError, with line and column, when it is not valid JSON; also when a key occurs twice in one object: the
    first of the two would be lost.
    """
    text = read_text(path)
    limits.check_memory(path, len(text) + text.count(",") * _VALUE_BYTES + text.count('":') * _key_bytes(text))
    # Nothing of a document is garbage while it is read; looking for some takes more than half of the time.
    collects = gc.isenabled()
    gc.disable()
    try:
        return parse_json(text)
    except MemoryError:
        raise limits.no_memory(path) from None
    except json.JSONDecodeError as error:
        hint = "Download it again, or mend it there."
        if error.msg == "Extra data":
            hint = "One JSON document is wanted here; this may be a file of JSON lines."
        raise VtgError(f"{path}:{error.lineno}:{error.colno}: not valid JSON ({error.msg}). {hint}") from error
    except ValueError as error:
        raise VtgError(f"{path}: not usable JSON ({error}). Mend it there.") from error
    finally:
        if collects:
            gc.enable()


def _key_bytes(text: str) -> int:
    """Bytes that a key takes at the least, besides its value; as its first part tells, keys repeat, or do not."""
    keys = _KEY.findall(text, 0, _SAMPLE)
    return 128 if len(keys) > _FEW and len(set(keys)) > len(keys) * 0.9 else 16


def parse_json(text: str) -> Any:
    """A JSON value from text; raises ValueError when it is invalid, nests too deep, or repeats a key in one object."""
    check_depth(text)
    try:
        value, end = _scanned(text)
        # Blanks round the value are for `decode`, and so are the words for what is wrong.
        return value if end == len(text) else _DECODER.decode(text)
    except RecursionError:
        raise ValueError("it nests too deep") from None


def check_depth(text: str) -> None:
    """Raise ValueError when a JSON text nests deeper than the limit."""
    if json_document.nests_too_deep(text):
        raise ValueError(json_document.too_deep())


def _scanned(text: str) -> tuple[Any, int]:
    """The value with which a text begins, and where it ends; (None, -1) where none begins."""
    try:
        return _DECODER.scan_once(text, 0)
    except StopIteration:
        return None, -1


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        repeated = next(key for key, _ in pairs if key in seen or seen.add(key))
        raise ValueError(f"the key {repeated[:80]!r} occurs twice in one object")
    return found


_DECODER: Any = json.JSONDecoder(object_pairs_hook=_without_repeats)
