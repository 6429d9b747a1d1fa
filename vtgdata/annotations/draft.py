"""A row between publication and Sample: the state that the repair steps change."""

from collections.abc import Callable

import msgspec

from vtgdata.records import RawRow, Repair


class Draft(msgspec.Struct, gc=False):
    """A row on its way; repair steps change it in place."""

    row: RawRow
    query: str
    windows: list[tuple[float, float]]
    opinions: list[tuple[float, float]]
    """Each annotator's window, if several annotators gave one for the same moment."""
    benchmark: Callable[[str], bool]
    """Whether papers report scores on a split."""
    probed: float | None
    """Duration of the video file in seconds; None if there was no file to probe."""
    duration: float | None
    """Duration to which windows are clamped, in seconds; None if unknown."""
    repairs: list[Repair]
    source_start: float | None = None
    whole_source: bool = False
    """Whether the file holds the whole source, of which the row means a part."""
    swap: bool = False
    """Whether to turn reversed windows round instead of dropping them."""
    points_as: float | None = None
    """Length in seconds of the window that a point becomes, as its middle; None where a point is dropped."""
    drop: tuple[str, str] | None = None

    def repair(self, code: str, old: object, new: object) -> None:
        """Note a repair, unless the row has it already, as rows of our own files do when they are read again."""
        note = Repair(code, str(old), str(new))
        if note not in self.row.repairs:
            self.repairs.append(note)
