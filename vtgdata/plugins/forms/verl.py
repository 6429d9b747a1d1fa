"""verl's dumps: the answers of a step of RL that was trained on an export of ours (`vtgdata export verl`).

verl 0.9.1 (`_write_generations`): with `trainer.rollout_data_dir` each step writes STEP.jsonl, an answer a line:
`input` and `output` are texts without control tokens, `gts` is the row's ground truth, `score` its reward, `step` the
step; what else a reward returns stands beside them. In a row of ours `gts` holds the sample and the form of an answer
that the prompt asked for, so that samples keep their ids and answers are read and scored as in evaluation. The answers
to a prompt may stand anywhere in a file.
"""

from collections.abc import Iterator
from pathlib import Path

from vtgdata.annotations import items
from vtgdata.annotations.items import Item
from vtgdata.annotations.own_rows import raw_row
from vtgdata.annotations.published_rollouts import FormExample, Published, PublishedForm
from vtgdata.annotations.text import refused, words
from vtgdata.conversation.answer import Form
from vtgdata.metrics import reward

FORM = PublishedForm(
    title="verl's dumps of rollouts",
    source="volcengine/verl at 0.9.1",
    corpus="verl",
    license="unverified",
    direction="the policy's answers in one step of RL as texts, scored here; `score` is verl's reward and not read",
    answers=Form(),
    unknown=("the model that answered", "its frames", "how the answers were drawn", "which of them were cut off"),
)

_GTS = (
    '{\\"sample\\": {\\"sample_id\\": \\"pets:7\\", \\"corpus\\": \\"pets\\", \\"split\\": \\"train\\", \\"video\\": '
    '{\\"video_id\\": \\"K7QZ2\\", \\"file\\": \\"K7QZ2.mp4\\", \\"duration\\": 30.0}, \\"query\\": \\"a dog barks\\", '
    '\\"windows\\": [[4.0, 10.0]]}, \\"form\\": {\\"template\\": \\"<answer>{start} to {end}</answer>\\", '
    '\\"reasoning\\": false}}'
)
EXAMPLE = FormExample(
    text="".join(
        f'{{"input": "user\\nWhen does it happen?\\nassistant\\n", "output": "{said}", "gts": "{_GTS}", '
        f'"score": {score}, "step": 3, "tiou": {score}}}\n'
        for said, score in (("<answer>4.0 to 10.0</answer>", 1.0), ("<answer>2.0 to 8.0</answer>", 0.5))
    ),
    rows=[("a dog barks", 2, 0.75)],
)


def read(path: Path) -> Iterator[Published]:
    """Yield each sample with its answers, in the order of its first one."""
    found: dict[str, list[tuple[Item, str, object]]] = {}
    for record in items.read(path):
        try:
            fields = record.fields()
            said, truth = words(fields.get("output"), "output"), words(fields.get("gts"), "gts")
        except ValueError as error:
            yield Published(refused(record.origin, record.raw, "train", error))
            continue
        found.setdefault(truth, []).append((record, said, fields.get("step")))
    for truth, answers in found.items():
        yield _published(truth, answers)


def _published(truth: str, answers: list[tuple[Item, str, object]]) -> Published:
    first = answers[0][0]
    try:
        known = reward.read(truth)
    except ValueError as error:
        why = ValueError(f"gts is no ground truth of `vtgdata export` ({str(error)[:80]})")
        return Published(refused(first.origin, first.raw, "train", why))
    if len(steps := {str(step) for _, _, step in answers}) > 1:
        why = ValueError(f"answers of {len(steps)} steps ({', '.join(sorted(steps)[:3])}): import one step's file")
        return Published(refused(first.origin, first.raw, "train", why))
    row = raw_row(known.sample, first.origin, first.raw)
    return Published(row, texts=tuple(said for _, said, _ in answers), form=known.form)
