"""Times as text: one table of the forms in which files write them; and writing them in a prompt's format."""

import re
from collections.abc import Callable
from typing import NamedTuple

TIME = r"(?:\d{1,3}:)?\d{1,3}:\d{2}(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
"""A time as a regular expression without groups: clock forms first, then plain seconds. Linear to match."""

_AMOUNT = r"(\d+(?:\.\d+)?|\.\d+)"


class Form(NamedTuple):
    """A form of a time: what the whole text looks like, and its seconds. To add a form, add a line to `FORMS`."""

    pattern: re.Pattern[str]
    seconds: Callable[[re.Match[str]], float]


def _plain(found: re.Match[str]) -> float:
    return float(found[0])


def _clock(found: re.Match[str]) -> float:
    hours, minutes, seconds = int(found[1] or 0), int(found[2]), float(found[3].replace(",", "."))
    if seconds >= 60 or (found[1] is not None and minutes >= 60):
        raise ValueError(f"{found[0]!r}: minutes or seconds of 60 and more")
    return hours * 3600 + minutes * 60 + seconds


def _parts(found: re.Match[str]) -> float:
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def _thousandths(found: re.Match[str]) -> float:
    return float(found[1]) / 1000


def _form(pattern: str, seconds: Callable[[re.Match[str]], float]) -> Form:
    return Form(re.compile(rf"(?:{pattern})\Z", re.IGNORECASE), seconds)


FORMS = {
    "83.4": _form(r"\d+(?:\.\d+)?|\.\d+", _plain),
    "1:02:03.5 or 00:00:12,500": _form(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{2}(?:[.,]\d+)?)", _clock),
    "12.5s or 1m05s": _form(
        rf"(?=\S)(?:{_AMOUNT} ?(?:hours?|hrs?|h)(?: |(?=\d)|\Z))?(?:{_AMOUNT} ?(?:minutes?|mins?|m)(?: |(?=\d)|\Z))?"
        rf"(?:{_AMOUNT} ?(?:seconds?|secs?|s)\.?)?",
        _parts,
    ),
    "500 ms": _form(rf"{_AMOUNT} ?(?:milliseconds?|msecs?|ms)", _thousandths),
    "PT1M0S": _form(rf"P(?:0D)?T(?=.)(?:{_AMOUNT}H)?(?:{_AMOUNT}M)?(?:{_AMOUNT}S)?", _parts),
}
"""An example of each form -> the form. Answers of models are read by `conversation`, which finds times in sentences."""


def parse_time(text: str) -> float:
    """Seconds of a time in one of the `FORMS`: plain seconds, a clock, with units, or ISO 8601.

    Raises ValueError for anything else, minutes or seconds of 60 and more on a clock included.

    >>> parse_time("83.4"), parse_time("01:23.4"), parse_time("1:02:03")
    (83.4, 83.4, 3723.0)
    >>> parse_time("00:00:12,500"), parse_time("1m05s"), parse_time("PT1M0S")
    (12.5, 65.0, 60.0)
    """
    text = text.strip()
    for form in FORMS.values():
        found = form.pattern.match(text)
        if found is not None:
            return form.seconds(found)
    raise ValueError(f"{text!r} is not a time in seconds, mm:ss or hh:mm:ss, nor such as 12.5s or PT1M0S")


_RATE = re.compile(rf"{_AMOUNT}(?:/{_AMOUNT})? ?(?:fps|hz|frames/s)?\Z", re.ASCII | re.IGNORECASE)


def parse_rate(text: str) -> float:
    """Frames per second of a rate as text; a fraction as ffprobe writes it too, and 0 for `0/0`, its unknown rate.

    Raises ValueError for anything else.

    >>> round(parse_rate("30000/1001"), 3), parse_rate("25"), parse_rate("0/0")
    (29.97, 25.0, 0.0)
    """
    found = _RATE.match(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a frame rate such as 25 or 30000/1001")
    below = float(found[2] or 1)
    return float(found[1]) / below if below else 0.0


def format_time(seconds: float, spec: str = ".1f", unit: str = " s") -> str:
    """A time as a prompt writes it: a format spec and a unit.

    >>> format_time(4, "04.1f", ""), format_time(12)
    ('04.0', '12.0 s')
    """
    return format(seconds, spec) + unit
