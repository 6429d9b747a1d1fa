"""In form: the answer has the form that the prompt asked for, or can be written in it.

A right answer in another spelling passes: the trace is written in the asked form, and marked
(`conversation.rewriting`). So does one with reasoning under a prompt that asks for none. What is missing cannot be
written: a reasoning, say.
"""

from collections.abc import Sequence

from vtgdata.conversation.rewriting import as_asked, drafts_differ
from vtgdata.conversation.verifying import (
    Reasons,
    VerifierExample,
    each,
    example_row,
    example_sample,
    prompt_of,
    reason,
    reasoning_of,
    usual_prompt,
)
from vtgdata.files.schemas import Row
from vtgdata.records import Sample


def verify(rows: Sequence[Row], sample: Sample, frames: object) -> Reasons:
    """`no_reasoning`, `draft_answer` (the reasoning holds another answer in a tag) or `not_in_form`."""

    def why(row: Row) -> str | None:
        if row["strict_ok"] and "<answer" not in (row["reasoning"] or ""):
            return None
        prompt = prompt_of(row) or usual_prompt()
        if as_asked(row, sample, prompt) is not None:
            return None
        if drafts_differ(row, sample):
            return "draft_answer"
        if prompt.form.reasoning and not reasoning_of(row):
            return "no_reasoning"
        return reason("not_in_form", words=str(row["parse_status"] or ""))

    return each(rows, why)


_SAMPLE = example_sample()
EXAMPLE = VerifierExample(
    sample=_SAMPLE,
    rows=(
        example_row("<answer>5.0 to 10.0</answer>", _SAMPLE),
        example_row("<think>The door opens.</think> The answer is <answer> 5.0s - 10.0s </answer>.", _SAMPLE),
        example_row("<think>The door opens, <answer>1.0 to 2.0</answer></think><answer>5.0 to 10.0</answer>", _SAMPLE),
        example_row("<think>The door opens, <answer>5.0 to 10.0</answer></think><answer>5.0 to 10.0</answer>", _SAMPLE),
        example_row("<think>The door opens.</think>", _SAMPLE),
        example_row("The door opens.\n</think>\n\n<answer>5.0 to 10.0</answer>", _SAMPLE),
    ),
    reasons=("no_reasoning", None, "draft_answer", None, "not_in_form", None),
)
