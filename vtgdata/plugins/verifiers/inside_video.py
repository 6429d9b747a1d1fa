"""Inside the video: no window of the answer ends after the video does.

The parser keeps an end that is too late, since evaluation scores it; a model that learns it learns times that do not
exist. `slack` is what rounding to one digit may add.
"""

from collections.abc import Sequence

from vtgdata.conversation.verifying import (
    Reasons,
    VerifierExample,
    each,
    example_row,
    example_sample,
    reason,
    windows_of,
)
from vtgdata.errors import VtgError
from vtgdata.files.schemas import Row
from vtgdata.records import Sample


def verify(rows: Sequence[Row], sample: Sample, frames: object, *, slack: float = 0.1) -> Reasons:
    """`past_end`, with the end; a sample whose duration nobody knows has none."""
    if slack < 0:
        raise VtgError(f"inside_video: slack={slack:g} must be 0 or more seconds.")
    duration = sample.video.duration

    def why(row: Row) -> str | None:
        last = max((end for _, end in windows_of(row)), default=0.0)
        if duration is None or last <= duration + slack:
            return None
        return reason("past_end", last, f"the video lasts {duration:g} s")

    return each(rows, why)


_SAMPLE = example_sample(windows=[(5.0, 30.0)])
_SAID = "<think>The person opens the door until the end.</think><answer>5.0 to {}</answer>"
EXAMPLE = VerifierExample(
    sample=_SAMPLE,
    rows=tuple(example_row(_SAID.format(end), _SAMPLE) for end in ("32.0", "30.0", "30.1")),
    reasons=("past_end", None, None),
)
