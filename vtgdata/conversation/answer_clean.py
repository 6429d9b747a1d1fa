"""A model's text as plain characters.

Upper case, blanks, line ends, Markdown, LaTeX, quotes, HTML escapes and invisible characters do not change the meaning:
`clean` removes them or replaces them by the plain ASCII sign that they stand for. All of it is linear in the length.
"""

import html
import re
import unicodedata

from vtgdata.conversation import answer_sayings as sayings
from vtgdata.conversation import answer_words as words
from vtgdata.conversation.answer_scan import Scan, folded

_DASHES = "‐‑‒–—―−﹘﹣－"
_BLANKS = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_ARABIC_MARKS = "".join(map(chr, (*range(0x64B, 0x653), 0x640)))
"""Vowel signs and the stretching of words, which change no word that the parser knows."""
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\ufeff"
_SIGNS = (
    {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    | dict.fromkeys(_DASHES, "-")
    | dict.fromkeys(_BLANKS, " ")
    | dict.fromkeys(_INVISIBLE + _ARABIC_MARKS, "")
    | dict.fromkeys(map(chr, range(0x2460, 0x2474)), "\n")
    | dict.fromkeys("‘’‚‛′", "'")
    | dict.fromkeys("“”„‟″«»「」", '"')
    | dict.fromkeys("～〜∼˜", "~")
    | dict.fromkeys("→⇒⟶➔➜➡", "->")
    | {
        "、": ",",
        "،": ",",
        "٬": ",",
        "٫": ".",
        "؛": ";",
        "؟": "?",
        "।": ". ",
        "。": ". ",
        "…": "...",
        "⁄": "/",
        "∶": ":",
        "【": "[",
        "】": "]",
    }
)
_SAME = str.maketrans(_SIGNS)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8});", re.IGNORECASE)
_MARKUP = (
    (Scan(r"https?://\S+|www\.\S+"), " link "),
    (re.compile(r"```\w{0,12}"), "\n"),
    # Not between digits: `5*10` is not 510.
    (Scan(r"(?<!\d)[*`]+|[*`]+(?!\d)", cased=True), ""),
    (Scan(r"(?m)^ {0,3}[#>]{1,6} ", cased=True), ""),
    (Scan(r"(?<![^\W_])_+|_+(?![^\W_])", cased=True), ""),
    (re.compile(r"\$(?=\S)([^$\n]{1,80})(?<=\S)\$(?!\d)"), r"\1"),
    (re.compile(r"\\(?:right|long)?(?:arrow|to)\b"), "->"),
    (re.compile(r"\\(?:[,;:! ()]|q?quad\b)"), " "),
    (re.compile(r"\\sim\b"), "~"),
    # Remove the command and its braces, keep the content: `12.5 \text{ to } 17.8`.
    (re.compile(r"\\(?:text|mathrm|mathbf|textbf|mathsf|operatorname|mbox)\{([^{}]{0,40})\}"), r"\1"),
    (re.compile(r"\\([<>\[\]{}.*~$#+-])"), r"\1"),
)
_STRUCK = re.compile(r"<(del|s|strike)>[^<>]{0,200}</\1>", re.IGNORECASE)
_DIGIT = re.compile(
    r"(?:<(?:TIME_(?:ZERO|ONE|TWO|THREE|FOUR|FIVE|SIX|SEVEN|EIGHT|NINE|DOT)|t(?:\d|dot))>(?:\.(?=<t))?)++",
    re.IGNORECASE,
)
_DIGITS = {name: str(value) for value, name in enumerate(words.NUMBERS[:10])}
_ANGLED = re.compile(r"<\s?(\d[\d:]{0,9}(?:\.\d{1,4})?\s?[a-z]{0,8})\s?>", re.IGNORECASE)
_ATTRIBUTES = re.compile(
    r"<[a-z]\w{0,20}((?:\s+[a-z][a-z\d_-]{0,20}\s?=\s?[\"'][^\"'<>]{0,40}[\"']){2,8})\s?/?>", re.IGNORECASE
)
_ATTRIBUTE = re.compile(r"([a-z][a-z\d_-]{0,20})\s?=\s?[\"']([^\"'<>]{0,40})[\"']", re.IGNORECASE)
_PRIMES = Scan(r"(?<![\d.])(\d{1,3})' ?(\d{1,2}(?:\.\d{1,3})?)(?:\"|''|s\b)", cased=True)
_LISTED_TAGS = re.compile(
    r"</ ?(answer|time|glue) ?>\s{0,3}(?:[,;&]|and\b|und\b|et\b|y\b|和)\s{0,3}(?:and )?< ?\1 ?>", re.IGNORECASE
)
"""Between two answer tags that are one list: `<time>1-2</time> and <time>4-5</time>`."""
_SHOWN_TAG = re.compile(r"<(answer|time|glue)>[^<>]{0,80}</\1>", re.IGNORECASE)
_EXAMPLE = Scan(rf"(?:{sayings.EXAMPLE}|form(?:at)? is)\W{{0,12}}{_SHOWN_TAG.pattern}")
"""A tag that is shown as the form of an answer."""


def clean(text: str) -> str:
    """The text in plain characters, with single blanks; quotes, brackets, JSON's backslashes and answer tags stay.

    >>> clean("From **１２．５** s&nbsp;→ 17.8 s")
    'From 12.5 s -> 17.8 s'
    """
    if "<" in text:
        text = _STRUCK.sub(" ", text)
        text = _DIGIT.sub(_number, text)
        text = _ATTRIBUTES.sub(_as_object, _ANGLED.sub(r" \1 ", re.sub(r"(?<=\.\d)><(?=\d{1,4}\.)", "> - <", text)))
        text = re.sub(r"<\|\w{0,16}sep\w{0,8}\|>", " - ", re.sub(r"</[a-z]{0,6}\Z", "", text))
    if "&" in text:
        text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    if not text.isascii():
        text = text.translate(_SAME)
        text = re.sub(r"[^\D0-9]", lambda match: str(unicodedata.decimal(match[0])), text)
    if text.count("\t") > 2:
        text = re.sub(r"(?<=\S)\t(?=\S)", " | ", text)
    text = re.sub(r"[^\S\n]+", " ", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _PRIMES.sub(lambda found: f"{found[1]}:{float(found[2]):02.0f}" if "." not in found[2] else found[0], text)
    if "~~" in text:
        text = re.sub(r"~~[^~\n]{1,120}~~", " ", text)
    for pattern, instead in _MARKUP:
        text = pattern.sub(instead, text)
    if "</" in text:
        text = _LISTED_TAGS.sub("\n", _EXAMPLE.sub(" ", text) if _SHOWN_TAG.search(text) else text)
    text = _without_comments(text)
    if "\n" in text:
        text = re.sub(r"(?: ?\n ?)+", "\n", text)
    return re.sub(r"[^\S\n]+", " ", text)


def _number(tokens: re.Match[str]) -> str:
    """The number that digit tokens such as `<TIME_ONE><TIME_DOT>` or `<t0><t7>` spell."""
    spelt = folded(tokens[0])
    signs: list[str] = re.findall(r"\d|dot|zero|one|two|three|four|five|six|seven|eight|nine|\.", spelt)
    number = "".join("." if sign in ("dot", ".") else _DIGITS.get(sign, sign) for sign in signs).strip(".")
    head, point, tail = re.sub(r"\.+", ".", number).partition(".")
    return f" {int(head or 0)}{point}{tail.replace('.', '')} "


def _as_object(tag: re.Match[str]) -> str:
    """A tag with attributes as a JSON object."""
    pairs = ", ".join(f'"{name}": "{value}"' for name, value in _ATTRIBUTE.findall(tag[1]))
    return f"\n{{{pairs}}}\n"


def _without_comments(text: str) -> str:
    kept, place = "", 0
    while (start := text.find("<!--", place)) >= 0 and (end := text.find("-->", start)) >= 0:
        kept, place = kept + text[place:start], end + 3
    return kept + text[place:]
