"""Times agree: the reasoning speaks of the times that it answers, or of none.

A reasoning that says 20 to 25 s before an answer of 5 to 10 s was made up, or belongs to another moment: a model that
learns it learns to answer whatever it thought. What counts as a contradiction is in `conversation.reasoning`.
"""

from collections.abc import Sequence

from vtgdata.conversation.reasoning import Answered, contradiction, drafts
from vtgdata.conversation.verifying import (
    Reasons,
    VerifierExample,
    each,
    example_row,
    example_sample,
    reason,
    reasoning_of,
    windows_of,
)
from vtgdata.files.schemas import Row
from vtgdata.records import Sample


def verify(rows: Sequence[Row], sample: Sample, frames: object) -> Reasons:
    """`other_times`, with the seconds between what the reasoning says and the answer."""

    def why(row: Row) -> str | None:
        thought, windows = reasoning_of(row), windows_of(row)
        if not thought or not windows:
            return None
        answered = Answered(windows, sample.video.duration, _step(row))
        apart = contradiction(_shown(thought), answered)
        return None if apart is None else reason("other_times", apart, "seconds between reasoning and answer")

    return each(rows, why)


def _shown(thought: str) -> str:
    """The reasoning with its draft answers as sentences that conclude."""
    return f"{thought}\n" + "\n".join(f"The answer is {draft} s" for draft in drafts(thought))


def _step(row: Row) -> float:
    times = row["frame_times"] or ()
    return (times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else 0.0


_SAMPLE = example_sample()
EXAMPLE = VerifierExample(
    sample=_SAMPLE,
    rows=tuple(
        example_row(f"<think>{thought}</think><answer>5.0 to 10.0</answer>", _SAMPLE)
        for thought in (
            "The person opens the door from 20.0 to 25.0 s.",
            "The person opens the door from 5.0 to 10.0 s.",
            "At 21.0 s the hand is on the door.",
            "At 6.0 s the hand is on the door.",
            "It could be 5.0 to 10.0 s. So the answer is 20.0 to 25.0 s.",
            "It could be 20.0 to 25.0 s. So the answer is 5.0 to 10.0 s.",
        )
    ),
    reasons=("other_times", None, "other_times", None, "other_times", None),
)
