"""Reading an answer as another system would: its own parser finds the window, in place of ours.

Such a parser (a plug-in of `other_parsers`) gives raw pairs of seconds, which may be reversed or lie outside of the
video. A pair counts when ours would have let it pass: finite, start before end, start inside the video, as a window
that ends after the video does. Any other pair is no window, so that the answer scores 0 where it has no other.
"""

import math
from collections.abc import Callable, Iterable, Sequence

import msgspec

from vtgdata.conversation.answer import checked
from vtgdata.files import plugins
from vtgdata.records import Answer, Window

OURS = "vtgdata"
"""What reports call our own parser."""
Reread = Callable[[Answer, str | None, float | None], Answer]
"""Of an answer as ours read it, its text and the video's duration in seconds, to the same with other windows."""


def other_parser(spec: str) -> Reread:
    """The parser that a spec names: a plug-in's name or dotted path, with settings, as in `lmms_eval:task=timelens`.

    What it returns replaces the windows and the status of an answer; option, reasoning and `strict_ok`, which is about
    the prompt's form and not about a parser, stay as ours read them.

    Raises VtgError for a name that is none, and for a setting that the parser does not have.
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
    """The module of the parser that a spec names, for a step's fingerprint; none for our own, which is not named."""
    return [plugins.module_name("other_parsers", plugins.parse_spec(spec).name)] if spec else []


def valid_windows(pairs: Iterable[Sequence[float]], duration: float | None) -> tuple[tuple[Window, ...], str]:
    """The pairs that are windows of the video, each once and in order, and `ok` or what is wrong with the first pair.

    Args:
        pairs: (start, end) in seconds.
        duration: of the video in seconds; None where it is not known.

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
