"""Proxy: make small copies of the samples' videos, under the names by which other commands look them up.

If a video is a cut of a longer one and only the longer one exists (under its `source_id`), the proxy is cut from it.
Afterwards every command can use the proxies with `--videos OUT/videos`.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec

from vtgdata.errors import Conflict, VideoUnreadable, VtgError
from vtgdata.files import claims, fingerprint, json_document, live, outside, plugins
from vtgdata.files.parquet import write_parquet
from vtgdata.files.schemas import Row
from vtgdata.files.step import Step, StepSettings, StepSummary
from vtgdata.files.temporary import tidy
from vtgdata.files.whole import write_json
from vtgdata.records import Video
from vtgdata.video import encode, parallel
from vtgdata.video.find import Videos, find, stem
from vtgdata.video.frame_settings import PositiveInt
from vtgdata.video.inventory import Listed, ambiguous, examples, failure, listed, status_class
from vtgdata.video.proxy import VERSION, Piece, Shape, make
from vtgdata.video.store import DECODER

COLUMNS = {
    "video_id": "text", "file": "text", "status": "text", "proxy": "text", "source": "text", "cut_start": "number",
    "cut_duration": "number", "bytes": "count",
}  # fmt: skip
"""Columns of proxies.parquet."""
FOLDER, _NOTES = "videos", ".made"
_LONGEST_NAME = 200


class Settings(StepSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which videos to make proxies of, and in what size and quality."""

    samples: str
    """Samples whose videos get proxies: a samples.parquet."""
    videos: str
    """Folder under which the videos lie, or the longer videos that they are cut from."""
    out: str
    """Folder for videos/ (the proxies) and proxies.parquet (a row for each video)."""
    where: str = ""
    """SQL condition on the columns of the samples, as in "split == 'rl'"."""
    limit: PositiveInt | None = None
    """Take only this many samples, the first ones."""
    short_side: Annotated[int, msgspec.Meta(ge=2)] = 336
    """Short side of the proxies in pixels; smaller videos are not enlarged."""
    fps: Annotated[float, msgspec.Meta(gt=0)] | None = None
    """Frames per second; by default all frames, at their own times."""
    quality: Annotated[int, msgspec.Meta(ge=0, le=51)] = 23
    """CRF of H.264: a lower value gives a better picture and a larger file."""
    jobs: PositiveInt | None = None
    """Number of proxies to make at a time; by default the number of CPU cores."""
    max_failed: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    """Share of videos that may be missing or unreadable before the exit code is 3."""


class Summary(StepSummary, frozen=True, kw_only=True):
    """Number of videos by status, and of proxies."""

    videos: int
    statuses: dict[str, int]
    """{status: number of videos}, the most frequent first."""
    made: int
    """Number of proxies made in this run."""
    cuts: int
    """Number of proxies that were cut from longer videos."""
    bytes: int
    """Total size of all proxies."""
    examples: dict[str, list[str]]
    """{status: its first few videos, as `file: status`}."""
    out: str
    """Output folder."""


def run(settings: Settings) -> Summary:
    """Make the proxies that do not exist yet; write proxies.parquet.

    Raises VtgError when there is no sample or video, or two videos would get one proxy name; Conflict when a file that
    this command did not make has such a name; RowsFailed, after writing, when more than `max_failed` of the videos have
    no proxy.
    """
    code = [__name__, plugins.module_name("decoders", DECODER)]
    with Step(
        "videos proxy", settings, Summary, code=code, inputs=[settings.samples], listings=[settings.videos]
    ) as step:
        if (done := step.up_to_date()) is not None:
            return done
        encode.ready()
        wanted, videos = listed(settings.samples, settings.where, settings.limit), find(Path(settings.videos))
        _names(wanted)
        _refuse_foreign(wanted, step.out)
        for folder in {
            (step.out / FOLDER / _name(one.video)).parent for one in wanted if _can_be_written(_name(one.video))
        }:
            claims.claim(folder, [settings.videos])  # a link in it may lead to the originals
        out = step.begin()
        for folder in (out / FOLDER, out / _NOTES):
            folder.mkdir(exist_ok=True)
            tidy(folder)
        maker = _Maker(videos, out, Shape(short_side=settings.short_side, fps=settings.fps, quality=settings.quality))
        results = parallel.each(lambda one: maker.row(one.video), wanted, settings.jobs)
        found = {id(one): row for one, row in live.each(results, len(wanted), "videos proxy", "videos")}
        rows = [found[id(one)] for one in wanted]
        write_parquet(step.start() / "proxies.parquet", rows, COLUMNS)
        summary = Summary(
            videos=len(rows),
            statuses=dict(Counter(status_class(row["status"]) for row in rows).most_common()),
            made=sum(row["made"] for row in rows),
            cuts=sum(row["proxy"] is not None and row["cut_start"] is not None for row in rows),
            bytes=sum(row["bytes"] or 0 for row in rows),
            examples=examples((row["file"], row["status"]) for row in rows),
            out=settings.out,
        )
        failed = [(row["file"], row["status"]) for row in rows if row["status"] != "ok"]
        mend = "Run `vtgdata videos verify` for a list of files to fetch, or allow a share with --max-failed."
        told_of = failure(failed, len(rows), settings.max_failed, mend)
        return step.finish(summary, ["proxies.parquet", FOLDER], failed=told_of)


def _names(wanted: Sequence[Listed]) -> None:
    """Raise VtgError when two videos would get the same proxy name."""
    first: dict[str, str] = {}
    for one in wanted:
        other = first.setdefault(_name(one.video), one.video.file)
        if other != one.video.file:
            raise VtgError(
                f"{other!r} and {one.video.file!r} would both have the proxy {_name(one.video)!r}: make them one after "
                "another into two folders, with --where."
            )


def _refuse_foreign(wanted: Sequence[Listed], out: Path) -> None:
    """Raise Conflict when a file that this command did not make has the name of a proxy to be made."""
    for one in wanted:
        name = _name(one.video)
        if _can_be_written(name) and (out / FOLDER / name).exists() and not outside.is_file(_note(out, name)):
            raise Conflict(f"{out / FOLDER / name}: is there, and was not made by this command. Move it away first.")


def _note(out: Path, name: str) -> Path:
    """Path of the note that records how a proxy was made."""
    return out / _NOTES / f"{name}.json"


def _name(video: Video) -> str:
    return f"{stem(video.file)}.mp4"


def _can_be_written(name: str) -> bool:
    return all(part and part[0] != "." and len(part.encode()) <= _LONGEST_NAME for part in name.split("/")) and (
        "\0" not in name
    )


class _Maker:
    """Makes the proxies of one run: all in one shape, from one index of videos into one folder."""

    def __init__(self, videos: Videos, out: Path, shape: Shape) -> None:
        self.videos, self.out, self.shape = videos, out, shape

    def row(self, video: Video) -> Row:
        """Make one video's proxy unless it is up to date; returns its row. The proxy exists if the status is `ok`."""
        row: Row = {"video_id": video.video_id, "file": video.file, "proxy": None, "bytes": None, "made": False}
        row |= {"source": None, "cut_start": None, "cut_duration": None}
        name = _name(video)
        if not _can_be_written(name):
            return row | {"status": "unreadable: its name is no name of a file that could be written"}
        twice = ambiguous(self.videos, video)
        path, piece = (None, None) if twice else self._source(video)
        if path is None:
            return row | {"status": twice or "missing"}
        row["source"] = path.relative_to(self.videos.root).as_posix().encode(errors="replace").decode()
        if piece is not None:
            row |= {"cut_start": piece.start, "cut_duration": piece.duration}
        if path.is_dir():
            return row | {"status": "unreadable: a folder of frames needs no proxy; link it beside them"}
        target = self.out / FOLDER / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            made = self._made(path, target, _note(self.out, name), piece)
        except VideoUnreadable as error:
            return row | {"status": error.status}
        return row | {"status": "ok", "proxy": f"{FOLDER}/{name}", "bytes": target.stat().st_size, "made": made}

    def _source(self, video: Video) -> tuple[Path | None, Piece | None]:
        """The video's own file, else the file of its longer video and the piece to cut; (None, None) without either."""
        path = self.videos.path(video.file, video.video_id)
        if path is None and video.source_id and video.source_start is not None:
            found = self.videos.named(video.source_id, video.source_id)
            if len(found) == 1:
                return found[0], Piece(start=max(0.0, video.source_start), duration=video.duration)
        return path, None

    def _made(self, path: Path, target: Path, note: Path, piece: Piece | None) -> bool:
        """Make the proxy unless it is up to date; returns whether it was made.

        Raises VideoUnreadable when the video cannot be opened or encoded.
        """
        note.parent.mkdir(parents=True, exist_ok=True)
        try:
            content = fingerprint.of_path(path, fingerprint.of_bytes)
        except OSError as error:
            raise VideoUnreadable(path, f"cannot be opened ({error.strerror})") from error
        of = fingerprint.of_value([VERSION, content, self.shape, piece])
        if outside.is_file(target) and _noted(note) == [of, target.stat().st_size]:
            return False
        write_json(note, [of, None])  # so that a proxy left by a killed run is recognised as ours
        try:
            make(path, target, self.shape, piece)
        except VideoUnreadable:
            target.unlink(missing_ok=True)  # an earlier proxy no longer matches the video or the settings
            note.unlink(missing_ok=True)
            raise
        write_json(note, [of, target.stat().st_size])
        return True


def _noted(path: Path) -> object:
    """Contents of a note that records how a proxy was made; None if there is no readable one."""
    try:
        return json_document.decode(outside.read_bytes(path))
    except (OSError, msgspec.DecodeError):
        return None
