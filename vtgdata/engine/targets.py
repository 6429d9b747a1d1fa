"""What a trace ends with: the teacher's answer or the annotation's, in the asked form, and what was done to it."""

import re
from typing import NamedTuple

from vtgdata.conversation import rewriting
from vtgdata.conversation.prompt import Prompt, load_prompt
from vtgdata.conversation.rewriting import Written
from vtgdata.conversation.verifying import reason, reasoning_of
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.files.schemas import Row
from vtgdata.metrics.qa import right_option
from vtgdata.records import Sample
from vtgdata.records.windows import as_pairs

GUIDED = "guided"
"""Mark: the teacher was told something that nobody will tell the student; what, follows after a colon."""


class Target(NamedTuple):
    """Whose answer a trace ends with."""

    name: str
    """`teacher`, `annotation` or `teacher_if`."""
    least: float = 0.0
    """IoU from which on the teacher's own answer is taken, for `teacher_if`."""


def read_target(text: str) -> Target:
    """The target of a setting; raises VtgError for any other text.

    >>> read_target("teacher_if:0.7")
    Target(name='teacher_if', least=0.7)
    """
    name, colon, number = text.partition(":")
    try:
        least = float(number) if colon else 0.0
    except ValueError:
        least = -1.0
    if (
        name not in ("teacher", "annotation", "teacher_if")
        or (name == "teacher_if") != bool(colon)
        or not 0 <= least <= 1
    ):
        raise VtgError(f"--target {text!r}: say teacher, annotation, or teacher_if:T with T from 0 to 1.")
    return Target(name, least)


class Targets:
    """Writes the targets of one run."""

    def __init__(self, prompt: Prompt, target: str, *, rewrites: bool = True) -> None:
        """Raise VtgError when the prompt's answers cannot be learnt, or its form has no place for a window.

        Args:
            prompt: that was asked.
            target: as in the setting.
            rewrites: whether an answer in another spelling is written in the asked form; else it stays as it is.
        """
        self.rewrites = rewrites
        self.prompt, self.target = prompt, read_target(target)
        self.taught = load_prompt(prompt.teaches) if prompt.teaches else prompt
        """The prompt under which a trace is learnt."""
        if self.taught.form != prompt.form or self.taught.reveals:
            raise VtgError(
                f"prompt {prompt.name}: it teaches {self.taught.name}, which asks for another form of answer."
            )
        if self.taught.shuffle != prompt.shuffle:
            raise VtgError(f"prompt {prompt.name}: it teaches {self.taught.name}, which shuffles options otherwise.")
        if self.target.name != "teacher" and not (prompt.form.wants_window or "{option}" in prompt.form.template):
            raise VtgError(f"prompt {prompt.name}: its answer form has no place for a window; use --target teacher.")
        self._agrees = plugins.load("verifiers", "times_agree").verify
        self._marks = tuple(f"{GUIDED}:{told}" for told in prompt.reveals)

    def write(self, row: Row, sample: Sample) -> Written | str:
        """The target of a verified row with its marks, or the reason why there is none."""
        found = self._written(row, sample)
        return Written(found.text, (*self._marks, *found.marks)) if isinstance(found, Written) else found

    def _written(self, row: Row, sample: Sample) -> Written | str:
        none = not row["windows"] and not row["option"]
        teachers = self.target.name == "teacher_if" and (row["iou"] or 0.0) >= self.target.least
        if self.target.name == "teacher" or teachers or none:
            own = rewriting.as_asked(row, sample, self.prompt) if self.rewrites else Written(str(row["text"] or ""))
            return own if own is not None else "not_in_form"
        if why := self._contradicts(row, sample):
            return why
        found = rewriting.with_annotation(row, sample, self.prompt)
        if found is None:
            return "not_in_form"
        own = rewriting.as_asked(row, sample, self.prompt)
        return own if own is not None and own.text == found.text else found

    def _contradicts(self, row: Row, sample: Sample) -> str | None:
        """The reason where a reasoning would contradict the annotation that is written after it."""
        true = rewriting.met(row, sample, self.prompt)
        changed = row | {"windows": as_pairs(true), "parse_status": "ok"}
        (found,) = self._agrees([changed], sample, None)
        if found is not None:
            return reason("target_contradicts", words=found)
        if sample.answer is None or right_option(row["option"], sample) or row["option"] is None:
            return None
        letter, thought = row["option"], reasoning_of(row)
        place = ord(letter) - 65
        words = sample.options[place] if 0 <= place < len(sample.options) else ""
        names = rf"\(?\b{re.escape(letter)}\)|\boption {re.escape(letter)}\b"
        if re.search(names, thought) or (words and words.lower() in thought.lower()):
            return reason("target_contradicts", words=f"the reasoning is for option {letter}")
        return None
