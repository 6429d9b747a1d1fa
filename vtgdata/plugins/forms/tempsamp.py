"""TempSamp-R1's 2,000 rows: `difficulty` is 1 - IoU of one answer of an unnamed model, so higher is harder.

TempSamp-R1 (ZhangZikun6666/TempSamp-R1 at 55a9228): data/timelens_grpo_train.jsonl. That it is 1 - IoU of one answer,
and no pass rate, was found from 51 rows: 40 of the 45 that lie between 0 and 1 are 1 - IoU of some answer in whole
seconds, the other 5 of one on a grid of 0.1 s. The videos and labels are TimeLens-100K's, whose terms go along.
"""

from collections.abc import Iterator
from pathlib import Path

from vtgdata.annotations import items, text
from vtgdata.annotations.published_rollouts import FormExample, Published, PublishedForm, in_unit, of_chat

FORM = PublishedForm(
    title="TempSamp-R1, timelens_grpo_train.jsonl",
    source="ZhangZikun6666/TempSamp-R1 at 55a9228",
    corpus="timelens_100k",
    license="LicenseRef-TimeLens",
    direction="difficulty is 1 - IoU of one answer: higher is harder, and mean_iou = 1 - difficulty",
    unknown=("the model that answered", "its prompt", "its frames", "how the answer was drawn"),
)

EXAMPLE = FormExample(
    text='{"problem": "<video>To accurately pinpoint the event \\"a dog barks\\" in the video, determine the precise '
    'time period. Provide <answer> 12.5 to 17.8 </answer>.", "answer": "<answer> 40.0 to 44.0 </answer>", '
    '"problem_type": "temporal grounding", "data_type": "video", "videos": ["video_shards/cosmo_cap/aB3_dE-6hIj.mp4"], '
    '"difficulty": 0.4, "duration": 61.2, "gt_len": 4.0}\n',
    rows=[("a dog barks", 1, 0.6)],
)


def read(path: Path) -> Iterator[Published]:
    """Yield each row with its IoU."""
    for record in items.read(path):
        try:
            fields = record.fields()
            value = 1 - in_unit(fields.get("difficulty"), "difficulty")
            yield Published(of_chat(record, fields), values=(value,))
        except ValueError as error:
            yield Published(text.refused(record.origin, record.raw, "train", error))
