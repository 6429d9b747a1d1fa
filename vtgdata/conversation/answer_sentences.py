"""Windows given in words: which chains of times are a window, and which only look like one.

Outside of an answer tag something must show that a chain is a time: a unit or a clock time, a word before it (`from`,
`between`, `in`, `Time:`), brackets around it, or that it stands alone in its line. A chain is never a window when the
words around it make it something else: `frames 30 to 90`, `2 to 3 dogs`, `for 5 to 10 seconds`, `a score of 3 to 5`.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from vtgdata.conversation import answer_words as words
from vtgdata.conversation.answer_bounds import both_ends, lists_of_bounds, starts_and_ends
from vtgdata.conversation.answer_clauses import Place
from vtgdata.conversation.answer_scan import Scan
from vtgdata.conversation.answer_spellings import prepared
from vtgdata.conversation.answer_statements import asserted
from vtgdata.conversation.answer_times import (
    FILL,
    LETTER,
    SECONDS,
    Chain,
    Pair,
    Time,
    Units,
    chains_in,
    pairs_of,
    times_in,
    whole_words,
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FILL_WORD = re.compile(rf"(?:{words.ABOUT}|seconds?|t|t?=|[~≈])", re.IGNORECASE)
_WHOLE = Scan(whole_words(words.WHOLE))
_MONTHS = _words(
    "jan january feb february mar march apr april may jun june jul july aug august sep sept september oct october nov "
    "november dec december"
)
_NAMED = _words(
    "frame page chapter step scene section room version size age aged year exit item level figure table row line "
    "question episode season week day grade verse lap round no number index indices channel seat article paragraph "
    "lesson unit track floor gate bus shot photo image slide option player part volume clip video confidence score "
    "ratio"
)
_LASTING = _words("for last lasting lasted take took taking every another wait waiting than after over past")
_NOT_BEFORE = _MONTHS | _NAMED | _LASTING
_SPANS = _words("range window interval period span time segment")
_COUNTED = _words("frame page version age chapter score confidence")
_LABELS = _words(
    "answer final draft correction corrected edit update revised time timestamp stamp window moment segment interval "
    "period span range result event prediction output"
)
_BETWEEN = re.compile(words.BETWEEN, re.IGNORECASE)
_BETWEEN_AFTER = re.compile(rf" ?(?:{words.BETWEEN_AFTER})", re.IGNORECASE)
_LEAD = re.compile(words.FROM, re.IGNORECASE)
_LEADS_JOINED = tuple("从從在自由于於は")
_NOT_AFTER = Scan(
    r" (?:long|tall|high|wide|old|later|apart|ago|away|each|in (?:length|total|all)|of (?!the |this )"
    rf"|(?:de |di |d')(?!(?:la|le|l'|el|il|lo|o|a|los|les|cette|este|esta|esse|questo|questa|{words.VIDEO})\b))\b"
)
# What may follow a plain number; any other word after it is what the number counts.
_FOLLOWS = re.compile(
    rf" ?(?:\Z|(?<= )\d|[\n.,;:!?)\]}}>|<(=/|]|->|-(?![{LETTER}\d])|[之间間期内]"
    r"|(?:the|he|she|it|they|when|while|as|where|in the (?:video|clip)|of the (?:video|clip)|and|or|which)"
    rf"(?![{LETTER}\d]))",
    re.IGNORECASE,
)
MEASURED = (
    r"\b(?:confiden\w+|scor\w+|probab\w+|likel\w+|certain\w*|rating|rate[ds]?|odds|price[ds]?|costs?"
    r"|temperature|speed)\b"
)
_MEASURED = Scan(MEASURED)
_LENGTH = Scan(rf"{words.LENGTH}\Z")
_LINE = re.compile(
    r"\W{0,6}(?:\d{1,2}[.)] )?(?:(?:final |my |the )?"
    r"(?:answer|times?(?: ?stamps?)?|windows?|moments?|segments?|intervals?|periods?|spans?|range|results?|events?"
    rf"|prediction|output) ?(?:is|are|:|=)?\W{{0,3}})?(?:{FILL}){{0,2}}[\[(]?\Z",
    re.IGNORECASE,
)
_ALONE_AFTER = re.compile(r"[^\w\n]{0,6}(?:\n|\Z)|[\]), ;/|]{1,4}[\[(]?\d")
_OR = re.compile(rf"[\])]?\s?[;/|\n]\s?[\[(]?|[\])]?,? (?:{words.OR})(?![{LETTER}]) ?[\[(]?", re.IGNORECASE)
MOST_GAP = 20
"""Most characters between two windows of a list."""
MOST_WHOLE = 160
"""Most characters of a text that says `the whole video` and no time."""


class Words(NamedTuple):
    """What the words of a text say."""

    pairs: list[Pair]
    unsaid: bool
    """Whether it holds windows that it denies, asks for or supposes, and no other."""


def pairs_in(text: str, *, tagged: bool, cut: bool = False, units: Units = SECONDS) -> list[Pair]:
    """The (start, end) pairs that a text asserts, in seconds, as given: a pair may be reversed or outside the video.

    Args:
        text: cleaned by `answer_clean.clean`; quotes may still be in it.
        tagged: whether it is the content of an answer tag: then nothing else need show that a pair is a time.
        cut: whether the text was cut off: then a number at its very end may be incomplete.
        units: what a bare number is worth, and the duration of the video.

    >>> pairs_in("From 1 min 5 s to 1 min 20 s, with 3 to 5 people.", tagged=False)
    [(65.0, 80.0)]
    """
    return windows_in(text, tagged=tagged, cut=cut, units=units).pairs


def windows_in(text: str, *, tagged: bool, one: bool = False, cut: bool = False, units: Units = SECONDS) -> Words:
    """The pairs of `pairs_in`, and whether there are others that are not asserted.

    With `one`, a single window is wanted: of several, words of the query that stand with one of them decide.
    """
    text = prepared(text, units)
    bare = re.sub(r"[\"']", " ", text)
    times = list(times_in(bare, cut))
    all_chains = [chain for chain in chains_in(bare, times) if len(chain.times) > 1]
    if listed := lists_of_bounds(bare, all_chains, units) if len(all_chains) > 1 else []:
        return Words(*asserted(text, listed, units, one=one, cut=cut))
    chains: list[Chain] = []
    judging = _Judging(*(scan.may_match(bare) for scan in (_LENGTH, _MEASURED, _NOT_AFTER)))
    for chain in all_chains:
        if _is_window(bare, chain, tagged, judging) or (chains and _goes_on(bare, chains[-1], chain)):
            chains.append(chain)
    places: dict[bool, list[Place]] = {True: [], False: []}
    for chain in chains:
        places[chain.united].extend(
            Place(pair, one.start, _end(bare, two)) for pair, one, two in pairs_of(chain, units)
        )
    # If some chains have a unit, the plain numbers are something else.
    if places[True]:
        # Where one window has a unit, others that begin with a word like `from` share it.
        shared = [place for place in places[False] if _led(bare, place)]
        places[True] = sorted(places[True] + shared, key=lambda place: place.start)
    found = places[True] or places[False]
    named = starts_and_ends(bare, times, units)
    found = sorted([*found, *_beside(named, found)], key=lambda place: place.start)
    found = found or both_ends(bare, times)
    if not found and tagged and len(times) == 2 and re.fullmatch(r"[\d.:\s;|\[\](){}]*+", bare):
        # Two numbers and nothing else, such as `12.5 17.8`, or one below the other.
        pair = (times[0].seconds * units.plain, times[1].seconds * units.plain)
        found = [Place(pair, times[0].start, times[1].end)]
    if (
        not found
        and not times
        and not cut
        and units.duration is not None
        and len(text) < MOST_WHOLE
        and _WHOLE.search(text)
    ):
        found = [Place((0.0, units.duration), 0, len(text))]
    return Words(*asserted(text, found, units, one=one, cut=cut))


class _Judging(NamedTuple):
    """Which words a text may hold: in most texts these need not be looked for before every chain."""

    length: bool
    measured: bool
    after: bool


def _is_window(text: str, chain: Chain, tagged: bool, may: _Judging) -> bool:
    """Whether the words around a chain allow it to be a window and, outside of a tag, also show that it is one."""
    start, end = chain.times[0].start, chain.times[-1].end
    line, after = text[max(0, start - 48) : start].rpartition("\n")[2], text[end : end + 24]
    before, last = _last_words(line)
    if _is_other(before, last) or (may.length and _LENGTH.compiled.search(line)):
        return False
    if may.after and _NOT_AFTER.compiled.match(after):
        return False
    if not chain.united and not (_FOLLOWS.match(after) and _may_be_seconds(line, before, last, may)):
        return False
    if tagged or (_LINE.match(line) and _ALONE_AFTER.match(after)):
        return True
    said = line.rstrip()[-1:] in ("[", "(") and after.lstrip()[:1] in ("]", ")")
    if "strong" in chain.seps:
        said |= chain.united or _leads(before, last) or (last.endswith(":") and _are_decimals(text, chain))
    else:
        said |= "both" in chain.seps and _BETWEEN_AFTER.match(after) is not None
        said |= "both" in chain.seps and bool(
            _BETWEEN.fullmatch(last) or (last in ("is", "are") and _among(before, _LABELS))
        )
    return said and not _are_years(chain)


def _goes_on(text: str, last: Chain, chain: Chain) -> bool:
    """Whether a chain continues a list of windows: nothing but a semicolon or `or` stands between it and the last."""
    gap = text[last.times[-1].end : chain.times[0].start]
    return len(gap) < MOST_GAP and last.united == chain.united and _OR.fullmatch(gap) is not None


def _last_words(line: str) -> tuple[str, str]:
    """The last two words before a number, in lower case; fill words such as `about` are skipped."""
    said = line.lower().rstrip(" [(~≈第").split()
    while said and _FILL_WORD.fullmatch(said[-1]) and not _LEAD.fullmatch(said[-1]):
        said.pop()
    return (said[-2] if len(said) > 1 else ""), (said[-1].rstrip(".") if said else "")


def _end(text: str, time: Time) -> int:
    """Where a time ends, without the point of a sentence that ends with its unit."""
    return time.end - (text[time.end - 1] == ".")


def _beside(places: Sequence[Place], others: Sequence[Place]) -> list[Place]:
    """The windows that stand where none of the others does, which are in the order of the text and do not overlap."""
    ends = [other.end for other in others]
    following = [bisect_right(ends, place.start) for place in places]
    return [
        place
        for place, other in zip(places, following, strict=True)
        if other == len(others) or others[other].start >= place.end
    ]


def _led(text: str, place: Place) -> bool:
    """Whether a word like `from` stands directly before a window."""
    line = text[max(0, place.start - 48) : place.start].rpartition("\n")[2]
    return _LEAD.fullmatch(_last_words(line)[1]) is not None


def _among(word: str, words: frozenset[str]) -> bool:
    """Whether a word, or the word without a final `s`, is one of these."""
    return word in words or word.removesuffix("s") in words


def _is_other(before: str, last: str) -> bool:
    """Whether the words before the numbers name what these count, or say how long something takes."""
    if last == "of":
        return before not in _SPANS
    if before == "not":
        return True
    return _among(last, _NOT_BEFORE) or (last == "between" and _among(before, _LASTING))


def _leads(before: str, last: str) -> bool:
    """Whether a word before two plain numbers shows that they are times."""
    label = before if last in ("is", "are") else last[:-1] if last[-1:] in (":", "=") else ""
    return _LEAD.fullmatch(last) is not None or last.endswith(_LEADS_JOINED) or _among(label, _LABELS)


def _may_be_seconds(line: str, before: str, last: str, may: _Judging) -> bool:
    """Whether plain numbers after these words can be seconds rather than frames or a score."""
    counted = last in ("from", "between") and _among(before, _COUNTED)
    return not counted and not (may.measured and _MEASURED.compiled.search(re.split(r"[.;]", line)[-1]))


def _are_decimals(text: str, chain: Chain) -> bool:
    """Whether all numbers have a fraction, as seconds often have and counts have not."""
    return all("." in text[time.start : time.end] for time in chain.times)


def _are_years(chain: Chain) -> bool:
    return not chain.united and all(time.seconds in range(1900, 2100) for time in chain.times)
