"""How far something is, as text: counts, rates and times that people read at a glance."""

from typing import NamedTuple, Protocol


class State(Protocol):
    """How far something is, as text."""

    @property
    def ended(self) -> bool:
        """Whether it is done, so that its line stays."""
        ...

    def within(self, width: int) -> str:
        """The text in at most `width` characters."""
        ...


def span(seconds: float) -> str:
    """A length of time as text for people.

    >>> span(42), span(600), span(9000)
    ('42 s', '10 min', '2.5 h')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def pace(each_second: float) -> str:
    """A rate as text for people, by the minute or hour where it is slow.

    >>> pace(1834.2), pace(3.14), pace(0.5), pace(0.05), pace(0.001)
    ('1,834/s', '3.1/s', '0.5/s', '3/min', '3.6/h')
    """
    unit, times = next(((u, t) for u, t in (("s", 1), ("min", 60)) if each_second * t >= 0.1), ("h", 3600))
    number = each_second * times
    return f"{number:,.0f}/{unit}" if number >= 10 else f"{number:.2g}/{unit}"


class Count(NamedTuple):
    """How far a loop is."""

    done: int
    total: int
    """0 where it is not known."""
    unit: str
    """What is counted, in the plural."""
    each_second: float | None = None
    """Items a second; None before the first item is done."""
    seconds: float | None = None
    """Since the beginning."""
    more: str = ""
    """Further figures, as text."""

    @property
    def ended(self) -> bool:
        """Whether everything is done."""
        return bool(self.total) and self.done >= self.total

    def __str__(self) -> str:
        return ", ".join(self._parts().values())

    def within(self, width: int) -> str:
        """The same in at most `width` characters: drops what matters least, at last the count."""
        parts = self._parts()
        for least in ("more", "pace", "done"):
            if len(", ".join(parts.values())) > width and len(parts) > 1:
                parts.pop(least, None)
        return ", ".join(parts.values())[:width]

    def _parts(self) -> dict[str, str]:
        of = f" of {self.total:,}" if self.total else ""
        parts = {"done": f"{self.done:,}{of} {self.unit}", "pace": pace(self.each_second) if self.each_second else ""}
        if self.total and self.each_second and not self.ended:
            parts["time"] = f"{span((self.total - self.done) / self.each_second)} to go"
        elif not self.total and self.seconds is not None:
            parts["time"] = f"{span(self.seconds)} so far"
        return {name: text for name, text in (parts | {"more": self.more}).items() if text}


class Timed(NamedTuple):
    """How long something takes that nobody counts."""

    doing: str
    """In a few words."""
    seconds: float

    ended = False

    def __str__(self) -> str:
        return f"{self.doing}, {span(self.seconds)} so far"

    def within(self, width: int) -> str:
        """The same, cut to `width` characters."""
        return str(self)[:width]
