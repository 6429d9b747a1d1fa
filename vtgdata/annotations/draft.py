"""A row on its way from what was published to a Sample: what the repairs change."""

from collections.abc import Callable

import msgspec

from vtgdata.records import RawRow, Repair


class Draft(msgspec.Struct, gc=False):
    """A row on its way; steps change it in place."""

    row: RawRow
    query: str
    windows: list[tuple[float, float]]
    opinions: list[tuple[float, float]]
    """Each annotator's window, where one moment has several."""
    benchmark: Callable[[str], bool]
    """Whether papers report scores on a split."""
    probed: float | None
    """Duration of the file, in seconds, where it was there to be probed."""
    duration: float | None
    """What windows are clamped to."""
    repairs: list[Repair]
    source_start: float | None = None
    whole_source: bool = False
    """The file turned out to hold all of the source, of which the row means a part."""
    swap: bool = False
    """Turn reversed windows round rather than drop them."""
    drop: tuple[str, str] | None = None

    def repair(self, code: str, old: object, new: object) -> None:
        """Note a change, unless the row came with it: our own files are read again."""
        note = Repair(code, str(old), str(new))
        if note not in self.row.repairs:
            self.repairs.append(note)
