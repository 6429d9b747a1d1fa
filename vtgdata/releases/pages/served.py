"""What the server of a page answers: the page, its rows a few at a time, a sample's details, videos, decisions."""

import contextlib
import threading
from pathlib import Path
from typing import Any

import numpy as np

from vtgdata.errors import VtgError
from vtgdata.files import fingerprint, outside, whole
from vtgdata.files.label_reviews import Decision, decision_of, read_decisions
from vtgdata.files.lease import changing
from vtgdata.releases.pages import content, details, document, payload, query, strips, tables
from vtgdata.releases.pages.settings import PageSettings
from vtgdata.video import containers, proxy, workers
from vtgdata.video.find import find
from vtgdata.video.store import DECODER, FrameStore

MOST = 1_000
"""Most rows of one answer."""
PLAYED = frozenset(("h264", "vp8", "vp9", "av1"))
"""Codecs that browsers play."""
CONTAINERS = frozenset((".mp4", ".m4v", ".webm", ".mov"))
"""Endings of the files in which they play them."""
SHORT_SIDE = 360
"""Pixels of the copies that are made of other videos."""


class Served:
    """A page's data, held in memory. Threads may share it."""

    def __init__(self, settings: PageSettings, decisions: str = "") -> None:
        """Gather what is shown.

        Args:
            settings: what to show.
            decisions: file that decisions about a queue are saved in; empty for none.

        Raises VtgError as `tables.find` and `rows.gather` do, and when the file of decisions has something else.
        """
        import polars as pl

        self._settings = settings
        self._found, self._rows, self._compared = content.shown(settings)
        words = (pl.col("query") + "\n" + pl.col("sample_id")).str.to_lowercase().alias(query.WORDS)
        self._frame = self._rows.samples.with_columns(words)
        self._columns = payload.columns(self._rows)
        self._answered = self._rows.answers["row"].to_numpy() if self._rows.models else np.zeros(0, np.int64)
        videos = content.folder_of_videos(settings, self._found)
        self._videos, self._index = videos, find(Path(videos)) if videos else None
        self._store: FrameStore | None = None
        self._states: dict[Path, tuple[int, int]] = {}
        self._asked: tuple[tuple[str, str, bool], Any] | None = None
        self._lock, self._file = threading.Lock(), Path(decisions) if decisions else None
        if self._file is not None and self._file.is_dir():
            raise VtgError(f"--decisions {decisions}: is a folder. Name a file in it, such as decisions.jsonl.")
        self._copying = threading.Lock()
        self._decided = {line.sample_id: line for line in self._read()}
        self.facts = self._facts()
        if self._file is not None and not self.facts["review"]:
            raise VtgError(
                f"--decisions {decisions}: {settings.path} holds no queue to decide. Give the folder of `vtgdata "
                "audit`, or leave --decisions out."
            )

    def _facts(self) -> dict[str, Any]:
        facts = content.facts(self._found, self._rows, self._videos, self._compared)
        if facts["review"]:
            facts["review"]["decided"] = list(self._decided.values())
        served = {"videos": self._index is not None, "saves": self._file is not None}
        return facts | {"served": served, "columns": self._columns, "total": self._frame.height}

    def page(self) -> bytes:
        """The page itself; it asks for rows as they come into sight."""
        with self._lock:
            if self.facts["review"]:
                self.facts["review"]["decided"] = list(self._decided.values())
            made = document.pieces(self.facts, None, (), self.facts["title"], self.policy())
            return "".join(made).encode()

    @staticmethod
    def policy() -> str:
        """The page's content security policy: nothing but this server is spoken to."""
        return document.policy("img-src data:", "connect-src 'self'", "media-src 'self'")

    def rows(self, filter_: str, sort: str, falling: bool, first: int, size: int) -> dict[str, Any]:
        """Some rows of those that fit a filter, in the order of a column, and how many fit."""
        asked = (filter_, sort, falling)
        with self._lock:
            if self._asked is None or self._asked[0] != asked:
                self._asked = asked, query.rows(self._frame, self._columns, filter_, sort, falling)
            numbers = self._asked[1]
        wanted = numbers.slice(max(0, first), min(max(0, size), MOST)).to_list()
        return {"total": len(numbers), "rows": [self._record(row) for row in wanted]}

    def sample(self, name: str) -> dict[str, Any] | None:
        """The row of a sample; None if there is none of that id."""
        import polars as pl

        found = self._frame.with_row_index("(row)").filter(pl.col("sample_id") == name)["(row)"].to_list()
        return self._record(found[0]) if found else None

    def _record(self, row: int) -> dict[str, Any]:
        sample = self._rows.samples.row(row, named=True)
        values = {
            column.name: payload.short(sample[column.name] or "") if column.kind == "text" else sample[column.name]
            for column in self._columns
        }
        low, high = np.searchsorted(self._answered, [row, row + 1]).tolist()
        return {
            "row": row, "id": sample["sample_id"], "values": values, "annotation": payload.flat(sample["windows"]),
            "consensus": payload.flat(sample["consensus"]),
            "answers": payload.answers_of(self._rows.answers[low:high], self._rows.models),
        }  # fmt: skip

    def details(self, row: int) -> dict[str, Any] | None:
        """The details of a row; None if there is no such row."""
        if not 0 <= row < self._frame.height:
            return None
        store = self._frames(row)
        pictures = strips.strips(self._rows.samples, [row], store) if store else {}
        return next(details.details(self._found, self._rows, [row], pictures))[1]

    def _frames(self, row: int) -> FrameStore | None:
        """The store of frames: made once, and anew when a video is another file than before. None without videos."""
        if self._index is None:
            return None
        path = None
        with contextlib.suppress(VtgError):  # two files match, or it is not the bound one: the strip says so
            path = self._index.place(self._frame["video_file"][row], self._frame["video_id"][row])
        with self._lock:
            if path is not None and path.exists():
                told = path.stat()
                state = told.st_size, told.st_mtime_ns
                if self._states.setdefault(path, state) != state:
                    self._store, self._states = None, {path: state}
            if self._store is None:
                wanted = self._settings
                self._store = strips.store(self._videos, wanted.frames, wanted.num_frames, wanted.short_side)
            return self._store

    def video(self, row: int) -> Path | None:
        """The file of a row's video that a browser can play: its own, or a copy that is made; None without one.

        Of a video that is a part of a file there is a copy too, so that its times count from the part's start.
        """
        if self._index is None or not 0 <= row < self._frame.height:
            return None
        name = self._frame["video_file"][row]
        path, part = self._index.path(name, self._frame["video_id"][row]), self._index.whole(name)[1]
        if path is None or path.is_dir():
            return None
        path = outside.regular(path)
        containers.check(path)
        facts = workers.shared().probe(DECODER, path)
        if facts.codec in PLAYED and path.suffix.lower() in CONTAINERS and part is None:
            return path
        piece = None if part is None else proxy.Piece(start=part.start, duration=part.duration)
        times = "" if part is None else f"_{part.start:.3f}_{part.end:.3f}"
        copy = fingerprint.cache_folder() / "played" / f"{fingerprint.of_path(path)}{times}.mp4"
        with self._copying:  # that of a long video takes minutes, in which rows and decisions go on
            if not copy.exists():
                copy.parent.mkdir(parents=True, exist_ok=True)
                proxy.make(path, copy, proxy.Shape(short_side=SHORT_SIDE), piece)
        return copy

    def decide(self, line: bytes) -> None:
        """Save a decision, or take one back (`decision` is empty); raises VtgError when it is none, or not saved.

        Other pages may save into the same file at the same time: each keeps the others' decisions.
        """
        if self._file is None:
            raise VtgError("decisions are saved only with --decisions FILE.")
        stated = tables.record_of(line)
        made = decision_of(line.decode(), "decision") if stated.get("decision") else None
        with self._lock, changing(self._file) as place:
            if place.exists():  # with what others, another page or `vtgdata exchange`, wrote there since
                self._decided = {line.sample_id: line for line in self._read()}
            if made is not None:
                self._decided[made.sample_id] = made
            else:
                self._decided.pop(str(stated.get("sample_id", "")), None)
            whole.write_jsonl(place, self._decided.values())

    def _read(self) -> list[Decision]:
        if self._file is None or not outside.is_file(self._file):
            return []
        if not outside.read_bytes(self._file).strip():
            return []
        return [decision for _, decision in read_decisions(str(self._file))]
