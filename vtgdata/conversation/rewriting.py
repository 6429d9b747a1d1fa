"""An answer written in the form that its prompt asked for, with its own reasoning: what a trace is learnt as.

A right answer in another spelling (`5.0s - 10.0s.`, a blank too many, a sentence around the tag) is worth its price: it
is rewritten, and marked. So is an answer with reasoning under a prompt that asks for none. What cannot be rewritten is
a reasoning that is not there.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from vtgdata.conversation.answer import parse
from vtgdata.conversation.answer_text import split_reasoning
from vtgdata.conversation.prompt import Prompt, shown_option
from vtgdata.conversation.reasoning import drafts, without_drafts
from vtgdata.files.schemas import Row
from vtgdata.records import Sample, Window
from vtgdata.records.times import format_time
from vtgdata.records.windows import from_pairs

REWRITTEN = "rewritten"
"""Mark: the answer was written in the asked form."""
NO_REASONING = "reasoning_removed"
"""Mark: the reasoning was left out, since the prompt asks for none."""
ANNOTATION = "annotation"
"""Mark: the windows or the option are the annotation's."""
_SCALES = {"seconds": 1.0, "percent": 100.0, "fraction": 1.0, "thousandths": 1000.0}
_MARKS = re.compile(r"</?think(?:ing)?>", re.IGNORECASE)


class Written(NamedTuple):
    """A text to learn, and what was done to the teacher's own."""

    text: str
    marks: tuple[str, ...] = ()


def as_asked(row: Row, sample: Sample, prompt: Prompt) -> Written | None:
    """The teacher's own answer in the asked form; None where it cannot be written so.

    An answer that has the form already, and no draft of an answer in its reasoning, stays as it is, to the byte.
    """
    text = str(row["text"] or "")
    thought = str(row["reasoning"] or "")
    if row["strict_ok"] and not drafts(thought):
        return Written(text)
    if drafts_differ(row, sample):
        return None
    windows = from_pairs(row["windows"]) if row["parse_status"] == "ok" else ()
    none = not windows and row["parse_status"] == "no_answer" and prompt.form.says_none(text)
    if not (windows or none or (row["option"] and not prompt.form.wants_window)):
        return None
    answer = prompt.form.absent if none else written(prompt, sample, windows, row["option"])
    return _with_reasoning(row, sample, prompt, answer)


def with_annotation(row: Row, sample: Sample, prompt: Prompt) -> Written | None:
    """The teacher's reasoning, then the annotation: the true window that the teacher met, or all where all are asked.

    Also the right option. None where it cannot be written so: there is no window, or no reasoning where one is asked.
    """
    if not sample.windows and prompt.form.wants_window:
        return None
    answer = written(prompt, sample, met(row, sample, prompt), sample.answer)
    found = _with_reasoning(row, sample, prompt, answer)
    return found and Written(found.text, (ANNOTATION, *(mark for mark in found.marks if mark != REWRITTEN)))


def met(row: Row, sample: Sample, prompt: Prompt) -> tuple[Window, ...]:
    """The true windows to write: all where the prompt asks for all, else the one that the answer overlaps most."""
    if prompt.form.wants_several or len(sample.windows) < 2:
        return sample.windows
    said = from_pairs(row["windows"])

    def iou(true: Window) -> float:
        shared = [max(0.0, min(true.end, w.end) - max(true.start, w.start)) for w in said]
        pairs = zip(said, shared, strict=True)
        return max((both / (true.duration + w.duration - both) for w, both in pairs), default=0.0)

    return (max(sample.windows, key=iou),)


def written(prompt: Prompt, sample: Sample, windows: Sequence[Window], option: str | None) -> str:
    """An answer in the prompt's form and notation, with its times to the prompt's digits."""
    form, scale = prompt.form, 1.0
    if form.answers_in != "seconds" and sample.video.duration:
        scale = _SCALES[form.answers_in] / sample.video.duration
    times = [tuple(_time(bound * scale, prompt, form.answers_in) for bound in (w.start, w.end)) for w in windows]
    return form.write([(start, end) for start, end in times], shown_option(prompt, sample, option) or "")


def _time(value: float, prompt: Prompt, notation: str) -> str:
    return format_time(value, prompt.time, "") if notation in ("seconds", "percent") else f"{value:.3f}"


def drafts_differ(row: Row, sample: Sample) -> bool:
    """Whether an answer tag inside the reasoning holds another window or option than the answer."""
    own = [tuple(window) for window in row["windows"] or ()]
    for draft in drafts(str(row["reasoning"] or "")):
        read = parse(f"<answer>{draft}</answer>", duration=sample.video.duration)
        windows = [(window.start, window.end) for window in read.windows]
        if (windows and windows != own) or (read.option and not windows and read.option != row["option"]):
            return True
    return False


def _with_reasoning(row: Row, sample: Sample, prompt: Prompt, answer: str) -> Written | None:
    """The answer after the row's reasoning; None if that is asked for and is not there, or if the form is missed."""
    thought = str(row["reasoning"] or "").strip()
    marks = [REWRITTEN]
    if prompt.form.reasoning:
        plain = _MARKS.sub("", without_drafts(thought)).strip()
        if not plain:
            return None
        answer = f"<think>{plain}</think>{answer}"
    elif thought:
        own = split_reasoning(str(row["text"] or ""))[1].strip()
        marks = [NO_REASONING] if own == answer else [REWRITTEN, NO_REASONING]
    return Written(answer, tuple(marks)) if prompt.form.matches(answer) and _kept(row, sample, prompt, answer) else None


def _kept(row: Row, sample: Sample, prompt: Prompt, answer: str) -> bool:
    """Whether the answer reads back: rounding must not have made a window of no length."""
    read = parse(answer, duration=sample.video.duration, form=prompt.form)
    return read.strict_ok
