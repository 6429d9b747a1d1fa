"""Prompts that the library cannot take: each is a failed answer, and if it takes none, the run ends."""

import re

from vtgdata.errors import VtgError
from vtgdata.plugins.models._serving.said import publishable
from vtgdata.records import Reply, Request, Text

FEW = 8
"""Prompts with different pictures that fail alike before the run ends, if no other was answered."""


def failed(error: Exception) -> Reply:
    """The reply to a prompt that the processor cannot take, with the library's words."""
    words = publishable(first_line(error), passing=False)
    return Reply(
        text=None,
        finish_reason="error",
        error=f"the model's processor raised {type(error).__name__}" + (f": {words}" if words else ""),
        detail=str(error) if str(error).strip() != words else None,
    )


def first_line(error: Exception) -> str:
    """The first line of an exception's words; empty if it has none."""
    return (str(error).strip().splitlines() or [""])[0]


class Refusals:
    """Tells one row that fails from a model that fails at every row: by whether another was answered."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.answered = False
        self.open = 0
        """Prompts that the processor took, and whose answers have not come."""
        self.alike: dict[str, set[int]] = {}
        """For each reason, without its numbers, the hashes of the pictures that failed for it."""

    def note(self, request: Request, replies: list[Reply]) -> None:
        """Note how a request ended.

        Raises VtgError when FEW requests failed for one reason, none was answered, and none is still open. They count
        by their pictures: twenty sentences about one broken video are one.
        """
        error = next((reply for reply in replies if reply.error is not None), None)
        if error is None or any(reply.error is None for reply in replies):
            self.answered = True
        if self.answered or error is None or error.error is None:
            return
        shown = hash(tuple(p for message in request.messages for p in message.parts if not isinstance(p, Text)))
        reason = re.sub(r"\d+", "#", f"{error.error} {error.detail}")
        self.alike.setdefault(reason, set()).add(shown)
        if len(self.alike[reason]) >= FEW and not self.open:
            words = f" ({' '.join(error.detail.split())[:300]})" if error.detail else ""
            raise VtgError(
                f"{self.name}: {FEW} prompts with different pictures failed alike and none was answered, last that of "
                f"{request.sample_id!r}: {error.error}{words}. Mend the model's folder, or show other frames "
                "(--short-side, --num-frames), and run again: only what failed is asked."
            )
