"""Option: the right option, where the sample is a question; two options of the same words are both right."""

from collections.abc import Sequence

from vtgdata.conversation.verifying import Reasons, VerifierExample, each, example_row, example_sample, reason
from vtgdata.files.schemas import Row
from vtgdata.metrics.qa import right_option
from vtgdata.records import Sample


def verify(rows: Sequence[Row], sample: Sample, frames: object) -> Reasons:
    """`wrong_option`, with the letter that was chosen, or `no_option`; nothing for a sample without a right option."""

    def why(row: Row) -> str | None:
        if sample.answer is None or right_option(row["option"], sample):
            return None
        return reason("wrong_option", words=str(row["option"])) if row["option"] else "no_option"

    return each(rows, why)


_SAMPLE = example_sample(query="what does he open?", task="grounded_qa", options=("a door", "a box"), answer="A")
_SAID = "<think>He opens it.</think>\\boxed{{{}}} <answer>5.0 to 10.0</answer>"
EXAMPLE = VerifierExample(
    sample=_SAMPLE,
    rows=tuple(example_row(_SAID.format(letter), _SAMPLE, prompt="ground_qa") for letter in "BA"),
    reasons=("wrong_option", None),
)
