"""TimeRFT's 2,500 rows: `difficulty` is 100 x IoU of one greedy answer of the base model, so higher is easier.

Time-R1 (xiaomi-research/time-r1 at 7f2b594): dataset/timer1/annotations/train_2k5.json; an answer that could not be
read counts 0. The rows are those of the corpus timerft.
"""

from collections.abc import Iterator
from pathlib import Path

from vtgdata.annotations import items, timerft_rows
from vtgdata.annotations.published_rollouts import FormExample, Published, PublishedForm
from vtgdata.annotations.sources import Source

FORM = PublishedForm(
    title="TimeRFT (Time-R1)",
    source="xiaomi-research/time-r1 at 7f2b594",
    corpus="timerft",
    license="Apache-2.0",
    direction="difficulty is 100 x IoU of one greedy answer of the base model: higher is easier",
    model="time-r1-base-model",
    sampling="greedy",
    unknown=("which checkpoint the base model is", "its frames"),
)

EXAMPLE = FormExample(
    text="""[{"video": "./data/aB3_dE-6hIj.mp4", "duration": 71.4, "timestamp": [12.0, 20.0],
 "sentence": "A kite falls.", "qid": "my|cosmo|aB3_dE-6hIj|A kite falls.",
 "video_start": null, "video_end": null, "difficulty": 60.0, "pred": [10.0, 18.0]}]""",
    rows=[("A kite falls.", 1, 0.6)],
)


def read(path: Path) -> Iterator[Published]:
    """Yield each row with its IoU."""
    for row in items.rows(Source(path, "train"), timerft_rows.row, timerft_rows.FORM):
        value = row.extra.get("mean_iou")
        yield Published(row, values=() if value is None else (value,))
