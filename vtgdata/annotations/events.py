"""JSON files whose records lie inside each other: an object of videos, each with a list of events, or deeper.

    {"aB3_dE-6hIj": {"duration": 615, "chapters": [{"time": 0, "label": "Intro"}, ...]}, ...}

A reader has one function for each level. `rows` calls the outermost for every video, which checks what the video's
events share (`text.mapping`, `text.sequence`: another corpus's file is then refused with words) and hands its list of
events to `each`. An event that cannot be read is a row with its problem, and the others go on. An origin is the path
to the record: `file.json#aB3_dE-6hIj/chapters/0`.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

from vtgdata.annotations.json_text import read_json
from vtgdata.annotations.sources import Source
from vtgdata.annotations.text import mapping, refused, sequence, some_readable
from vtgdata.errors import VtgError
from vtgdata.records import RawRow

Made = RawRow | Iterable[RawRow]
Read = Callable[[str, Any, Any], Made]
"""From origin, key (of a mapping) or number (in a list), and value of a record to its row, or its rows and those of
what lies in it. Raises ValueError where the record cannot be read."""


def rows(source: Source, read: Read, form: str, *, under: str = "") -> Iterator[RawRow]:
    """The rows of a file that is one JSON object.

    Args:
        source: the file and its split.
        read: of each value of the object, or of the list `under` a key of it.
        form: what the file looks like, for the error when it does not.
        under: the key whose list holds the records; empty where the object does.

    Raises VtgError when the file is no such object, or no row of it can be read.
    """
    try:
        found = mapping(read_json(source.path), "the document")
        records = sequence(found.get(under), under) if under else found
    except ValueError as error:
        raise VtgError(f"{source.path}: not a file of this corpus, {form}: {error}. Give the right file.") from error
    origin = f"{source.path.name}#{under}/" if under else f"{source.path.name}#"
    return some_readable(source.path, each(origin, records, source.split, read), form)


def each(origin: str, records: Any, split: str, read: Read) -> Iterator[RawRow]:
    """The rows of all records of a list or mapping; one that cannot be read is a row with its problem.

    Args:
        origin: what stands before a record's key or number, as in `file.json#aB3_dE-6hIj/chapters/`.
        records: a list or a mapping, which the caller has checked.
        split: of the rows.
        read: of each record.
    """
    keyed = isinstance(records, dict)
    pairs = cast(Iterable[tuple[Any, Any]], records.items() if keyed else enumerate(records))
    for key, value in pairs:
        place = f"{origin}{key}"
        try:
            made = read(place, key, value)
            # Listed here: a generator would raise outside of this.
            found = [made] if isinstance(made, RawRow) else list(made)
        except ValueError as error:
            found = [refused(place, {key: value} if keyed else value, split, error)]
        yield from found
