"""The verification chain: what is asked of each answer, in order, before it becomes a trace.

First that there is an answer and something to hold it against; then the verifiers of the chain, each on the rows that
have no reason yet. The first reason counts. Nothing here asks a model, so that stored rollouts are verified anew in
seconds; what `judge` goes by is asked by `judging`.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from vtgdata.conversation.verifying import (
    FrameReader,
    Reasons,
    Verifier,
    parse_verifier,
    prompt_of,
)
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.files.schemas import Row
from vtgdata.records import Sample

KEEP = {"tiou": 0.5}
"""Least scores of a trace, unless a recipe says others."""
CHECKS = (
    "in_form", "inside_video", "option", "every_moment", "times_agree", "no_leak", "sees", "language", "length",
    "repetition", "beats_blind",
)  # fmt: skip
"""Verifiers that every trace passes, after its scores, unless a recipe says others."""


def score_specs(keep: dict[str, float]) -> list[str]:
    """Least scores as specs of verifiers.

    >>> score_specs({"tiou": 0.5})
    ['score:name=tiou,least=0.5']
    """
    return [f"score:name={name},least={least!r}" for name, least in keep.items()]


DEFAULT_CHAIN = [*score_specs(KEEP), *CHECKS]
"""The chain of a recipe that says nothing."""


def modules(specs: Iterable[str]) -> list[str]:
    """The modules of a chain's verifiers, for a step's fingerprint."""
    return list(dict.fromkeys(parse_verifier(spec).module for spec in specs))


class Ready(NamedTuple):
    """A verifier, and what it prepared."""

    verifier: Verifier
    given: dict[str, Any]
    """Keyword arguments of `verify`."""


class Chain:
    """Verifiers in order, prepared for a set of samples."""

    def __init__(self, specs: Iterable[str], samples: Sequence[Sample] | None = None) -> None:
        """Raise VtgError for a spec that is none, or a file that a verifier needs and that is wrong.

        Args:
            specs: `NAME` or `NAME:key=value,key=value`, in order.
            samples: those whose answers are verified; None where there are no others than the one at hand.
        """
        # A judge comes last wherever it stands: it costs, and is asked about what all others let pass.
        verifiers = sorted(map(parse_verifier, specs), key=lambda verifier: verifier.asks)
        self._ready = [_prepared(verifier, samples) for verifier in verifiers]
        self.rewrites = any(ready.verifier.module.endswith(".in_form") for ready in self._ready)
        """Whether an answer in another spelling is written in the asked form; else it is dropped."""

    @property
    def judge(self) -> Verifier | None:
        """The verifier that goes by another model's verdicts; raises VtgError where there are two."""
        asking = [ready.verifier for ready in self._ready if ready.verifier.asks]
        if len(asking) > 1:
            raise VtgError(f"--verify {asking[1].spec!r}: a chain has one judge, and {asking[0].spec!r} is one.")
        return asking[0] if asking else None

    @property
    def looks(self) -> bool:
        """Whether a verifier looks at videos."""
        return any(ready.verifier.looks for ready in self._ready)

    @property
    def splits(self) -> bool:
        """Whether samples may be verified in several processes: each verifier is ours, and goes by rows alone.

        One of somebody else's may note what it has seen, or lie where another process does not look.
        """
        verifiers = [ready.verifier for ready in self._ready]
        return all(plugins.is_ours(each.module) and not (each.looks or each.asks) for each in verifiers)

    def reasons(self, rows: Sequence[Row], sample: Sample, frames: FrameReader | None = None) -> Reasons:
        """Why each row of a sample should not become a trace, or None."""
        found = [answered(row, sample) for row in rows]
        if not self.rewrites:
            found = [why or _strict(row) for row, why in zip(rows, found, strict=True)]
        for ready in self._ready:
            self._ask(ready, rows, found, sample, frames)
        return found

    def _ask(
        self, ready: Ready, rows: Sequence[Row], found: Reasons, sample: Sample, frames: FrameReader | None
    ) -> None:
        """Add one verifier's reasons to those found."""
        left = [i for i, why in enumerate(found) if why is None]
        if not left:
            return
        verifier = ready.verifier
        places = range(len(rows)) if verifier.whole else left
        reasons = verifier.verify([rows[i] for i in places], sample, frames if verifier.looks else None, **ready.given)
        if len(reasons) != len(places):
            raise VtgError(
                f"--verify {verifier.spec!r}: it gave {len(reasons)} reasons for {len(places)} rows. Mend it."
            )
        for place, why in zip(places, reasons, strict=True):
            if why is not None and found[place] is None:
                found[place] = why


def chain(rows: Sequence[Row], sample: Sample, frames: FrameReader | None, specs: Iterable[str]) -> Reasons:
    """Why each row of one sample should not become a trace, or None; no other samples are at hand."""
    return _alone(tuple(specs)).reasons(rows, sample, frames)


@lru_cache(maxsize=16)
def _alone(specs: tuple[str, ...]) -> Chain:
    return Chain(specs)


def answered(row: Row, sample: Sample) -> str | None:
    """Why a row cannot be verified at all: it failed, nothing is there to hold it against, or no answer was read."""
    if row["error"]:
        return "failed"
    prompt = prompt_of(row)
    chooses = sample.answer is not None and (not prompt.form.wants_window if prompt else not row["windows"])
    if chooses and row["option"]:
        return None
    if not sample.windows:
        if not sample.labelled:
            return "unlabelled"
        # Where there is no moment, saying so is the answer, and its IoU counts as 1.
        none = prompt is not None and prompt.form.absent and row["strict_ok"] and row["parse_status"] == "no_answer"
        return None if none or (sample.none_is_right and row["iou"]) else "no_true_window"
    return None if row["parse_status"] == "ok" else str(row["parse_status"] or "unparsable")


def _strict(row: Row) -> str | None:
    return None if row["strict_ok"] else "not_in_form"


def _prepared(verifier: Verifier, samples: Sequence[Sample] | None) -> Ready:
    given = dict(verifier.settings)
    if verifier.prepare is not None and samples is not None:
        given["prepared"] = verifier.prepare(samples, **verifier.settings)
    return Ready(verifier, given)
