"""Tombstones: a list of removed videos and samples, so that no later ingest or release brings them back.

`vtgdata remove` writes the list as a JSON file. A release contains it as `removed.json`, and every version made with
that release as `--previous` takes it over. It holds ids and reasons, and no text of an annotation.
"""

import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

import msgspec

from vtgdata import releases
from vtgdata.errors import VtgError
from vtgdata.files import json_document, outside
from vtgdata.files.schemas import Row
from vtgdata.files.whole import write_json
from vtgdata.records import Drop, Sample

NAME = "removed.json"
"""Name of the file in a release."""
REASON = "removed"
"""Reason of the drop that a removed sample becomes; the drop has no raw text."""


class Tombstone(msgspec.Struct, frozen=True, kw_only=True, order=True, forbid_unknown_fields=True):
    """One video, or one sample, that may not come back."""

    corpus: str = ""
    """Corpus in which it is removed; empty for all corpora."""
    video_id: str = ""
    """The video's own id, or the id of the longer video that it was cut from."""
    sample_id: str = ""
    reason: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What is removed, without the reason."""
        return self.corpus, self.video_id, self.sample_id


class Tombstones(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A list of tombstones, sorted, each once."""

    removed: tuple[Tombstone, ...] = ()

    @cached_property
    def _by_key(self) -> dict[tuple[str, str, str], Tombstone]:
        return {each.key: each for each in self.removed}

    @cached_property
    def _in_text(self) -> re.Pattern[str] | None:
        names = {each.video_id or each.sample_id for each in self.removed}
        longest = sorted(map(re.escape, names), key=len, reverse=True)
        return re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(longest)})(?![A-Za-z0-9])") if longest else None

    def of(self, corpus: str, sample_id: str, videos: Iterable[str | None]) -> Tombstone | None:
        """The tombstone that removes a row, or None if the row may stay.

        Args:
            corpus: the row's corpus.
            sample_id: the row's id.
            videos: ids of its video: its own, and that of a longer source.
        """
        keys = [("", sample_id), *((video, "") for video in videos if video)]
        for place in (corpus, ""):
            for video, sample in keys:
                if found := self._by_key.get((place, video, sample)):
                    return found
        return None

    def of_row(self, row: Row) -> Tombstone | None:
        """The tombstone that removes a row of samples.parquet, or None if the row may stay."""
        return self.of(row["corpus"], row["sample_id"], (row["video_id"], row["source_id"]))

    def name(self, text: str) -> bool:
        """Whether a text contains a removed id, as a word or between other signs (`v_ID.mp4`)."""
        return self._in_text is not None and self._in_text.search(text) is not None

    def outcome(self, outcome: Sample | Drop) -> Sample | Drop:
        """What an ingested row becomes: a removed sample becomes a drop; a drop with a removed id loses its text."""
        if isinstance(outcome, Sample):
            video = outcome.video
            found = self.of(outcome.corpus, outcome.sample_id, (video.video_id, video.source_id))
            return drop(outcome.corpus, outcome.origin, found) if found else outcome
        if self.name(outcome.raw) or self.name(outcome.detail):
            return msgspec.structs.replace(outcome, raw="", detail=REASON)
        return outcome

    def dropped(self, row: Row) -> Row:
        """A row of drops.parquet, without its text if that contains a removed id."""
        return row | {"raw": "", "detail": REASON} if self.name(row["raw"]) or self.name(row["detail"]) else row


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    schema_version: int
    removed: list[Tombstone]


def drop(corpus: str, origin: str, why: Tombstone) -> Drop:
    """The drop that a removed sample becomes: its origin and the reason, without its text."""
    return Drop(corpus=corpus, origin=origin, reason=REASON, detail=why.reason, raw="")


def merged(*parts: Tombstones) -> Tombstones:
    """Several lists as one; if two have the same key, the first one's reason stays."""
    found: dict[tuple[str, str, str], Tombstone] = {}
    for each in (each for part in parts for each in part.removed):
        found.setdefault(each.key, each)
    return Tombstones(removed=tuple(sorted(found.values())))


def read(path: str) -> Tombstones:
    """The tombstones of a file, or of a release's folder; none for an empty path.

    Raises VtgError when the file is not a list of tombstones, or a release is damaged.
    """
    if not path:
        return Tombstones()
    if Path(path).is_dir():
        return of_release(releases.open_release(path))
    try:
        return _decoded(outside.read_bytes(Path(path)), path)
    except OSError as error:
        raise VtgError(f"{path}: {error.strerror}. Make the file with `vtgdata remove`.") from error


def of_release(release: releases.Release) -> Tombstones:
    """The tombstones in a release; none if it has no removed.json."""
    if NAME not in release.document.files:
        return Tombstones()
    return _decoded(release.checked(NAME), f"{release.path}/{NAME}")


def _decoded(raw: bytes, where: str) -> Tombstones:
    try:
        file = json_document.decode(raw, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise VtgError(f"{where}: not a file of `vtgdata remove` ({error}).") from error
    for number, each in enumerate(file.removed):
        if bool(each.video_id) == bool(each.sample_id):
            raise VtgError(f"{where}: removed[{number}]: names a video_id or a sample_id, one of the two.")
    return merged(Tombstones(removed=tuple(file.removed)))


def write(path: Path, tombstones: Tombstones) -> None:
    """Write tombstones to a file, whole or not at all."""
    write_json(path, _File(schema_version=1, removed=list(tombstones.removed)))
