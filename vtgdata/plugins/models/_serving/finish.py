"""Finish reasons: what each server's word for the end of an answer means, in the words of OpenAI's API."""

import re
from collections.abc import Mapping
from typing import Any

ENDED, CUT, FILTERED, FAILED = "stop", "length", "content_filter", "error"

_MEANINGS = (
    (
        FILTERED,
        r"filter|safety|recitation|block|prohibited|spii|sensitive|moderat|guardrail|refus|policy|violation|toxic|risk",
    ),
    (
        FAILED,
        r"rate_limit|^(abort|error(?!_limit)|cancel|fail|network|insufficient|malformed|unexpected|overload|internal)"
        r"|^user_cancel|^server_|_error$|_fault$",
    ),
    (
        CUT,
        r"length|_len$|^max_?|_max_|limit|truncat|incomplete|not_finished|unfinished|budget|exhaust|time_?out"
        r"|context_.*(window|exceed|full|overflow)|out_of_tokens",
    ),
    (
        ENDED,
        r"(^|_)(stop|stopped|end|eos|eot|endoftext|complete|completed|finished|done|success|normal|natural)(_|$)"
        r"|^(end|stop)|unspecified|^(unknown|other|none|null)$",
    ),
)
"""What a word has in it, tried in this order -> what it means."""
NAMES = ("finish_reason", "finishReason", "stop_reason", "stopReason", "done_reason")
"""Fields that hold a finish reason, of a choice or of the whole reply."""


def said_in(choice: Mapping[str, Any], whole: Mapping[str, Any]) -> Any:
    """The finish reason of a choice, else that of the whole reply; None if neither has one."""
    return next((found for part in (choice, whole) for name in NAMES if (found := part.get(name))), None)


def meaning(said: Any, native: Any = None) -> str:
    """OpenAI's word for a finish reason, whoever said it: stop, length, content_filter or error.

    Args:
        said: the reason as the server gave it; some give an object with a `type`, and some nothing.
        native: the reason in the words of the server behind a gateway, used if `said` is nothing.

    An unknown word stays as it is (`tool_calls`).

    >>> [meaning(word) for word in ("MAX_TOKENS", "max_output_tokens", "model_length", "SAFETY", "eos_token", None)]
    ['length', 'length', 'length', 'content_filter', 'stop', 'stop']
    """
    if isinstance(said, dict):
        said = said.get("type") or said.get("reason")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    word = said if isinstance(said, str) and said.strip() else native
    if not isinstance(word, str) or not word.strip():
        return ENDED
    # `maxTokens`, `MAX_TOKENS` and `max-tokens` are one word.
    plain = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", word.strip()).lower()).strip("_")
    return next((known for known, pattern in _MEANINGS if re.search(pattern, plain)), word)
