"""QVHighlights: moments and highlights in cuts of 150 s from YouTube vlogs and news (Lei et al., NeurIPS 2021).

Raw line:  {"qid": 412, "query": "A child feeds two goats by a fence.", "duration": 150,
            "vid": "aB3_dE-6hIj_60.0_210.0", "relevant_windows": [[10, 24], [40, 46]],
            "relevant_clip_ids": [5, 6, ...], "saliency_scores": [[3, 2, 4], [4, 4, 3], ...]}
Times:     seconds from the start of the cut, grid 2 s; clip i covers [2i, 2i + 2); three raters score each clip inside
           the windows from 0 (very bad) to 4 (very good).
Oddities:  a third of the rows have several windows; 213 train and 39 val cuts are shorter than their ids say
           (`duration` is right); ids may contain `_` and begin with `-`; some packagings put `v_` before an id; the
           test file was first published without labels, and later with labels under another name.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from vtgdata.annotations import ids, labels, moment_jsonl, sources
from vtgdata.annotations.text import shown
from vtgdata.records import Corpus, Example, RawRow, Split

CORPUS = Corpus(
    name="qvhighlights",
    title="QVHighlights",
    summary="Moments and highlights in cuts of 150 s from YouTube vlogs and news; often several moments a query.",
    splits=(
        Split(name="train", files=("highlight_train_release.jsonl",), rows=7_218, videos=7_100),
        Split(name="val", files=("highlight_val_release.jsonl",), rows=1_550, videos=1_519, benchmark=True),
        Split(
            name="test",
            files=("highlight_test_with_gt.jsonl", "highlight_test_release.jsonl"),
            rows=1_542,
            benchmark=True,
        ),
    ),
    license="CC-BY-NC-SA-4.0",
    license_link="https://github.com/jayleicn/moment_detr/blob/main/data/LICENSE",
    license_confidence="A",
    homepage="https://github.com/jayleicn/moment_detr",
    citation="Lei, Berg, Bansal: QVHighlights: Detecting Moments and Highlights in Videos via Natural Language "
    "Queries. NeurIPS 2021.",
    grid=2.0,
    clock="seconds from the start of the cut of 150 s that its id names",
    usage="highlight_train_release.jsonl",
    download="Folder `data` of https://github.com/jayleicn/moment_detr: highlight_train_release.jsonl, "
    "highlight_val_release.jsonl, highlight_test_release.jsonl (no labels). subs_train.jsonl is speech recognition, "
    "no annotation.",
    overlaps=(
        "No YouTube video is in two of its splits.",
        "QVHighlights-TimeLens annotates videos of it anew: another label version, never mixed with this one.",
        "ReXTime's validation questions use 152 videos of the val split.",
    ),
    family="moments",
    youtube=True,
)

EXAMPLE = Example(
    files={
        "highlight_train_release.jsonl": (
            '{"qid": 412, "query": "A child feeds two goats by a fence.", "duration": 150, '
            '"vid": "aB3_dE-6hIj_60.0_210.0", "relevant_windows": [[10, 14], [40, 42]], '
            '"relevant_clip_ids": [5, 6, 20], "saliency_scores": [[3, 2, 4], [4, 4, 3], [1, 0, 2]]}\n'
            '{"qid": 413, "query": "A tram passes.", "duration": 126, "vid": "-_a0bZ_c1dE_0.0_150.0", '
            '"relevant_windows": [[0, 126]], "relevant_clip_ids": [], "saliency_scores": []}\n'
            '{"qid": 414, "query": "Rain falls.", "duration": 150, "vid": "K7QZ2", "relevant_windows": [[0, 2]]}\n'
        ),
        "highlight_test_release.jsonl": (
            '{"qid": 9001, "query": "A cook tastes the soup.", "duration": 150, "vid": "v_0aZ_bY1cX-2_210.0_360.0"}\n'
        ),
    },
    samples=[
        ("aB3_dE-6hIj_60.0_210.0", "A child feeds two goats by a fence.", [[10.0, 14.0], [40.0, 42.0]]),
        ("-_a0bZ_c1dE_0.0_150.0", "A tram passes.", [[0.0, 126.0]]),
        ("0aZ_bY1cX-2_210.0_360.0", "A cook tastes the soup.", []),
    ],
    drops=["unreadable_row"],
)


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """Rows of the JSON lines; if a folder has both test files, the labelled one is read."""
    for source in sources.find(paths, CORPUS, split, one_copy=True):
        # The page: "highlight_test_release.jsonl (no labels)"; a labelled copy of it has the key.
        hidden = labels.Stated("lacking") if source.split == "test" else labels.Stated()
        yield from moment_jsonl.rows(source, moment_jsonl.Facts(name=_named, no_labels=hidden))


def _named(key: str) -> ids.Named:
    """The names of a cut: its id never begins with the `v_` that some packagings put before it; the file name keeps it.

    >>> _named("v_aB3_dE-6hIj_60.0_210.0")[:2]
    ('aB3_dE-6hIj_60.0_210.0', 'v_aB3_dE-6hIj_60.0_210.0.mp4')
    """
    found = ids.named(key, youtube=CORPUS.youtube)
    if found.source_id is None or found.source_start is None or ":" in key:
        raise ValueError(f"{shown(key)} is no id of QVHighlights, a YouTube id with the start and end of a cut")
    return found._replace(video_id=found.video_id[found.video_id.index(found.source_id) :])
