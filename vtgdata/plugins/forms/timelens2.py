"""TimeLens2's rollouts: eight answers of its 4B SFT model to each query, as texts.

TimeLens2 (MCG-NJU/TimeLens2 at a5ce450): grpo/data/rollouts/*.jsonl. `query` is the whole prompt, with the query in
double quotes; `rollouts` are texts such as `[[9.0, 15.0], [70.0, 79.5]]`. Drawn with temperature 1, top_p 1, 1,024 new
tokens, 2 frames a second, at most 512 frames, 16,384 visual tokens. An answer that cannot be read, is empty or
reversed counts 0, as there. All windows are asked for, so the default measure is union_iou.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from vtgdata.annotations import items, timelens_events
from vtgdata.annotations.published_rollouts import FormExample, Published, PublishedForm, quoted
from vtgdata.annotations.sources import Source
from vtgdata.annotations.text import refused, sequence
from vtgdata.conversation.answer import Form

FORM = PublishedForm(
    title="TimeLens2's rollouts",
    source="MCG-NJU/TimeLens2 at a5ce450",
    corpus="timelens_100k",
    license="LicenseRef-TimeLens",
    direction="eight answers of the 4B SFT model as texts, scored here",
    model="TimeLens2-4B-SFT",
    sampling="t1-p1-m1024",
    answers=Form(template="[[{start}, {end}], ...]", reasoning=False),
    measure="union_iou",
    unknown=("which step of the SFT model answered",),
)

EXAMPLE = FormExample(
    text='{"source": "timelens2-93k", "data_type": "grounding", "video_path": "ab/aB3_dE-6hIj.mp4", "duration": 612.4, '
    '"query": "You are given a video.\\nTask: find \\"a man signs a paper\\" and return all spans.", '
    '"span": [[10.0, 15.0], [71.0, 81.0]], "rollouts": ["[[10.0, 15.0], [71.0, 81.0]]", "[[71, 81]]", '
    '"I see it at 12 s", "[]"]}\n',
    rows=[("a man signs a paper", 4, (1 + 10 / 15) / 4)],
)


def read(path: Path) -> Iterator[Published]:
    """Yield each row with its answers."""
    for row in items.rows(Source(path, "train"), timelens_events.video, timelens_events.FORM):
        if row.problem is not None:
            yield Published(row)
            continue
        extra = dict(row.extra)
        said = extra.pop("rollouts", None)
        try:
            texts = tuple(str(text) for text in sequence(said, "rollouts"))
        except ValueError as error:
            yield Published(refused(row.origin, row.raw, row.split, error))
            continue
        changed = {"query": quoted(row.query), "extra": {k: v for k, v in extra.items() if k != "data_type"}}
        yield Published(msgspec.structs.replace(row, **changed), texts=texts)
