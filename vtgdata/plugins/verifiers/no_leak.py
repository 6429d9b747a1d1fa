"""No leak: the reasoning does not speak of an annotation, a ground truth or times that it was given.

A teacher that was given the answer, or has seen the labels, says so; a model that learns it learns to appeal to what
nobody will give it. A word that the query has too is about the video (`a man writes an annotation`).
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

_TIMES = (
    r"(?:window|interval|segment|moment|time ?(?:stamp|span|range|frame)?|span|range|answer|label|location|boundar)"
)
_GIVEN = r"(?:given|provided|supplied|stated|reference|target|expected|gold(?:en)?|known|true|correct|official|hinted)"
_LEAK = re.compile(
    r"ground[- _]?truths?\b|\bgt\b|\banswer key\b|\boracle\b|\bgold(?:en)?[- ](?:answer|label|standard)"
    r"|\b(?:the|this|that|these|those|given|provided|my|your|its|by|per|to|with|of|from|official|human|dataset'?s?|true"
    r"|reference)[- ]annotat(?:ions?|ors?|ed)\b(?!\s+(?:appears?|on the (?:screen|map|board|slide|page|figure)|in the"
    r" (?:video|corner)|text|pops?|is (?:shown|visible|drawn|written|displayed)))"
    rf"|\bannotat(?:ion|or|ed)s?(?:'s?)?\s+(?:says?|states?|gives?|places?|puts?|marks?|tells?|claims?|indicates?|"
    rf"specif\w+|suggests?|shows? (?:that|it|the)|as|from|between|at \d|is (?:from|at|between|\d)|{_TIMES}\w*)"
    r"|\bas annotated\b|\b(?:agrees?|matches|consistent|fits|in line|know|knowing|see|told|clear)"
    r" (?:with |from |by )?the (?:label|reference|solution)s?\b(?! (?:on|of|at|in|to|attached|says?))"
    r"|\bprompt (?:already )?(?:reveals|discloses)"
    r"|\baccording to (?:the )?(?:label|annotat|hint|reference|metadata|data ?set|caption file|subtitle file|solution)"
    r"|\b(?:the|this|its|given|provided) (?:label|hint|metadata|data ?set|solution"
    r"|reference)s? (?:that )?(?:says?|states?"
    r"|gives?|indicates?|places?|puts?|tells?|is|are|was|spans?|runs?|marks?|specif\w+|suggests?)\b(?=[^.\n]{0,60}\d"
    r"|[^.\n]{0,30}\b(?:that|it|moment|event|answer)\b)"
    r"|\blabel(?:l?ed)? (?:as )?(?:from|between|at|time|window|interval|segment|span)\b"
    rf"|\b(?:the|this|that|a|already|as|was|were|been|am|are|is|have|which) {_GIVEN}[- ]{_TIMES}"
    rf"|\bthe {_TIMES}\w* (?:that )?(?:is |was |were |are |i (?:was|am|have been) |we (?:were|are) "
    rf"|has been |have been )"
    r"(?:already )?(?:given|provided|supplied|told|annotated|labell?ed)\b"
    r"|\b(?:i|we) (?:am|was|were|are|have been|'ve been) (?:told|given|informed|asked to justify|supposed to justify)\b"
    r"|\b(?:justify|justifying|explain why|confirms? the|consistent with the) (?:the )?(?:given|provided|annotat|label"
    r"|answer)"
    r"|\b(?:given|provided|proposed|suggested) (?:in|by) the (?:prompt|question|task|instructions?|user|annotat)"
    r"|\bthe (?:prompt|question|task|instructions?|user) (?:already )?(?:says?|states?|gives?|tells?|told|specif\w+"
    r"|provides?)[^.\n]{0,60}(?:\d|answer|moment is|interval|window|timestamps?)"
    r"|\b(?:the|this|given|first) propos(?:al|ed (?:window|interval|segment|moment|span))\b"
    r"|标注|注释(?:说|给|显示|表明)|真实标签|给定的(?:时间|答案|区间|窗口)|参考答案|正确答案是",
    re.IGNORECASE,
)
_WORD = re.compile(r"[a-z]{4,}")
_HINTS = (
    "truth", "gt", "annotat", "label", "hint", "given", "provided", "told", "gold", "oracle", "key", "reference",
    "metadata", "dataset", "data set", "solution", "justif", "propos", "suggest", "prompt", "question", "task",
    "instruction", "user", "informed", "supplied", "stated", "expected", "known", "correct", "official", "target",
    "true", "according", "标注", "注释", "标签", "答案", "给定",
)  # fmt: skip
"""One of these is in every text that the pattern finds: a plain search is faster."""


def verify(rows: Sequence[Row], sample: Sample, frames: object) -> Reasons:
    """`leaks`, with the words that do."""
    query = sample.query.lower()

    def why(row: Row) -> str | None:
        thought = reasoning_of(row)
        lower = thought.lower()
        if not holds(lower, _HINTS):
            return None
        for found in _LEAK.finditer(thought):
            words = _WORD.findall(found[0].lower())
            telling = [
                word for word in words if word[:6] in ("annota", "ground", "labels", "label", "refere", "propos")
            ]
            if not any(word[:6] in query for word in telling):
                return reason("leaks", words=" ".join(found[0].split())[:80])
        return None

    return each(rows, why)


_SAMPLE = example_sample()
EXAMPLE = VerifierExample(
    sample=_SAMPLE,
    rows=tuple(
        example_row(f"<think>{thought}</think><answer>5.0 to 10.0</answer>", _SAMPLE)
        for thought in (
            "The annotation says 5.0 to 10.0 s, so the door opens then.",
            "The label on the door says 10, and the door opens from 5.0 to 10.0 s.",
            "This matches the ground truth interval.",
            "He stands on the ground and opens the door, in truth slowly.",
            "The given window is 5.0 to 10.0 s.",
            "Given the frames, the window beside the door stays shut while it opens.",
        )
    ),
    reasons=("leaks", None, "leaks", None, "leaks", None),
)
