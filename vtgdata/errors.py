"""Errors that a user can mend, each with the exit code that scripts rely on.

A message says what is wrong, where (file:line, row id, key path) and what to do. Anything that is our own
mistake is a plain Python exception and shows its traceback.
"""

import difflib
import errno
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import msgspec


class VtgError(Exception):
    """Something the user can mend; printed without a traceback."""

    exit_code = 1


class RowsFailed(VtgError):
    """The run ended and its files are written, but more rows failed than the threshold allows."""

    exit_code = 3

    def __init__(self, message: str, summary: "msgspec.Struct") -> None:
        super().__init__(message)
        self.summary = summary
        """The stage's record of what was done, all the same."""


class NotTheSame(RowsFailed):
    """What was made again is whole, and is not what it should be the same as."""

    exit_code = 1


class BudgetReached(VtgError):
    """The next request could pass the budget."""

    exit_code = 4


class Unconfirmed(VtgError):
    """It may cost more than may be spent without asking, and nobody said yes."""

    exit_code = 4


class Terminated(BaseException):
    """A signal other than Ctrl-C asked the run to end, as a scheduler's SIGTERM does; what was answered is kept."""

    @property
    def exit_code(self) -> int:
        """128 and the number of the signal, as shells have it."""
        return 128 + int(self.args[0])


class Locked(VtgError):
    """Another process holds the output folder."""

    exit_code = 5


class LicenceRefused(VtgError):
    """A source's licence does not allow what was asked."""

    exit_code = 6


class EndpointRefused(VtgError):
    """A server refused for good: 401, 403, 404 or an exhausted quota."""

    exit_code = 7


class Conflict(VtgError):
    """The target changed since it was read, or already holds something else."""

    exit_code = 8


class NotAFile(VtgError, OSError):
    """Where a regular file should be lies something else, such as a pipe or a device: reading it might never end."""

    def __init__(self, path: Path, kind: str) -> None:
        """Say what lies there: `kind` is `a pipe`, say."""
        OSError.__init__(self, errno.EINVAL, f"{kind}, and only regular files are read", str(path))

    def __str__(self) -> str:
        return f"{self.filename}: is {self.strerror}. Save what it holds as a file, and name that."


class VideoUnreadable(VtgError):
    """A file that shows no video: missing, empty, cut off, no video at all, or a codec nobody here decodes."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}. Fetch the file again, or leave its rows out.")
        self.path, self.reason = path, reason
        """Without the path, so that it can stand in a published table."""

    @property
    def status(self) -> str:
        """What samples of the file say of it: the reason, `missing`, or `unreadable: reason`."""
        if self.reason == "no such file":
            return "missing"
        own = self.reason.startswith(("no video stream", "not a video", "truncated at"))
        return self.reason if own else f"unreadable: {self.reason}"


class VideoAmbiguous(VideoUnreadable):
    """Two files match one video, so that nobody knows which one it is."""

    def __init__(self, root: Path, message: str) -> None:
        super().__init__(root, "two files match it")
        self.args = (message,)

    @property
    def status(self) -> str:
        """What samples of the video say of it."""
        return f"ambiguous: {self.reason}"


class VideoChanged(VideoAmbiguous):
    """The file that a video was bound to has other bytes now, so that nobody knows which file it is."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            path,
            f"{path}: has other bytes than when it was bound. Fetch the file again, or see that this one is right and "
            "bind it again with `vtgdata videos bind`.",
        )
        self.reason = "other bytes than when it was bound"

    @property
    def status(self) -> str:
        """What samples of the video say of it."""
        return f"changed: {self.reason}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A clause for an error message: the nearest known word, and the whole list when it is short.

    >>> did_you_mean("charades", ["charades_sta", "tvgbench"])
    "did you mean 'charades_sta'? Known: charades_sta, tvgbench"
    """
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    near = near or [name for name in names if name.startswith(word)][:1]
    clause = f"did you mean {near[0]!r}? " if near else ""
    return f"{clause}Known: {', '.join(names) or 'none'}"


def of_process(kind: str, said: str) -> VtgError:
    """An error of another process: of the same class, by its name, with the same words and exit code."""
    found = globals().get(kind)
    if not (isinstance(found, type) and issubclass(found, VtgError)):
        found = VtgError
    made = found.__new__(found)  # classes differ in what their errors are made of; the words are made already
    made.args = (said,)
    if str(made) != said or isinstance(made, RowsFailed):  # a record of that process is not here
        made = VtgError(said)
        made.exit_code = found.exit_code
    return made
