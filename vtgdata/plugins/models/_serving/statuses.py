"""Which HTTP status an error stands for by its own code and words, for gateways whose status does not say.

Gateways answer 200 with an error inside, or hand on another server's error under a status of their own. Numbers count
first, then the names of errors in their fields, whatever their spelling, then the message.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

_NUMBER_FIELDS = ("code", "status", "statuscode", "httpstatus", "httpcode", "errorcode")
_NAME_FIELDS = ("code", "type", "errortype", "errorcode", "status", "reason", "title")
_MEANINGS = (
    (429, r"rate.?limit|too.?many.?requests|throttl|quota|resource.?(?:has.been.)?exhausted|billing.?(?:hard|not)"),
    (402, r"insufficient.?(?:balance|credit|fund)|payment.?required|out.of.credit|no.credit|credit.balance"),
    (
        401,
        r"auth(?:entication|orization)?.?(?:error|fail|invalid|required|credential)|unauth(?:enticated|ori[sz]ed)"
        r"|(?:invalid|incorrect|wrong|missing|expired|no).{0,15}(?<![a-z])(?:key|token|auth|credentials?)(?![a-z])"
        r"|api.?key.{0,20}(?:invalid|incorrect|missing|expired|not)|^authentication$",
    ),
    (403, r"permission|forbidden|access.?denied|not.?allowed.to.(?:use|access)"),
    (404, r"(?:model|deployment|endpoint).{0,60}(?:not.?found|not.?exist|n.t.exist|unknown)|no.such.model|^not.?found"),
    (
        503,
        r"overload|unavailable|at.capacity|capacity.?exhausted|temporar|try.again.(?:later|shortly)|bad.?gateway|no.healthy"
        r"|(?:upstream|gateway|request|provider).?time|timed?.?out|internal.?server|server.?error|warming.up|starting",
    ),
    (
        400,
        r"invalid.?(?:request|argument|prompt|parameter|image)|bad.?request|unprocessable|context.?length"
        r"|unsupported.?(?:param|value|image)|maximum.context|too.(?:long|large)",
    ),
)
"""Status -> what the name or the message of an error has in it, tried in this order."""
_SAID = re.compile(r"\b(?:code|status|http)\W{0,3}([45]\d\d)\b", re.IGNORECASE)


def number_inside(fields: Mapping[str, Any]) -> int:
    """The HTTP status that an error has as a number in one of its fields (see `error_fields`); 0 if there is none."""
    for name in _NUMBER_FIELDS:
        value = fields.get(name)
        if isinstance(value, str) and value.strip().isdigit():
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 400 <= value < 600:
            return value
    return 0


def status_inside(fields: Mapping[str, Any], words: str) -> int:
    """The HTTP status that an error object stands for; 0 if neither its fields nor its message say.

    >>> status_inside({"type": "RateLimitError"}, ""), status_inside({}, "No auth credentials found")
    (429, 401)
    >>> status_inside({"message": "hm"}, "hm")
    0
    """
    if number := number_inside(fields):
        return number
    for name in _names(fields):
        if found := _meaning(name):
            return found
    if said := _SAID.search(words):
        return int(said[1])
    return _meaning(words)


def _names(fields: Mapping[str, Any]) -> Iterator[str]:
    metadata: Any = fields.get("metadata")
    inner = cast("dict[str, Any]", metadata) if isinstance(metadata, dict) else {}
    for name in _NAME_FIELDS:
        for value in (fields.get(name), inner.get("error_type" if name == "errortype" else name)):
            if isinstance(value, str) and len(value) < 80:
                yield re.sub(r"(?<=[a-z])(?=[A-Z])", " ", value)


def _meaning(text: str) -> int:
    return next((status for status, words in _MEANINGS if re.search(words, text, re.IGNORECASE)), 0)
