"""Whether a response is a content filter's refusal of one prompt or answer, whichever service wrote it.

Fields count first: codes, and what filters add to an error. Words alone count only if they speak of what was sent or
written; those that speak of a key, an account or a place are about the caller.
"""

import re
from collections.abc import Iterator
from typing import Any, cast

import msgspec

STATUSES = frozenset({0, 400, 403, 406, 409, 412, 422, 424, 451})
"""Statuses that filters use; 0 for an error inside a 200 without a code."""

_CODES = re.compile(
    r"content.?(filter|policy|risk|safety|moderat|violat|block)|responsible.?ai|data.?inspection|sensitive"
    r"|moderation|prohibited.?content|safety|guardrail|blocklist|usage.?policy|policy.?violation|content.*not.?allowed"
    r"|^refusal$|prompt.?injection|jailbreak",
    re.IGNORECASE,
)
_CODE_FIELDS = frozenset(
    {"code", "type", "error_type", "reason", "status", "status_msg", "native_finish_reason", "provider_code"}
)
_FOUND_FIELDS = frozenset({"flagged_input", "blockreason", "block_reason", "contentfilter"})
"""Fields (in lower case) that only a filter fills."""

_THING = r"(?:prompt|input|output|content|image|picture|frame|text|message|response|completion|answer|generation)s?"
_WORDS = re.compile(
    rf"\b{_THING}\b(?:\W+\w+){{0,6}}?\W+(?:flagged|filter(?:ed|ing)|moderat\w*|inappropriate|harmful|unsafe|sensitive"
    rf"|prohibited|blocked|violat\w*|objectionable|high risk|exists risk)\b"
    r"|content (?:management |usage |safety |moderation )?(?:polic|filter|moderat|exists risk)"
    r"|\bprompt.injection|\bjailbreak|\bsafety (?:system|filter|settings|reasons|polic\w+)"
    r"|usage (?:guidelines|polic)|considered high risk"
    r"|(?:flagged|blocked|rejected|refused) (?:by|due to|because of|for) (?:\w+ ){0,3}"
    r"(?:moderation|safety|content|guardrail|filter)",
    re.IGNORECASE,
)  # fmt: skip
_CALLER = re.compile(
    r"\b(?:account|api.?key|organi[sz]ation|user location|ip address|region|country|subscription|billing|unsupported"
    r"|not supported|content.?type)\b",
    re.IGNORECASE,
)


def filtered(status: int, body: Any, words: str) -> bool:
    """Whether a response without an answer is a filter's refusal.

    Args:
        status: of the response, or the code of an error inside a 200; 0 if that has none.
        body: parsed JSON, or text.
        words: of the error, on one line.

    >>> filtered(400, {"error": {"code": "content_filter"}}, ""), filtered(403, {}, "Your account was flagged")
    (True, False)
    """
    if status not in STATUSES:
        return False
    for name, value in _fields(body):
        if name in _FOUND_FIELDS and value:
            return True
        if name == "filtered" and value is True:
            return True
        if name in _CODE_FIELDS and isinstance(value, str) and len(value) < 80 and _CODES.search(value):
            return True
    return _WORDS.search(words) is not None and _CALLER.search(words) is None


def _fields(value: Any, depth: int = 8) -> Iterator[tuple[str, Any]]:
    """Name (in lower case) and value of every field in a JSON document, not deeper than `depth`."""
    if depth and isinstance(value, dict):
        for key, inner in cast("dict[str, Any]", value).items():
            yield str(key).lower(), inner
            yield from _fields(inner, depth - 1)
    elif depth and isinstance(value, list):
        for inner in cast("list[Any]", value):
            yield from _fields(inner, depth - 1)
    elif depth and isinstance(value, str) and value.lstrip().startswith("{"):
        # What a gateway hands on of the server behind it.
        try:
            yield from _fields(msgspec.json.decode(value), depth - 1)
        except msgspec.DecodeError:
            return
