"""Kinds of failed requests, so that users can ask some of them again."""

import re
from collections.abc import Callable

from vtgdata.errors import VtgError, did_you_mean

KINDS = {
    "timeout": "no answer within --timeout",
    "connection": "no connection, or one that broke",
    "limit": "HTTP 429",
    "refused": "HTTP 4xx but 429: the server takes this request for wrong",
    "server": "HTTP 5xx",
    "other": "what came was no answer",
}
"""Each kind with its description."""


def kind(error: str) -> str:
    """The kind of a failed request, from its `Reply.error`.

    >>> kind("HTTP 400: too long"), kind("timeout"), kind("the response has no choices")
    ('refused', 'timeout', 'other')
    """
    if status := re.match(r"HTTP (\d{3})\b", error):
        return "limit" if status[1] == "429" else {"4": "refused", "5": "server"}.get(status[1][0], "other")
    if error.startswith("timeout"):
        return "timeout"
    return "connection" if "connection" in error else "other"


def chosen(only: str) -> Callable[[str], bool] | None:
    """A function that tells whether an error is of a kind named in `only` (`timeout,refused`); None when it names none.

    `failed` stands for all kinds. Raises VtgError for an unknown kind.
    """
    names = {name.strip() for name in only.split(",") if name.strip()}
    if unknown := sorted(names - {*KINDS, "failed"}):
        raise VtgError(
            f"--only {unknown[0]!r}: no kind of failed request; {did_you_mean(unknown[0], [*KINDS, 'failed'])}. An "
            "answer that refuses, breaks off or cannot be read is data and stays: another --seed draws others."
        )
    if not names:
        return None
    return lambda error: "failed" in names or kind(error) in names
