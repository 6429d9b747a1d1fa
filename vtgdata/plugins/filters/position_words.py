"""Position words: drops queries that say where in the video their moment is, so that they can be answered unseen.

Examples: "at the beginning", "in the end of the video", "finally", "the clip ends with", "the last few seconds", "at
0:15". A place in the picture ("at the end of the table") or a clock in it ("the clock shows 10:30") does not count.

It knows English only: queries in other languages all stay, those that say where their moment is too.
"""

import re
from collections.abc import Sequence

from vtgdata.annotations.filtering import FilterExample, Why, example_sample, leave
from vtgdata.records import LeftOut, Sample

_VIDEO = r"(?:the|this|that|our|a)\s+(?:\w+\s+)?(?:video|clip|film|movie|footage|recording|episode|documentary)"
_EDGE = r"(?:beginning|start|opening|end|ending|close|conclusion)"
_CLAUSE = (
    r"(?=\s*(?:[,.;:!?)]|\Z)|\s+(?:the|a|an|he|she|they|it|we|you|his|her|their|there|this|that|these|those|one|two|some"
    r"|someone|as|when|where|while)\b)"
)
_UNIT = r"(?:secs?|seconds?|mins?|minutes?)\b"

_PATTERNS = (
    # at the beginning; in the end of the video; not: at the end of the table, in the end zone
    rf"(?:at|in|by|towards?|until)\s+the\s+(?:very\s+)?{_EDGE}{_CLAUSE}",
    rf"(?:{_EDGE}|middle|half|third|quarter|parts?|{_UNIT}|moments?|frames?)\s+of\s+{_VIDEO}\b",
    r"from\s+(?:the\s+)?(?:beginning|start)\s+(?:to|until|till)\s+(?:the\s+)?(?:end|finish)\b",
    # the video begins with; until the clip is over; not: poses for the video
    rf"{_VIDEO}\s+(?:begins?|starts?|opens?|ends?|finishes|concludes?|closes?)\b",
    rf"(?:as|when|before|until)\s+{_VIDEO}\s+(?:is\s+)?(?:beginning|starting|opening|ending|over)\b",
    rf"(?:throughout\s+{_VIDEO}|(?:during|for)\s+the\s+(?:entire|whole|full)\s+(?:video|clip|film|movie))\b",
    # the first few seconds; the closing credits; not: he takes the last shot
    rf"(?:first|last|final|opening|closing)\s+(?:(?:few|couple\s+of|several|\d+|two|three|five|ten)\s+)?"
    rf"(?:{_UNIT}|moments?\b|frames?\b|scenes?\b)",
    r"(?:final|opening|closing)\s+(?:shots?|credits?)\b",
    # finally; at first; not: at first base
    r"(?:finally|lastly|initially|firstly|to\s+begin\s+with|to\s+conclude|in\s+conclusion)\b",
    r"at\s+(?:first(?!\s+(?:base|glance|sight|light))|last(?!\s+(?:year|week|night|month)))\b",
    # at 0:15; from 0:10 to 0:20; at 12 seconds; the 30 second mark; 5 seconds into the video; not: at 10:30 pm
    r"(?:at|from|until|till|by|around|between|timestamp)\s+\d{1,2}:\d{2}(?::\d{2})?\b(?!\s*[ap]\.?m)",
    rf"(?:at|from|until|around)\s+(?:the\s+)?\d+(?:\.\d+)?\s*-?\s*{_UNIT}",
    r"at\s+\d+(?:\.\d+)?s\b",
    rf"\d+(?:st|nd|rd|th)?\s*-?\s*{_UNIT}\s+mark\b",
    rf"{_UNIT}\s+into\s+{_VIDEO}\b",
)
_POSITION = re.compile("|".join(rf"(?<!\w)(?:{pattern})" for pattern in _PATTERNS), re.IGNORECASE)


def keep(samples: Sequence[Sample], frames: object) -> list[LeftOut]:
    """Leave out samples whose query says where in the video its moment is."""
    del frames
    return leave(samples, _why)


def _why(sample: Sample) -> Why | None:
    found = _POSITION.search(sample.query)
    return ("position_words", f"the query says {found[0]!r}") if found else None


EXAMPLE = FilterExample(
    samples=(
        example_sample("of the video", "at the end of the video he bows"),
        example_sample("of the table", "at the end of the table he bows"),
        example_sample("a time", "at 0:15 a dog jumps"),
        example_sample("a clock", "the clock shows 10:30"),
    ),
    left_out={"of the video": "position_words", "a time": "position_words"},
)
