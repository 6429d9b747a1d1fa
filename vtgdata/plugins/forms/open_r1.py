"""Open-R1's pass rates: a data set with the answers of a model and the reward of each.

Open-R1 (huggingface/open-r1 at 00ca594): scripts/pass_rate_filtering/compute_pass_rate.py adds to each row
`pass_rate_generations` (texts) and `pass_rate_rewards` (a number each, null where the reward did not apply), and keeps
rows whose mean reward is above 0.1 and below 0.9. Which reward it was is not in the file: it is kept as the measure
`reward`, and only rewards in [0, 1] are taken. The other columns are those of the data set: `problem`, `videos`,
`answer` or `solution`, `duration`.
"""

from collections.abc import Iterator
from pathlib import Path

from vtgdata.annotations import items
from vtgdata.annotations.published_rollouts import FormExample, Published, PublishedForm, in_unit, of_chat
from vtgdata.annotations.text import refused, sequence

FORM = PublishedForm(
    title="Open-R1's pass rates",
    source="huggingface/open-r1 at 00ca594",
    corpus="open_r1",
    license="unverified",
    direction="pass_rate_rewards are rewards of a model's answers: higher is easier",
    measure="reward",
    unknown=("the model that answered", "which reward was computed", "its prompt", "its frames"),
)

EXAMPLE = FormExample(
    text='{"problem": "When does \\"a dog barks\\" happen?", "solution": [[3.0, 5.5]], "videos": ["ab/K7QZ2.mp4"], '
    '"duration": 31.2, "pass_rate_generations": ["3 to 5", "no idea"], "pass_rate_rewards": [0.8, 0.0]}\n',
    rows=[("a dog barks", 2, 0.4)],
)


def read(path: Path) -> Iterator[Published]:
    """Yield each row with its rewards."""
    for record in items.read(path):
        try:
            fields = record.fields()
            rewards = [
                each for each in sequence(fields.get("pass_rate_rewards"), "pass_rate_rewards") if each is not None
            ]
            values = tuple(in_unit(each, "a reward") for each in rewards)
            yield Published(of_chat(record, fields), values=values)
        except ValueError as error:
            yield Published(refused(record.origin, record.raw, "train", error))
