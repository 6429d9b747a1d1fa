"""Progress of a run: counts and pace, reported to the caller and to a side file that `vtgdata status` reads."""

import datetime
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from vtgdata.files import json_document, outside
from vtgdata.files.live import INTERVAL, WINDOW
from vtgdata.files.owners import Owner, owner
from vtgdata.files.pace import pace, span
from vtgdata.files.whole import write_json
from vtgdata.records import Reply


class Counts(msgspec.Struct, kw_only=True):
    """Progress of a run, in answers. Questions are pulled one by one, so `to_do` grows until the last."""

    to_do: int = 0
    """Answers wanted for the questions pulled so far, without questions that have a problem."""
    cached: int = 0
    """Of `to_do`, answers that were in the journal already."""
    asked: int = 0
    """Sent to the model in this run."""
    answered: int = 0
    """Of `asked`, answered and on disk."""
    failed: int = 0
    """Of `asked`, failed; the next run asks them again."""
    problems: int = 0
    """Answers of questions with a problem: never asked."""
    tokens_in: int = 0
    """Input tokens of `asked`, as far as servers reported them."""
    tokens_out: int = 0
    cost: float = 0.0
    """Cost of `asked` in US dollars, as far as it is known."""
    uncosted: int = 0
    """Of `answered`, answers whose cost is unknown."""

    def add(self, reply: Reply) -> None:
        """Count a reply that is on disk."""
        if reply.error is None:
            self.answered += 1
            self.uncosted += reply.cost is None
        else:
            self.failed += 1
        self.tokens_in += reply.tokens_in or 0
        self.tokens_out += reply.tokens_out or 0
        self.cost += reply.cost or 0.0

    @property
    def done(self) -> int:
        """Answers on disk, from before and from this run."""
        return self.cached + self.answered


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Contents of a journal's side file: progress of the run that holds the journal, or of the last one."""

    model_id: str
    counts: Counts
    owner: Owner | None
    updated: str
    """ISO 8601, UTC."""
    ended: bool
    """False while the run lasts, and after it was killed."""
    total: int = 0
    """Answers wanted for all questions, including those not pulled yet; 0 if unknown."""
    answers_per_second: float | None = None
    """Over the last minute; None before the first answer."""
    tokens_per_second: float | None = None
    """Input and output tokens together."""

    @property
    def seconds_left(self) -> float | None:
        """Estimated seconds to the end at this pace; None if pace or total is unknown."""
        counts = self.counts
        left = self.total - counts.done - counts.failed - counts.problems
        return max(0, left) / self.answers_per_second if self.total and self.answers_per_second else None

    def __str__(self) -> str:
        return self._said(())

    def within(self, width: int) -> str:
        """The same in at most `width` characters: drops the least important parts (`_LEAST`), never the time to go."""
        for number in range(len(_LEAST)):
            if len(said := self._said(_LEAST[:number])) <= width:
                return said
        return self._said(_LEAST)[:width]

    def _said(self, without: Sequence[str]) -> str:
        counts = self.counts
        wanted = max(self.total - counts.problems, counts.to_do)
        inner = {
            "before": f"{counts.cached:,} from before" if counts.cached else "",
            "failed": f"{counts.failed:,} failed" if counts.failed else "",
            "problems": f"{counts.problems:,} cannot be asked" if counts.problems else "",
        }
        aside = ", ".join(text for name, text in inner.items() if text and name not in without)
        parts = {
            "done": f"{counts.done:,} of {wanted:,} answers" + (f" ({aside})" if aside else ""),
            "pace": pace(self.answers_per_second) if self.answers_per_second else "",
            "tokens": f"{self.tokens_per_second or 0:,.0f} tokens/s" if self.answers_per_second else "",
            "cost": f"${counts.cost:,.4g}" if counts.cost else "cost unknown" if counts.uncosted else "",
            "left": f"{span(self.seconds_left)} to go" if not self.ended and self.seconds_left is not None else "",
        }
        return ", ".join(text for name, text in parts.items() if text and name not in without)


_LEAST = ("tokens", "before", "problems", "pace", "cost", "failed")
"""Parts that a short line leaves out, in this order."""


def progress_path(journal: Path) -> Path:
    """The side file with the progress of the run on a journal."""
    return journal.with_name(f"{journal.name}.progress.json")


def read_progress(journal: Path) -> Progress | None:
    """Progress of the run on a journal, or of the last one; None without a readable side file."""
    try:
        return json_document.decode(outside.read_bytes(progress_path(journal)), type=Progress)
    except (OSError, msgspec.DecodeError):
        return None


class Report:
    """Counts of a run, and where they are reported."""

    def __init__(self, journal: Path, model_id: str, total: int, progress: Callable[[Progress], None] | None) -> None:
        self.counts = Counts()
        self.path, self.model_id, self.total, self.progress = progress_path(journal), model_id, total, progress
        self.owner = owner(journal)
        self.next = 0.0
        self.past: deque[tuple[float, int, int]] = deque()
        """(time, answers, tokens) at reports within about the last minute."""

    def update(self) -> None:
        """Report the progress, unless the last report is less than INTERVAL ago."""
        if time.monotonic() >= self.next:
            self.write(ended=False)

    def write(self, *, ended: bool) -> None:
        """Report the progress now."""
        answers, tokens = self._pace()
        told = Progress(
            model_id=self.model_id,
            counts=self.counts,
            owner=self.owner,
            updated=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            ended=ended,
            total=self.total,
            answers_per_second=answers,
            tokens_per_second=tokens,
        )
        write_json(self.path, told)
        if self.progress is not None:
            self.progress(told)
        self.next = time.monotonic() + INTERVAL

    def _pace(self) -> tuple[float | None, float | None]:
        """Answers and tokens per second over the last minute, or since the start if that is shorter."""
        counts, now = self.counts, time.monotonic()
        self.past.append((now, counts.answered, counts.tokens_in + counts.tokens_out))
        while len(self.past) > 2 and self.past[1][0] <= now - WINDOW:
            self.past.popleft()
        then, answered, tokens = self.past[0]
        if now == then or not counts.answered:
            return None, None
        return (counts.answered - answered) / (now - then), (self.past[-1][2] - tokens) / (now - then)
