"""The conversations family: fine-tuning data, in which a question asks for a moment and the answer says it in words.

    {"messages": [{"role": "user", "content": "<video>When does the man wave?"},
                  {"role": "assistant", "content": "From 12.5 to 17.8 seconds."}], "videos": ["K7QZ2.mp4"]}
    {"video": "K7QZ2.mp4", "conversations": [{"from": "human", "value": "..."}, {"from": "gpt", "value": "..."}]}

The first is what ms-swift, LLaMA-Factory and Qwen write, the second ShareGPT and LLaVA; a question may also stand
beside its answer (`query` and `response`, `instruction` and `output`). Each question with its answer is a row. Its
windows are what the parser of answers reads, so an answer that the parser would not score is no label: it becomes a
drop. The query is the quotation that the question asks about, else the whole question, which then says
`query_from: question`.
"""

import re
from bisect import bisect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

import msgspec

from vtgdata.annotations import file_text, ids, items
from vtgdata.annotations.keys import ALIASES, Keys
from vtgdata.annotations.moment_jsonl import Facts
from vtgdata.annotations.sources import Source
from vtgdata.annotations.text import duration, mapping, sequence, shown, unreadable, words
from vtgdata.conversation.answer import parse
from vtgdata.records import RawRow, Records

FORM = '{"messages": [{"role": "user", "content": "<video>When ..?"}, {"role": "assistant", ...}], "videos": ["..."]}'

NAMES = {
    "turns": ("messages", "conversations", "conversation", "dialogue", "dialog", "QA", "history"),
    "question": ("query", "instruction", "question", "prompt", "problem"),
    "answer": ("response", "output", "answer", "completion"),
    "video": ("videos", *ALIASES["video"]),
    "id": ("id", "question_id", *ALIASES["id"]),
    "duration": ALIASES["duration"],
    "split": ALIASES["split"],
}
"""Our name of a field -> the keys that files use for it, the commonest first."""

_SPOKEN = re.compile(rb'"(?:messages|conversations)"\s*:\s*\[')
_LABELLED = re.compile(
    rb'"(?:relevant_windows|windows?|timestamps?|spans?|segments?|moments?|start(?:_time|_sec)?|solution)"\s*:'
)
_ASKED, _SAID = {"user", "human"}, {"assistant", "gpt", "model", "bot", "chatgpt"}
_BESIDE = (("human", "assistant"), ("user", "assistant"), ("q", "a"), ("question", "answer"), ("query", "response"))
"""Keys of a question and its answer in one object."""
_IN_TEXT = re.compile(r"<video>\s*([^<>\n]{1,400}?\.\w{2,4}|[^<>\s]{1,400}/[^<>\s]{1,400})\s*</video>", re.IGNORECASE)
_MARKS = re.compile(
    r"<video>[^<>\n]{1,400}</video>|</?(?:image|video|audio|grounded|videohere|imagehere)>"
    r"|<\|(?:vision_start|vision_end|video_pad|image_pad|im_start|im_end)\|>",
    re.IGNORECASE,
)
_OPENS = re.compile(r"(?<![^\s(:])[\"'\u201c](?=\S)")
_CLOSES = re.compile(r"(?<=\S)[\"'\u201d](?![^\s.,;:?!)])")
_SAME = {"\u201c": "\u201d"}
_CUE = re.compile(
    r"(?:quer(?:y|ies)|events?|sentences?|descriptions?|texts?|actions?|captions?|moments?|phrases?|activit(?:y|ies)"
    r"|segments?|clips?|parts?|statements?|described|matche?s?|matching|corresponding to|find|locate|when|where|does"
    r"|do|did|of|for)[\s:]*\Z",
    re.IGNORECASE,
)
_CUE_LENGTH = 40
"""Characters before a quotation in which a cue is looked for."""
_NO_LABEL = {"reversed", "zero_length", "out_of_range"}
"""Statuses of an answer that are reasons of a drop; the others mean that the answer says no time."""
_MOST_WORDS = 12
"""Most words that an answer with several windows has for each of them; more of them tell what happens in each."""


class Turn(NamedTuple):
    """One question with its answer."""

    place: str
    """Where it stands in its record, as in `/messages/1`; empty where the record holds one."""
    question: str
    answer: str


RECORDS = Records(rows="at least", why="each question of a conversation is a row")
"""What the records of a file of conversations are."""


def holds(path: Path) -> bool:
    """Whether a file begins with a conversation whose record has no windows beside it."""
    start = file_text.head(path)
    return _SPOKEN.search(start) is not None and _LABELLED.search(start) is None


def rows(source: Source, facts: Facts, form: str = FORM) -> Iterator[RawRow]:
    """One row for each question with its answer; raises VtgError when the file holds no record of this family."""
    return items.rows(source, lambda item, given: _record(item, given, facts), form)


def video_keys(path: Path, keys: Keys) -> Iterator[str]:
    """The video's key of each record of a file, as far as it has one."""
    for item in items.read(path):
        told = _Told()
        try:
            fields = item.fields()
            key = keys.of(fields)
            turns = _turns(fields, key, told)
            yield _video(fields.get(key.get("video", "")), turns, told)
        except ValueError:
            continue  # said when the record is read


def _record(item: items.Item, source: Source, facts: Facts) -> list[RawRow]:
    fields = item.fields()
    key = facts.keys.of(fields)
    told = _Told()
    turns = _turns(fields, key, told)
    named = facts.name(_video(fields.get(key.get("video", "")), turns, told))
    split = source.split or str(fields.get(key.get("split", ""), ""))
    published = fields.get(key.get("id", ""))
    made: list[RawRow] = []
    for turn in turns:
        row = _row(item, turn, named, split, facts)
        if row.problem is None:
            length = duration(fields.get(key.get("duration", "")))
            row = _with(row, published if len(turns) == 1 else None, length)
        made.append(row)
    return made


def _with(row: RawRow, published: Any, length: float | None) -> RawRow:
    """The row with what its record says of itself."""
    own = str(published) if isinstance(published, str | int) and published != "" else None
    return msgspec.structs.replace(row, published_id=own, duration=length)


class _Told:
    """The videos that the parts of a conversation name."""

    def __init__(self) -> None:
        self.videos: list[str] = []

    def text(self, content: Any) -> str:
        """The text of a turn: plain, or in parts, of which those that are videos are noted."""
        if isinstance(content, str):
            return content
        texts: list[str] = []
        for part in sequence(content, "the content"):
            fields = {"type": "text", "text": part} if isinstance(part, str) else mapping(part, "a part")
            if isinstance(fields.get("text"), str):
                texts.append(fields["text"])
            for name in ("video", "video_url"):
                if name in fields:
                    self.videos.append(_path(fields[name]))
        return " ".join(texts)


def _turns(fields: dict[str, Any], key: Mapping[str, str], told: _Told) -> list[Turn]:
    """The questions with their answers; raises ValueError when there are none, or one has no answer."""
    if "turns" in key and fields[key["turns"]]:
        name = key["turns"]
        found = list(_said(sequence(fields[name], name), name, told))
    elif "question" in key and "answer" in key:
        given = told.text(fields.get("input") or "")
        question = " ".join(filter(None, (told.text(fields[key["question"]]), given)))
        found = [Turn("", question, words(fields[key["answer"]], key["answer"]))]
    else:
        raise ValueError(f"no messages, conversations, or query with a response, only {', '.join(map(shown, fields))}")
    if not found:
        raise ValueError("the conversation has no question with an answer")
    return found


def _said(turns: list[Any], name: str, told: _Told) -> Iterator[Turn]:
    asked: str | None = None
    for number, turn in enumerate(turns):
        place = f"/{name}/{number}"
        if isinstance(turn, list):
            question, answer = (words(each, "a turn") for each in cast(list[Any], turn))
            yield Turn(place, question, answer)
            continue
        fields = mapping(turn, "the turn")
        beside = next((pair for pair in _BESIDE if all(key in fields for key in pair)), None)
        if beside is not None:
            yield Turn(place, told.text(fields[beside[0]]), words(fields[beside[1]], beside[1]))
            continue
        speaker = words(fields.get("role", fields.get("from")), "the speaker")
        content = told.text(fields.get("content", fields.get("value")))
        if speaker in _ASKED:
            asked = content if asked is None else f"{asked}\n{content}"
        elif speaker in _SAID and asked is not None:
            yield Turn(place, asked, content)
            asked = None
        elif speaker != "system":
            raise ValueError(f"a turn is from {shown(speaker)}, where a question or its answer is wanted")
    if asked is not None:
        raise ValueError(f"the question {shown(asked)} has no answer")


def _video(value: Any, turns: list[Turn], told: _Told) -> str:
    """The one video of a conversation: of its own key, of its parts, or inside its text."""
    found = [_path(each) for each in (cast(list[Any], value) if isinstance(value, list) else [value]) if each]
    found = found or told.videos or [path for turn in turns for path in _IN_TEXT.findall(turn.question)]
    different = list(dict.fromkeys(found))
    if len(different) != 1:
        which = f"{len(different)} videos ({', '.join(map(shown, different[:2]))})" if different else "no video"
        raise ValueError(f"the conversation has {which}; a row is about one")
    return different[0]


def _path(value: Any) -> str:
    if isinstance(value, dict):
        fields = mapping(cast(Any, value), "the video")
        value = next((fields[name] for name in ("path", "url", "video", "file") if name in fields), None)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, list):
        raise ValueError("the video is a list of pictures, without the name of its file")
    return words(value, "the video").removeprefix("file://")


_ASKS_WHEN = re.compile(
    r"\b(?:when|locat\w+|find|moments?|times?|timestamps?|segments?|period|interval)\b", re.IGNORECASE
)
"""In a question for a moment: only there is "it does not happen" an answer that there is none."""


def _row(item: items.Item, turn: Turn, named: ids.Named, split: str, facts: Facts) -> RawRow:
    origin, raw = item.origin + turn.place, {"question": turn.question, "answer": turn.answer}
    said = parse(turn.answer)
    none = said.says_none and said.parse_status == "no_answer" and _ASKS_WHEN.search(turn.question) is not None
    if said.parse_status != "ok" and not none:
        reason = said.parse_status if said.parse_status in _NO_LABEL else "no_time_in_answer"
        return unreadable(origin, raw, split, f"{said.parse_status}: {shown(turn.answer)}", reason, file=named.file)
    if len(said.windows) > 1 and len(turn.answer.split()) > _MOST_WORDS * len(said.windows):
        detail = f"{len(said.windows)} times, each with its own words: {shown(turn.answer)}"
        return unreadable(origin, raw, split, detail, "answer_describes_events", file=named.file)
    asked = " ".join(_MARKS.sub(" ", turn.question).split())
    query = quotation(asked)
    return RawRow(
        origin=origin,
        raw=raw,
        video_id=named.video_id,
        file=named.file,
        query=asked if query is None else query,
        windows=[(window.start, window.end) for window in said.windows],
        none_is_right=none,
        split=split,
        source_id=named.source_id,
        source_start=named.source_start,
        unit=facts.unit,
        fps=facts.fps,
        source_clock=facts.source_clock,
        extra={"question": asked, "response": turn.answer} | ({"query_from": "question"} if query is None else {}),
    )


def quotation(question: str) -> str | None:
    """The one quotation that a question asks about; None when it quotes nothing, several things, or what is said in it.

    >>> quotation("Locate the event 'the dog's bowl isn't full'. Answer in seconds.")
    "the dog's bowl isn't full"
    >>> quotation('When does the man say "stop it now"?') is None
    True
    """
    asked: list[str] = []
    opens = [(found.start(), found[0]) for found in _OPENS.finditer(question)]
    closes = [(found.start(), found[0]) for found in _CLOSES.finditer(question)]
    follows, next_at = dict[int, int](), dict[str, int]()
    for start, mark in reversed(opens):
        follows[start], next_at[mark] = next_at.get(mark, len(question)), start
    place = 0
    for start, mark in opens:
        if start < place:
            continue
        end = _last(closes, _SAME.get(mark, mark), start, follows[start])
        if end is None:
            continue
        before = question[max(0, start - _CUE_LENGTH) : start]
        if not before.strip() or _CUE.search(before):
            asked.append(question[start + 1 : end])
        place = end + 1
    return asked[0] if len(asked) == 1 else None


def _last(closes: list[tuple[int, str]], mark: str, start: int, follows: int) -> int | None:
    """Where the last closing mark of a kind stands between an opening one and the next."""
    for at, other in reversed(closes[bisect(closes, (start, "\uffff")) : bisect(closes, (follows, ""))]):
        if other == mark:
            return at
    return None


def keys(names: Mapping[str, str] | None) -> Keys:
    """The keys of this family, with the user's names in place."""
    return Keys(names or {}, NAMES)
