"""Finish reasons: what each server's word for the end of an answer means, in the words of OpenAI's API."""

import re
from typing import Any

ENDED, CUT, FILTERED, FAILED = "stop", "length", "content_filter", "error"

_MEANINGS = (
    (
        FILTERED,
        r"filter|safety|recitation|block|prohibited|spii|sensitive|moderat|guardrail|refus|policy|violation|toxic|risk",
    ),
    (CUT, r"length|max_.*token|token.*(limit|max|budget)|context.*(window|limit|exceed|full)|truncat|incomplete"),
    (FAILED, r"^(abort|error|cancel|fail|network|insufficient|malformed|unexpected|overload|time_?out|internal)"),
    (ENDED, r"^(stop|end|eos|eot|complete|finish_reason_unspecified|unspecified|unknown|other|none|null|done|success)"),
)
"""What a word must have in it, tried in this order -> what it means."""


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
