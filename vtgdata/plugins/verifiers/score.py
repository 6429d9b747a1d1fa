"""Score: any score plug-in reaches a value, as in `score:name=support_f1,least=0.6`."""

import math
from collections.abc import Sequence

from vtgdata.conversation.verifying import (
    Reasons,
    VerifierExample,
    each,
    example_row,
    example_sample,
    prompt_of,
    reason,
)
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.files.schemas import Row
from vtgdata.metrics.judging import answer_of
from vtgdata.records import Sample


def verify(rows: Sequence[Row], sample: Sample, frames: object, *, name: str = "tiou", least: float = 0.5) -> Reasons:
    """`NAME_below_LEAST`, with the score; one that does not apply to an answer that has a moment counts as below."""
    if not 0 <= least <= 1:
        raise VtgError(f"score: least={least:g} must lie in [0, 1].")
    if not rows:
        plugins.load("scores", name)  # said before anything is asked

    def why(row: Row) -> str | None:
        if not sample.windows or ((prompt := prompt_of(row)) is not None and not prompt.form.wants_window):
            return None if name == "tiou" or (value := _value(row)) is None else below(value)
        return below(_value(row))

    def below(value: float | None) -> str | None:
        return None if value is not None and value >= least else reason(f"{name}_below_{least:g}", value)

    def _value(row: Row) -> float | None:
        for score in row["scores"] or ():
            if score["name"] == name:
                return score["value"]
        if name == "tiou" and row["iou"] is not None:
            return row["iou"]
        value = float(plugins.load("scores", name).score([answer_of(row)], [sample])[0])
        return None if math.isnan(value) else value

    return each(rows, why)


_SAMPLE = example_sample()
_SAID = "<think>The person opens the door.</think><answer>{}</answer>"
EXAMPLE = VerifierExample(
    sample=_SAMPLE,
    rows=tuple(example_row(_SAID.format(window), _SAMPLE) for window in ("8.0 to 13.0", "5.5 to 10.0")),
    reasons=("tiou_below_0.5", None),
)
