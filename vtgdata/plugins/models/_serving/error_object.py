"""The error in a document, whatever object it is wrapped in and however its fields are spelt.

`{"error": {...}}`, `{"errors": [...]}`, `{"fault": {"detail": {...}}}`, an error written as JSON text inside another's
message: gateways wrap what the server behind them says, some more than once.
"""

import re
from collections.abc import Mapping
from typing import Any, cast

import msgspec

MESSAGES = (
    "message", "detail", "msg", "statusmsg", "errormessage", "faultstring", "description", "title", "errors", "error",
)  # fmt: skip
"""Fields that hold what is said to people, the likeliest first."""
_WRAPPERS = ("error", "err", "fault", "baseresp", "errors", "detail", "message")
_DEPTH = 5


def plain_name(name: str) -> str:
    """A field's name in one spelling: `status_code`, `statusCode` and `StatusCode` are `statuscode`."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def error_fields(body: Any) -> dict[str, Any]:
    """The fields of the error in a document, by `plain_name`; what is wrapped around it counts where it has none.

    Of a list the first element counts, and of a choice its `error`. Empty if the document is no object.

    >>> error_fields({"type": "error", "error": {"type": "rate_limit", "message": "no"}})["type"]
    'rate_limit'
    >>> error_fields([{"error": {"message": '{"error": {"code": 429}}'}}])["code"]
    429
    """
    out: dict[str, Any] = {}
    found: Mapping[str, Any] | None = _object(body)
    for _ in range(_DEPTH):
        if found is None:
            break
        fields = {plain_name(name): value for name, value in found.items() if value is not None}
        out |= fields
        found = _wrapped(fields)
    return out


def _wrapped(fields: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The error inside an object; None if it is the error itself."""
    choice = _object(fields.get("choices"))
    if choice is not None and (of_choice := _object(choice.get("error"))):
        return of_choice
    for name in _WRAPPERS:
        # A list of complaints about fields has no error of its own: `loc` and `msg` are read together.
        inner = _object(fields.get(name))
        if inner and not (isinstance(fields.get(name), list) and "loc" in inner):
            return inner
    return None


def _object(value: Any) -> dict[str, Any] | None:
    """An object, the first one of a list, or the one that a text is the JSON of; None if there is none."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            value = msgspec.json.decode(value)
        except (msgspec.DecodeError, RecursionError):
            return None
    if isinstance(value, list) and value:
        value = cast("list[Any]", value)[0]
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None
