"""Whether a server refuses one request or all of them: told by who else got an answer, not by the status alone."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

ACCOUNT, REQUEST = 3, 10
"""Equal refusals of different requests in a row, with no answer ever, after which a server is taken to refuse all: in
words about the account, and in words about the request. The second are counted by video, as the prompts of one long
video may all be too long."""
ACCOUNT_LATER = 10
"""The same for words about the account after an answer has come: a key may end, and a filter may refuse some rows."""
MOST = 40
"""Refusals in a row, equal or not, with no answer ever, after which a server is taken to refuse all."""


class About(NamedTuple):
    """What a request is about, as short hashes."""

    prompt: bytes
    video: bytes
    """Its first picture or video, or its text if it has none."""


def about(messages: Sequence[dict[str, Any]]) -> About:
    """What a request with these messages (in OpenAI's form, or Gemini's) is about."""
    texts: list[str] = []
    picture = ""
    for message in messages:
        content = message["content"] if "content" in message else message["parts"]
        for part in cast("list[dict[str, Any]]", content) if isinstance(content, list) else [{"text": content}]:
            texts.append(str(part.get("text", "")))
            shown: dict[str, Any] = part.get("image_url") or part.get("video_url") or part.get("inlineData") or {}
            picture = picture or str(shown.get("url") or shown.get("data") or "")
    text = "\n".join(texts)
    return About(_short(picture + text), _short(picture or text))


def _short(text: str) -> bytes:
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=8).digest()


class Doubt:
    """The refusals of one server since its last answer."""

    def __init__(self) -> None:
        self.answered = False
        """Whether it has ever answered."""
        self.asked = 0
        self.refused: defaultdict[str, set[bytes]] = defaultdict(set)
        """The words of refusals, without numbers -> what they were about."""

    def answer(self) -> None:
        """Note an answer."""
        self.answered, self.asked = True, 0
        self.refused.clear()

    def refusal(self, words: str, what: About, *, account: bool) -> bool:
        """Note a refusal; returns whether the server refuses all, as far as one can see."""
        self.asked += 1
        alike = self.refused[re.sub(r"\d+", "#", words)]
        # A key that never was right is wrong whatever is asked: each refusal counts, also of the same prompt.
        of_key = words.startswith("HTTP 401") and not self.answered
        alike.add(str(self.asked).encode() if of_key else what.prompt if account else what.video)
        if self.answered:
            return account and len(alike) >= ACCOUNT_LATER
        return len(alike) >= (ACCOUNT if account else REQUEST) or self.asked >= MOST
