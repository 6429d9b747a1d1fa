"""ActivityNet Captions: event descriptions of YouTube videos of about 2 minutes (Krishna et al., ICCV 2017).

Raw entry: "v_Qx81-kLm_0A": {"duration": 64.12, "timestamps": [[0.5, 12.3]], "sentences": [" A man rows."]}
           v_ + YouTube id                       (seconds, grid 0.01 s)
Oddities:  two thirds of the sentences start with a blank; 29 train ends lie past the video, by 0.01 s; 2 train windows
           are reversed and 2 have no length. In val_1 and val_2, two annotators describe the same videos: two
           annotation sets, so never train on one and test on the other.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from vtgdata.annotations import captions_json, ids, sources
from vtgdata.annotations.text import shown
from vtgdata.records import Corpus, Example, RawRow, Records, Split

CORPUS = Corpus(
    name="activitynet_captions",
    title="ActivityNet Captions",
    summary="Paragraph-like event descriptions of YouTube videos, about 2 minutes on average.",
    splits=(
        Split(
            name="train",
            files=("train.json",),
            rows=37_421,
            videos=10_009,
            copies={37_417: "Copies made for 2D-TAN: the 2 reversed windows and the 2 without length are left out."},
        ),
        Split(name="val_1", files=("val_1.json",), rows=17_505, videos=4_917, benchmark=True),
        Split(name="val_2", files=("val_2.json",), rows=17_031, videos=4_885, benchmark=True),
    ),
    license="LicenseRef-unstated",
    license_link="https://cs.stanford.edu/people/ranjaykrishna/densevid/",
    license_confidence="C",
    homepage="https://cs.stanford.edu/people/ranjaykrishna/densevid/",
    citation="Krishna, Hata, Ren, Fei-Fei, Niebles: Dense-Captioning Events in Videos. ICCV 2017.",
    grid=0.01,
    family="captions",
    usage="train.json",
    download="https://cs.stanford.edu/people/ranjaykrishna/densevid/captions.zip holds train.json, val_1.json and "
    "val_2.json. Copies with fewer rows have lost videos that YouTube no longer shows.",
    overlaps=(
        "val_1 and val_2 annotate the same videos: all 4,885 of val_2 are in val_1. Papers differ in which of them "
        "they call the test: most work on language models takes val_2 (17,031 rows), Lighthouse val_1 (17,505).",
        "ActivityNet-CG draws its splits from all three: its train holds 1,053 rows of val_2 and 993 of val_1.",
        "TVGBench takes 168 of its 800 rows from val_2 (157 videos, all of them in val_1 too).",
        "ReXTime's validation questions use 544 videos of the validation splits.",
        "ActivityNet-TimeLens annotates validation videos anew: another label version.",
    ),
    records=(Records(shape="object", at="*/{windows}|{query}/*"),),
    youtube=True,
)

EXAMPLE = Example(
    files={
        "val_1.json": """{
  "v_Qx81-kLm_0A": {"duration": 64.12, "timestamps": [[0.5, 12.3], [11.9, 64.13], [60, 64.120000000000005]],
    "sentences": ["Two men carry a boat to the shore.", " They push it\\n into the water.", " They wave."]},
  "v_-_a0bZ_c1dE": {"sentences": ["A dog runs.", " It stops.", " It rests."], "fps": 25,
    "timestamps": [[9, 3], [4, 4], [-0.5, 2]], "duration": 41.7},
  "v_000000000zz": {"duration": 10, "timestamps": [[0, 1], [1, 2]], "sentences": ["One."]},
  "v_000000001zz": {"duration": 10, "timestamps": [[0]], "sentences": ["A kite falls."]}
}"""
    },
    samples=[
        ("v_Qx81-kLm_0A", "Two men carry a boat to the shore.", [[0.5, 12.3]]),
        ("v_Qx81-kLm_0A", "They push it into the water.", [[11.9, 64.12]]),
        ("v_Qx81-kLm_0A", "They wave.", [[60.0, 64.120000000000005]]),
        ("v_-_a0bZ_c1dE", "A dog runs.", []),
        ("v_-_a0bZ_c1dE", "It stops.", []),
        ("v_-_a0bZ_c1dE", "It rests.", [[0.0, 2.0]]),
    ],
    drops=["unreadable_row", "unreadable_row", "unreadable_row"],
)


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """Rows of the captions files; each file's split is also the name of its annotation set."""
    for source in sources.find(paths, CORPUS, split):
        facts = captions_json.facts(name=_named, annotation_set=source.split)
        yield from captions_json.rows(source, facts)


def _named(key: str) -> ids.Named:
    """A key with or without `v_` in front; the file name always has it. A YouTube id itself may begin with `v_`.

    >>> _named("v_Qx81-kLm_0A").file, _named("v_abcdefghi").source_id
    ('v_Qx81-kLm_0A.mp4', 'v_abcdefghi')
    """
    youtube = ids.youtube_id(key)
    if youtube is None:
        raise ValueError(f"{shown(key)} is no key of ActivityNet, v_ and a YouTube id")
    return ids.Named(key, f"v_{youtube}.mp4", youtube)
