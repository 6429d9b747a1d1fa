"""Rows of JSON lines, thousands at a time: those about which nothing is odd stay columns, without a record for each.

    {"qid": 412, "query": "A child feeds two goats.", "duration": 150, "vid": "aB3", "relevant_windows": [[10, 24]]}

Nothing is odd about a line of printable ASCII that has the keys of its file's `Layout` and no other, and one window of
two numbers. Whatever is odd is read as every row of any file is, with the same words for what is wrong.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import msgspec

from vtgdata.annotations.file_text import numbered_lines
from vtgdata.annotations.ids import Named
from vtgdata.errors import VtgError
from vtgdata.records import RawRow

ROWS = 4_096
"""Lines of a block, and a few more; this bounds the memory."""

_ODD = re.compile(r"[^ -\[\]-~]")
"""Whatever is no printable ASCII, and the backslash: with escapes, a key that is there twice may look like two."""
_BARE = bytes([*range(0x20, 0x5C), *range(0x5D, 0x7F), 0x0A])
"""All other characters, and the line feed."""


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """Which key of a file's records holds what; every key holds something."""

    video: str
    query: str
    form: Literal["pairs", "pair", "bounds"]
    """How a window is written: `[[1, 2]]`, `[1, 2]`, or its start and its end under a key each."""
    windows: tuple[str, ...]
    """The key of the window, or those of its bounds."""
    duration: str = ""
    id: str = ""

    def decoder(self) -> Any:
        """A decoder that takes no other records than these."""
        window = {"pairs": list[tuple[float, float]], "pair": tuple[float, float], "bounds": float}[self.form]
        fields = [("video", str, self.video), ("query", str, self.query)]
        fields += [(f"window{number}", window, key) for number, key in enumerate(self.windows)]
        fields += [("duration", float | None, self.duration)] if self.duration else []
        fields += [("id", str | int, self.id)] if self.id else []
        named = [(ours, kind, msgspec.field(name=key)) for ours, kind, key in fields]
        return msgspec.json.Decoder(msgspec.defstruct("Record", named, forbid_unknown_fields=True, gc=False))

    def quotes(self, records: Sequence[Any]) -> int:
        """Quotation marks in the lines of records: there are more where a key is there twice."""
        keys = 2 + len(self.windows) + bool(self.duration) + bool(self.id)
        texts = sum(type(record.id) is str for record in records) if self.id else 0
        return 2 * ((keys + 2) * len(records) + texts)


class Block:
    """Rows of one file and split that follow each other: those about which nothing is odd as columns.

    It is no subclass of Iterable: to ask whether a row is a block would then take longer, and all rows are asked.
    """

    def __init__(self, file: str, split: str, texts: Sequence[tuple[int, str]]) -> None:
        """Begin with rows of which none is known. Args: file: its name; texts: number and text of each row's line."""
        self.file, self.split, self.texts = file, split, texts
        self.odd: dict[int, RawRow] = {}
        """Place in the block -> each row that is in no column, in order."""
        self.places: list[int] = []
        """Places in the block of the rows in the columns."""
        self.videos: list[Named] = []
        self.queries: list[str] = []
        self.windows: list[tuple[float, float]] = []
        self.durations: list[float | None] = []
        self.ids: list[str] | None = None
        """None in a file whose records have none."""

    def cut(self, size: int) -> None:
        """Leave out all rows but the first so many."""
        kept = bisect_left(self.places, size)
        self.texts, self.places = self.texts[:size], self.places[:kept]
        self.videos, self.queries, self.windows = self.videos[:kept], self.queries[:kept], self.windows[:kept]
        self.durations, self.ids = self.durations[:kept], None if self.ids is None else self.ids[:kept]

    def __len__(self) -> int:
        return len(self.texts)

    def origins(self, numbers: Iterable[int]) -> list[str]:
        """Of some rows in the columns, by their numbers there."""
        file, texts, places = self.file, self.texts, self.places
        return [f"{file}:{texts[places[number]][0]}" for number in numbers]

    def row(self, number: int) -> RawRow:
        """One of the rows in the columns, by its number there."""
        video = self.videos[number]
        return RawRow(
            origin=self.origins((number,))[0],
            raw=self.texts[self.places[number]][1],
            video_id=video.video_id,
            file=video.file,
            query=self.queries[number],
            windows=[self.windows[number]],
            split=self.split,
            published_id=None if self.ids is None else self.ids[number],
            duration=self.durations[number],
            source_id=video.source_id,
            source_start=video.source_start,
        )

    def __iter__(self) -> Iterator[RawRow]:
        numbers = {place: number for number, place in enumerate(self.places)}
        for place in range(len(self)):
            yield self.row(numbers[place]) if place in numbers else self.odd[place]


class Rows(Iterator[RawRow]):
    """What a reader yields: one row after the other, or as they come, in `pieces`."""

    def __init__(self, pieces: Iterable[RawRow | Block]) -> None:
        """Set what comes."""
        self.pieces = iter(pieces)
        self._rows = (row for piece in self.pieces for row in (piece if isinstance(piece, Block) else (piece,)))

    def __next__(self) -> RawRow:
        return next(self._rows)


def pieces(rows: Iterator[RawRow]) -> Iterator[RawRow | Block]:
    """What any reader yields, in blocks where it has some."""
    return rows.pieces if isinstance(rows, Rows) else rows


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """How the lines of a file become rows."""

    row: Callable[[int, int, str], RawRow]
    """The row of any line, by its place among the file's records, its number and its text."""
    layout: Callable[[str], Layout | None]
    """How records are written, by the text of one; None where they must be read one by one."""
    named: Callable[[str, str], Named]
    """What a video's key stands for, by the key that holds it; raises ValueError where it stands for nothing."""


def read(path: Path, split: str, reader: Reader) -> Iterator[RawRow | Block]:
    """The rows of a file of JSON lines, in order. Args: split: of all its rows, as far as they name no other."""
    stored, begun = numbered_lines(path), 0
    layout = decode = None
    fault: VtgError | None = None
    """What is wrong with the row after those that were read: it is raised once they are taken."""
    while fault is None:
        texts: list[tuple[int, str]] = []
        try:
            while len(texts) < ROWS and (some := next(stored, None)) is not None:
                texts += some
        except VtgError as error:
            fault = error
        if not texts:
            break
        if layout is None and (layout := reader.layout(texts[0][1])) is not None:
            decode = layout.decoder()
        block = Block(path.name, split, texts)
        if layout is not None:
            _fill(block, layout, decode, reader)
        known = set(block.places)
        for place, (number, text) in enumerate(texts):
            if place in known:
                continue
            try:
                block.odd[place] = reader.row(begun + place, number, text)
            except VtgError as error:
                fault = error
                block.cut(place)
                break
        begun += len(texts)
        if block.places and all(row.split == split for row in block.odd.values()):
            yield block
        else:
            yield from block
    if fault is not None:
        raise fault


def _fill(block: Block, layout: Layout, decode: Any, reader: Reader) -> None:
    """Put the rows about which nothing is odd into the columns."""
    texts = [text for _, text in block.texts]
    records = _records(texts, layout, decode)
    names: dict[str, Named | None] = {}
    for record in records.values():
        if record.video not in names:
            names[record.video] = _name(record.video, layout, reader)
    odd = {video for video, name in names.items() if name is None}
    several = layout.form == "pairs" and any(len(record.window0) != 1 for record in records.values())
    nameless = layout.id and any(record.id == "" for record in records.values())
    if odd or several or nameless:
        records = {
            place: record
            for place, record in records.items()
            if not (record.video in odd or (several and len(record.window0) != 1) or (nameless and record.id == ""))
        }
    found = list(records.values())
    block.places = list(records)
    block.videos = [name for record in found if (name := names[record.video]) is not None]
    block.queries = [record.query for record in found]
    if layout.form == "bounds":
        block.windows = [(record.window0, record.window1) for record in found]
    else:
        block.windows = [record.window0[0] if layout.form == "pairs" else record.window0 for record in found]
    block.durations = [record.duration for record in found] if layout.duration else [None] * len(found)
    block.ids = [str(record.id) for record in found] if layout.id else None


def _name(video: str, layout: Layout, reader: Reader) -> Named | None:
    try:
        return reader.named(video, layout.video)
    except ValueError:
        return None  # said where the row is read


def _records(texts: Sequence[str], layout: Layout, decode: Any) -> dict[int, Any]:
    """Place -> record of each line that is written as the layout says."""
    whole, places = "\n".join(texts), range(len(texts))
    if not whole.isascii() or whole.encode().translate(None, _BARE):
        places = [place for place in places if not _ODD.search(texts[place])]
        whole = "\n".join(texts[place] for place in places)
    found: list[Any] = []
    with suppress(msgspec.MsgspecError, ValueError):
        found = decode.decode_lines(whole)
    # Records hold no objects, so that each line that begins with a brace begins a record: one line, one record.
    lined = whole.startswith("{") and len(found) == len(places) == whole.count("\n{") + 1
    if lined and whole.count('"') == layout.quotes(found):
        return dict(zip(places, found, strict=True))
    each = ((place, _record(texts[place], layout, decode)) for place in places)
    return {place: record for place, record in each if record is not None}


def _record(text: str, layout: Layout, decode: Any) -> Any:
    try:
        record = decode.decode(text)
    except (msgspec.MsgspecError, ValueError):
        return None
    return record if text.count('"') == layout.quotes((record,)) else None
