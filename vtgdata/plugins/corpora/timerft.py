"""TimeRFT: 2,500 RL samples from six corpora, chosen by how well the model did (Time-R1, Wang et al., NeurIPS 2025).

Raw item:  {"video": ".../aB3_dE-6hIj.mp4", "duration": 71.4, "timestamp": [12.0, 20.0], "sentence": "A kite falls.",
            "qid": "my|cosmo|aB3_dE-6hIj|A kite falls.", "video_start": null, "video_end": null,
            "difficulty": 60.0, "pred": [10.0, 18.0]}
Times:     seconds; if `video_start` and `video_end` are numbers (665 rows), the loader reads only that part of the
           file, and `timestamp` and `pred` count from its start. 509 of these files have the part in their name:
           they may be cut already, which only a probe can tell.
Oddities:  `difficulty` is 100 x IoU of one greedy answer of the base model, so higher is easier: kept as `mean_iou` in
           [0, 1]. It was measured against the published times. 34 ends lie past the video, 11 by more than 5 s; some
           of them have the wrong unit (14,220 for 3:57). The qid contains the sentence, in which a `|` may occur.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from vtgdata.annotations import items, sources, timerft_rows
from vtgdata.records import Corpus, Example, RawRow, Split

CORPUS = Corpus(
    name="timerft",
    title="TimeRFT",
    summary="2,500 training samples of Time-R1 from COSMO, YT-Temporal, InternVid-VTime, DiDeMo, HowTo100M and QuerYD.",
    splits=(Split(name="train", files=("train_2k5.json",), rows=2_500, videos=2_475),),
    license="Apache-2.0",
    license_link="https://github.com/xiaomi-research/time-r1",
    license_confidence="B",
    homepage="https://github.com/xiaomi-research/time-r1",
    citation="Wang et al.: Time-R1: Post-Training Large Vision Language Model for Temporal Video Grounding. NeurIPS "
    "2025.",
    grid=None,
    clock="seconds from the start of the file, or of the part of it that `video_start` and `video_end` name",
    family="moments",
    usage="train_2k5.json",
    download="dataset/timer1/annotations/train_2k5.json of the repository",
    overlaps=(
        "none of its videos is in TVGBench (462 files compared), nor in ActivityNet Captions train or val_1, "
        "QVHighlights train or val, DiDeMo val or YouCook2",
        "HiREST: 3 of its videos are in train and 2 in test, by YouTube id",
    ),
    youtube=timerft_rows.YOUTUBE,
)

EXAMPLE = Example(
    files={
        "train_2k5.json": """[
  {"video": "./data/aB3_dE-6hIj.mp4", "duration": 71.4, "timestamp": [12.0, 20.0], "sentence": "A kite | falls.",
   "qid": "my|cosmo|aB3_dE-6hIj|A kite | falls.", "video_start": null, "video_end": null, "difficulty": 60.0,
   "pred": [10.0, 18.0]},
  {"video": "./data/aB3_dE-6hIk_00:00:39:000_00:01:24:700.mp4", "duration": 45.7, "timestamp": [34.9, 46.2],
   "sentence": "a  statue ", "qid": "my|internvid-vtime|aB3_dE-6hIk|a  statue ", "video_start": 39.0,
   "video_end": 84.7, "difficulty": 0.5, "pred": [0.0, 44.84]},
  {"video": "./data/aB3_dE-6hIm.mp4", "duration": 10.5, "timestamp": [0, 3.5], "sentence": "a woman cuts felt",
   "qid": "my|howto100m|aB3_dE-6hIm|a woman cuts felt", "video_start": 120.5, "video_end": 131.0,
   "difficulty": 35.0, "pred": [0.0, 10.0]},
  {"video": "./data/aB3_dE-6hIn.mp4", "duration": 157.8, "timestamp": [120.0, 14220.0], "sentence": "A man talks.",
   "qid": "my|yt-temporal|aB3_dE-6hIn|A man talks.", "video_start": null, "video_end": null, "difficulty": 0.2,
   "pred": [118.0, 150.0]},
  {"video": "./data/12345678@N00_1234567890_0a1b2c3d4e.mp4", "duration": 29.8, "timestamp": [5.0, 5.0],
   "sentence": "a dog barks", "qid": "my|didemo|12345678@N00_1234567890_0a1b2c3d4e|a dog barks", "video_start": null,
   "video_end": null, "difficulty": 0.1, "pred": [5.0, 9.0]},
  {"video": "./data/aB3_dE-6hIo.mp4", "duration": 40, "timestamp": [1, 2], "sentence": "it rains",
   "qid": "aB3_dE-6hIo|it rains", "video_start": null, "video_end": null, "difficulty": 1.0, "pred": [1.0, 2.0]}
]"""
    },
    samples=[
        ("aB3_dE-6hIj", "A kite | falls.", [[12.0, 20.0]]),
        ("aB3_dE-6hIk_00:00:39:000_00:01:24:700", "a statue", [[34.9, 45.7]]),
        ("aB3_dE-6hIm_120.50_131.00", "a woman cuts felt", [[0.0, 3.5]]),
        ("aB3_dE-6hIn", "A man talks.", [[120.0, 157.8]]),
    ],
    drops=["zero_length", "unreadable_row"],
)


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """Rows of the JSON list, with the qid as id."""
    for source in sources.find(paths, CORPUS, split):
        yield from items.rows(source, timerft_rows.row, timerft_rows.FORM)
