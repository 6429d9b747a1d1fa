"""RA-RFT: pairs of a query that happens and queries that do not, hard to tell apart (2025, arXiv 2511.23151).

Raw item:  {"video": "videos/K7QZ2.mp4", "query_text": "person folds the towel.", "timestamp": [3.4, 11.0],
            "duration": 30.1, "think": "<think>...</think>", "GRPO": [
             {"q": "person folds the towel.", "a": "<answer>3.4 to 11.0</answer>", "r": true, "difficulty": "original"},
             {"q": "person folds the blanket outside.", "a": "<answer>The clip shows a towel ...</answer>", "r": false,
              "c": ["Scene/SceneExistence"], "difficulty": "hard"}]}          (seconds; `r`: it can be answered)
Rows:      one for each query under `GRPO`; where `r` is false there is no such moment. Its grade (`difficulty`: hard,
           medium or easy), kinds of error (`c`) and explanation go to `extra`.
Oddities:  the windows of other positives of an object are in their answers; some files have no `duration`, which for
           cuts of QVHighlights is in the file's name; 166 ends lie past the video in the Charades file; paths are
           the authors' own, so that the name of the file counts. With `video_start` and `video_end` an object is
           about that part of the file.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from vtgdata.annotations import events, ids, items, sources, text, video_parts
from vtgdata.annotations.text import mapping, pair, sequence, shown, words
from vtgdata.records import Corpus, Example, RawRow, Records, Split

CORPUS = Corpus(
    name="rarft",
    title="RA-RFT",
    summary="Refusal-aware grounding: queries that happen beside near ones that do not, in three grades.",
    splits=(
        Split(name="hi_vtg_train", files=("hi_vtg_train.json",)),
        Split(name="hi_vtg_charades", files=("hi_vtg_charades.json",), rows=2_194, videos=753, benchmark=True),
        Split(name="hi_vtg_activitynet", files=("hi_vtg_activitynet.json",), benchmark=True),
        Split(name="hi_vtg_tvgbench", files=("hi_vtg_tvgbench.json",), rows=1_600, benchmark=True),
        Split(name="ss_vtg_charades", files=("ss_vtg_charades.json",), rows=3_720, benchmark=True),
        Split(name="ss_vtg_activitynet", files=("ss_vtg_activitynet.json",), benchmark=True),
        Split(name="ss_vtg_qvhighlight", files=("ss_vtg_qvhighlight.json",), rows=3_100, benchmark=True),
        Split(name="human", files=("human_anno.json",), rows=200, benchmark=True),
    ),
    license="Apache-2.0",
    license_link="https://github.com/JINSUBY/RA-RFT/blob/main/LICENSE",
    license_confidence="A",
    homepage="https://github.com/JINSUBY/RA-RFT",
    citation="RA-RFT: Refusal-Aware Reinforcement Fine-Tuning for Video Temporal Grounding. arXiv 2511.23151, 2025.",
    grid=None,
    clock="seconds from the start of the file, or of the part of it that `video_start` and `video_end` name",
    usage="hi_vtg_charades.json",
    download="dataset/anno of the repository; the corpora that the videos are of keep their own terms",
    overlaps=("Charades-STA, ActivityNet Captions, QVHighlights and TVGBench: the same videos and positive queries",),
    records=(Records(at="*/GRPO/*"),),
    youtube=True,
)

EXAMPLE = Example(
    files={
        "hi_vtg_charades.json": """[
  {"video": "/data/videos/K7QZ2.mp4", "query_text": "person folds the towel.", "timestamp": [3.4, 31.0],
   "difficulty": null, "video_start": null, "video_end": null, "think": "<think>...</think>", "duration": 30.1,
   "GRPO": [
    {"q": "person folds the towel.", "a": "<answer>3.4 to 31.0</answer>", "r": true, "difficulty": "original"},
    {"q": "person folds the  blanket outside.", "a": "<answer>The clip shows a towel.</answer>", "r": false,
     "c": ["Scene/SceneExistence"], "difficulty": "hard"},
    {"q": "person sings.", "a": "<answer>at the end</answer>", "r": true}]}
]""",
        "ss_vtg_qvhighlight.json": """[
  {"video": "/data/aB3_dE-6hIj_60.0_210.0.mp4", "query_text": "A tram passes.", "timestamp": [0, 40], "GRPO": [
    {"q": "A tram passes.", "a": "<answer>0 to 40</answer>", "r": true, "difficulty": "original"},
    {"q": "Kids sing.", "a": "This query is unrelated to the video.", "r": false, "c": [], "class": "id",
     "difficulty": "easy"}, "soon"]}
]""",
    },
    samples=[
        ("K7QZ2", "person folds the towel.", [[3.4, 30.1]]),
        ("K7QZ2", "person folds the blanket outside.", []),
        ("aB3_dE-6hIj_60.0_210.0", "A tram passes.", [[0.0, 40.0]]),
        ("aB3_dE-6hIj_60.0_210.0", "Kids sing.", []),
    ],
    drops=["unreadable_row", "unreadable_row"],
)

_FORM = '{"video": "...", "query_text": "...", "timestamp": [3.4, 11.0], "GRPO": [{"q": "...", "a": "...", "r": true}]}'
_ANSWER = re.compile(r"<answer>\s{0,9}(\d{1,9}(?:\.\d{1,9})?)\s{1,9}to\s{1,9}(\d{1,9}(?:\.\d{1,9})?)\s{0,9}</answer>")
_CHARADES = re.compile(r"[A-Z0-9]{5}\Z", re.ASCII)
_EXTRA = {"difficulty": "grade", "c": "errors", "a": "explanation", "class": "class"}
"""{key of a query that has no moment: its name in `extra`}."""


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """One row for each query of each object."""
    for source in sources.find(paths, CORPUS, split):
        yield from items.rows(source, _object, _FORM)


def _object(item: items.Item, source: sources.Source) -> items.Made:
    fields = item.fields()
    asked, window = words(fields.get("query_text"), "query_text"), pair(text.held(fields, "timestamp"))
    part, given = video_parts.of_record(fields), ids.named(words(fields.get("video"), "video"), youtube=True)
    length = text.duration(fields.get("duration"))
    if length is None and (cut := ids.cut(given.video_id)) is not None:
        length = cut[2] - cut[1]
    named = given._replace(source_id=None) if _CHARADES.match(given.video_id) else given

    def row(origin: str, _: int, value: Any) -> RawRow:
        of_query = mapping(value, "a query")
        query, answered = words(of_query.get("q"), "q"), of_query.get("r")
        if not isinstance(answered, bool):
            raise ValueError(f"r is {shown(answered)}, neither true nor false")
        return RawRow(
            origin=origin,
            raw=value,
            video_id=video_parts.video_id(named, part),
            file=named.file,
            query=query,
            windows=[_window(of_query, window if query == asked else None)] if answered else [],
            none_is_right=not answered,
            split=source.split,
            duration=length,
            source_id=named.source_id,
            source_start=named.source_start if part is None else part[0],
            read_in_place=part is not None,
            source_corpus=_corpus(named, source.split),
            extra={} if answered else {_EXTRA[key]: of_query[key] for key in _EXTRA if of_query.get(key)},
        )

    return events.each(f"{item.origin}/GRPO/", sequence(fields.get("GRPO"), "GRPO"), source.split, row)


def _window(of_query: dict[str, Any], own: tuple[float, float] | None) -> tuple[float, float]:
    """The window of a query that happens: the object's own, else the one that its answer says."""
    if own is not None:
        return own
    found = _ANSWER.search(words(of_query.get("a"), "a"))
    if found is None:
        raise ValueError(f"the answer {shown(of_query.get('a'))} has no `A to B`")
    return float(found[1]), float(found[2])


def _corpus(named: ids.Named, split: str) -> str:
    """The corpus that a video is of: by its key, else by the file's split."""
    if split.endswith("tvgbench"):
        return "tvgbench"
    if _CHARADES.match(named.video_id):
        return "charades_sta"
    if named.video_id.startswith("v_"):
        return "activitynet_captions"
    return "qvhighlights" if split.endswith("qvhighlight") else ""
