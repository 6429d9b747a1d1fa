"""Decisions about a queue, for the audit that made it: P(wrong) is corrected by what a person found."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vtgdata.errors import VtgError
from vtgdata.files.label_reviews import read_decisions
from vtgdata.metrics import recalibration
from vtgdata.metrics.label_noise import Found
from vtgdata.metrics.recalibration import Measured
from vtgdata.records.windows import Array


class Chances(NamedTuple):
    """P(wrong) of n labels, with the ends of its interval."""

    wrong: Array
    low: Array
    high: Array
    measured: Measured | None
    """How well it fits the decisions; None without any."""


def judged(path: str, labels: Mapping[str, str]) -> dict[str, bool]:
    """{sample: whether its label is wrong}, as decided. Args: labels: {sample: fingerprint of its label}.

    Raises VtgError for a decision about a label that has changed since, or none about one of these samples.
    """
    found: dict[str, bool] = {}
    for line, decision in read_decisions(path):
        if decision.sample_id not in labels:
            continue
        if decision.label not in ("", labels[decision.sample_id]):
            raise VtgError(
                f"{path}:{line}: the label of {decision.sample_id!r} has changed since it was looked at. Give "
                "--samples the file whose labels were looked at, not the one that `vtgdata review` wrote."
            )
        found[decision.sample_id] = decision.decision != "accept"
    if not found:
        raise VtgError(
            f"{path}: has no decision about one of the audited samples. Are these --samples those of its queue?"
        )
    return found


def chances(found: Found, ids: Sequence[str], source: NDArray[np.int64], decided: Mapping[str, bool] | None) -> Chances:
    """P(wrong) by the answers, corrected by the decisions; of a decided label what was decided.

    Args: ids: (n,) samples; source: (n,) number of each one's source; decided: {sample: whether its label is wrong}.
    """
    if decided is None:
        return Chances(found.wrong, found.lowest, found.highest, None)
    pairs = [(place, decided[name]) for place, name in enumerate(ids) if name in decided]
    places, wrong = np.array([place for place, _ in pairs]), np.array([each for _, each in pairs])
    said = found.wrong[places]
    all_of = recalibration.fit(said, wrong).of(found.wrong)
    for each in all_of:
        each[places] = wrong
    return Chances(*all_of, recalibration.measured(said, wrong, source[places]))
