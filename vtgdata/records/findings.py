"""What is wrong with a video although it opens: typed findings, each with the seconds that it is about."""

from typing import Literal

import msgspec

FindingKind = Literal["cut", "hole", "repeats", "shift", "size", "streams", "duration", "codec", "pause"]
"""`cut`: the end of the file is missing; `hole`: no picture, or a damaged one, can be decoded; `repeats`: so little can
that the same picture is shown again; `shift`: frames are lost before, so that these are read too early; `size`: the
picture has another size; `streams`: other readers take another video stream; `duration`: the container states another
one than its frames have; `codec`: the name's ending or a label promises something else than what is inside; `pause`: no
frame comes for a while, though they come evenly elsewhere, and nothing shows that any was lost."""
MAY_BE_RIGHT: tuple[FindingKind, ...] = ("pause",)
"""Kinds that good videos have too: they are told, and change no status."""
SPOILS_ROWS: tuple[FindingKind, ...] = ("cut", "hole", "repeats", "shift")
"""Kinds that spoil rows whose windows touch the seconds that they are about."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a video."""

    kind: FindingKind
    start: float
    """Seconds from the first frame."""
    end: float
    """The same; above `start`. A finding about the whole file spans it."""
    detail: str
    """For people, without a path."""

    def touches(self, start: float, end: float) -> bool:
        """Whether a window, in seconds, has any moment in common with a finding that spoils rows."""
        return self.kind in SPOILS_ROWS and start < self.end and self.start < end
