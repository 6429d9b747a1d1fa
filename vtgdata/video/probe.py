"""Durations as the files have them, for rows on their way to samples."""

from pathlib import Path

from vtgdata import plugins
from vtgdata.errors import VideoUnreadable
from vtgdata.video.find import find


class Prober:
    """What `normalise` asks about a file: its duration and whether it can be read. Each file is opened once."""

    def __init__(self, root: Path, decoder: str = "pyav") -> None:
        """Index the videos under `root`; raises VtgError when there are none, or no such decoder."""
        self._videos = find(root)
        self._decoder = plugins.load("decoders", decoder)
        self._known: dict[Path, tuple[float | None, str]] = {}

    def __call__(self, file: str) -> tuple[float | None, str]:
        """(duration in seconds or None, `ok`, `missing` or `unreadable: reason`) of a file by the corpus's name.

        Raises VtgError when two files match.
        """
        path = self._videos.path(file)
        if path is None:
            return None, "missing"
        if path not in self._known:
            self._known[path] = self._probe(path)
        return self._known[path]

    def _probe(self, path: Path) -> tuple[float | None, str]:
        try:
            return self._decoder.probe(path).duration, "ok"
        except VideoUnreadable as error:
            return None, f"unreadable: {error.reason}"
