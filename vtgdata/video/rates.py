"""Whether frames can be told as one video of one rate: frame i at i / rate seconds."""

from collections.abc import Sequence
from typing import NamedTuple

CLOSE = 0.01
"""Seconds by which the time that a rate gives a frame may differ from the frame's own."""
FASTEST = 8.0
"""Frames per second from which times with one decimal, as Qwen3-VL writes them, tell frames apart no more."""


class Steps(NamedTuple):
    """The steps between frames, in seconds, with which every frame is told its own time; none if least > most."""

    least: float
    most: float

    @property
    def rate(self) -> float:
        """Frames per second: a whole number if one fits, else that of the middle step."""
        whole = round(2 / (self.least + self.most))
        return float(whole) if whole and self.least <= 1 / whole <= self.most else 2 / (self.least + self.most)

    def with_(self, other: "Steps") -> "Steps":
        """The steps that fit both."""
        return Steps(max(self.least, other.least), min(self.most, other.most))

    def fits(self, rate: float) -> bool:
        """Whether a rate tells every frame its own time."""
        return self.least - 1e-9 <= 1 / rate <= self.most + 1e-9


ANY = Steps(0.0, float("inf"))


def steps(times: Sequence[float]) -> Steps:
    """The steps that fit the times of a video's frames, in seconds.

    >>> steps([0.0, 1.5, 3.0, 4.5, 6.0]).rate
    0.6666666666666666
    >>> steps([0.0, 1.0, 5.0]).least > steps([0.0, 1.0, 5.0]).most
    True
    """
    found = ANY if abs(times[0]) <= CLOSE else Steps(1.0, 0.0)
    for number, time in enumerate(times[1:], 1):
        found = found.with_(Steps((time - CLOSE) / number, (time + CLOSE) / number))
    return found


def refused(times: Sequence[float]) -> str | None:
    """Why the frames of one row cannot be one video, as a clause; None if they can."""
    found = steps(times)
    if len(times) % 2:
        return (
            f"it shows {len(times)} frames, and trainers make the number even: they show the last frame twice and tell "
            "a later time for it"
        )
    if found.least > found.most:
        far = max(range(len(times)), key=lambda n: abs(times[n] - n * times[-1] / (len(times) - 1)))
        return f"its frames have no one rate (frame {far} is shown at {times[far]:.3f} s)"
    if found.rate > FASTEST:
        return f"its {found.rate:g} frames per second are told apart by times with one decimal no more"
    return None
