r"""Prints any text on an output of any encoding: what the encoding lacks becomes `\u00e9`, as in JSON."""

import codecs
import contextlib
import struct
import sys

ERRORS = "vtgdata.escape"


def escape(error: UnicodeError) -> tuple[str, int]:
    r"""Escapes for the characters that cannot be encoded, and where to go on: a handler of encoding errors.

    >>> codecs.register_error("shown", escape)
    >>> "caf\u00e9 \U0001f600".encode("ascii", "shown").decode()
    'caf\\u00e9 \\ud83d\\ude00'
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    raw = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{unit:04x}" for (unit,) in struct.iter_unpack(">H", raw)), error.end


def accept_any_text() -> None:
    """Let stdout and stderr take any text from now on; in UTF-8 nothing changes."""
    codecs.register_error(ERRORS, escape)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            with contextlib.suppress(OSError):  # a terminal that was opened to be read, too, cannot be changed
                stream.reconfigure(errors=ERRORS)  # type: ignore[union-attr]
