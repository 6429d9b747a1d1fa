"""TimeLens-Bench: three test sets with new queries and times (Zhang et al., CVPR 2026, arXiv 2512.14698).

Raw entry: "v_Qx81-kLm_0A": {"duration": 64.12, "spans": [[3.0, 9.5], [20.0, 41.0]],
                             "queries": ["a man lifts a boat", "the boat floats away"]}
           key of the original corpus, one span for each query      (seconds from the start of the file)
Labels:    a label version of its own: the videos are test videos of Charades-STA, ActivityNet Captions and
           QVHighlights, but scores are not comparable with scores on their original labels.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from vtgdata.annotations import captions_json, ids, sources
from vtgdata.annotations.keys import LISTS, Keys
from vtgdata.annotations.text import shown
from vtgdata.records import Corpus, Example, RawRow, Records, Split

CORPUS = Corpus(
    name="timelens_bench",
    title="TimeLens-Bench",
    summary="The test sets of Charades-STA, ActivityNet Captions and QVHighlights with new queries and times.",
    splits=(
        Split(name="charades", files=("charades-timelens.json",), benchmark=True),
        Split(name="activitynet", files=("activitynet-timelens.json",), benchmark=True),
        Split(name="qvhighlights", files=("qvhighlights-timelens.json",), benchmark=True),
    ),
    license="LicenseRef-TimeLens",
    license_link="https://github.com/TencentARC/TimeLens",
    license_confidence="A",
    homepage="https://huggingface.co/datasets/TencentARC/TimeLens-Bench",
    citation="Zhang et al.: TimeLens: Rethinking Video Temporal Grounding with Multimodal LLMs. CVPR 2026.",
    grid=None,
    family="captions",
    usage="charades-timelens.json activitynet-timelens.json qvhighlights-timelens.json",
    download="<set>-timelens.json of the homepage; the card says bsd-3-clause, the licence's text adds academic use "
    "only and no use within the EU",
    overlaps=(
        "Charades-STA test, ActivityNet Captions val_1 and val_2, QVHighlights: the same videos under other labels, so "
        "whatever must not be trained on for those must not be trained on for these",
        "TVGBench: takes videos from the first two as well",
    ),
    records=(Records(shape="object", at="*/spans|queries/*"),),
    youtube=True,
)

EXAMPLE = Example(
    files={
        "charades-timelens.json": """{
  "K7QZ2": {"duration": 30.96, "spans": [[3.0, 9.5], [20.0, 31.2]],
    "queries": ["a person folds a towel", "the person  laughs"]},
  "M2XP0": {"duration": 12.5, "spans": [[9, 4]], "queries": ["a person sneezes"]},
  "K7QZ3": {"duration": 12.5, "spans": [[1, 4]], "queries": ["a", "b"]}
}""",
        "activitynet-timelens.json": """{
  "v_Qx81-kLm_0A": {"duration": 64.12, "spans": [[3.0, 9.5]], "queries": ["a man lifts a boat"]}
}""",
        "qvhighlights-timelens.json": """{
  "aB3_dE-6hIj_60.0_210.0": {"duration": 150, "spans": [[20, 41]], "queries": ["the boat floats away"]},
  "K7QZ2": {"duration": 30.96, "spans": [[3.0, 9.5]], "queries": ["a person folds a towel"]}
}""",
    },
    samples=[
        ("K7QZ2", "a person folds a towel", [[3.0, 9.5]]),
        ("K7QZ2", "the person laughs", [[20.0, 30.96]]),
        ("M2XP0", "a person sneezes", []),
        ("v_Qx81-kLm_0A", "a man lifts a boat", [[3.0, 9.5]]),
        ("aB3_dE-6hIj_60.0_210.0", "the boat floats away", [[20.0, 41.0]]),
    ],
    drops=["unreadable_row", "unreadable_row", "unreadable_row"],
)

_FORM = '{"VIDEO": {"duration": 64.12, "spans": [[3.0, 9.5], ...], "queries": ["...", ...]}, ...}'
_CHARADES = re.compile(r"[A-Z0-9]{5}\Z", re.ASCII)


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """One row for each query, with the label version `timelens`."""
    for source in sources.find(paths, CORPUS, split):
        named, original = _SETS[source.split]
        keys = Keys({"windows": "spans", "query": "queries"}, LISTS)
        facts = captions_json.facts(keys=keys, name=named, label_version="timelens", source_corpus=original)
        yield from captions_json.rows(source, facts, _FORM)


def _charades(key: str) -> ids.Named:
    if _CHARADES.match(key) is None:
        raise ValueError(f"{shown(key)} is no key of Charades, five capitals and digits")
    return ids.Named(key, f"{key}.mp4")


def _activitynet(key: str) -> ids.Named:
    youtube = ids.youtube_id(key)
    if youtube is None or not key.startswith("v_"):
        raise ValueError(f"{shown(key)} is no key of ActivityNet, v_ and a YouTube id")
    return ids.Named(key, f"{key}.mp4", youtube)


def _qvhighlights(key: str) -> ids.Named:
    cut = ids.cut(key)
    if cut is None:
        raise ValueError(f"{shown(key)} is no key of QVHighlights, a YouTube id and the cut's start and end")
    return ids.Named(key, f"{key}.mp4", cut[0], cut[1])


_SETS: dict[str, tuple[Callable[[str], ids.Named], str]] = {
    "charades": (_charades, "charades_sta"),
    "activitynet": (_activitynet, "activitynet_captions"),
    "qvhighlights": (_qvhighlights, "qvhighlights"),
}
