"""Remove: list videos or samples that must be permanently removed, in a file that later ingests and releases apply.

    vtgdata remove removed.json --video-id dQw4w9WgXcQ --reason "taken down by its owner" --source release/1.0.0
    vtgdata release --tombstones removed.json --previous release/1.0.0 ...

Published versions keep their rows, since a tag never moves. To remove rows there too, delete those tags and the history
on the Hub by hand.
"""

from pathlib import Path

import msgspec

from vtgdata import releases
from vtgdata.errors import VtgError
from vtgdata.files.lease import changing
from vtgdata.files.parquet import read_parquet
from vtgdata.files.schemas import Row
from vtgdata.releases import hub, tombstones
from vtgdata.releases.tombstones import Tombstone, Tombstones


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to remove."""

    file: str
    """JSON file that lists what is removed; it is created, or extended if it exists."""
    video_id: list[str] = []
    """Id of a video, or of the longer video that it was cut from; all its samples are removed. May be given several
    times."""
    sample_id: list[str] = []
    """Id of one sample; may be given several times."""
    corpus: str = ""
    """Remove from this corpus only: an id such as 0001 is another video in another corpus."""
    reason: str = ""
    """Reason for the removal, in your own words; it is published."""
    source: str = ""
    """A release's folder, `org/name@tag` or a samples.parquet in which each id must occur: a misspelt id would remove
    nothing."""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Number of entries in the file."""

    file: str
    added: int
    """Number of new entries."""
    entries: int
    """Number of all entries."""
    rows: int | None
    """Number of samples in `source` that the given ids remove; None without `source`."""


def run(settings: Settings) -> Summary:
    """Add the given videos and samples to the file.

    Raises VtgError when no id is given, or one is empty or does not occur in `source`.
    """
    named = [
        *(Tombstone(corpus=settings.corpus, video_id=name, reason=settings.reason) for name in settings.video_id),
        *(Tombstone(corpus=settings.corpus, sample_id=name, reason=settings.reason) for name in settings.sample_id),
    ]
    if not named or not all(each.video_id or each.sample_id for each in named):
        raise VtgError("remove: name what must go with --video-id ID or --sample-id ID; an empty id names nothing.")
    rows = _check_occur(named, settings.source) if settings.source else None
    path = Path(settings.file).expanduser()
    with changing(path) as place:
        before = tombstones.read(str(place)) if place.exists() else Tombstones()
        after = tombstones.merged(before, Tombstones(removed=tuple(named)))
        if after != before:
            tombstones.write(place, after)
    added = len(after.removed) - len(before.removed)
    return Summary(file=settings.file, added=added, entries=len(after.removed), rows=rows)


def _check_occur(named: list[Tombstone], source: str) -> int:
    """Number of samples that are removed; raises VtgError, naming the first entry that removes none."""
    rows = _samples(hub.local(source))
    for each in named:
        alone = Tombstones(removed=(each,))
        if not any(alone.of_row(row) for row in rows):
            within = f" of corpus {each.corpus!r}" if each.corpus else ""
            raise VtgError(
                f"{source}: no sample{within} has the {'video_id' if each.video_id else 'sample_id'} "
                f"{each.video_id or each.sample_id!r}. Look at its spelling; nothing was written."
            )
    together = Tombstones(removed=tuple(named))
    return sum(together.of_row(row) is not None for row in rows)


def _samples(source: str) -> list[Row]:
    if not Path(source).is_dir():
        return read_parquet(source, needs=("sample_id", "corpus", "video_id", "source_id"))
    release = releases.open_release(source)
    return [row for split in release.document.configs["samples"] for row in release.rows("samples", split)]
