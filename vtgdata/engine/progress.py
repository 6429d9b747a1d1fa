"""How far a run is: counts, told to the caller and to a side file that `vtgdata status` reads while it runs."""

import datetime
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from vtgdata import tables
from vtgdata.engine.lease import Owner, owner

INTERVAL = 1.0
"""Seconds between two reports, at least."""


class Counts(msgspec.Struct, kw_only=True):
    """How far a run is, in answers. Questions come one by one, so `to_do` grows until the last has come."""

    to_do: int = 0
    """Answers wanted of the questions that came so far, those with a problem left out."""
    cached: int = 0
    """Of these, in the journal already."""
    asked: int = 0
    """Sent to the model in this run."""
    answered: int = 0
    """Of the asked ones, answered and on disk."""
    failed: int = 0
    """Of the asked ones, failed; asked again on the next run."""
    problems: int = 0
    """Answers of questions with a problem: never asked."""

    def __str__(self) -> str:
        failed = f", {self.failed} failed" if self.failed else ""
        problems = f", {self.problems} cannot be asked" if self.problems else ""
        return f"{self.cached + self.answered} of {self.to_do} answers ({self.cached} from before{failed}{problems})"


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """What the side file of a journal says of the run that has it, or had it last."""

    model_id: str
    counts: Counts
    owner: Owner | None
    updated: str
    """ISO 8601, UTC."""
    ended: bool
    """False while it runs, and when it was killed."""


def progress_path(journal: Path) -> Path:
    """The side file that tells how far the run on a journal is."""
    return journal.with_name(f"{journal.name}.progress.json")


def read_progress(journal: Path) -> Progress | None:
    """How far the run on a journal is, or the last one was; None when nothing readable is there."""
    try:
        return msgspec.json.decode(progress_path(journal).read_bytes(), type=Progress)
    except (OSError, msgspec.DecodeError):
        return None


class Report:
    """Counts, and the places that are told of them."""

    def __init__(self, journal: Path, model_id: str, progress: Callable[[Counts], None] | None) -> None:
        self.counts = Counts()
        self.path, self.model_id, self.progress = progress_path(journal), model_id, progress
        self.owner = owner(journal)
        self.next = 0.0

    def update(self) -> None:
        """Tell how far it is, unless that was just told."""
        if time.monotonic() >= self.next:
            self.write(ended=False)

    def write(self, *, ended: bool) -> None:
        """Tell how far it is."""
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        tables.write_json(
            self.path,
            Progress(model_id=self.model_id, counts=self.counts, owner=self.owner, updated=now, ended=ended),
        )
        if self.progress is not None:
            self.progress(self.counts)
        self.next = time.monotonic() + INTERVAL
