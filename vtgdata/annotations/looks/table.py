"""The table of looks: what each row may hold, but hardly any file holds in many rows.

A wrong unit, two swapped columns or shuffled pairs give rows that are each possible. A look asks one question of all
rows of a file and split, and answers in words. To add one, write a function in `units` or `rows` and a line of `LOOKS`.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from vtgdata.annotations.looks import rows, units
from vtgdata.annotations.looks.gathered import Columns, Group
from vtgdata.annotations.looks.gathering import Gathering
from vtgdata.annotations.looks.seen import Seen, Shown
from vtgdata.errors import VtgError, did_you_mean
from vtgdata.records import Corpus


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a look says of one file and split."""

    look: str
    """Its name, for --accept."""
    corpus: str
    split: str
    file: str
    count: int
    """Rows, windows or videos that are meant, of `of`."""
    of: int
    says: str
    """What was seen, and what to do."""


class Look(NamedTuple):
    """A look, and what a user whom it is right about can do."""

    see: Callable[[Shown], Seen | None]
    mend: str


_UNIT = "Say the unit with --unit"
_FILE = "Compare the file with its source"
LOOKS = {
    "fractions": Look(units.fractions, f"{_UNIT} fraction"),
    "percents": Look(units.percents, "Divide the bounds by 100, and say --unit fraction"),
    "starts_past_end": Look(units.starts_past_end, f"{_UNIT}, or compare windows and durations with the source"),
    "ends_past_end": Look(units.ends_past_end, f"{_UNIT}, or compare windows and durations with the source"),
    "early": Look(units.early, _UNIT),
    "two_units": Look(units.two_units, "Bring the rows to one unit, or ingest them apart"),
    "milliseconds": Look(units.milliseconds, f"{_UNIT} milliseconds, or frames with --fps"),
    "off_grid": Look(units.off_grid, _FILE),
    "one_window": Look(rows.one_window, "Ingest hidden labels as unlabelled"),
    "whole_video": Look(rows.whole_video, "Ingest hidden labels as unlabelled"),
    "one_query": Look(rows.one_query, "Name the key of the queries with --map query=KEY"),
    "one_video": Look(rows.one_video, "Name the key of the videos with --map video=KEY"),
    "id_queries": Look(rows.id_queries, "Name the keys with --map query=KEY and --map video=KEY"),
    "no_text": Look(rows.no_text, "Write the file as UTF-8"),
    "queries_of_lines": Look(rows.queries_of_lines, "Mend the quotes of the file"),
    "durations_disagree": Look(rows.durations_disagree, _FILE),
    "split_videos": Look(rows.split_videos, "Split by video, or name one split with --override-split"),
    "no_durations": Look(rows.no_durations, "Name the key of the durations with --map duration=KEY"),
    "out_of_order": Look(rows.out_of_order, _FILE),
    "words_disagree": Look(rows.words_disagree, _FILE),
    "clips_disagree": Look(rows.clips_disagree, _FILE),
    "repeated_rows": Look(rows.repeated_rows, _FILE),
    "dropped": Look(rows.dropped, "Read drops.parquet, and name unit or keys"),
}
"""Name of each look -> the look. All are tried on each file and split."""


def check_names(accepted: Iterable[str]) -> None:
    """Raise VtgError for a name given with --accept that is no look's."""
    for name in accepted:
        if name not in LOOKS:
            raise VtgError(f"--accept {name}: there is no such look; {did_you_mean(name, LOOKS)}")


def look(gathering: Gathering, corpora: Callable[[str], Corpus | None], accepted: Sequence[str] = ()) -> list[Finding]:
    """What the looks say of each group, in the order of the table.

    Args:
        gathering: all rows.
        corpora: facts of a corpus by its name, None where there are none.
        accepted: names of looks that are not asked.
    """
    found: list[Finding] = []
    groups = list(gathering.groups())
    wholes = [group.whole() for group in groups]
    for group, whole in zip(groups, wholes, strict=True):
        facts = corpora(group.key.corpus)
        shown = Shown(group, whole, facts.grid if facts else None, _elsewhere(group, groups, wholes))
        for name, each in LOOKS.items():
            seen = None if name in accepted else each.see(shown)
            if seen is not None:
                found.append(_finding(name, each, seen, group, " looked at:" if gathering.is_part else ""))
    return found


def _elsewhere(group: Group, groups: Sequence[Group], wholes: Sequence[Columns]) -> NDArray[np.int64]:
    """Videos of a group's file in other splits."""
    found = [
        whole.videos
        for other, whole in zip(groups, wholes, strict=True)
        if other.key.file == group.key.file and other.key.split != group.key.split
    ]
    return np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)


def _finding(name: str, each: Look, seen: Seen, group: Group, part: str) -> Finding:
    key = group.key
    return Finding(
        look=name,
        corpus=key.corpus,
        split=key.split,
        file=key.file,
        count=seen.count,
        of=seen.of,
        says=f"{seen.count:,} of {seen.of:,}{part} {seen.says}{'' if seen.says.endswith('?') else '.'} {each.mend}; "
        f"if all is right, --accept {name}.",
    )
