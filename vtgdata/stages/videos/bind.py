"""Bind: record which file each video of the samples is, by the hash of its bytes, for every lookup under `--videos`.

The first run finds files by name and stores their hashes in the folder of videos. If files were renamed or moved since,
the same command finds them by their bytes. `--known` gives the hashes from another folder or from a published list.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import msgspec

from vtgdata.files import fingerprint, live
from vtgdata.files.parquet import write_parquet
from vtgdata.files.schemas import Row
from vtgdata.files.step import Step, StepSettings, StepSummary
from vtgdata.records import Video
from vtgdata.video import bindings, parallel
from vtgdata.video.bindings import SEVERAL, Binding
from vtgdata.video.find import Videos, find, stem
from vtgdata.video.inventory import Listed, examples, failure, listed, status_class

COLUMNS = {
    "video_id": "text", "file": "text", "status": "text", "bound_by": "text", "path": "text", "sha256": "text",
    "bytes": "count", "same_as": "text",
}  # fmt: skip
"""Columns of bound.parquet."""


class Settings(StepSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to bind."""

    samples: str
    """Samples whose videos are bound: a samples.parquet."""
    videos: str
    """Folder under which the videos lie; the bindings are written into it."""
    out: str
    """Folder for bound.parquet: a row for each video."""
    where: str = ""
    """SQL condition on the columns of the samples, as in "split == 'rl'"."""
    limit: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """Take only this many samples, the first ones."""
    known: str = ""
    """File of known hashes: an earlier vtgdata-bindings.json, or lines of sha256sum; by default the bindings that
    --videos already has."""
    accept: bool = False
    """If no file has a video's known bytes, but one has its name, accept the bytes of that file as the right ones."""
    max_failed: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    """Share of videos that may remain unbound before the exit code is 3."""


class Summary(StepSummary, frozen=True, kw_only=True):
    """Number of videos by status, and by how they were bound."""

    videos: int
    statuses: dict[str, int]
    """{status: number of videos}, the most frequent first: `ok`, `missing`, `changed` (a file has the name but other
    bytes), `ambiguous` (several files have the name and differ), `unreadable`."""
    bound: dict[str, int]
    """{how: number of videos}: by `name`, by `content` (hash), or `accepted` (with --accept)."""
    same_bytes: int
    """Videos whose file has the same bytes as that of an earlier video."""
    examples: dict[str, list[str]]
    """{status: its first few videos, as `file: status`}."""
    bindings: str
    """Path of the file of bindings."""
    out: str
    """Output folder."""


def run(settings: Settings) -> Summary:
    """Bind the videos; write bound.parquet, and the bindings into the folder of videos.

    Raises VtgError when there is no sample or video, or hashes cannot be read; RowsFailed, after writing, when more
    than `max_failed` of the videos are not bound.
    """
    with _step(settings) as step:
        return step.up_to_date() or _bound_all(settings, step)


def _bound_all(settings: Settings, step: Step[Summary]) -> Summary:
    root = Path(settings.videos)
    wanted, videos = listed(settings.samples, settings.where, settings.limit), find(root)
    held = bindings.read(root)
    binder = _Binder(videos, bindings.known(Path(settings.known)) if settings.known else held, settings.accept)
    binder.hash_candidates(wanted)
    rows = [binder.row(one.video) for one in wanted]
    _same(rows)
    path = bindings.add(root, {row["file"]: _bound(row) for row in rows if row["sha256"]})
    # What was just written is a part of the folder that a later run compares with.
    step.look_again([settings.videos])
    write_parquet(step.start() / "bound.parquet", rows, COLUMNS)
    summary = Summary(
        videos=len(rows),
        statuses=dict(Counter(status_class(row["status"]) for row in rows).most_common()),
        bound=dict(Counter(row["bound_by"] for row in rows if row["bound_by"]).most_common()),
        same_bytes=sum(row["same_as"] is not None for row in rows),
        examples=examples((row["file"], row["status"]) for row in rows),
        bindings=str(path),
        out=settings.out,
    )
    failed = [(row["file"], row["status"]) for row in rows if row["status"] != "ok"]
    mend = "Fetch them or name the folder that has them; or allow a share with --max-failed."
    return step.finish(summary, ["bound.parquet"], failed=failure(failed, len(rows), settings.max_failed, mend))


def _step(settings: Settings) -> Step[Summary]:
    inputs = [settings.samples, *([settings.known] if settings.known else [])]
    return Step("videos bind", settings, Summary, code=[__name__], inputs=inputs, listings=[settings.videos])


class _Binder:
    """Binds videos to the files of one folder; hashes only the files that may be needed."""

    def __init__(self, videos: Videos, known: Mapping[str, Binding], accept: bool) -> None:
        self.videos, self.accept = videos, accept
        self.files = [path for paths in videos.by_name.values() for path in paths]
        self.known = {stem(name): bound for name, bound in known.items()} | dict(known)
        self.hashes: dict[Path, str | None] = {}
        """{path: hash of its bytes}, None for a file that cannot be read."""
        self.by_hash: dict[str, list[Path]] = {}

    def expected(self, video: Video) -> Binding | None:
        """The known hash and size of the video's bytes; None if they are not known."""
        keys = (video.file, stem(video.file), video.video_id)
        return next((self.known[key] for key in keys if key in self.known), None)

    def hash_candidates(self, wanted: Sequence[Listed]) -> None:
        """Hash the files with the videos' names; if known bytes are not among them, also other files of their size."""
        named = {path for one in wanted for path in self.videos.named(one.video.file, one.video.video_id)}
        self._hash(sorted(named))
        known = [bound for one in wanted if (bound := self.expected(one.video)) and bound != SEVERAL]
        lost = [bound for bound in known if bound.content not in self.by_hash]
        sizes = {bound.bytes for bound in lost}
        rest = sorted(path for path in self.files if path not in self.hashes)
        self._hash([path for path in rest if lost and (None in sizes or _size(path) in sizes)])

    def _hash(self, paths: Sequence[Path]) -> None:
        for path, found in live.each(parallel.each(_content, paths), len(paths), "videos bind", "videos"):
            self.hashes[path] = found
            if found is not None:
                self.by_hash.setdefault(found, []).append(path)

    def row(self, video: Video) -> Row:
        """The video's row of bound.parquet: the file it is bound to, or a status that says why there is none.

        The row keeps the known hash and size even if no file has them.
        """
        expected, named = self.expected(video), self.videos.named(video.file, video.video_id)
        row: Row = {"video_id": video.video_id, "file": video.file, "bound_by": None, "path": None, "same_as": None}
        if expected == SEVERAL:
            several = "ambiguous: --known has several files of its name, and they differ"
            return row | {"sha256": None, "bytes": None, "status": several}
        row |= {"sha256": expected.content if expected else None, "bytes": expected.bytes if expected else None}
        found = {content for path in named if (content := self.hashes[path]) is not None}
        if expected is None or (self.accept and expected.content not in self.by_hash):
            if not named:
                return row | {"status": "missing"}
            if len(found) != 1:
                return row | {"status": f"ambiguous: {len(named)} files, and they differ" if found else "unreadable"}
            readable = min(path for path in named if self.hashes[path])
            return self._to(row, readable, "name" if expected is None else "accepted")
        same = sorted(self.by_hash.get(expected.content, []))
        if same:
            right = [path for path in same if path in named]
            return self._to(row, *((right[0], "name") if right else (same[0], "content")))
        return row | {"status": "changed: other bytes than are known" if named else "missing"}

    def _to(self, row: Row, path: Path, how: str) -> Row:
        name = path.relative_to(self.videos.root).as_posix()
        try:
            name.encode()
        except UnicodeEncodeError:
            return row | {"status": "unreadable: its name is not UTF-8; rename it"}
        return row | {
            "status": "ok", "bound_by": how, "path": name, "sha256": self.hashes[path], "bytes": _size(path),
        }  # fmt: skip


def _content(path: Path) -> str | None:
    try:
        return fingerprint.of_path(path, fingerprint.of_bytes)
    except OSError:
        return None


def _size(path: Path) -> int | None:
    try:
        return None if path.is_dir() else path.stat().st_size
    except OSError:
        return None


def _bound(row: Row) -> Binding:
    return Binding(content=row["sha256"], bytes=row["bytes"], path=row["path"] or "")


def _same(rows: Sequence[Row]) -> None:
    """Set `same_as` in each row whose bytes an earlier row has: a copy, or the same error page downloaded twice."""
    first: dict[str, str] = {}
    for row in rows:
        if row["status"] == "ok":
            name = first.setdefault(row["sha256"], row["file"])
            row["same_as"] = None if name == row["file"] else name
