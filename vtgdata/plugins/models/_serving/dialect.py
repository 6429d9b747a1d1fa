"""What a server wants other than we send it, learnt from its own words: once, and for all requests of the run.

A server that names a field of the body which it does not take, or another name for it, or the value that it must have,
is obeyed if that leaves the question the same: the seed may be left out, and so may parts of the sampling that change
nothing (top_p 1); the longest answer may only be renamed. How answers are drawn is never changed, nor a field that the
user gave, except for thinking and effort: the request stays refused, and --body leaves the field out.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import msgspec

from vtgdata.plugins.models._serving.body import merged, paths

STATUSES = frozenset({400, 422})

SAMPLING: dict[str, float] = {
    "temperature": 1, "top_p": 1, "top_k": 0, "min_p": 0, "repetition_penalty": 1, "presence_penalty": 0,
    "frequency_penalty": 0,
}  # fmt: skip
"""Fields that say how answers are drawn -> the value at which they say nothing."""
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
OTHER_NAMES = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
"""Two names of one field, for servers that refuse one and do not name the other."""

_REFUSES = re.compile(
    r"unsupported|not (?:\w+ )?(?:supported|permitted|allowed|recogni[sz]ed|accepted|available|valid|expected"
    r"|implemented|enabled)|n[o']t (?:support|accept|allow|exist|recogni[sz]e)|unknown|unrecogni[sz]ed|unexpected"
    r"|extra (?:input|field|arg|param)|extra_forbidden|cannot find|no such|additional propert|deprecated|removed"
    r"|invalid (?:param|arg|field)|can(?:not|'t| not) be (?:used|set|specified|passed|disabled)|only the default"
    r"|cannot both|not both",
    re.IGNORECASE,
)
_VALUE = re.compile(
    r"must be|should be|has to be|at (?:most|least)|between|too (?:large|high|long|big|small|low)|exceed|range"
    r"|maximum|minimum|(?:less|greater|larger|smaller) than|positive",
    re.IGNORECASE,
)
"""Words about a field's value, which say that the server knows the field."""
_KNOWN = re.compile(
    r"(?<!not )(?<!t )\b(?:expected|supported|allowed|valid|permitted|known|available|accepted)\b"
    r"[^.;]{0,30}?(?:one of|\bare\b|:|param|field|argument|propert|include).*",
    re.IGNORECASE | re.DOTALL,
)
"""A list of what the server does take, after which no field that it refuses is named."""
_INSTEAD = re.compile(
    r"(?:\buse|using|moved to|replaced (?:by|with)|renamed (?:to|as)|\btry|in favou?r of|did you mean)\W{1,4}"
    r"(?:the )?[`'\"]?([a-z][a-z0-9]*(?:[_.][a-z0-9]+)+)",
    re.IGNORECASE,
)
_SWITCH = re.compile(
    r"(?:parameters?\.)?([a-z][\w.]*(?:think|reason)[\w.]*)[`'\"]?(?:\W+(?:parameter|field|value))?\W*"
    r"(?:(?:must|has to|needs to|should|is restricted|can only)\W+(?:only )?(?:be )?(?:set )?(?:to )?(?:be )?\W{0,2}"
    r"|(?:必须|应|只能|需要?)(?:设置|设|被设置)?[为成]\W{0,2})(true|false)(?![a-z])",
    re.IGNORECASE,
)
_ONLY_STREAMS = re.compile(
    r"only (?:support|work|accept|allow|avail)\w*\W+(?:\w+\W+){0,3}stream|stream\W+must be\W+true"
    r"|enable (?:the )?stream",
    re.IGNORECASE,
)
_THINKS = re.compile(r"think|reason|effort|verbosity")


class Lesson(msgspec.Struct, frozen=True):
    """One change of the body."""

    path: str
    """Dotted name of the field."""
    value: Any = None
    """What it is set to; None: it is left out."""
    name: str = ""
    """Its other name, if it is renamed; then it keeps its value."""

    def __str__(self) -> str:
        if self.name:
            return f"`{self.path}` is sent as `{self.name}`"
        if self.value is None:
            return f"`{self.path}` is left out"
        return f"`{self.path}` is {msgspec.json.encode(self.value).decode()}"


class Dialect:
    """What one server has taught, in the order in which it did."""

    def __init__(self) -> None:
        self.lessons: list[Lesson] = []

    def apply(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The body as this server wants it."""
        out = dict(body)
        for lesson in self.lessons:
            here = _named(out)
            if not lesson.name:
                given = lesson.value is not None or lesson.path in here
                out = merged(out, _at(lesson.path, lesson.value)) if given else out
            elif lesson.path in here:
                out = merged(merged(out, _at(lesson.path, None)), _at(lesson.name, here[lesson.path]))
        return out

    def learn(self, sent: Mapping[str, Any], users: Collection[str], words: str, param: str) -> list[Lesson]:
        """What a server that refused a body wants otherwise; nothing if its words do not say.

        Args:
            sent: the body that it refused.
            users: dotted names of the fields that the user gave.
            words: all that it said, its code included.
            param: the field that it names beside its words; may be empty.
        """
        here = _named(sent)
        found = [
            lesson
            for lesson in (*_wanted(here, words), *_refused(here, users, words, param))
            if not any(lesson.path in (known.path, known.name) for known in self.lessons)
        ]
        self.lessons += found
        return found


def _named(body: Mapping[str, Any]) -> dict[str, Any]:
    """All fields of a body by dotted name, objects as well as what is in them, but for messages and model."""
    inner = paths({name: value for name, value in body.items() if name not in ("messages", "model")})
    out = dict(inner)
    for path in inner:
        steps = path.split(".")
        for depth in range(1, len(steps)):
            out[".".join(steps[:depth])] = {}
    return out


def _at(path: str, value: Any) -> dict[str, Any]:
    for step in reversed(path.split(".")):
        value = {step: value}
    return value


def _wanted(here: Mapping[str, Any], words: str) -> Iterator[Lesson]:
    """Values that the server demands: of a switch of thinking, or that answers come as a stream."""
    for said in _SWITCH.finditer(words):
        name = said[1].strip(".").lower()
        path = next((path for path in here if path == name or path.endswith(f".{name}")), name)
        value = said[2].lower() == "true"
        if here.get(path) is not value:
            yield Lesson(path, value)
    if _ONLY_STREAMS.search(words) and here.get("stream") is not True:
        yield Lesson("stream", True)
        yield Lesson("stream_options.include_usage", True)


def _refused(here: Mapping[str, Any], users: Collection[str], words: str, param: str) -> Iterator[Lesson]:
    """Fields that the server does not take, each with another name, another value, or none."""
    named = [path for path in here if _names(param, path)] if param else []
    clauses = [_KNOWN.sub("", clause) for clause in re.split(r"[.;!]\s|\n", words)]
    for path, value in here.items():
        about = [words] if path in named else [] if named else [one for one in clauses if _names(one, path)]
        refusing = [one for one in about if _REFUSES.search(one)]
        own = any(f"{path}.".startswith(f"{name}.") or f"{name}.".startswith(f"{path}.") for name in users)
        if not refusing and not (about and _leaf(path) == "seed"):
            continue
        if own and not _THINKS.search(path):
            continue
        if lesson := _lesson(path, value, here, words, any(_VALUE.search(one) for one in about)):
            yield lesson


def _leaf(path: str) -> str:
    return path.rpartition(".")[2]


def _names(text: str, path: str) -> bool:
    """Whether a text names a field, by its whole dotted name or its last part."""
    return any(re.search(rf"(?<![\w]){re.escape(name)}(?![\w])", text) for name in (path, _leaf(path)))


def _lesson(path: str, value: Any, here: Mapping[str, Any], words: str, of_value: bool) -> Lesson | None:
    """What to do about one field that a server refuses.

    Args:
        path: dotted name of the field.
        value: what was sent.
        here: all fields that were sent.
        words: all that the server said.
        of_value: whether it speaks of what the value may be.
    """
    name = next((name for name in _INSTEAD.findall(words) if _alike(name, path) and name not in here), "")
    if not name and not of_value:
        name = OTHER_NAMES.get(path, "")
    if path.startswith("max_") or name:
        return Lesson(path, name=name) if name and name not in here else None
    if isinstance(value, str) and value in EFFORTS:
        known = [effort for effort in EFFORTS if re.search(rf"['\"`]{effort}['\"`]", words) and effort != value]
        place = EFFORTS.index(value)
        nearest = min(known, key=lambda effort: abs(EFFORTS.index(effort) - place), default=None)
        return Lesson(path, nearest)
    leaf = _leaf(path)
    neutral = SAMPLING.get(leaf) == value
    if leaf == "seed" or neutral:
        return Lesson(path)
    return Lesson(path) if _THINKS.search(path) and not of_value else None


def _alike(name: str, path: str) -> bool:
    """Whether two names share a word, so that one may be the other's new name."""
    words = set(re.split(r"[_.]", name.lower())) & set(re.split(r"[_.]", path.lower()))
    return name.lower() != path.lower() and bool(words)
