r"""The one parser: from any model's text to windows, an option letter and a status.

Grammar. The reasoning ends at the last `</think>`; nothing in it is an answer. Of what follows, the last answer block
counts (`<answer>`, `<time>`, `<glue>`); without one, all of it, read more strictly. Inside: JSON (a list of pairs, or
an object with start and end), else pairs `s to e`, `s - e`, `s and e`, `[s, e]`, `(s, e)`, times in seconds with or
without a unit, mm:ss or hh:mm:ss. Option letters: `\boxed{C}`, `<answer>C</answer>`, `(C)`. A date, a price, a frame
number or a refusal is no window. All patterns are linear in the length of the text.
"""

import math
import re
from typing import Any, cast

import msgspec

from vtgdata.records import Answer, Window
from vtgdata.timecode import TIME, parse_time

MAX_TEXT = 200_000
"""Characters of a text that are read; an answer lies at its end, so the end is what is kept."""

_BLOCK = re.compile(r"<(answer|time|glue)>((?:(?!<(?:answer|time|glue)>)[^\0])*?)</\1>", re.IGNORECASE)
_OPEN = re.compile(r"<(?:answer|time|glue)>", re.IGNORECASE)
_UNIT = r"(?:\s?(?:s|sec|secs|second|seconds)\b\.?)?"
_PAIR = re.compile(
    rf"(?<![\w.:$€£/-])({TIME})({_UNIT})\s{{0,3}}(?:to|and|until|-|–|—|,)\s{{0,3}}({TIME})({_UNIT})(?![\w:/-]|\.\d)",
    re.IGNORECASE,
)
_STARTS_ENDS = re.compile(
    rf"\bstart(?:s|ing)?\b(?:\s(?:time|at|is|of)|[:=\"'])?[\s:=\"']{{0,4}}(?:at\s)?({TIME}){_UNIT}[^\0]{{0,40}}?"
    rf"\bend(?:s|ing)?\b(?:\s(?:time|at|is|of)|[:=\"'])?[\s:=\"']{{0,4}}(?:at\s)?({TIME}){_UNIT}",
    re.IGNORECASE,
)
_BEFORE = re.compile(r"(?:\b(?:from|between|in|at|during|is)\s{0,2}|[\[(])\Z", re.IGNORECASE)
_NOT_TIME = re.compile(r"\b(?:frames?|pages?|chapters?|items?|steps?|no\.?)\s{0,2}\Z", re.IGNORECASE)
_REFUSAL = re.compile(
    r"\b(?:i(?:'m| am) (?:sorry|unable|not able)|i (?:cannot|can't|can not)|as an ai"
    r"|unable to (?:help|comply|assist))\b",
    re.IGNORECASE,
)
_BOXED = re.compile(r"\\boxed\{\s{0,3}\(?([A-Z])\)?\s{0,3}\}")
_LETTER = re.compile(r"\s*\(?([A-Z])\)?[.)]?\s*\Z")
_PARENTHESISED = re.compile(r"\(([A-Z])\)")
_START_KEYS = ("start_time", "start", "begin", "from")
_END_KEYS = ("end_time", "end", "stop", "to")
_LIST_KEYS = ("time", "times", "timestamp", "timestamps", "relevant_windows", "windows", "window", "span", "spans")


class Form(msgspec.Struct, frozen=True):
    """The form a prompt asks for: a template with `{start}` and `{end}`, and whether reasoning comes first."""

    template: str = "<answer>{start} to {end}</answer>"
    reasoning: bool = True

    def matches(self, text: str) -> bool:
        """Whether the whole text is in this form: `<think>..</think>` not empty, then one answer and nothing else."""
        before, separator, after = text.strip().rpartition("</think>")
        if self.reasoning:
            if not separator or not before.startswith("<think>") or before.count("<think>") != 1:
                return False
            if not before.removeprefix("<think>").strip() or "</think>" in before:
                return False
        elif separator:
            return False
        pattern = re.escape(self.template).replace(r"\{start\}", f"(?:{TIME})").replace(r"\{end\}", f"(?:{TIME})")
        pattern = pattern.replace(r"\{option\}", "[A-Z]")
        return re.fullmatch(pattern, after.strip()) is not None


def parse(
    text: str | None,
    *,
    duration: float | None = None,
    form: Form | None = None,
    finish_reason: str = "stop",
    reasoning: str | None = None,
) -> Answer:
    """Read a model's text.

    Args:
        text: what the model said; None when it said nothing.
        duration: of the video in seconds; a window that starts there or later is out of range.
        form: what the prompt asked for, for the strict reading.
        finish_reason: the server's word; `length` means cut off.
        reasoning: reasoning that came apart from the text.

    Returns an Answer; `windows` is empty unless `parse_status` is ok.
    """
    whole = (text or "")[-MAX_TEXT:]
    before, separator, body = whole.rpartition("</think>")
    thought = (reasoning or "") + before.replace("<think>", "").strip()
    if not separator and "<think>" in whole:
        # Reasoning that never ended: what stands in it is a draft.
        thought, body = whole.split("<think>", 1)[1], ""
    shown = whole if reasoning is None else f"<think>{reasoning}</think>{whole}"
    windows, option, status = _read(body, duration, finish_reason, whole)
    return Answer(
        windows=windows if status == "ok" else (),
        option=option,
        parse_status=status,
        strict_ok=status == "ok" and (form or Form()).matches(shown),
        reasoning=thought,
        has_reasoning=bool(thought.strip()),
    )


def _read(
    body: str, duration: float | None, finish_reason: str, whole: str
) -> tuple[tuple[Window, ...], str | None, str]:
    blocks = list(_BLOCK.finditer(body))
    last_open = max((match.end() for match in _OPEN.finditer(body)), default=-1)
    cut_off = finish_reason == "length"
    if blocks and last_open <= blocks[-1].start(2):
        content, tagged = blocks[-1][2], True
    elif last_open >= 0:
        if cut_off:
            return (), None, "truncated"
        content, tagged = body[last_open:], True
    else:
        content, tagged = body, False
    option = _option(body, content, tagged)
    pairs = _pairs(content, tagged)
    if not pairs:
        if option is not None:
            return (), option, "no_answer"
        if _REFUSAL.search(body):
            return (), None, "refused"
        if cut_off:
            return (), None, "truncated"
        return (), None, "no_answer" if not content.strip() or not whole.strip() else "unparsable"
    windows: list[Window] = []
    for start, end in pairs:
        if start > end:
            return (), option, "reversed"
        if start == end:
            return (), option, "zero_length"
        if duration is not None and start >= duration:
            return (), option, "out_of_range"
        windows.append(Window(start, end))
    return tuple(windows), option, "ok"


def _option(body: str, content: str, tagged: bool) -> str | None:
    boxed = _BOXED.findall(body)
    if boxed:
        return boxed[-1]
    letter = _LETTER.match(content)
    if letter and (tagged or len(content.strip()) <= 4):
        return letter[1]
    named = _PARENTHESISED.findall(body)
    return named[-1] if named else None


def _pairs(content: str, tagged: bool) -> list[tuple[float, float]]:
    structured = _structured(content)
    if structured is not None:
        return structured
    found: list[tuple[float, float]] = []
    for match in _PAIR.finditer(content):
        said_before = content[max(0, match.start() - 12) : match.start()]
        if _NOT_TIME.search(said_before):
            continue
        clear = tagged or match[2] or match[4] or ":" in match[1] or ":" in match[3] or _BEFORE.search(said_before)
        pair = _times(match[1], match[3])
        if clear and pair:
            found.append(pair)
    if not found:
        found = [pair for match in _STARTS_ENDS.finditer(content) if (pair := _times(match[1], match[2]))]
    return found


def _times(start: str, end: str) -> tuple[float, float] | None:
    try:
        times = parse_time(start), parse_time(end)
    except ValueError:
        return None
    # Some hundred digits in a row are infinite as a float, and no time.
    return times if math.isfinite(times[0]) and math.isfinite(times[1]) else None


def _structured(content: str) -> list[tuple[float, float]] | None:
    """The pairs of a JSON answer, or None when the content is none."""
    text = content.strip().removeprefix("```json").removeprefix("```").removesuffix("```").strip()
    if not text.startswith(("{", "[")) or len(text) > 20_000:
        return None
    try:
        return _json_pairs(msgspec.json.decode(text))
    except (msgspec.DecodeError, RecursionError):
        return None


def _json_pairs(value: Any) -> list[tuple[float, float]] | None:
    if isinstance(value, dict):
        value = cast(dict[str, Any], value)
        start = next((value[key] for key in _START_KEYS if key in value), None)
        end = next((value[key] for key in _END_KEYS if key in value), None)
        if start is not None and end is not None:
            return _json_pairs([start, end])
        inner = next((value[key] for key in _LIST_KEYS if key in value), None)
        return None if inner is None else _json_pairs(inner)
    if not isinstance(value, list):
        return None
    value = cast(list[Any], value)
    if len(value) == 2 and not any(isinstance(item, list | dict) for item in value):
        pair = _times(str(value[0]).rstrip("s "), str(value[1]).rstrip("s "))
        return [pair] if pair else None
    nested = [_json_pairs(item) for item in value]
    if not nested or any(item is None for item in nested):
        return None
    return [pair for item in nested if item for pair in item]
