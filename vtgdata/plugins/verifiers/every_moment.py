"""Every moment: an answer to a prompt that asks for all moments has all of them, and no others.

IoU alone keeps an answer that names one of three moments, or three and one that does not exist.
"""

from collections.abc import Sequence

from vtgdata.conversation.verifying import (
    Reasons,
    VerifierExample,
    each,
    example_row,
    example_sample,
    prompt_of,
    reason,
    windows_of,
)
from vtgdata.errors import VtgError
from vtgdata.files.schemas import Row
from vtgdata.records import Sample

Pair = tuple[float, float]


def verify(rows: Sequence[Row], sample: Sample, frames: object, *, least: float = 0.3) -> Reasons:
    """`moment_missing` or `moment_invented`, with their number.

    A moment counts as named where the answer's windows cover at least `least` of it, and a window as a moment where
    true windows cover as much of it: so a moment may be cut in two, or two be named as one.
    """
    if not 0 < least <= 1:
        raise VtgError(f"every_moment: least={least:g} must lie in (0, 1].")
    true: list[Pair] = [(window.start, window.end) for window in sample.windows]

    def why(row: Row) -> str | None:
        said = windows_of(row)
        prompt = prompt_of(row)
        if not said or not true or not (len(said) > 1 or (prompt is not None and prompt.form.wants_several)):
            return None
        missing = sum(_covered(window, said) < least for window in true)
        if missing and (prompt is None or prompt.form.wants_several):
            return reason("moment_missing", missing, f"of {len(true)}")
        invented = sum(_covered(window, true) < least for window in said)
        return reason("moment_invented", invented, f"of {len(said)}") if invented else None

    return each(rows, why)


def _covered(window: Pair, others: Sequence[Pair]) -> float:
    """Share of a window that others cover; where those overlap each other, counted twice, at most 1."""
    shared = sum(max(0.0, min(window[1], end) - max(window[0], start)) for start, end in others)
    return min(1.0, shared / (window[1] - window[0]))


_SAMPLE = example_sample(windows=[(1.0, 4.0), (10.0, 14.0), (20.0, 25.0)])
_SAID = "<think>The door is opened several times.</think><answer>[{}]</answer>"
EXAMPLE = VerifierExample(
    sample=_SAMPLE,
    rows=tuple(
        example_row(_SAID.format(windows), _SAMPLE, prompt="ground_several")
        for windows in (
            "(1.0, 4.0)",
            "(1.0, 4.0), (10.0, 14.0), (20.0, 25.0)",
            "(1.0, 4.0), (6.0, 9.0), (10.0, 14.0), (20.0, 25.0)",
            "(1.5, 4.0), (10.0, 13.0), (20.0, 26.0)",
        )
    ),
    reasons=("moment_missing", None, "moment_invented", None),
)
