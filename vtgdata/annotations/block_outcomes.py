"""What the rows of a block become: the same as by `normalise`, with the samples as a table."""

import re
from array import array
from bisect import bisect
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import Any

import msgspec

from vtgdata.annotations.blocks import ROWS, Block
from vtgdata.annotations.normalise import MAX_SECONDS, Given, noted
from vtgdata.annotations.query_repairs import bad_name
from vtgdata.annotations.repairs import TOLERANCE
from vtgdata.annotations.repeats import Asked
from vtgdata.files.parquet import arrow_schema, pyarrow
from vtgdata.files.samples import samples_table
from vtgdata.files.schemas import ABSENT, SAMPLES
from vtgdata.records import Drop, RawRow, Repair, Sample, Video, Window

_MAY_NEED = re.compile(r"[<\[&]|://|  |\A | \Z|[. ]\.\Z|\A.{0,5}\Z")
"""What may be to repair in an ASCII query, or to drop."""
_SIGNS = ("<", "[", "&", "://", "  ", "\n ", " \n", "..\n", " .\n")
"""The same, for many queries with a line feed before and behind each, but for short ones."""
_SHORT = 5
_NAME = re.compile(r"\w[\w.-]{1,200}\Z", re.ASCII)
"""Most names; `bad_name` finds nothing in one."""


class Outcomes:
    """What the rows of a block become."""

    def __init__(self, block: Block, given: Given) -> None:
        """Find it. Args: given: has seen all rows before these, and has seen these too afterwards."""
        self.block, self._given = block, given
        self.odd = dict(block.odd)
        """Place in the block -> each row that is not `plain`."""
        self._set_aside(_unsure(block, given))
        published = self._published()
        self._ids = given.seen.all_unused(published)
        if self._ids != published:
            again = (self._ids[place] != published[place] for place in block.places)
            self._set_aside(number for number, differs in enumerate(again) if differs)
        self.each: dict[int, Sample | Drop] = {
            place: given.alone(row, published[place], self._ids[place]) for place, row in self.odd.items()
        }
        """What each of them became."""
        self.plain = self._rest()
        """Numbers in the block's columns of the rows that became samples without repairs."""
        if given.corpus.family != "samples":
            self._note_repeats()
        self.odd, self.each = dict(sorted(self.odd.items())), dict(sorted(self.each.items()))

    def _set_aside(self, numbers: Iterable[int]) -> None:
        """Take rows of the block's columns for odd."""
        self.odd |= {self.block.places[number]: self.block.row(number) for number in numbers}

    def _rest(self) -> list[int]:
        return [number for number, place in enumerate(self.block.places) if place not in self.odd]

    def _published(self) -> list[str]:
        """The id of each row, which an earlier one may have too."""
        block, given = self.block, self._given
        if block.ids is None:
            return [given.published(row) for row in block]
        found = [""] * len(block)
        for place, own in zip(block.places, block.ids, strict=True):
            found[place] = f"{given.corpus.name}:{own}"
        for place, row in block.odd.items():
            found[place] = given.published(row)
        return found

    def _note_repeats(self) -> None:
        """Note what repeats earlier samples, in the order of the rows."""
        block, given = self.block, self._given
        places = [block.places[number] for number in self.plain]
        queries = [block.queries[number] for number in self.plain]
        videos = [block.videos[number].video_id for number in self.plain]
        asked = Asked(videos, queries, list(queries), [block.windows[number] for number in self.plain])
        for place, sample in sorted(self.each.items()):
            if isinstance(sample, Sample) and given.may_repeat(sample):
                at = bisect(places, place)
                bounds = tuple(bound for window in sample.windows for bound in (window.start, window.end))
                places.insert(at, place)
                asked.videos.insert(at, sample.video.video_id)
                asked.queries.insert(at, sample.query)
                asked.raw.insert(at, self.odd[place].query)
                asked.bounds.insert(at, bounds)
        notes = given.seen.all_repeats([self._ids[place] for place in places], asked)
        if notes:
            self._note({places[at]: each for at, each in notes.items()})

    def _note(self, notes: Mapping[int, list[Repair]]) -> None:
        """Add notes to the samples at some places."""
        numbers = dict(zip(self.block.places, range(len(self.block.places)), strict=True))
        for place, repairs in notes.items():
            if place not in self.odd:
                self._set_aside([numbers[place]])
                self.each[place] = self._given.alone(self.odd[place], self._ids[place], self._ids[place])
            sample = self.each[place]
            assert isinstance(sample, Sample)
            self.each[place] = noted(sample, repairs)
        self.plain = self._rest()

    def at(self, places: Iterable[int]) -> Iterator[tuple[RawRow, Sample | Drop]]:
        """The rows at some places of the block, and what they became."""
        numbers: dict[int, int] = {}
        for place in places:
            if place in self.odd:
                yield self.odd[place], self.each[place]
                continue
            numbers = numbers or dict(zip(self.block.places, range(len(self.block.places)), strict=True))
            yield self.block.row(numbers[place]), self._sample(numbers[place])

    @cached_property
    def _first(self) -> Sample:
        """The first of the plain rows' samples, with all that they have in common."""
        row, sample_id = self.block.row(self.plain[0]), self._ids[self.block.places[self.plain[0]]]
        made = self._given.alone(row, sample_id, sample_id)
        assert isinstance(made, Sample)
        return made

    def _sample(self, number: int) -> Sample:
        """The sample of one of the plain rows."""
        block, video = self.block, self.block.videos[number]
        place = block.places[number]
        return msgspec.structs.replace(
            self._first,
            sample_id=self._ids[place],
            video=Video(
                video_id=video.video_id,
                file=video.file,
                duration=block.durations[number],
                source_id=video.source_id,
                source_start=video.source_start,
            ),
            query=block.queries[number],
            windows=(Window(*block.windows[number]),),
            origin=block.origins((number,))[0],
        )

    def table(self) -> Any:
        """The samples as an Arrow table with the columns of `samples.parquet`, in the order of the rows."""
        table = self._plain_table()
        samples = {place: outcome for place, outcome in self.each.items() if isinstance(outcome, Sample)}
        if not samples:
            return table
        whole = pyarrow().concat_tables([table, samples_table(list(samples.values()))]).combine_chunks()
        places = [*(self.block.places[number] for number in self.plain), *samples]
        return whole.take(sorted(range(len(places)), key=places.__getitem__))

    def _common(self, rows: int) -> Any:
        """A table of so many rows; its columns that no row has for itself are those of all plain rows of the split."""
        held = self._given.common.get(self.block.split)
        if held is None or held.num_rows < rows:
            pa = pyarrow()
            held = samples_table([self._first]).take(pa.repeat(pa.scalar(0), max(rows, 2 * ROWS)))
            self._given.common[self.block.split] = held
        return held.slice(0, rows)

    def _plain_table(self) -> Any:
        pa, schema, block, numbers = pyarrow(), arrow_schema(SAMPLES | ABSENT), self.block, self.plain
        if not numbers:
            return schema.empty_table()
        videos = [block.videos[number] for number in numbers]
        columns: dict[str, Any] = {
            "sample_id": [self._ids[block.places[number]] for number in numbers],
            "video_id": [video.video_id for video in videos],
            "video_file": [video.file for video in videos],
            "source_id": [video.source_id for video in videos],
            "source_start": [video.source_start for video in videos],
            "duration": [block.durations[number] for number in numbers],
            "query": [block.queries[number] for number in numbers],
            "origin": block.origins(numbers),
        }
        bounds = pa.array(array("d", chain.from_iterable(block.windows[number] for number in numbers)))
        pairs = pa.ListArray.from_arrays(pa.array(range(0, len(bounds) + 1, 2), pa.int32()), bounds)
        windows = pa.ListArray.from_arrays(pa.array(range(len(pairs) + 1), pa.int32()), pairs)
        common = self._common(len(numbers))
        made = {name: pa.array(values, schema.field(name).type) for name, values in columns.items()}
        made["windows"] = windows.cast(schema.field("windows").type)
        return pa.Table.from_arrays([made.get(name, common[name]) for name in schema.names], schema=schema)


def _unsure(block: Block, given: Given) -> list[int]:
    """Numbers of the rows that may need more than `Given.alone` does for most: a few that need nothing among them."""
    numbers = range(len(block.places))
    if given.probed is not None:
        return list(numbers)
    found = {
        number
        for number, ((start, end), duration) in enumerate(zip(block.windows, block.durations, strict=True))
        if not (
            0 <= start < end <= (limit := MAX_SECONDS if duration is None else duration) and start < limit - TOLERANCE
        )
    }
    queries = f"\n{chr(10).join(block.queries)}\n"
    if any(sign in queries for sign in _SIGNS) or min(map(len, block.queries), default=0) <= _SHORT:
        found.update(number for number in numbers if _MAY_NEED.search(block.queries[number]))
    bad = {
        video
        for video in set(block.videos)
        if (not (_NAME.match(video.video_id) and _NAME.match(video.file)) and bad_name(video.video_id, video.file))
        or not 0 <= (video.source_start or 0.0) < float("inf")
    }
    if bad:
        found.update(number for number in numbers if block.videos[number] in bad)
    return sorted(found)
