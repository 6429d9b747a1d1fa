"""Grounded-VideoLLM: conversations with times about ActivityNet and QVHighlights videos (Wang et al., 2024).

Raw item:  {"question_id": "q_17", "video_id": "v_Qx81-kLm_0A", "video_file": "activitynet/videos/v_Qx81-kLm_0A.mp4",
            "dataset_name": "activitynet", "conversation": [
             {"from": "human", "value": "<image> When does the man wave?"},
             {"from": "gpt", "value": "From <12.4> to <17.9>."}]}
           with a newline after <image>.
Rows:      one for each question with its answer. The query is the quotation after `query:` in the question, or the
           whole question if there is none; the windows are the pairs of times in the answer.
Times:     in angle brackets; in files they are seconds, also whole ones (`<12>`), and sometimes negative. In the
           model's output `<12>` is the 12th of 300 time tokens: this reader is not meant for such text.
Oddities:  no duration; a row whose answer has no times is dropped; the keys of G-VideoQA's own file were not verified:
           a file with other keys is refused, and the error lists its keys.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from vtgdata.annotations import ids, items, sources
from vtgdata.annotations.text import duration, mapping, sequence, shown, unreadable, words
from vtgdata.records import Corpus, Example, RawRow, Records, Split

CORPUS = Corpus(
    name="grounded_videollm",
    title="Grounded-VideoLLM (G-VideoQA)",
    summary="Questions that GPT-4o-mini wrote on ActivityNet and QVHighlights, and training mixes with times in them.",
    splits=(Split(name="train", files=("G-VideoQA-gpt4o-mini-anno.json", "mix_grounded.json")),),
    license="LicenseRef-unstated",
    license_link="https://huggingface.co/datasets/WHB139426/Grounded-VideoLLM",
    license_confidence="C",
    homepage="https://huggingface.co/datasets/WHB139426/Grounded-VideoLLM",
    citation="Wang, Xu, Cheng, Diao, Zhou, Cao, Wang, Ge, Jiang: Grounded-VideoLLM: Sharpening Fine-grained Temporal "
    "Grounding in Video Large Language Models. 2024.",
    grid=None,
    usage="mix_grounded.json",
    overlaps=("Its videos are those of benchmarks built on ActivityNet and QVHighlights: check it against them.",),
    records=(Records(at="*/conversation/*2"),),
    youtube=True,
)

EXAMPLE = Example(
    files={
        "mix_grounded.json": """[
  {"question_id": "q_17", "video_id": "v_Qx81-kLm_0A", "video_file": "activitynet/videos/v_Qx81-kLm_0A.mp4",
   "dataset_name": "activitynet", "conversation": [
    {"from": "human", "value": "<image>\\nWhen does the man wave?"},
    {"from": "gpt", "value": "From <12.4> to <17.9>."},
    {"from": "human", "value": "Why does he wave?"},
    {"from": "gpt", "value": "He greets a friend."}]},
  {"question_id": 18, "video_id": "aB3_dE-6hIj_60.0_210.0", "video_file": "qvh/aB3_dE-6hIj_60.0_210.0.mp4",
   "dataset_name": "qvhighlights", "conversation": [
    {"from": "human", "value": "<image>\\nGive you a textual query: 'A child feeds a goat'. When is it?"},
    {"from": "gpt", "value": "From <-0.5> to <24>, and from <40.0> to <46.0>."}]},
  {"question_id": "q_19", "video_id": "v_Qx81-kLm_0A", "video_file": "v_Qx81-kLm_0A.mp4",
   "dataset_name": "activitynet", "conversation": [
    {"from": "human", "value": "<image>\\nWhen does it rain?"}, {"from": "gpt", "value": "At <12.4>."}]},
  {"question_id": "q_20", "video_id": "v_Qx81-kLm_0A", "video_file": "v_Qx81-kLm_0A.mp4", "conversation": [
    {"from": "human", "value": "<image>\\nWhen?"}]}
]"""
    },
    samples=[
        ("v_Qx81-kLm_0A", "When does the man wave?", [[12.4, 17.9]]),
        ("aB3_dE-6hIj_60.0_210.0", "A child feeds a goat", [[0.0, 24.0], [40.0, 46.0]]),
    ],
    drops=["no_time_in_answer", "unreadable_row", "unreadable_row"],
)

_CORPORA = {"activitynet": "activitynet_captions", "anet": "activitynet_captions", "qvh": "qvhighlights"}
_FORM = '{"video_id": "...", "video_file": "...", "conversation": [{"from": "human", "value": "..."}, ...], ...}'
_TIME = r"<(-?\d+(?:\.\d+)?)>"
_PAIR = re.compile(rf"{_TIME}\s*(?:seconds?\s*)?(?:to|-|\u2013|until)\s*{_TIME}", re.ASCII | re.IGNORECASE)
_ANY = re.compile(_TIME, re.ASCII)
_MARKS = re.compile(r"\s*(?:<(?:image|video|grounded)>\s*)+", re.IGNORECASE)
_QUOTED = re.compile(r"""query:\s*(?P<mark>['"])(?P<query>.+?)(?P=mark)(?=[.?!,;]|\s*\Z)""", re.IGNORECASE | re.DOTALL)


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """One row for each question with its answer."""
    for source in sources.find(paths, CORPUS, split):
        yield from items.rows(source, _turns, _FORM)


def _turns(item: items.Item, source: sources.Source) -> list[RawRow]:
    fields = item.fields()
    if "conversation" not in fields:
        raise ValueError(f"no conversation here, only {', '.join(map(shown, fields))}")
    said = sequence(fields["conversation"], "conversation")
    named = _named(fields)
    turns = [_said(each, ("human", "gpt")[i % 2]) for i, each in enumerate(said)]
    if len(turns) % 2 or not turns:
        raise ValueError(f"the conversation has {len(turns)} turns, not a question and an answer each")
    return [
        _row(f"{item.origin}/conversation/{i}", fields, named, turns[i], turns[i + 1], source.split)
        for i in range(0, len(turns), 2)
    ]


def _named(fields: dict[str, Any]) -> ids.Named:
    """The video's names, from `video_id` if there is one, else from the file name."""
    file = ids.base(words(fields.get("video_file"), "video_file"))
    video_id = fields.get("video_id")
    name = ids.base(str(video_id)) if isinstance(video_id, str | int) else file
    return ids.named(name, file, youtube=CORPUS.youtube)


def _said(turn: Any, speaker: str) -> str:
    fields = mapping(turn, "the turn")
    if fields.get("from") != speaker:
        raise ValueError(f"a turn is from {shown(fields.get('from'))}, not from {speaker}")
    return words(fields.get("value"), "value")


def _row(origin: str, fields: dict[str, Any], named: ids.Named, question: str, answer: str, split: str) -> RawRow:
    raw, windows = {"question": question, "answer": answer}, _PAIR.findall(answer)
    times = len(_ANY.findall(answer))
    if not times:
        return unreadable(origin, raw, split, f"no time in {shown(answer)}", "no_time_in_answer")
    if times != 2 * len(windows):
        return unreadable(origin, raw, split, f"{shown(answer)} has {times} times, not pairs of them")
    query = _MARKS.sub("", question, count=1) if _MARKS.match(question) else question
    quoted, dataset = _QUOTED.search(query), fields.get("dataset_name")
    extra = {"question_id": fields.get("question_id"), "dataset": dataset, "question": query, "response": answer}
    return RawRow(
        origin=origin,
        raw=raw,
        video_id=named.video_id,
        file=named.file,
        query=quoted["query"] if quoted else query,
        windows=[(float(start), float(end)) for start, end in windows],
        split=split,
        duration=duration(fields.get("duration")),
        source_id=named.source_id,
        source_start=named.source_start,
        source_corpus=_CORPORA.get(dataset, dataset) if isinstance(dataset, str) else "",
        extra=extra,
    )
