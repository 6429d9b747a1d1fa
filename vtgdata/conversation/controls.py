"""Control tokens that are spelt out in the words of a sample: `<|im_end|>`, `<image>`, `[INST]`.

A model in this process takes them as plain text (its tokenizer is at hand). A server's tokenizer is not: a blank breaks
the token, and the repair `control_token` says so. No list names the tokens of all models, so they are known by their
form; an ordinary word in brackets (`<laughs>`, `[music]`) has none of these forms and stays.
"""

import logging
import re
from functools import lru_cache

import msgspec

from vtgdata.conversation.answer_text import is_reasoning_mark
from vtgdata.records import Message, Part, Repair, Text

CODE = "control_token"
log = logging.getLogger("vtgdata")

_NAMES = (
    "image|images|img|video|vid|audio|frame|bbox|box|ref|quad|object|point|points|patch|sound|speech|tool|tools"
    "|s|bos|eos|eot|eom|eop|sop|pad|unk|sep|cls|mask|user|assistant|system|model|human|bot|im|inst|sys|think|answer"
)
_CONTROL = re.compile(
    rf"<[|｜][^<>\s|｜][^<>|｜]{{0,60}}[|｜]>"  # <|im_end|>, and DeepSeek's wide bars
    rf"|<\|?/?(?:{_NAMES})(?:[-_:]?\d+)?\|?>"  # <image>, </s>, <image_1>
    r"|</?[A-Za-z]+(?:[-_]\w+)+>"  # <start_of_turn>, <image_soft_token>, <tool_call>
    r"|<0x[0-9A-Fa-f]{2}>|<(?:unused|extra_id_?|reserved|special)_?\d+>|<<SYS>>|<</SYS>>"
    r"|</?(?:IMG|IMAGE|VID|VIDEO|BOX)(?:_\w+)?>"
    r"|\[/?(?:INST|IMG|IMG_BREAK|IMG_END|gMASK|sMASK|MASK|CLS|SEP|PAD|UNK|BOS|EOS|THINK|[A-Z]+_[A-Z_]+)\]"
    r"|◁[^◁▷\s][^◁▷]{0,40}▷"
)


def control_tokens(text: str) -> list[str]:
    """What is spelt like a control token, in its order.

    >>> control_tokens("he says <|im_end|> and [INST], she <laughs> [music]")
    ['<|im_end|>', '[INST]']
    """
    return _CONTROL.findall(text) if "<" in text or "[" in text or "◁" in text else []


def broken(text: str) -> tuple[str, list[Repair]]:
    """The text with a blank after the first character of each control token, and a repair for each.

    >>> broken("a <image> falls")[0]
    'a < image> falls'
    """
    found = control_tokens(text)
    repairs = [Repair(code=CODE, old=token, new=f"{token[0]} {token[1:]}") for token in found]
    return _CONTROL.sub(lambda token: f"{token[0][0]} {token[0][1:]}", text) if found else text, repairs


def for_server(message: Message) -> Message:
    """A message as a server may get it: no control token is spelt out in the words of the sample.

    What is broken is said once for each token. Where a text does not say what of it is data, all is but the marks of
    reasoning, which a prompt may name.
    """
    parts = tuple(_sent(part) if isinstance(part, Text) else part for part in message.parts)
    return message if parts == message.parts else msgspec.structs.replace(message, parts=parts)


def _sent(part: Text) -> Part:
    spans = part.data
    if spans is None:
        if all(is_reasoning_mark(token) or token in _ANSWER for token in control_tokens(part.text)):
            return part
        spans = ((0, len(part.text)),)
    pieces, place = [""], 0
    for start, end in spans:
        words, repairs = broken(part.text[start:end])
        pieces += [part.text[place:start], words]
        place = end
        for repair in repairs:
            _say(repair.old, repair.new)
    text = "".join(pieces) + part.text[place:]
    return part if text == part.text else Text(text)


_ANSWER = ("<answer>", "</answer>")


@lru_cache(maxsize=256)
def _say(old: str, new: str) -> None:
    log.warning("a query has %r, a control token of models: servers get %r (%s)", old, new, CODE)
