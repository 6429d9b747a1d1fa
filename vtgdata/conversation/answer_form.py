"""The form that a prompt asks an answer to have: written for a target, and matched strictly against a text."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

import msgspec

Notation = Literal["seconds", "percent", "fraction", "thousandths"]
"""What a number without a unit means: seconds, or 100, 1 or 1000 for the whole video."""
_SECONDS = r"[0-9]++(?:\.[0-9]++)?"
_SLOTS = {"{start}": "\x01", "{end}": "\x02", "{option}": "\x03"}
_PATTERNS = {"\x01": _SECONDS, "\x02": _SECONDS, "\x03": "[A-Z]"}
_AGAIN = re.compile(r"\x02([)\]}]*)([^\x01\x02\x03)\]}]*)\.\.\.")


class Form(msgspec.Struct, frozen=True):
    """The form a prompt asks for.

    In the template, `{start}` and `{end}` stand for plain seconds and `{option}` for one capital letter. A separator
    and `...` after a pair, as in `[({start}, {end}), ...]`, mean that the pair may be repeated.
    """

    template: str = "<answer>{start} to {end}</answer>"
    reasoning: bool = True
    """Whether `<think>...</think>` comes first."""
    several: bool = False
    """Whether several windows are wanted; a template with a repeated pair implies it."""
    answers_in: Notation = "seconds"
    """What a number without a unit is in an answer."""
    absent: str = ""
    """What an answer says where the video has no such moment; empty if the prompt does not ask for that."""

    @property
    def wants_several(self) -> bool:
        """Whether an answer may have more than one window."""
        return self.several or _AGAIN.search(_slotted(self.template)) is not None

    @property
    def wants_window(self) -> bool:
        """Whether a window is asked for at all, rather than an option alone."""
        return "{start}" in self.template

    def matches(self, text: str) -> bool:
        """Whether the whole text has this form: a non-empty `<think>..</think>` if asked for, then only the answer."""
        before, separator, after = text.strip().rpartition("</think>")
        if bool(separator) != self.reasoning:
            return False
        if self.reasoning:
            thought = before.removeprefix("<think>")
            if thought == before or not thought.strip() or "<think>" in thought or "</think>" in thought:
                return False
        return self.says_none(text) or _pattern(self.template).fullmatch(after.strip()) is not None

    def says_none(self, text: str) -> bool:
        """Whether a text ends, in exactly the form asked for, with the words that there is no such moment."""
        return bool(self.absent) and text.strip().rpartition("</think>")[2].strip() == self.absent

    def write(self, pairs: Sequence[tuple[str, str]], option: str = "") -> str:
        """The answer in this form: all pairs of times if the template repeats the pair, else only the first.

        Without a pair, and without an option, it is what says that there is no such moment, if the form has that.

        >>> Form("<answer>[({start}, {end}), ...]</answer>").write([("1.0", "2.5"), ("4.0", "6.0")])
        '<answer>[(1.0, 2.5), (4.0, 6.0)]</answer>'
        """
        if not pairs and not option and self.absent:
            return self.absent
        text = _slotted(self.template)
        if repeat := _repeat(text):
            filled = [_filled(repeat.pair, start, end) for start, end in pairs]
            text = repeat.before + repeat.separator.join(filled) + repeat.after
        elif pairs:
            text = _filled(text, *pairs[0])
        return text.replace("\x03", option)


class _Repeat(NamedTuple):
    """A template with a repeated pair, cut into its parts."""

    before: str
    pair: str
    separator: str
    after: str


def _slotted(template: str) -> str:
    for slot, sign in _SLOTS.items():
        template = template.replace(slot, sign)
    return template


def _filled(text: str, start: str, end: str) -> str:
    return text.replace("\x01", start).replace("\x02", end)


def _repeat(text: str) -> _Repeat | None:
    match = _AGAIN.search(text)
    if match is None:
        return None
    # The pair begins at the opening bracket that matches its last closing bracket.
    begin, depth = text.rfind("\x01", 0, match.start()), len(match[1])
    while depth and begin > 0:
        begin -= 1
        depth += (text[begin] in ")]}") - (text[begin] in "([{")
    return _Repeat(text[:begin], text[begin : match.end(1)], match[2], text[match.end() :])


@lru_cache(maxsize=64)
def _pattern(template: str) -> re.Pattern[str]:
    """A template as a regular expression; linear to match."""
    text = _slotted(template)
    if repeat := _repeat(text):
        again = f"(?:{_escaped(repeat.separator + repeat.pair)})*+"
        return re.compile(_escaped(repeat.before + repeat.pair) + again + _escaped(repeat.after))
    return re.compile(_escaped(text))


def _escaped(text: str) -> str:
    return "".join(_PATTERNS.get(sign, re.escape(sign)) for sign in text)
