"""A model's text as plain characters: where its reasoning ends, and which answer tags it has.

Upper case, blanks, line ends, Markdown, LaTeX, quotes, HTML escapes and invisible characters do not change the meaning:
`clean` removes them or replaces them by the plain ASCII sign that they stand for. All of it is linear in the length.
"""

import html
import re
import unicodedata
from typing import NamedTuple

from vtgdata.conversation import answer_words as words

MOST_TAGS = 200
"""Most answer tags that are read, counted from the end of the text."""
MOST_CONTENT = 4_000
"""Most characters that are read of a tag's content, or of a text without tags: half of them from each end."""

_DASHES = "‐‑‒–—―−﹘﹣－"
_BLANKS = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\ufeff"
_SIGNS = (
    {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    | dict.fromkeys(_DASHES, "-")
    | dict.fromkeys(_BLANKS, " ")
    | dict.fromkeys(_INVISIBLE, "")
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
    (re.compile(r"https?://\S+|www\.\S+", re.IGNORECASE), " link "),
    (re.compile(r"```\w{0,12}"), "\n"),
    # Not between digits: `5*10` is not 510.
    (re.compile(r"(?<!\d)[*`]+|[*`]+(?!\d)"), ""),
    (re.compile(r"(?m)^ {0,3}[#>]{1,6} "), ""),
    (re.compile(r"(?<![^\W_])_+|_+(?![^\W_])"), ""),
    (re.compile(r"\$(?=\S)([^$\n]{1,80})(?<=\S)\$(?!\d)"), r"\1"),
    (re.compile(r"\\(?:right|long)?(?:arrow|to)\b"), "->"),
    (re.compile(r"\\(?:[,;:! ()]|q?quad\b)"), " "),
    (re.compile(r"\\sim\b"), "~"),
    # Remove the command and its braces, keep the content: `12.5 \text{ to } 17.8`.
    (re.compile(r"\\(?:text|mathrm|mathbf|textbf|mathsf|operatorname|mbox)\{([^{}]{0,40})\}"), r"\1"),
    (re.compile(r"\\([<>\[\]{}.*~$#+-])"), r"\1"),
)
_FIRST = r"[<◁\[【〈《&]"
"""How a mark begins: a pattern that starts with a set of characters is searched for fast."""
_LEFT, _RIGHT = r"(?:(?<=&)lt;)?\|?\s{0,3}", r"\s{0,3}\|?(?:\\?[>▷\]】〉》]|&gt;)"
_THOUGHT = (
    r"(?:[a-z]{2,10}[:_])?(?:think(?:ing)?|thoughts?|reason(?:ing)?|reflection|analysis|scratch_?pad|monologue|denken|gedanken|pensamentos?"
    r"|pensamientos?|pensées?|réflexion|мысли|思考过?程?|생각)"
)
_THINK_BEGINS = re.compile(
    rf"{_FIRST}(?:{_LEFT}(?:begin_of_|start_)?{_THOUGHT}(?:\s[^<>\n]{{0,40}})?{_RIGHT}"
    r"|(?<=<)(?:\|channel\|?>\s{0,3}(?:analysis|commentary|thought)(?:\s?<\|message\|>)?|unused94>))",
    re.IGNORECASE,
)
_THINK_ENDS = re.compile(
    rf"{_FIRST}(?:{_LEFT}(?:/\s{{0,3}}|end_of_|end_){_THOUGHT}{_RIGHT}"
    r"|(?<=<)(?:\|channel\|>\s{0,3}final[^<\n]{0,40}<\|message\|>|channel\|>|unused95>))",
    re.IGNORECASE,
)
"""Marks of reasoning: think in all spellings and brackets, channels, and what single model families use."""
_BLOCK = re.compile(
    r"<(/?)(details|summary|caption|observation|description|plan|tool_?calls?|function_?calls?|tool_?code"
    r"|tool_response"
    r"|tool_?results?)\b[^<>]{0,80}>",
    re.IGNORECASE,
)
"""Tags of which the content is no answer; that of a tool's call is one if the tool takes the answer."""
_CALL = re.compile(r"\b(?:Action: ?)?([A-Za-z_][\w.]{2,40})\((?=[^()\n]{0,200}=)[^()\n]{0,200}\)")
ANSWERS = re.compile(
    r"answer|submit|final|result|report|respond|return|ground|locali[sz]e|predict|output|window|interval"
    r"|segment|moment"
    r"|timestamp|span",
    re.IGNORECASE,
)
"""In the name of a tool that takes the answer; calls of other tools are none."""
_ANSWER_BEGINS = re.compile(
    r"(?:<|&lt;)\s{0,3}(?:answer|time|glue)\b|【(?:最终|最終)?(?:答案|回答)】"
    r"|\n\W{0,6}(?:final )?answer\W{0,3}(?=\n|:)",
    re.IGNORECASE,
)
_TAG = re.compile(r"< ?(/?) ?(answer|time|glue)(?: [^<>]{0,60})?>", re.IGNORECASE)
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
_PRIMES = re.compile(r"(?<![\d.])(\d{1,3})' ?(\d{1,2}(?:\.\d{1,3})?)(?:\"|''|s\b)")
_LINE_TAG = re.compile(r"</?(?:br|p|div|li|ul|ol|tr|table|tbody|thead|h[1-6]|hr)\b[^<>]{0,40}>", re.IGNORECASE)
_CELL_TAG = re.compile(r"</?t[dh]\b[^<>]{0,40}>", re.IGNORECASE)
_BOUND_TAG = re.compile(
    r"(?<![\"'])<(?:time_?)?(?:(start|from|begin)|(end|to|stop))(?:_?time)?(?: [^<>]{0,30})?>", re.IGNORECASE
)
_OTHER_TAG = re.compile(r"(?<![\"'])</?[a-z][^<>]{0,40}>|<\|[a-z_]{1,24}\|>", re.IGNORECASE)


class Block(NamedTuple):
    """The content of a complete answer tag, without the contents of tags inside it."""

    content: str
    inner: bool
    """Whether no other complete tag lies in it."""


class Parts(NamedTuple):
    """A text without its reasoning, cut at its answer tags."""

    blocks: list[Block]
    """In the order in which the tags close."""
    outside: str
    """All text outside of complete tags; a tag that is never closed or never opened becomes a line end."""
    left_open: bool
    """Whether a tag opens and never closes; the text after it is in `outside`, unless the whole text was cut off."""


def split_reasoning(text: str) -> tuple[str, str]:
    """(reasoning, rest) of a text. The reasoning ends at its last closing mark, even if no opening mark stands before.

    After a `<think>` that never closes there is no rest, unless an answer tag stands after or before it.

    >>> split_reasoning("<think>It opens.</think> <answer>3 to 5</answer>")
    ('It opens.', ' <answer>3 to 5</answer>')
    """
    if not words.may_hold(text, "thought"):
        return "", text
    if "assistantfinal" in text:
        # Channels of which the special tokens were lost.
        thought, _, rest = text.rpartition("assistantfinal")
        return thought.strip(), rest
    ends = last = None
    for last in _THINK_ENDS.finditer(text):
        ends = last
    before, rest = (text[: ends.start()], text[ends.end() :]) if ends else ("", text)
    if begins := _THINK_BEGINS.search(rest):
        head, tail = rest[: begins.start()], rest[begins.end() :]
        tags = list(_ANSWER_BEGINS.finditer(tail))
        rest = tail if tags else head if _ANSWER_BEGINS.search(head) else ""
        before += tail[: tags[0].start()] if tags else tail
    return _THINK_BEGINS.sub("", before).strip(), rest


def without_blocks(text: str) -> str:
    """The text without remarks in tags of their own and without calls of tools that take no answer."""
    kept, place = [""], 0
    opened: list[str] = []
    for tag in _BLOCK.finditer(text):
        kept[-1] += text[place : tag.start()]
        place, name = tag.end(), tag[2].lower()
        if not tag[1]:
            opened.append(name)
            kept.append("")
        elif name in opened:
            while opened[-1] != name:
                opened.pop()
                kept.append(kept.pop(-2) + kept.pop())
            opened.pop()
            content = kept.pop()
            kept[-1] += (
                f"\n{content}\n" if name.startswith(("tool", "func")) and ANSWERS.search(content[:200]) else "\n"
            )
    text = "\n".join(kept) + text[place:]
    if "(" not in text or "=" not in text:
        return text
    return _CALL.sub(lambda call: call[0] if ANSWERS.search(call[1]) else " ", text)


def clean(text: str) -> str:
    """The text in plain characters, with single blanks; quotes, brackets, JSON's backslashes and answer tags stay.

    >>> clean("From **１２．５** s&nbsp;→ 17.8 s")
    'From 12.5 s -> 17.8 s'
    """
    if "<" in text:
        text = _DIGIT.sub(_number, text)
        text = _ATTRIBUTES.sub(_as_object, _ANGLED.sub(r" \1 ", re.sub(r"(?<=\.\d)><(?=\d{1,4}\.)", "> - <", text)))
        text = re.sub(r"<\|\w{0,16}sep\w{0,8}\|>", " - ", re.sub(r"</[a-z]{0,6}\Z", "", text))
    if "&" in text:
        text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    if not text.isascii():
        text = text.translate(_SAME)
        text = re.sub(r"[^\D0-9]", lambda match: str(unicodedata.decimal(match[0])), text)
    text = re.sub(r"[^\S\n]+", " ", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _PRIMES.sub(lambda found: f"{found[1]}:{float(found[2]):02.0f}" if "." not in found[2] else found[0], text)
    for pattern, instead in _MARKUP:
        text = pattern.sub(instead, text)
    if "</" in text:
        text = _EXAMPLE.sub(" ", text)
    return re.sub(r"[^\S\n]+", " ", re.sub(r"(?: ?\n ?)+", "\n", _without_comments(text)))


def _number(tokens: re.Match[str]) -> str:
    """The number that digit tokens such as `<TIME_ONE><TIME_DOT>` or `<t0><t7>` spell."""
    signs: list[str] = re.findall(r"\d|dot|zero|one|two|three|four|five|six|seven|eight|nine|\.", tokens[0].lower())
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


_EXAMPLE = re.compile(
    rf"(?:{words.EXAMPLE}|form(?:at)? is)\W{{0,12}}<(answer|time|glue)>[^<>]{{0,80}}</\1>", re.IGNORECASE
)


def parts(text: str, *, cut: bool) -> Parts:
    """Cut a cleaned text at its complete answer tags; an outer tag holds its content without that of inner tags.

    Args:
        text: cleaned, without reasoning.
        cut: whether the text was cut off: then the text after a tag that is left open is incomplete, and left out.
    """
    blocks: list[Block] = []
    opened: list[tuple[str, int]] = []
    pieces: list[str] = [""]
    place = 0
    for tag in list(_TAG.finditer(text))[-MOST_TAGS:]:
        pieces[-1] += text[place : tag.start()]
        place = tag.end()
        name = tag[2].lower()
        if not tag[1]:
            opened.append((name, len(blocks)))
            pieces.append("")
        elif name in [other for other, _ in opened]:
            while opened[-1][0] != name:
                _give_back(opened, pieces)
            _, before = opened.pop()
            blocks.append(Block(_plain(pieces.pop()), before == len(blocks)))
        else:
            pieces[-1] += "\n"
    pieces[-1] += text[place:]
    left_open = bool(opened)
    while opened:
        if cut:
            pieces.pop()
            opened.pop()
        else:
            _give_back(opened, pieces)
    return Parts(blocks, _plain(pieces[0]), left_open)


def _give_back(opened: list[tuple[str, int]], pieces: list[str]) -> None:
    """Treat the innermost open tag as plain text."""
    opened.pop()
    piece = pieces.pop()
    pieces[-1] += "\n" + piece


def _plain(text: str) -> str:
    """The text without other tags; a tag that names a start or an end becomes the word `start:` or `end:`."""
    text = _BOUND_TAG.sub(lambda tag: " start: " if tag[1] else " end: ", ends(text, MOST_CONTENT))
    return _OTHER_TAG.sub(" ", _CELL_TAG.sub(" | ", _LINE_TAG.sub("\n", text)))


def ends(text: str, most: int) -> str:
    """The text, without its middle if it is longer than `most` characters: an answer is at the beginning or the end.

    >>> ends("0123456789", 4).splitlines()
    ['01', '89']
    """
    return text if len(text) <= most else text[: most // 2] + "\n" + text[-(most // 2) :]
