"""TimeIT: 125 thousand instructions on twelve corpora, answered in sentences with times (Ren et al., CVPR 2024).

Raw item:  {"video": "Charades/videos/K7QZ2.mp4", "QA": [{"q": "Find the segment of the query 'a man folds the towel'.",
            "a": "The given query happens in 3.4 - 11.0 seconds."}]}
           or, for steps, events and speech, a list: "a": "0.0 - 36.0 seconds, dry wood.  36.0 - 60.0 seconds, ..."
Times:     seconds, from the start of the cut if the file's name contains a cut. There is no duration.
Query:     in quotes inside the question, or after the times in the answer. Two blanks separate the items of an answer;
           times count only at the start of an item, since recipes may contain `10 - 15 seconds` too, and text without
           times after two blanks belongs to the item before. Files `..._15asr.json` put speech before the question.
Starts:    ViTT's answers have starts only, `2.7 seconds, Greeting.  8.5 seconds, ...`: an event ends where the next one
           starts (`extra.derived_end`), and the last one is a drop, since its end is not published.
Digits:    files made for models with time tokens (VTG-IT) write each digit as a word, `<TIME_ONE><TIME_DOT><TIME_TWO>`.
Scores:    highlight and summary tasks list single seconds with scores instead of windows: each such answer is a drop.
Evaluation: {"annotations": [{"image_id": "K7QZ2.mp4", "caption": "...", "timestamp": [3.4, 11.0], "id": 0}]}; events
           have `segments` and a caption with two time tokens before each sentence. Such a file does not tell which
           corpus its rows come from, so their licence is unknown.
Oddities:  it contains faults of its sources: 4 reversed Charades windows, 11 steps without length.
"""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from vtgdata.annotations import events, ids, instructions, items, sources, text
from vtgdata.annotations.file_text import head
from vtgdata.annotations.json_text import read_json
from vtgdata.annotations.text import (
    bounds,
    duration,
    mapping,
    sequence,
    shown,
    some_readable,
    unreadable,
    words,
)
from vtgdata.records import Bound, Corpus, Example, RawRow, Records, Split

CORPUS = Corpus(
    name="timeit",
    title="TimeIT",
    summary="Grounding, steps, events, speech, highlights and summaries of twelve corpora as instructions.",
    splits=(
        Split(name="tvg_charades", files=("instruct_tvg_*_charades*.json",), rows=12_408, videos=5_338),
        Split(name="tvg_hirest", files=("instruct_tvg_*_hirest*.json",), rows=459, videos=459),
        Split(name="tvg_didemo", files=("instruct_tvg_*_didemo*.json",)),
        Split(name="tvg_queryd", files=("instruct_tvg_*_queryd*.json",)),
        Split(name="action_hirest", files=("instruct_action_*_hirest*.json",), rows=3_539, videos=459),
        Split(name="action_coin", files=("instruct_action_*_coin*.json",)),
        Split(name="dvc_youcook2", files=("instruct_dvc_*_youcook2*.json",), rows=9_219, videos=1_192),
        Split(name="dvc_activitynet", files=("instruct_dvc_*_anet*.json",)),
        Split(name="dvc_vitt", files=("instruct_dvc_*_vitt*.json",)),
        Split(name="tsg_yttemporal", files=("instruct_tsg_*_yttemporal*.json",)),
        Split(name="vhd_qvhighlights", files=("instruct_vhd_*_qvhighlights*.json",)),
        Split(name="vhd_tvsum", files=("instruct_vhd_*_tvsum*.json",)),
        Split(name="vhd_summe", files=("instruct_vhd_*_summe*.json",)),
        Split(name="mixed", files=("instruct_time-sensitive_*.json",)),
        Split(name="coco_train", files=("train.caption_coco_format.json",)),
        Split(name="coco_val", files=("val.caption_coco_format.json",), benchmark=True),
        Split(name="coco_test", files=("test.caption_coco_format.json",), benchmark=True),
    ),
    license="CC-BY-4.0",
    license_link="https://huggingface.co/datasets/ShuhuaiRen/TimeIT",
    license_confidence="B",
    homepage="https://huggingface.co/datasets/ShuhuaiRen/TimeIT",
    citation="Ren, Yao, Li, Sun, Hou: TimeChat: A Time-sensitive Multimodal Large Language Model for Long Video "
    "Understanding. CVPR 2024.",
    grid=None,
    clock="seconds from the start of the file, which may be a clip of a longer video",
    usage="instruct_tvg_12.4k_charades.json instruct_dvc_1.2k_youcook2.json",
    download="instruct_<task>_<size>_<source>.json under data/ of the homepage; prefer the original corpus where you "
    "have it",
    overlaps=(
        "tvg_charades: Charades-STA train, all 12,408 rows",
        "tvg_hirest and action_hirest: HiREST train, all 459 videos, which the two share",
        "dvc_youcook2: 1,192 of the 1,333 training videos of YouCook2",
    ),
    records=(
        Records(shape="object", at="annotations/*/segments/*"),
        Records(shape="list", at=r"*/QA/*/a ~ (?:^|  ) ?[\d<][^ ,]*(?: ?- ?[\d<][^ ,]*)? seconds?,"),
    ),
    youtube=True,
)

EXAMPLE = Example(
    files={
        "instruct_tvg_0.1k_charades.json": """[
  {"video": "Charades/videos/K7QZ2.mp4", "QA": [
    {"q": "Find the segment of the query 'the man's hat  falls' in the video.",
     "a": "The given query happens in 3.4 - 11.0 seconds."},
    {"q": "Transcribed speech: 1.0 - 2.5 seconds, 'oh no'. Based on possible transcribed speech, When does 'it rain'?",
     "a": "The given query happens in 12.0 - 15.0 seconds."},
    {"q": "When does the man laugh?", "a": "The given query happens in 9.0 - 4.0 seconds."},
    {"q": "Find 'a dog'.", "a": "No such moment."}]}
]""",
        "instruct_action_0.1k_hirest.json": """[
  {"video": "HiREST/clips/aB3_dE-6hIj_41_198.mp4", "QA": [{"q": "List the steps with their times.",
   "a": "0.0 - 36.0 seconds, dry wood .  36.0 - 60.0 seconds, boil  10 - 15 minutes.  60.0 - 60.0 seconds, cut."}]},
  {"video": "SumMe/videos/Cut Grass.mp4", "QA": [{"q": "Find the highlights.",
   "a": "The highlight timestamps are in the 3.5, 5.0, 6.5 seconds. Their saliency scores are 2.3, 4.2, 4.2."}]}
]""",
        "val.caption_coco_format.json": """{"annotations": [
  {"image_id": "K7QZ2.mp4", "caption": "a man waves", "timestamp": [3.4, 11.0], "id": 0},
  {"image_id": "aB3_dE-6hIj.mp4", "id": 1, "duration": 207.0, "segments": [[47, 60], [67, 300]],
   "caption": "<time_token_22> <time_token_28> pick herbs <time_token_32> <time_token_42> mix oil  and salt"},
  {"image_id": "M2XP0.mp4", "caption": "a man sits", "timestamp": "3-11", "id": 2}
]}""",
    },
    samples=[
        ("K7QZ2", "the man's hat falls", [[3.4, 11.0]]),
        ("K7QZ2", "it rain", [[12.0, 15.0]]),
        ("aB3_dE-6hIj_41_198", "dry wood.", [[0.0, 36.0]]),
        ("aB3_dE-6hIj_41_198", "boil 10 - 15 minutes.", [[36.0, 60.0]]),
        ("K7QZ2", "a man waves", [[3.4, 11.0]]),
        ("aB3_dE-6hIj", "pick herbs", [[47.0, 60.0]]),
        ("aB3_dE-6hIj", "mix oil and salt", [[67.0, 207.0]]),
    ],
    drops=["reversed", "unreadable_row", "zero_length", "highlights_not_windows", "unreadable_row"],
)

_CORPORA = {
    "charades": "charades_sta", "activitynet": "activitynet_captions", "anet": "activitynet_captions",
    "youcook2": "youcook2", "hirest": "hirest", "coin": "coin", "didemo": "didemo", "queryd": "queryd",
    "qvhighlights": "qvhighlights", "vitt": "vitt", "summe": "summe", "tvsum": "tvsum", "yttemporal": "yt_temporal",
}  # fmt: skip
_FORM = '{"video": "...", "QA": [{"q": "...", "a": "The given query happens in 3.4 - 11.0 seconds."}]}'
_COCO_FORM = '{"annotations": [{"image_id": "K7QZ2.mp4", "caption": "...", "timestamp": [3.4, 11.0]}]}'
_TIME = r"(\d{1,9}(?:\.\d{1,15})?)"
_TIMES = rf"{_TIME}\s?-\s?{_TIME}\sseconds?"
_MOMENT = re.compile(rf"\s*The given query happens in {_TIMES}\.?\s*\Z", re.ASCII)
_ITEM = re.compile(rf"(?:\A\s?|\s\s){_TIMES},\s?", re.ASCII)
_START = re.compile(rf"(?:\A\s?|\s\s){_TIME}\sseconds?,\s?", re.ASCII)
_DIGITS = re.compile(r"<TIME_(ZERO|ONE|TWO|THREE|FOUR|FIVE|SIX|SEVEN|EIGHT|NINE|DOT)>")
_NAMED = ("ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE")
_SIGNS = {name: str(digit) for digit, name in enumerate(_NAMED)} | {"DOT": "."}
_HIGHLIGHTS = re.compile(r"\s*The highlight timestamps? (?:are|is) in the\b")
_SPEECH = re.compile(r"\A\s*Transcribed speech:.*transcribed speech,", re.DOTALL)
_TOKENS = re.compile(r"<time_token_\d{1,4}>\s*<time_token_\d{1,4}>", re.ASCII)


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """One row for each window of an answer, or for each event of an evaluation file."""
    for source in sources.find(paths, CORPUS, split):
        annotations = _annotations(source.path)
        if annotations is None:
            yield from items.rows(source, _record, _FORM)
        else:
            read = partial(_annotated, source.split)
            rows = events.each(f"{source.path.name}#annotations/", annotations, source.split, read)
            yield from some_readable(source.path, rows, _COCO_FORM)


def _record(record: items.Item, source: sources.Source) -> list[RawRow]:
    item = record.fields()
    video = words(item.get("video"), "video")
    found: list[RawRow] = []
    for i, turn in enumerate(sequence(item.get("QA"), "QA")):
        origin = f"{record.origin}/QA/{i}"
        try:
            found += _turn(origin, turn, video, source.split)
        except ValueError as error:
            found.append(unreadable(origin, {"video": video, "QA": turn}, source.split, str(error)))
    return found


def _turn(origin: str, turn: Any, video: str, split: str) -> list[RawRow]:
    """The rows of one question and its answer."""
    question = words(mapping(turn, "a question with its answer").get("q"), "q")
    answer = _DIGITS.sub(lambda found: _SIGNS[found[1]], words(turn.get("a"), "a"))
    raw = {"video": video, "QA": turn}
    if _HIGHLIGHTS.match(answer):
        detail = "single seconds with scores, not windows"
        return [unreadable(origin, raw, split, detail, reason="highlights_not_windows")]
    if (moment := _MOMENT.match(answer)) is not None:
        asked = _SPEECH.sub("", question)
        query = instructions.quoted(asked)
        extra = {"query_from": "question"} if query is None else {}
        window = float(moment[1]), float(moment[2])
        return [_row(origin, raw, video, split, asked if query is None else query, window, extra)]
    if _START.match(answer) is not None:
        return _from_starts(origin, raw, video, split, answer)
    return [
        _row(f"{origin}/{i}", raw, video, split, query, window, {}) for i, (window, query) in enumerate(_list(answer))
    ]


def _from_starts(origin: str, raw: Any, video: str, split: str, answer: str) -> list[RawRow]:
    """The rows of an answer that has starts only, as ViTT's: an event ends where the next one starts.

    The end of the last one is not published, so that it is a drop with its own reason.
    """
    found = _parts(_START, answer)
    starts = sorted({float(start[1]) for start, _ in found})
    rows: list[RawRow] = []
    for i, (start, query) in enumerate(found):
        begin, place = float(start[1]), f"{origin}/{i}"
        end = next((later for later in starts if later > begin), None)
        if end is None:
            detail = f"the last event starts at {begin:g} s; where it ends is not published"
            rows.append(unreadable(place, raw, split, detail, "no_end", file=ids.named(video).file))
        else:
            rows.append(_row(place, raw, video, split, query, (begin, end), {"derived_end": "next_start"}))
    return rows


def _parts(pattern: re.Pattern[str], answer: str) -> list[tuple[re.Match[str], str]]:
    """Each place in an answer at which an item starts, and the text up to the next one."""
    starts = list(pattern.finditer(answer))
    ends = [*(start.start() for start in starts[1:]), len(answer)]
    return [(start, answer[start.end() : end]) for start, end in zip(starts, ends, strict=True)]


def _list(answer: str) -> list[tuple[tuple[float, float], str]]:
    """The items of an answer: for each the times at its start, and the text up to the next item."""
    found = _parts(_ITEM, answer)
    if not found or found[0][0].start() > 0:
        raise ValueError(f"the answer {shown(answer)} does not begin with times")
    return [((float(times[1]), float(times[2])), query) for times, query in found]


def _row(
    origin: str, raw: Any, video: str, split: str, query: str, window: tuple[Bound, Bound], extra: dict[str, Any]
) -> RawRow:
    named = ids.named(video, youtube=CORPUS.youtube)
    return RawRow(
        origin=origin,
        raw=raw,
        video_id=named.video_id,
        file=named.file,
        query=query,
        windows=[window],
        split=split,
        source_id=named.source_id,
        source_start=named.source_start,
        source_corpus=_source_corpus(video),
        extra=extra,
    )


def _source_corpus(video: str) -> str:
    """The corpus that the first folder of a video's path is named after.

    >>> _source_corpus("YouCook2_asr_denseCap/youcook2_6fps_224/aB3_dE-6hIj.mp4"), _source_corpus("K7QZ2.mp4")
    ('youcook2', '')
    """
    folder, slash, _ = video.replace("\\", "/").lower().removeprefix("./").partition("/")
    name = folder.split("_", 1)[0].replace("-", "")
    return _CORPORA.get(name, name) if slash else ""


def _annotations(path: Path) -> list[Any] | None:
    """The annotations of an evaluation file; None if the file is not one, but a list of instructions."""
    if not head(path).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{") or items.shape(path) != "json":
        return None
    document: Any = read_json(path)
    try:
        return sequence(mapping(document, "the document").get("annotations"), "annotations")
    except ValueError:
        return None


def _annotated(split: str, origin: str, number: int, annotation: Any) -> Iterator[RawRow]:
    fields = mapping(annotation, "the annotation")
    named = ids.named(words(fields.get("image_id"), "image_id"), youtube=CORPUS.youtube)
    caption = words(fields.get("caption"), "caption")
    extra = {"id": fields["id"]} if "id" in fields else {}
    for place, query, windows in _events(caption, fields):
        yield RawRow(
            origin=origin + place,
            raw=annotation,
            video_id=named.video_id,
            file=named.file,
            query=query,
            windows=windows,
            split=split,
            # The rows come from one of twelve corpora, but the file does not say which.
            license="LicenseRef-unstated",
            duration=duration(fields.get("duration")),
            source_id=named.source_id,
            source_start=named.source_start,
            extra=extra,
        )


def _events(caption: str, fields: dict[str, Any]) -> list[tuple[str, str, list[tuple[Bound, Bound]]]]:
    """(key path, query, windows) of each event of an annotation: a single moment, or all events of a video."""
    if "timestamp" in fields:
        return [("", caption, text.windows(fields["timestamp"]))]
    segments = sequence(fields.get("segments"), "segments")
    sentences = _TOKENS.split(caption)[1:]
    if len(segments) != len(sentences):
        raise ValueError(f"{len(segments)} segments, and {len(sentences)} sentences behind time tokens")
    return [
        (f"/segments/{i}", sentence, [bounds(segment)])
        for i, (segment, sentence) in enumerate(zip(segments, sentences, strict=True))
    ]
