"""The parts of a model's text: where its reasoning ends, and which answer tags it has. Linear in the length."""

import re
from collections import deque
from typing import NamedTuple

from vtgdata.conversation import answer_words as words
from vtgdata.conversation.answer_scan import Scan

MOST_TAGS = 200
"""Most answer tags that are read, counted from the end of the text."""
MOST_CONTENT = 4_000
"""Most characters that are read of a tag's content, or of a text without tags: half of them from each end."""

_FIRST = r"[<◁\[【〈《&]"
"""How a mark begins: a pattern that starts with a set of characters is searched for fast. Most of these signs are
followed by what is no mark, and what may follow is looked at next."""
_LEFT, _RIGHT = r"(?:(?<=&)lt;|)\|?\s{0,3}", r"\s{0,3}\|?(?:\\?[>▷\]】〉》]|&gt;)"
_THOUGHT = (
    r"(?:[a-z]{2,10}+[:_]|)(?:think(?:ing|)|thoughts?|reason(?:ing|)|reflection|analysis|scratch_?pad|monologue|denken|gedanken|pensamentos?"
    r"|pensamientos?|pensées?|réflexion|мысли|思考过?程?|생각)"
)
_THINK_BEGINS = re.compile(
    rf"{_FIRST}(?=[\s|a-z\u00c0-\uffff])(?![◁【〈《])(?:think>|{_LEFT}(?:begin_of_|start_|){_THOUGHT}(?:\s[^<>\n]{{0,40}}|){_RIGHT}"
    r"|(?<=<)(?:\|channel\|?>\s{0,3}(?:analysis|commentary|thought)(?:\s?<\|message\|>)?|unused94>))",
    re.IGNORECASE,
)
_THINK_ENDS = re.compile(
    rf"{_FIRST}(?=[\s|/lecu])(?:/think>|{_LEFT}(?:/\s{{0,3}}|end_of_|end_){_THOUGHT}{_RIGHT}"
    r"|(?<=<)(?:\|channel\|>\s{0,3}final[^<\n]{0,40}<\|message\|>|channel\|>|unused95>))",
    re.IGNORECASE,
)
"""Marks of reasoning: think in all spellings and brackets, channels, and what single model families use. The usual one
is tried first."""
MOST_MARK, _LAST = 80, 2_000
"""Most characters of a mark that ends the reasoning; characters at a text's end in which it is looked for first."""
_OLLAMA = re.compile(r"\A\s{0,9}Thinking\.\.\.\n(.{0,100000}?)\n\.\.\.done thinking\.", re.DOTALL)
"""How a program that runs models on one's own machine prints reasoning."""
_BLOCK = re.compile(
    r"<(/?)(details|summary|caption|observation|description|plan|tool_?calls?|function_?calls?|tool_?code"
    r"|tool_response"
    r"|tool_?results?)\b[^<>]{0,80}>",
    re.IGNORECASE,
)
"""Tags of which the content is no answer; that of a tool's call is one if the tool takes the answer."""
_CALL_MARK = re.compile(r"<[|｜] ?tool[_▁]calls?(?:[_▁]section)?[_▁](begin|end) ?[|｜]>")
"""A tool's call between special tokens, as Kimi and DeepSeek write it."""
_CALL = re.compile(r"\b(?:Action: ?)?([A-Za-z_][\w.]{2,40})\((?=[^()\n]{0,200}=)[^()\n]{0,200}\)")
ANSWERS = re.compile(
    r"answer|submit|final|result|report|respond|return|ground|locali[sz]e|predict|output|window|interval"
    r"|segment|moment"
    r"|timestamp|span",
    re.IGNORECASE,
)
"""In the name of a tool that takes the answer; calls of other tools are none."""
_ANSWER_BEGINS = Scan(
    r"[<&【\n](?:(?:(?<=<)|(?<=&)lt;)\s{0,3}(?:answer|time|glue)\b|(?<=【)(?:最终|最終)?(?:答案|回答)】"
    r"|(?<=\n)\W{0,6}(?:final )?answer\W{0,3}(?=\n|:))"
)
_TAG = re.compile(r"< ?(/?) ?(answer|time|glue)(?: [^<>]{0,60})?>", re.IGNORECASE)
_LINE_TAG = re.compile(r"</?(?:br|p|div|li|ul|ol|tr|table|tbody|thead|h[1-6]|hr)\b[^<>]{0,40}>", re.IGNORECASE)
_CELL_TAG = re.compile(r"</?t[dh]\b[^<>]{0,40}>", re.IGNORECASE)
_BOUND_TAG = Scan(r"(?<![\"'])<(?:time_?)?(?:(start|from|begin)|(end|to|stop|finish))(?:_?time)?(?: [^<>]{0,30})?>")
_OTHER_TAG = Scan(r"(?<![\"'])</?[a-z][^<>]{0,40}>|<\|[a-z_]{1,24}\|>")


class Block(NamedTuple):
    """The content of a complete answer tag, without the contents of tags inside it."""

    content: str
    inner: bool
    """Whether no other complete tag lies in it."""
    lead: str = ""
    """The text outside of tags before it, from the block before."""


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
    text = _OLLAMA.sub("<think>\\1</think>", text)
    if "assistantfinal" in text:
        # Channels of which the special tokens were lost.
        thought, _, rest = text.rpartition("assistantfinal")
        return thought.strip(), rest
    last = _last_end(text)
    before, rest = (text[: last.start()], text[last.end() :]) if last else ("", text)
    if begins := _THINK_BEGINS.search(rest):
        head, tail = rest[: begins.start()], rest[begins.end() :]
        tags = list(_ANSWER_BEGINS.finditer(tail))
        rest = tail if tags else head if _ANSWER_BEGINS.search(head) else ""
        before += tail[: tags[0].start()] if tags else tail
    return _without_openings(before).strip(), rest


def _last_end(text: str) -> re.Match[str] | None:
    """The last mark that ends the reasoning, looked for from the end of the text, in parts that grow."""
    begin, size = len(text), _LAST
    while begin > 0:
        end, begin, size = begin, max(0, begin - size), 4 * size
        for last in deque(_THINK_ENDS.finditer(text, begin, end + MOST_MARK), maxlen=1):
            # The words between the tokens of a channel's mark may have a mark of their own.
            outer = _THINK_ENDS.match(text, max(0, text.rfind("<", 0, last.start())))
            return outer if outer and outer.end() > last.start() else last
    return None


def _without_openings(thought: str) -> str:
    """The text without the marks that open reasoning: mostly it has one, and then the rest need not be searched."""
    first = _THINK_BEGINS.search(thought)
    if first is None:
        return thought
    rest = thought[first.end() :]
    return thought[: first.start()] + (_THINK_BEGINS.sub("", rest) if words.may_hold(rest, "thought") else rest)


def opening_of(written: str) -> str:
    r"""The mark that opens the reasoning, with the blanks after it, if what a chat template has written ends with one.

    >>> opening_of("<|im_start|>assistant\n<think>\n"), opening_of("<think>\n\n</think>\n\n")
    ('<think>\n', '')
    """
    marks = list(_THINK_BEGINS.finditer(written))
    return written[marks[-1].start() :] if marks and not written[marks[-1].end() :].strip() else ""


def is_reasoning_mark(text: str) -> bool:
    """Whether a text is a mark that opens or closes reasoning, in any spelling.

    >>> is_reasoning_mark("</think>"), is_reasoning_mark("<|im_end|>")
    (True, False)
    """
    return bool(_THINK_BEGINS.fullmatch(text) or _THINK_ENDS.fullmatch(text))


def opened(text: str, *, by_template: bool = False) -> str:
    """The text with the mark that opens its reasoning, in our spelling, where the prompt had that mark already.

    Args:
        text: an answer.
        by_template: whether the chat template is known to write the mark. Otherwise a closing mark without an opening
            one shows it.

    >>> opened("It opens.</think> 3 to 5"), opened("3 to 5"), opened("It ope", by_template=True)
    ('<think>It opens.</think> 3 to 5', '3 to 5', '<think>It ope')
    """
    last = _last_end(text) if words.may_hold(text, "thought") else None
    if _THINK_BEGINS.search(text, 0, last.start() if last else len(text)):
        return text
    if last:
        return f"<think>{text[: last.start()]}</think>{text[last.end() :]}"
    return f"<think>{text}" if by_template else text


def reopened(text: str, opening: str) -> str:
    r"""An answer whose reasoning begins exactly as a chat template opens it, if the template does.

    >>> reopened("<think>It opens.</think>3 to 5", "<think>\n")
    '<think>\nIt opens.</think>3 to 5'
    """
    begins = _THINK_BEGINS.match(text) if opening else None
    return opening + text[begins.end() :].lstrip() if begins else text


def without_blocks(text: str) -> str:
    """The text without remarks in tags of their own and without calls of tools that take no answer."""
    if "tool" in text:
        text = _CALL_MARK.sub(lambda mark: "<tool_call>" if mark[1] == "begin" else "</tool_call>", text)
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


def parts(text: str, *, cut: bool) -> Parts:
    """Cut a cleaned text at its complete answer tags; an outer tag holds its content without that of inner tags.

    Args:
        text: cleaned, without reasoning.
        cut: whether the text was cut off: then the text after a tag that is left open is incomplete, and left out.
    """
    blocks: list[Block] = []
    opened: list[tuple[str, int, int]] = []
    pieces: list[str] = [""]
    place = led = 0
    for tag in list(_TAG.finditer(text))[-MOST_TAGS:]:
        pieces[-1] += text[place : tag.start()]
        place = tag.end()
        name = tag[2].lower()
        if not tag[1]:
            opened.append((name, len(blocks), led))
            pieces.append("")
            led = len(pieces[0])
        elif name in [other for other, _, _ in opened]:
            while opened[-1][0] != name:
                _give_back(opened, pieces)
            _, before, lead = opened.pop()
            blocks.append(Block(_plain(pieces.pop()), before == len(blocks), pieces[0][lead:led]))
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


def _give_back(opened: list[tuple[str, int, int]], pieces: list[str]) -> None:
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
