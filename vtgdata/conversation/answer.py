r"""The one parser: from any model's text to windows, an option letter and a status.

Where the answer is looked for:
1. The reasoning ends at the last `</think>`; nothing in it is an answer.
2. In the rest, the last complete answer tag (`<answer>`, `<time>`, `<glue>`) takes precedence over text outside tags;
   where several windows are wanted, all such tags since the last correction. Outside of tags a LaTeX box does the same.
   A tag that holds only an option gives the letter; the window is then looked for in the other tag, or in the text.
3. Within the tag, or in the whole text if there is no tag: JSON (`answer_json`), else words (`answer_times`).

    answer = objects | chains | bounds
    object = "{" ... a start and an end, or a key that holds windows ... "}"    JSON, with single quotes too
    chain  = time sep time { also time sep time }                               `5 to 10 and 20 to 25 s`, `(5, 10)`
    bounds = start-word time ... end-word time, in either order                 `starts at 5 s and ends at 10 s`
    time   = [sign] (seconds | m:ss | h:mm:ss | hours, minutes and seconds with their units) [unit]
    sep    = "to" | "-" | "until" | "->" | "~" | ... | "and" | ","
    also   = "," | "and"                                                        between two windows of a chain

Outside of a tag something must also show that a chain is a time: a unit or a clock time, a word before it (`from`,
`between`, `in`, `Time:`), brackets around it, or that it stands alone in its line. A chain is never a window when the
words around it make it something else: frames, dates, prices, scores, counts, lengths. Numbers are never corrected: a
reversed pair stays reversed.

The status is the first of these that holds:
- `refused`: the model declines.
- `truncated`: the text was cut off (`finish_reason` is `length`) before an answer was complete.
- `no_answer`: the answer is empty (or null, N/A), gives only an option, or says that there is no such event. Only the
  last is an answer: `Answer.says_none` (`answer_absence`) holds where a text without a window says so.
- `unparsable`: words without a window, or a share of a video of which the duration is not known.
- `reversed` (start > end), `zero_length` (start == end), `out_of_range` (a negative time, or a start at or after the
  video's end; a window that only ends after the video does is kept as it was given).
- `several_where_one`: different windows although the prompt wants one. `windows` has them all; the answer scores 0.
- `ok`.

Besides this lenient reading, the strict one, `strict_ok`, says whether the whole text has exactly the form that the
prompt asked for. Parsing takes time linear in the length of the text.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from vtgdata.conversation import answer_json
from vtgdata.conversation import answer_phrases as phrases
from vtgdata.conversation.answer_absence import MAY_SAY_SO, Said, absent, said_in
from vtgdata.conversation.answer_clean import clean
from vtgdata.conversation.answer_form import Form, Notation
from vtgdata.conversation.answer_sentences import windows_in
from vtgdata.conversation.answer_spellings import unit_said
from vtgdata.conversation.answer_statements import replaces
from vtgdata.conversation.answer_text import Block, ends, parts, split_reasoning, without_blocks
from vtgdata.conversation.answer_times import Pair, Units
from vtgdata.records import Answer, Window

_SCALES: dict[Notation, float] = {"seconds": 1.0, "percent": 0.01, "fraction": 1.0, "thousandths": 0.001}
MAX_TEXT = 200_000
"""Most characters of a text that are read, counted from its end."""
MAX_BODY = 12_000
"""Most characters read of the text after the reasoning, half from each end."""

MOST_BOXES = 20
"""Most boxes that are read, counted from the end of the text."""


class _Reading(NamedTuple):
    """What was found in a text, before the pairs are checked."""

    pairs: Sequence[Pair]
    option: str | None
    status: str
    """The status of the answer if there are no pairs."""
    said: Said = Said("", False)
    """What was read, without its tag."""


def parse(
    text: str | None,
    *,
    duration: float | None = None,
    form: Form | None = None,
    finish_reason: str = "stop",
    reasoning: str | None = None,
    answers_in: Notation | None = None,
) -> Answer:
    """Parse a model's text.

    Args:
        text: what the model said; None when it said nothing.
        duration: of the video in seconds; a window that starts there or later is out of range.
        form: the form that the prompt asked for: it decides the strict reading, and whether several windows are
            allowed. Without it any number of windows is allowed, and the strict reading is that of `Form()`.
        finish_reason: as the server reports it; `length` means that the text was cut off.
        reasoning: reasoning that the server returned apart from the text.
        answers_in: what a number without a unit is: seconds, or a share of the duration; by default what the form says.

    Returns an Answer; its `windows` are scored only if `parse_status` is ok (`Answer.counted`).

    >>> parse("<think>It opens.</think><answer>1:05 to 1:20</answer>", duration=100.0).windows
    (Window(start=65.0, end=80.0),)
    """
    whole = (text or "")[-MAX_TEXT:].replace("<\\/", "</")
    thought, body = split_reasoning(whole)
    thought = (reasoning or "") + thought
    notation = answers_in or (form or Form()).answers_in
    body = clean(without_blocks(ends(body, MAX_BODY)))
    units = Units(_SCALES[notation] * (unit_said(body) if notation == "seconds" else duration or math.nan), duration)
    several = form is not None and form.wants_several
    read = _read(body, units, several=several, one=form is not None and not several, cut=finish_reason == "length")
    pairs = read.pairs if several or form is None else _without_others(read.pairs, duration)
    windows, status = checked(pairs, duration) if pairs else ((), read.status)
    if len(windows) > 1 and form is not None and not several:
        status = "several_where_one"
    asked, none = form or Form(), not windows and status in MAY_SAY_SO and absent(read.said, status)
    answered = (
        status == "ok"
        or (none and bool(asked.absent))
        or (read.option is not None and not asked.wants_window and not read.pairs)
    )
    shown = f"<think>{reasoning}</think>{whole}" if reasoning else whole
    answered = answered or (status == "no_answer" and not read.option and asked.says_none(shown))
    return Answer(
        windows=windows,
        option=read.option,
        parse_status=status,
        strict_ok=answered and asked.matches(shown),
        reasoning=thought,
        has_reasoning=bool(thought.strip()),
        says_none=none,
    )


def _without_others(pairs: Sequence[Pair], duration: float | None) -> Sequence[Pair]:
    """Of several pairs where one is wanted, those that can be a moment of the video: not all of it, and not past it."""
    if duration is None or len(set(pairs)) < 2:
        return pairs
    inside = [pair for pair in pairs if pair[0] < duration] or pairs
    return [pair for pair in inside if pair[0] > 0 or pair[1] < duration] or inside


def checked(pairs: Sequence[Pair], duration: float | None) -> tuple[tuple[Window, ...], str]:
    """The distinct windows of pairs of seconds and `ok`; or no windows and what is wrong with the first wrong pair.

    Args:
        pairs: (start, end) in seconds.
        duration: of the video in seconds; a window that starts there or later is out of range.
    """
    windows: dict[Window, None] = {}
    for start, end in pairs:
        if not (math.isfinite(start) and math.isfinite(end)):
            return (), "unparsable"  # a share of a video whose length is not known, say
        if start > end:
            return (), "reversed"
        if start == end:
            return (), "zero_length"
        if start < 0 or (duration is not None and start >= duration):
            return (), "out_of_range"
        windows[Window(start, end)] = None
    return tuple(windows), "ok"


def _read(text: str, units: Units, *, several: bool, one: bool, cut: bool) -> _Reading:
    """Read a cleaned text without its reasoning: the tags with more than an option, else the text outside tags.

    Of several tags the last one counts; where several windows are wanted, all since the last correction.
    """
    found = parts(text, cut=cut)
    letters = [letter for block in found.blocks if (letter := phrases.only_option(block.content))]
    holding = [block for block in found.blocks if block.inner and not phrases.only_option(block.content)]
    around = "\n".join([found.outside, *(block.content for block in found.blocks if not block.inner)])
    counted = holding[_first(holding) if several else -1 :]
    reads = [_content(block.content, units, tagged=True, one=one, cut=False) for block in counted]
    read = (
        reads[-1]
        if reads
        else _boxed(found.outside, units) or _content(found.outside, units, tagged=False, one=one, cut=cut)
    )
    if len(reads) > 1:
        read = read._replace(pairs=[pair for each in reads for pair in each.pairs])
    boxed = phrases.boxed_option(around) or (phrases.boxed_option(holding[-1].content) if holding else None)
    option = boxed or (letters[-1] if letters else None) or read.option or phrases.said_option(around)
    # Words beside a tagged or boxed option explain it; they are not an unreadable window.
    alone = option is not None and not holding and read.status == "unparsable"
    return read._replace(option=option, status="no_answer" if alone else read.status, said=said_in(found))


def _first(blocks: Sequence[Block]) -> int:
    """The place of the last block before which the blocks before it are taken back, or 0."""
    return max((place for place, block in enumerate(blocks) if replaces(block.lead)), default=0)


def _boxed(text: str, units: Units) -> _Reading | None:
    """What the boxes of a text say where the last one holds a window; else None."""
    boxes = phrases.boxes(text)
    reads = [_content(box, units, tagged=True, one=False, cut=False) for box in boxes[-MOST_BOXES:]]
    return reads[-1] if reads and reads[-1].pairs else None


def _content(text: str, units: Units, *, tagged: bool, one: bool, cut: bool) -> _Reading:
    """Read the content of a tag, or a text without one."""
    said = answer_json.read(text, units)
    if said and said.pairs and replaces(said.rest) and (last := windows_in(said.rest, tagged=False, units=units)).pairs:
        return _Reading(last.pairs, said.option, "ok")
    if said and (said.pairs or said.unreadable or said.empty):
        return _Reading(said.pairs, said.option, "unparsable" if said.unreadable else "no_answer")
    rest = phrases.unboxed(said.rest if said else text)
    refused = phrases.declines(rest)
    found = windows_in(rest, tagged=tagged, one=one, cut=cut, units=units)
    empty = not said and phrases.says_nothing(text)
    pairs = [] if empty or (refused and not tagged) else found.pairs
    option = (said and said.option) or phrases.said_option(rest) or (None if pairs else phrases.only_option(rest))
    if refused or phrases.apologises(rest) or (not pairs and phrases.regrets(rest)):
        status = "refused"
    elif cut:
        status = "truncated"
    elif phrases.says_absent(rest) or found.unsaid or option or (not tagged and phrases.denies(rest)) or empty:
        status = "no_answer"
    else:
        status = "unparsable"
    return _Reading(pairs, option, status)
