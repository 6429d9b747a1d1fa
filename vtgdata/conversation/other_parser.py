"""Reading an answer as another system would: that system's parser finds the windows, in place of ours.

Such a parser (a plug-in of `other_parsers`) gives raw pairs of seconds, which may be reversed or lie outside of the
video. A pair counts if our parser would accept it: finite, start before end, start inside the video; the end may be
after the video's. Any other pair is no window, so an answer without a valid pair scores 0.
"""

import math
from collections.abc import Callable, Iterable, Sequence

import msgspec

from vtgdata.conversation.answer import checked
from vtgdata.files import plugins
from vtgdata.records import Answer, Window

OURS = "vtgdata"
"""Name of our own parser in reports."""
Reread = Callable[[Answer, str | None, float | None], Answer]
"""(answer as our parser read it, its text, the video's duration in seconds) -> the answer with the other's windows."""


def other_parser(spec: str) -> Reread:
    """The parser that a spec names: a plug-in's name or dotted path, with settings, as in `lmms_eval:task=timelens`.

    What it returns replaces the windows and the status of an answer; option, reasoning and `strict_ok`, which is about
    the prompt's form and not about a parser, stay as ours read them.

    Raises VtgError for an unknown name, and for a setting that the parser does not have.
    """
    parsed = plugins.parse_spec(spec)
    read = plugins.load("other_parsers", parsed.name).read
    plugins.check_settings(spec, read, parsed.settings, given=2)

    def reread(answer: Answer, text: str | None, duration: float | None) -> Answer:
        pairs = read(text or "", duration, **parsed.settings)
        windows, status = valid_windows(pairs or (), duration)
        return msgspec.structs.replace(answer, windows=windows, parse_status=status if pairs else "unparsable")

    return reread


def parser_code(spec: str) -> list[str]:
    """The module of the parser that a spec names, for a step's fingerprint; empty for our own, which has no spec."""
    return [plugins.module_name("other_parsers", plugins.parse_spec(spec).name)] if spec else []


def valid_windows(pairs: Iterable[Sequence[float]], duration: float | None) -> tuple[tuple[Window, ...], str]:
    """The distinct valid windows, in order, and `ok`; without any, what is wrong with the first pair, or `no_answer`.

    Args:
        pairs: (start, end) in seconds.
        duration: of the video in seconds; None if it is not known.

    >>> valid_windows([(5.0, 3.0), (1.0, 90.0)], 60.0)
    ((Window(start=1.0, end=90.0),), 'ok')
    >>> valid_windows([(5.0, 3.0)], 60.0)
    ((), 'reversed')
    """
    windows: dict[Window, None] = {}
    wrong = ""
    for start, end in pairs:
        finite = math.isfinite(start) and math.isfinite(end)
        found, status = checked([(start, end)], duration) if finite else ((), "not_a_number")
        windows |= dict.fromkeys(found)
        wrong = wrong or (status if status != "ok" else "")
    return tuple(windows), "ok" if windows else wrong or "no_answer"
