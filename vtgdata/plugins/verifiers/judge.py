"""Judge: another model, shown the frames, says that reasoning and answer hold.

It sees the frames, the query, the reasoning and the answer, but neither the annotation nor who answered. It is asked
last, about the answers that no other verifier of the chain left out: `judge:model=openai_api:NAME,endpoint=URL`. Its
answers lie in the step's journal and count for its budget, its verdicts in `verdicts.parquet`. A judge is a model and
may be wrong: how often it says no is printed, and whether people would agree is not known.
"""

from collections.abc import Sequence

from vtgdata.conversation.verifying import Reasons, VerifierExample, each, example_row, example_sample, reason
from vtgdata.files.schemas import Row
from vtgdata.records import Sample

ASKS = True


def verify(
    rows: Sequence[Row],
    sample: Sample,
    frames: object,
    *,
    model: str = "",
    endpoint: str = "",
    prompt: str = "judge",
    verdicts: str = "",
) -> Reasons:
    """`judge_says_no`, with its reason; `judge_unclear` where it said neither yes nor no; `not_judged` before it spoke.

    Args:
        rows: answers; `verdict` is what the judge said of one.
        sample: of one of them.
        frames: not used: the judge is shown them.
        model: the judge, a plug-in with its argument.
        endpoint: base URL of its servers, several with blanks; by default those of the teacher.
        prompt: by which it is asked.
        verdicts: a verdicts.parquet to take the verdicts from; then nobody is asked.
    """
    del model, endpoint, prompt, verdicts

    def why(row: Row) -> str | None:
        said, _, words = str(row.get("verdict") or "").partition(" ")
        if said == "no":
            return reason("judge_says_no", words=words)
        return None if said == "yes" else "judge_unclear" if said else "not_judged"

    return each(rows, why)


_SAMPLE = example_sample()
EXAMPLE = VerifierExample(
    sample=_SAMPLE,
    rows=tuple(
        example_row("<think>The door opens.</think><answer>5.0 to 10.0</answer>", _SAMPLE, verdict=said)
        for said in ("no At 6.0 s a window is opened.", "yes", "unclear", None)
    ),
    reasons=("judge_says_no", None, "judge_unclear", "not_judged"),
)
