"""Times as text: reading `83.4`, `12.5s`, `01:23`, `1:02:03.5`; writing them in a prompt's format."""

import re

TIME = r"(?:\d{1,3}:)?\d{1,3}:\d{2}(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
"""A time as a regular expression without groups: clock forms first, then plain seconds. Linear to match."""

_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{2}(?:\.\d+)?)\Z")
_PLAIN = re.compile(r"(?:\d+(?:\.\d+)?|\.\d+)\Z")


def parse_time(text: str) -> float:
    """Seconds of a time written as plain seconds, mm:ss or hh:mm:ss (fractions of a second allowed).

    Raises ValueError for anything else, minutes or seconds of 60 and more included.

    >>> parse_time("83.4"), parse_time("01:23.4"), parse_time("1:02:03")
    (83.4, 83.4, 3723.0)
    """
    text = text.strip()
    if _PLAIN.match(text):
        return float(text)
    clock = _CLOCK.match(text)
    if clock is None:
        raise ValueError(f"{text!r} is not a time in seconds, mm:ss or hh:mm:ss")
    hours, minutes, seconds = int(clock[1] or 0), int(clock[2]), float(clock[3])
    if seconds >= 60 or (clock[1] is not None and minutes >= 60):
        raise ValueError(f"{text!r}: minutes or seconds of 60 and more")
    return hours * 3600 + minutes * 60 + seconds


def format_time(seconds: float, spec: str = ".1f", unit: str = " s") -> str:
    """A time as a prompt writes it: a format spec and a unit.

    >>> format_time(4, "04.1f", ""), format_time(12)
    ('04.0', '12.0 s')
    """
    return format(seconds, spec) + unit
