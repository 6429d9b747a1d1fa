"""Whether a trainer tells all rows' frames the right times if they are given as one video, and the rate to give."""

from vtgdata.errors import VtgError
from vtgdata.records.export import VideoRule
from vtgdata.releases.exporting.seen import Look
from vtgdata.video import rates
from vtgdata.video.rates import Steps


class Rates:
    """The rates of the rows of an export."""

    def __init__(self, on: bool, family: str | None) -> None:
        """Nothing is looked at unless `on`; `family` is the model's, if its name or folder tells it."""
        self.family = family
        self._on, self._all, self._first = on, rates.ANY, ""
        self._rows: set[float] = set()
        self._run = False

    def add(self, sample_id: str, look: Look, rule: VideoRule | str, title: str) -> None:
        """Take a row in; raises VtgError when the trainer would tell its frames other times than their own."""
        if not self._on or isinstance(rule, str):
            return
        if look.unlike:
            raise self._error(sample_id, look.unlike)
        if rule.families and self.family not in rule.families:
            known = f"of the family {self.family}" if self.family else "of no family that its name tells"
            raise VtgError(f"--as video: --model is {known}, and {title} {rule.why}. Take --as frames.")
        if rule.only is not None and not look.steps.fits(rule.only):
            raise self._error(sample_id, f"it has {look.steps.rate:g} frames per second, and {title} {rule.why}")
        if rule.scope == "run":
            self._narrow(sample_id, look.steps, title, rule.why)
        self._rows.add(self.of(look))

    def _narrow(self, sample_id: str, steps: Steps, title: str, why: str) -> None:
        self._run, both = True, self._all.with_(steps)
        if both.least > both.most:
            raise self._error(
                sample_id,
                f"it has {steps.rate:g} frames per second and {self._first} has {self._all.rate:g}, and {title} {why}",
            )
        self._all, self._first = both, self._first or repr(sample_id)

    def of(self, look: Look) -> float:
        """The rate to give for a row, in frames per second."""
        return self._all.rate if self._run else look.steps.rate

    @property
    def common(self) -> float | None:
        """The rate of all rows, if they have one."""
        if not self._on:
            return None
        if self._run:
            return self._all.rate
        return next(iter(self._rows)) if len(self._rows) == 1 else None

    def _error(self, sample_id: str, why: str) -> VtgError:
        return VtgError(
            f"--as video: row {sample_id!r} cannot be one video: {why}. Take --as frames, which tells every frame its "
            "own time, or rows that were asked about frames of one rate (--fps)."
        )
