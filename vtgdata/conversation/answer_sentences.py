"""Windows given in words: which chains of times are a window, and which only look like one.

Outside of an answer tag something must show that a chain is a time: a unit or a clock time, a word before it (`from`,
`between`, `in`, `Time:`), brackets around it, or that it stands alone in its line. A chain is never a window when the
words around it make it something else: `frames 30 to 90`, `2 to 3 dogs`, `for 5 to 10 seconds`, `a score of 3 to 5`.
"""

import re
from collections.abc import Sequence

from vtgdata.conversation.answer_times import FILL, LETTER, Chain, Pair, Time, chains_in, pairs_of, times_in


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FILL_WORDS = _words(
    "the about around approximately approx approx. roughly nearly almost just second seconds t= = t ~ ≈"
)
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
    "answer time timestamp stamp window moment segment interval period span range result event prediction output"
)
_LEADS = _words("from between within in at during von de zwischen entre")
_BETWEEN = _words("between zwischen entre 在")
_LEADS_JOINED = tuple("从從在自由于於は")
_NOT_AFTER = re.compile(
    r" (?:long|tall|high|wide|old|later|apart|ago|away|each|in (?:length|total|all)|of (?!the |this ))\b", re.IGNORECASE
)
# What may follow a plain number; any other word after it is what the number counts.
_FOLLOWS = re.compile(
    rf" ?(?:\Z|(?<= )\d|[\n.,;:!?)\]}}>|<(=]|->|-(?![{LETTER}\d])|[之间間期内]"
    r"|(?:the|he|she|it|they|when|while|as|where|in the (?:video|clip)|of the (?:video|clip)|and|or|which)"
    rf"(?![{LETTER}\d]))",
    re.IGNORECASE,
)
_MEASURED = re.compile(
    r"\b(?:confiden\w+|scor\w+|probab\w+|likel\w+|certain\w*|rating|rate[ds]?|odds|price[ds]?|costs?|temperature|speed)\b",
    re.IGNORECASE,
)
_LENGTH = re.compile(r"\b(?:video|clip|footage) (?:lasts|is|runs|spans)\b[^.;!?]*\Z", re.IGNORECASE)
_LINE = re.compile(
    r"\W{0,6}(?:\d{1,2}[.)] )?(?:(?:final |my |the )?"
    r"(?:answer|times?(?: ?stamps?)?|windows?|moments?|segments?|intervals?|periods?|spans?|range|results?|events?"
    rf"|prediction|output) ?(?:is|are|:|=)?\W{{0,3}})?(?:{FILL}){{0,2}}[\[(]?\Z",
    re.IGNORECASE,
)
_ALONE_AFTER = re.compile(r"[^\w\n]{0,6}(?:\n|\Z)|[\]), ;]{1,4}[\[(]?\d")
_BOUND = re.compile(
    r"(?<![^\W\d_])(?:(?P<start>starts?|starting|started|begins?|beginning|began|onset|from|开始|開始|起始|从|從)"
    r"|(?P<end>ends?|ending|ended|finish(?:es|ed)?|stops?|stopped|until|till|结束|結束|到|至))"
    r"(?:(?=time)|(?![a-z]))(?:(?<!from)(?<!until)(?<!till)(?: [a-z]+){1,4}(?= at ))?"
    rf"(?:[ \n_:=~-]|time(?:stamps?)?|point|at|is|of|in|on|mark|{FILL}|时间|時間|第){{0,9}}",
    re.IGNORECASE,
)
_NOT_ITS = ("video ", "clip ", "footage ", "movie ")
_COMMAS = re.compile(r"(?<![\d.,:])(\d{1,6}),(\d{1,2})(?![\d.,:]\d|\d)")
_LISTED = re.compile(r"([\[(] ?[-+]?\d++(?:\.\d++)?),([-+]?\d++(?:\.\d++)? ?[\])])")


def pairs_in(text: str, *, tagged: bool, cut: bool = False) -> list[Pair]:
    """The (start, end) pairs in a text, in seconds, as given: a pair may be reversed or lie outside the video.

    Args:
        text: cleaned by `answer_text.clean`; quotes may still be in it.
        tagged: whether it is the content of an answer tag: then nothing else need show that a pair is a time.
        cut: whether the text was cut off: then a number at its very end may be incomplete.

    >>> pairs_in("From 1 min 5 s to 1 min 20 s, with 3 to 5 people.", tagged=False)
    [(65.0, 80.0)]
    """
    text = _prepared(text)
    times = list(times_in(text, cut))
    chains = [chain for chain in chains_in(text, times) if len(chain.times) > 1 and _is_window(text, chain, tagged)]
    pairs: dict[bool, list[Pair]] = {True: [], False: []}
    for chain in chains:
        pairs[chain.united].extend(pairs_of(chain))
    # If some chains have a unit, the plain numbers are something else.
    found = pairs[True] or pairs[False] or _starts_and_ends(text, times)
    # Two numbers and nothing else, such as `12.5 17.8`, or one below the other.
    alone = tagged and not found and len(times) == 2 and re.fullmatch(r"[\d.:\s;|\[\](){}]*+", text)
    return [(times[0].seconds, times[1].seconds)] if alone else found


def _prepared(text: str) -> str:
    """The text without quotes and remarks that hold no number; decimal commas become points, commas in lists stay."""
    text = re.sub(r" ?\([^()\d]{0,80}\)", "", text.replace('"', "").replace("'", ""))
    text = re.sub(r"\[ ?(\d[\d:.]{0,11} ?s?) ?\]", r"\1", text)
    text = _LISTED.sub(r"\1 , \2", text)
    return _COMMAS.sub(r"\1.\2", text) if _has_decimal_commas(text) else text


def _has_decimal_commas(text: str) -> bool:
    """Whether numbers such as `12,5` come in pairs that are separated by a word, `-` or `~`, not by a comma."""
    commas = list(_COMMAS.finditer(text))
    gaps = [text[a.end() : b.start()] for a, b in zip(commas[::2], commas[1::2], strict=False)]
    parted = [not set(gap) & set("[]()\n") and any(sign.isalpha() or sign in "-~" for sign in gap) for gap in gaps]
    return bool(gaps) and len(commas) % 2 == 0 and all(parted)


def _is_window(text: str, chain: Chain, tagged: bool) -> bool:
    """Whether the words around a chain allow it to be a window and, outside of a tag, also show that it is one."""
    start, end = chain.times[0].start, chain.times[-1].end
    line, after = text[max(0, start - 48) : start].rpartition("\n")[2], text[end : end + 24]
    before, last = _last_words(line)
    if _is_other(before, last) or _LENGTH.search(line) or _NOT_AFTER.match(after):
        return False
    if not chain.united and not (_FOLLOWS.match(after) and _may_be_seconds(line, before, last)):
        return False
    if tagged or (_LINE.match(line) and _ALONE_AFTER.match(after)):
        return True
    said = line.rstrip()[-1:] in ("[", "(") and after.lstrip()[:1] in ("]", ")")
    if "strong" in chain.seps:
        said |= chain.united or _leads(before, last)
    else:
        said |= "both" in chain.seps and (last in _BETWEEN or (last in ("is", "are") and _among(before, _LABELS)))
    return said and not _are_years(chain)


def _last_words(line: str) -> tuple[str, str]:
    """The last two words before a number, in lower case; fill words such as `about` are skipped."""
    words = line.lower().rstrip(" [(~≈第").split()
    while words and words[-1] in _FILL_WORDS:
        words.pop()
    return (words[-2] if len(words) > 1 else ""), (words[-1].rstrip(".") if words else "")


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
    return last in _LEADS or last.endswith(_LEADS_JOINED) or _among(label, _LABELS)


def _may_be_seconds(line: str, before: str, last: str) -> bool:
    """Whether plain numbers after these words can be seconds rather than frames or a score."""
    counted = last in ("from", "between") and _among(before, _COUNTED)
    return not counted and not _MEASURED.search(re.split(r"[.;]", line)[-1])


def _are_years(chain: Chain) -> bool:
    return not chain.united and all(time.seconds in range(1900, 2100) for time in chain.times)


def _starts_and_ends(text: str, times: Sequence[Time]) -> list[Pair]:
    """Pairs whose start and end are named by words or keys, in either order: `ends at 17.8 s and starts at 12.5 s`."""
    at = {time.start: time.seconds for time in times}
    found: list[Pair] = []
    waiting: dict[str, float] = {}
    for key in _BOUND.finditer(text) if at else ():
        # The match may have consumed the minus sign of a negative time.
        place = key.end() if key.end() in at else key.end() - 1
        if place not in at or text[max(0, key.start() - 8) : key.start()].lower().endswith(_NOT_ITS):
            continue
        waiting[str(key.lastgroup)] = at[place]
        if len(waiting) == 2:
            found.append((waiting["start"], waiting["end"]))
            waiting.clear()
    return found
