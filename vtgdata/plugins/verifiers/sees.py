"""Sees: the reasoning does not say that the video cannot be seen.

A teacher whose pictures did not reach it answers all the same: `I cannot see the video, but it is everywhere`.
"""

import re
from collections.abc import Sequence

from vtgdata.conversation.reasoning_times import holds
from vtgdata.conversation.verifying import (
    Reasons,
    VerifierExample,
    each,
    example_row,
    example_sample,
    reason,
    reasoning_of,
)
from vtgdata.files.schemas import Row
from vtgdata.records import Sample

_THING = (
    r"(?:the |this |that |your |any |actual |these |those |its )*"
    r"(?:video|clip|footage|frames?|images?|visuals?|pictures?)"
)
_BLIND = re.compile(
    r"\b(?:cannot|can't|can not|could not|couldn't|unable to|not able to|am not able to|no way to|don't have (?:the )?"
    r"(?:ability|capability) to|do not have (?:the )?(?:ability|capability) to) (?:actually |directly |really )?"
    rf"(?:see|view|watch|access|open|play|load|inspect|process|analy[sz]e|look at) {_THING}\b(?! (?:that"
    rf"|where|in which))"
    rf"|\b(?:don't|do not|didn't|did not) (?:have|get|receive|see) (?:access to )?{_THING}(?: (?:itself|data|file))?"
    r"(?=\s*(?:[.,;\n]|but|so|and|\Z))"
    r"|\bno (?:video|frames?|images?|footage|visual (?:input|data|content|information)) (?:was|were|is"
    r"|are|has been|have been)"
    r" (?:given|provided|available|attached|supplied|shown)"
    r"|\bwithout (?:actually )?(?:seeing|watching|viewing|access to|having access to) " + _THING + r"\b"
    r"|\bas an? (?:text[- ]based |language )(?:ai|model)|\b(?:i(?:'ll| will| can| must"
    r"| have to)? (?:just |only |simply )?"
    r"guess(?:ing)?\b|(?:just|only|purely|simply) (?:a |by |an? educated )?guess(?:ing)?\b|random(?:ly)? guess)",
    re.IGNORECASE,
)


_HINTS = ("cannot", "can't", "can not", "could", "able to", "no way", "have", "receive", "see ", "no ", "without ",
          "as a", "guess", "get ")  # fmt: skip
"""One of these is in every text that the pattern finds: a plain search is faster."""


def verify(rows: Sequence[Row], sample: Sample, frames: object) -> Reasons:
    """`does_not_see`, with the words that say so."""

    def why(row: Row) -> str | None:
        thought = reasoning_of(row)
        lower = thought.lower()
        if not holds(lower, _HINTS):
            return None
        found = _BLIND.search(thought)
        return reason("does_not_see", words=" ".join(found[0].split())[:80]) if found else None

    return each(rows, why)


_SAMPLE = example_sample()
EXAMPLE = VerifierExample(
    sample=_SAMPLE,
    rows=tuple(
        example_row(f"<think>{thought}</think><answer>5.0 to 10.0</answer>", _SAMPLE)
        for thought in (
            "I cannot see the video but it is probably early.",
            "I cannot see the handle, but the door moves from 5.0 s on.",
        )
    ),
    reasons=("does_not_see", None),
)
