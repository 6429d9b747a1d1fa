"""What the words of an answer mean besides windows: an option, an empty answer, no such event, a refusal."""

import re

from vtgdata.conversation import answer_sayings as sayings
from vtgdata.conversation import answer_words as words
from vtgdata.conversation.answer_clauses import NEGATION, QUOTED, SENTENCE
from vtgdata.conversation.answer_scan import Scan
from vtgdata.conversation.answer_text import ends
from vtgdata.conversation.answer_times import whole_words

MOST_STATUS = 1_000
"""Most characters of a text without a window that are read to tell why it has none, half from each end."""

REGRET = Scan(rf"{whole_words(sayings.REFUSAL)}|{sayings.REFUSAL_JOINED}")
"""An apology, in any language of the table."""
_INABLE = Scan(rf"{whole_words(sayings.INABLE)}|{sayings.INABLE_JOINED}")
_FINDING = Scan(rf"{whole_words(sayings.FINDING)}|{sayings.FINDING_JOINED}")
_SHOWN = Scan(rf"(?:{words.VIDEO})|\b{sayings.SEEN}")
_ABSENT_JOINED = Scan(sayings.ABSENT_JOINED, cased=True)
_CANNOT = (
    r"(?:can ?not|can't|won't|will not|refuse to|(?:am|was) (?:unable|not able|not allowed) to"
    r"|(?:must|have to) decline to|do(?: not|n't) have the ability to)"
)
_REFUSED = Scan(
    rf"\bi(?:'m|'ll| am| will)? ?{_CANNOT}\b|\bi(?:'m| am) (?:sorry|unable|not able)\b|\b(?:must|have to) decline\b"
    r"|\bas an? (?:ai|(?:large )?language model)\b|\bunable to (?:help|comply|assist)\b"
    r"|\bagainst my (?:guidelines|policy)"
    r"|(?:抱歉|对不起|對不起).{0,6}(?:无法|不能|無法)|我(?:无法|不能|無法)(?:协助|提供|处理|回答|協助|處理)"
)
_DECLINED = Scan(
    rf"\bi {_CANNOT} (?:help|assist|comply|answer|do)(?: you)?(?: with)?(?: (?:that|this|it|your|the|such))?"
    r"(?: (?:request|task|question|video|clip|content|answer))?(?= ?(?:[.,;!(]|\n|\Z))|\bi must decline\b"
)
_STILL = Scan(r"\b(?:but|however|though|still|nevertheless)\b")
_QUOTED = re.compile(r'"[^"\n]{0,200}"')
_EVENT = r"(?:event|moment|action|activity|scene|segment|window|part|thing|instance|occurrence|match|interval|answer)s?"
_ABSENT = Scan(
    r"\b(?:does|did|do|is|was|are)(?: ?n't| not) (?:actually |ever |seem to |appear to )?"
    r"(?:(?:occur|happen|take place|exist|found)\b|(?:(?:present|appear|visible|seen) )?(?:anywhere )?"
    r"in (?:the|this|any) (?:video|clip)"
    rf"|(?:contain|show|include|depict|have) (?:the|this|that|such|any)(?: an?)?(?: \w+)? {_EVENT})"
    r"|\bnever (?:happens?|occurs?|takes? place|appears? in (?:the|this) (?:video|clip))"
    rf"|\bno (?:such|matching|corresponding|relevant) (?:an? )?{_EVENT}\b"
    rf"|\b(?:there (?:is|was|are)|i (?:see|find|found)) no {_EVENT}\b"
    rf"|\b(?:could|can) ?(?:not|n't|'t) (?:be found|find (?:the|this|such|any) {_EVENT})"
    rf"|\b(?:the|this) (?:described )?{_EVENT} is (?:absent|missing)\b"
    rf"|\A\W*(?:no {_EVENT}|not (?:found|present|applicable|visible|available)|absent)\W*\Z"
    r"|(?:没有|沒有|未|并未|不)(?:发生|發生|出现|出現|存在)"
)
_BLANK = r"[\s\[\](){},.:;\"'-]*+"
_NOTHING = re.compile(rf"{_BLANK}(?:(?:null|none|nil|n/?a|no answer|nothing)\b{_BLANK})*+\Z", re.IGNORECASE)

_BRACKETED = Scan(r"(?<=\w) \([^()\n]{0,200}\)", cased=True)
_BOXED = re.compile(r"\\boxed\{ ?(?:\\?text\{)? ?\(?([A-Z])\)?\.? ?\}")
_BOX = re.compile(r"\\boxed ?\{([^{}]{0,200})\}")
_ONLY_OPTION = re.compile(r"\W{0,3}([A-Z])(?:\)\.?|[.:)])?\W{0,3}\Z|\W{0,3}(?:\(([A-Z])\)|([A-Z])[.):])[ :][^\n]*\Z")
# `The answer is A man` names no option; `the answer is A because` does.
_SAID_OPTION = Scan(
    r"\b(?:(?:[Aa]nswer|ANSWER|[Oo]ption|[Cc]hoice)(?: is| would be)?\s?:?|choose|pick|select)\s?(?:[Oo]ption )?"
    r"\(?([A-Z])\)?(?![\w'])(?! (?!because|since|as |and |with |for |from )[a-z])"
    r"|(?:答案|选项?|選項?|选择)(?:是|为|為)?:? ?\(?([A-Z])\b",
    cased=True,
)
_BARE_OPTION = re.compile(r"(?:\A|\n)\W{0,3}([A-Z])[).]?\W{0,3}\Z")
_BRACKETED_OPTION = re.compile(r"\(([A-Z])\)")


def only_option(content: str) -> str | None:
    """The letter of a tag that holds only an option, if need be with the option's text after it; else None.

    >>> only_option("(D) two to three people"), only_option("A man opens the gate")
    ('D', None)
    """
    match = _ONLY_OPTION.match(content)
    return next((letter for letter in match.groups() if letter), None) if match else None


def boxed_option(text: str) -> str | None:
    r"""The letter of the last `\boxed{C}`."""
    return _last(_BOXED, text)


def said_option(text: str) -> str | None:
    """The option's letter that a text names in words, alone on its last line, or in brackets; else None.

    >>> said_option("The answer is C, since it rains."), said_option("A man opens the gate.")
    ('C', None)
    """
    return _last(_SAID_OPTION, text) or _last(_BARE_OPTION, text) or _last(_BRACKETED_OPTION, text)


def _last(pattern: re.Pattern[str] | Scan, text: str) -> str | None:
    letters = [next(letter for letter in match.groups() if letter) for match in pattern.finditer(text)]
    return letters[-1] if letters else None


def unboxed(text: str) -> str:
    r"""The text with the content of each `\boxed{}` on a line of its own."""
    return _BOX.sub(r"\n\1\n", text)


def boxes(text: str) -> list[str]:
    r"""The content of each `\boxed{}`."""
    return _BOX.findall(text)


def says_nothing(content: str) -> bool:
    """Whether a content is empty: only blanks, empty brackets, null, None or N/A.

    >>> says_nothing("[null, null]"), says_nothing("soon")
    (True, False)
    """
    return _NOTHING.match(_BRACKETED.sub("", content)) is not None


def says_absent(text: str) -> bool:
    """Whether a text says in English or Chinese that there is no such event."""
    return _ABSENT.search(text) is not None


def declines(text: str) -> bool:
    """Whether the model explicitly declines the request, even if it adds numbers; but not if a `but` follows.

    >>> declines("I can't assist with that. Ask between 9:00 and 17:00."), declines("I can't answer, but at 5-9 s")
    (True, False)
    """
    text = _QUOTED.sub("", text)
    match = _DECLINED.search(text)
    return match is not None and not _STILL.search(text, match.end())


def apologises(text: str) -> bool:
    """Whether a text in which no window was found is a refusal."""
    return _REFUSED.search(_QUOTED.sub("", text)) is not None


def denies(text: str) -> bool:
    """Whether a text without a window says that the video does not show the event."""
    plain = QUOTED.sub("", ends(text, MOST_STATUS))
    denied = any(NEGATION.search(each) and _SHOWN.search(each) for each in SENTENCE.split(plain))
    return denied or _ABSENT_JOINED.search(plain) is not None


def regrets(text: str) -> bool:
    """Whether a text without a window is a refusal, in any language of the table.

    It says that the speaker cannot or will not, or is an apology that does not go on to say what the video lacks.
    """
    plain = QUOTED.sub("", ends(text, MOST_STATUS))
    if _INABLE.search(plain) and not _FINDING.search(plain):
        return True
    return REGRET.search(plain) is not None and not (denies(text) or says_absent(plain))
