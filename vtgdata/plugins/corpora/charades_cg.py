"""Charades-CG: Charades-STA split anew, to test unseen compositions and unseen words (Li et al., CVPR 2022).

Raw entry: "M2XP0": {"sentences": ["person closes the closet."], "timestamps": [[2.1, 9.8]], "duration": 27.5}
           video      (seconds, grid 0.1 s, the unchanged windows of Charades-STA)
Extras:    novel_word has a list `news` and novel_composition a list `novels`, parallel to the sentences: what is new in
           each.
Oddities:  15 % of the train rows end past the video; the splits mix train and test of Charades-STA, and the three test
           splits share videos: each is a benchmark only for models trained on this corpus's own train split.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from vtgdata.annotations import captions_json, ids, sources
from vtgdata.annotations.text import shown
from vtgdata.records import Corpus, Example, RawRow, Records, Split

CORPUS = Corpus(
    name="charades_cg",
    title="Charades-CG",
    summary="Charades-STA split anew to test unseen compositions of known words, and unseen words.",
    splits=(
        Split(name="train", files=("train.json",), rows=8_281),
        Split(name="test_trivial", files=("test_trivial.json",), rows=3_096, benchmark=True),
        Split(name="novel_composition", files=("novel_composition.json",), rows=3_442, benchmark=True),
        Split(name="novel_word", files=("novel_word.json",), rows=695, benchmark=True),
    ),
    license="LicenseRef-Charades",
    license_link="https://prior.allenai.org/projects/charades",
    license_confidence="B",
    homepage="https://github.com/YYJMJC/Compositional-Temporal-Grounding",
    citation="Li, Xie, Qian, Zhu, Tang, Wu, Yang, Zhuang, Wang: Compositional Temporal Grounding with Structured "
    "Variational Cross-Graph Correspondence Learning. CVPR 2022.",
    grid=0.1,
    family="captions",
    usage="train.json",
    download="Folder `Charades-CG` of https://github.com/YYJMJC/Compositional-Temporal-Grounding: train.json, "
    "test_trivial.json, novel_composition.json, novel_word.json. Videos: those of Charades.",
    overlaps=(
        "1,960 of the 8,281 training rows (729 videos) are rows of Charades-STA test: who trains on them may not "
        "report scores on Charades-STA test.",
        "847 of the 3,096 rows of test_trivial are rows of Charades-STA test, and others of its train: who trains on "
        "Charades-STA may not report scores here.",
        "Its test splits share videos with one another.",
    ),
    records=(Records(shape="object", at="*/{windows}|{query}/*"),),
)

EXAMPLE = Example(
    files={
        "train.json": """{
  "M2XP0": {"sentences": ["person closes the closet.", "a person sits down."], "timestamps": [[2.1, 9.8], [20.0, 28.1]],
    "duration": 27.5},
  "K7QZ2": {"timestamps": [[9.0, 4.0]], "sentences": ["a person sneezes."], "duration": 23.75}
}""",
        "novel_word.json": """{
  "M2XP0": {"sentences": ["person  #2 laughs."], "timestamps": [[27.5, 29.0]], "duration": 27.5,
    "news": [{"VERB": ["laugh"]}]}
}""",
    },
    samples=[
        ("M2XP0", "person closes the closet.", [[2.1, 9.8]]),
        ("M2XP0", "a person sits down.", [[20.0, 27.5]]),
        ("M2XP0", "person #2 laughs.", []),
    ],
    drops=["reversed"],
)

_PARALLEL = ("news", "novels")
_VIDEO = re.compile(r"[A-Z0-9]{5}\Z", re.ASCII)


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """Rows of the captions files; each is also a row of Charades-STA."""
    for source in sources.find(paths, CORPUS, split):
        facts = captions_json.facts(name=_named, source_corpus="charades_sta", parallel=_PARALLEL)
        yield from captions_json.rows(source, facts)


def _named(key: str) -> ids.Named:
    if _VIDEO.match(key) is None:
        raise ValueError(f"{shown(key)} is no video of Charades, which looks like 'K7QZ2'")
    return ids.Named(key, f"{key}.mp4")
