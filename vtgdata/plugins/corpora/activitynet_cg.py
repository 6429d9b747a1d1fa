"""ActivityNet-CG: ActivityNet Captions split anew, to test unseen compositions and words (Li et al., CVPR 2022).

Raw entry: "v_0aZ_bY1cX-2": {"sentences": [" The man throws the ball."], "timestamps": [[20.1, 33.3]], "duration": 41.7}
           v_ + YouTube id    (seconds, grid 0.01 s, the unchanged windows of ActivityNet Captions)
Extras:    novel_word has a list `news` and novel_composition a list `novels`, parallel to the sentences: what is new in
           each.
Oddities:  those of ActivityNet Captions (2 reversed windows, 2 without length, blanks at the edges); the splits mix
           train, val_1 and val_2, so a video may have sentences of two annotators, and be in several splits.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from vtgdata.annotations import captions_json, ids, sources
from vtgdata.annotations.text import shown
from vtgdata.records import Corpus, Example, RawRow, Records, Split

CORPUS = Corpus(
    name="activitynet_cg",
    title="ActivityNet-CG",
    summary="ActivityNet Captions split anew to test unseen compositions of known words, and unseen words.",
    splits=(
        Split(name="train", files=("train.json",), rows=36_724, videos=9_659),
        Split(name="test_trivial", files=("test_trivial.json",), rows=15_712, videos=4_775, benchmark=True),
        Split(name="novel_composition", files=("novel_composition.json",), rows=12_028, videos=4_202, benchmark=True),
        Split(name="novel_word", files=("novel_word.json",), rows=3_920, videos=1_991, benchmark=True),
    ),
    license="LicenseRef-unstated",
    license_link="https://github.com/YYJMJC/Compositional-Temporal-Grounding",
    license_confidence="C",
    homepage="https://github.com/YYJMJC/Compositional-Temporal-Grounding",
    citation="Li, Xie, Qian, Zhu, Tang, Wu, Yang, Zhuang, Wang: Compositional Temporal Grounding with Structured "
    "Variational Cross-Graph Correspondence Learning. CVPR 2022.",
    grid=0.01,
    family="captions",
    usage="train.json",
    download="Folder `ActivityNet_CG` of https://github.com/YYJMJC/Compositional-Temporal-Grounding: train.json, "
    "test_trivial.json, novel_composition.json, novel_word.json. Videos: those of ActivityNet.",
    overlaps=(
        "train holds 1,053 rows of ActivityNet Captions val_2 and 993 of val_1: who trains on them may not report "
        "scores on either.",
        "test_trivial is made of 7,808 rows of val_2, 7,100 of val_1 and 804 of train of ActivityNet Captions.",
        "Its splits share videos with one another: each test split is a benchmark against this train only.",
    ),
    records=(Records(shape="object", at="*/{windows}|{query}/*"),),
    youtube=True,
)

EXAMPLE = Example(
    files={
        "train.json": """{
  "v_0aZ_bY1cX-2": {"sentences": [" The man throws the ball again.", " He stops. "],
    "timestamps": [[20.1, 33.3], [33.0, 41.71]], "duration": 41.7},
  "v_-_a0bZ_c1dE": {"sentences": ["A dog runs.", "It stops."], "timestamps": [[9, 3], [4, 4]], "duration": 10}
}""",
        "test_trivial.json": """{
  "v_0aZ_bY1cX-2": {"duration": 41.7, "timestamps": [[0.5, 3]], "sentences": ["A man is seen holding a ball."]}
}""",
    },
    samples=[
        ("v_0aZ_bY1cX-2", "The man throws the ball again.", [[20.1, 33.3]]),
        ("v_0aZ_bY1cX-2", "He stops.", [[33.0, 41.7]]),
        ("v_0aZ_bY1cX-2", "A man is seen holding a ball.", [[0.5, 3.0]]),
    ],
    drops=["reversed", "zero_length"],
)


_PARALLEL = ("news", "novels")


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """Rows of the captions files; each is also a row of ActivityNet Captions."""
    for source in sources.find(paths, CORPUS, split):
        facts = captions_json.facts(name=_named, source_corpus="activitynet_captions", parallel=_PARALLEL)
        yield from captions_json.rows(source, facts)


def _named(key: str) -> ids.Named:
    youtube = ids.youtube_id(key)
    if youtube is None or not key.startswith("v_"):
        raise ValueError(f"{shown(key)} is no key of ActivityNet, v_ and a YouTube id")
    return ids.Named(key, f"v_{youtube}.mp4", youtube)
