"""Tells that an evaluation is still scoring, where that takes more than a moment."""

import logging
import time

PATIENCE = 2.0
"""Seconds without a line."""

log = logging.getLogger("vtgdata")


class Rounds:
    """Counts rounds of scoring: the answers, the same against other truths, each guess."""

    def __init__(self, answers: int) -> None:
        self._answers, self._done = answers, 0
        self._last = time.monotonic()

    def count(self) -> None:
        """One more round is done."""
        self._done += 1
        if (now := time.monotonic()) - self._last >= PATIENCE:
            self._last = now
            log.info("scoring %s answers, other truths and guesses: %d rounds done", f"{self._answers:,}", self._done)
