"""The real durations of video files, for `normalise` when it makes samples of published rows."""

from pathlib import Path

from vtgdata.errors import VideoAmbiguous, VideoUnreadable
from vtgdata.video import decode, workers
from vtgdata.video.find import find


class Prober:
    """What `normalise` asks about a file: its duration and whether it can be read. Each file is opened once."""

    def __init__(self, root: Path, decoder: str = "pyav", *, isolated: bool = True) -> None:
        """Index the videos under `root`.

        With `isolated` files are opened in processes of their own, so that no file can hang or crash this one.
        Raises VtgError when there are no videos, no such decoder, or something that the decoder needs is missing.
        """
        self._videos = find(root)
        decode.ready(decoder)
        self._decoder = decoder
        self._eyes = workers.shared() if isolated else workers.Here()
        self._known: dict[Path, tuple[float | None, str]] = {}

    def __call__(self, file: str) -> tuple[float | None, str]:
        """(duration in seconds or None, status) of the file with this name in the corpus.

        The status is `ok`, `missing`, `not a video (what)`, `no video stream`, `truncated at 12.4 s` or `unreadable:
        reason`, or `ambiguous: two files match it`.
        """
        try:
            path = self._videos.path(file)
        except VideoAmbiguous as error:
            return None, error.status
        if path is None:
            return None, "missing"
        if path not in self._known:
            self._known[path] = self._probe(path)
        duration, status = self._known[path]
        part = self._videos.whole(file)[1]
        if part is None or duration is None:
            return duration, status
        try:
            return decode.length(path, duration, part), status
        except VideoUnreadable as error:
            return None, error.status

    def _probe(self, path: Path) -> tuple[float | None, str]:
        try:
            facts = self._eyes.probe(self._decoder, path)
        except VideoUnreadable as error:
            return None, error.status
        # The length that is left of a truncated file says nothing about the windows: keep the published duration.
        return (None, f"truncated at {facts.duration:.1f} s") if facts.truncated else (facts.duration, "ok")
