"""Classes of failed requests, so that users can ask some of them again."""

import re
from collections.abc import Callable

from vtgdata.errors import VtgError, did_you_mean

CLASSES = {
    "timeout": "no answer within --timeout",
    "connection": "no connection, or one that broke",
    "limit": "HTTP 429",
    "refused": "HTTP 4xx but 429: the server takes this request for wrong",
    "server": "HTTP 5xx",
    "other": "what came was no answer",
}
"""Each class with its description."""


def failure_class(error: str) -> str:
    """The class of a failed request, one of CLASSES, from its `Reply.error`.

    >>> failure_class("HTTP 400: too long"), failure_class("timeout"), failure_class("the response has no choices")
    ('refused', 'timeout', 'other')
    """
    if status := re.match(r"HTTP (\d{3})\b", error):
        return "limit" if status[1] == "429" else {"4": "refused", "5": "server"}.get(status[1][0], "other")
    if error.startswith("timeout"):
        return "timeout"
    return "connection" if "connection" in error else "other"


def chosen(only: str) -> Callable[[str], bool] | None:
    """A function that tells whether an error is of a class in `only` (`timeout,refused`); None when it names none.

    `failed` stands for all classes. Raises VtgError for an unknown one.
    """
    names = {name.strip() for name in only.split(",") if name.strip()}
    if unknown := sorted(names - {*CLASSES, "failed"}):
        raise VtgError(
            f"--only {unknown[0]!r}: no kind of failed request; {did_you_mean(unknown[0], [*CLASSES, 'failed'])}. An "
            "answer that refuses, breaks off or cannot be read is data and stays: another --seed draws others."
        )
    if not names:
        return None
    return lambda error: "failed" in names or failure_class(error) in names
