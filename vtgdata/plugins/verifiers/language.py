"""Language: the reasoning is in the language of the query.

Scripts are told by their signs, languages of the Latin script by their most frequent words. What stands in quotes, a
sign in the video say, may be in any language.
"""

import re
from collections.abc import Sequence

from vtgdata.conversation.verifying import (
    Reasons,
    VerifierExample,
    each,
    example_row,
    example_sample,
    reason,
    reasoning_of,
)
from vtgdata.errors import VtgError
from vtgdata.files.schemas import Row
from vtgdata.records import Sample

_QUOTED = re.compile(
    '"[^"\n]{0,80}"|“[^”\n]{0,80}”|「[^」\n]{0,80}」|『[^』\n]{0,80}』|«[^»\n]{0,80}»|‘[^’\n]{0,80}’|《[^》\n]{0,80}》'
)
_SCRIPTS = {
    "latin": re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]"),
    "han": re.compile(r"[\u3400-\u9fff]"),
    "kana": re.compile(r"[\u3040-\u30ff]"),
    "hangul": re.compile(r"[\uac00-\ud7af\u1100-\u11ff]"),
    "cyrillic": re.compile(r"[\u0400-\u04ff]"),
    "greek": re.compile(r"[\u0370-\u03ff]"),
    "arabic": re.compile(r"[\u0600-\u06ff]"),
    "hebrew": re.compile(r"[\u0590-\u05ff]"),
    "devanagari": re.compile(r"[\u0900-\u097f]"),
    "thai": re.compile(r"[\u0e00-\u0e7f]"),
}
_WEIGHT = {"han": 3.0, "kana": 2.0, "hangul": 3.0}
"""Letters of the Latin script that one sign stands for."""
_TOGETHER = ({"han", "kana"}, {"latin"})
"""Scripts that one language mixes; Latin letters, of names and units, are never foreign."""
_FREQUENT = {
    "en": "the is and of to in he she it his her from that with at then this they person man woman video while are who",
    "de": "der die das und ist nicht ein eine mit von zu den dem sich auf er sie wird bis dann öffnet mann frau",
    "fr": "le la les et est un une de des du dans il elle qui que pas sur avec puis jusqu porte homme femme ouvre",
    "es": "el la los las y es un una de del en que no con se por para su hasta desde hombre mujer puerta luego abre",
    "it": "il lo la gli e è un una di del della che non con si per poi fino uomo donna porta apre nel dal",
    "pt": "o a os as e é um uma de do da em que não com se por para até homem mulher porta então abre na no",
    "nl": "de het een en is niet van met op zijn haar hij zij die dat naar tot dan man vrouw deur opent wordt",
    "tr": "bir ve bu ile için değil daha sonra adam kadın kapıyı açıyor",
    "pl": "i w na jest nie z do się że mężczyzna kobieta drzwi otwiera",
    "id": "yang dan di dari ke ini itu dengan seorang pria wanita membuka pintu pada adalah",
    "vi": "và là của một người đàn ông phụ nữ mở cửa từ đến trong không",
}
_WORDS = {language: frozenset(words.split()) for language, words in _FREQUENT.items()}
_FOREIGN = {language: words - _WORDS["en"] - {"no", "do", "on", "a", "as"} for language, words in _WORDS.items()}
"""Without the words that English has too."""
_COMMON = (" the ", " is ", " and ", " of ", "The ", " then ")
"""Frequent English words that no other of these languages has."""
_WORD = re.compile(r"[^\W\d_]+")
LEAST_WORDS = 4
"""Frequent words of a foreign language from which on it is told."""
LEAST_SHARE = 0.2
"""Their least share of all words."""


def verify(rows: Sequence[Row], sample: Sample, frames: object, *, most: float = 0.15) -> Reasons:
    """`language`, with the share of the reasoning that is in another script, or the language that it is in.

    Args: most: share of letters of other scripts that is let pass.
    """
    if not 0 <= most <= 1:
        raise VtgError(f"language: most={most:g} must lie in [0, 1].")
    asked = _asked(sample.query)

    def why(row: Row) -> str | None:
        thought = reasoning_of(row)
        if not thought or ("latin" in asked and thought.isascii() and _plain_english(thought)):
            return None
        if not thought.isascii():
            plain = _QUOTED.sub(" ", thought)
            share = _foreign(plain, asked)
            if share > most:
                return reason("language", share, "in another script")
            if not plain.isascii() and "latin" not in asked and _only_latin(plain):
                return reason("language", 1.0, "in another script")
        elif "latin" not in asked and len(_WORD.findall(thought)) >= LEAST_WORDS:
            return reason("language", 1.0, "in another script")
        other = _other_latin(thought, sample.query) if "latin" in asked else None
        return reason("language", words=other) if other else None

    return each(rows, why)


def _asked(query: str) -> set[str]:
    """The scripts in which the reasoning to a query may be written; Latin for a query without letters."""
    query = _QUOTED.sub(" ", query)
    amounts = {name: _WEIGHT.get(name, 1.0) * len(pattern.findall(query)) for name, pattern in _SCRIPTS.items()}
    most = max(amounts, key=amounts.__getitem__)
    if not amounts[most]:
        return {"latin"}
    return next((set(group) for group in _TOGETHER if most in group), {most})


def _foreign(text: str, asked: set[str]) -> float:
    """Share of a text's letters, each by its weight, in scripts other than those asked and Latin."""
    amounts = {name: _WEIGHT.get(name, 1.0) * len(pattern.findall(text)) for name, pattern in _SCRIPTS.items()}
    total = sum(amounts.values())
    return sum(amount for name, amount in amounts.items() if name not in asked | {"latin"}) / total if total else 0.0


def _only_latin(text: str) -> bool:
    return not any(pattern.search(text) for name, pattern in _SCRIPTS.items() if name != "latin")


def _plain_english(text: str) -> bool:
    """Whether a text has so many of the most frequent English words that nothing else need be looked at."""
    return 10 * sum(text.count(word) for word in _COMMON) >= text.count(" ")


def _other_latin(text: str, query: str) -> str | None:
    """The language of a text, where it is one of those known and neither English nor that of the query."""
    words = _WORD.findall(text.lower())
    english = sum(word in _WORDS["en"] for word in words)
    if english >= 0.12 * len(words):
        return None
    counts = {name: sum(word in theirs for word in words) for name, theirs in _FOREIGN.items() if name != "en"}
    other = max(counts, key=counts.__getitem__)
    if counts[other] < max(LEAST_WORDS, 2 * english, LEAST_SHARE * len(words)):
        return None
    asked = set(_WORD.findall(query.lower()))
    return None if len(asked & _FOREIGN[other]) >= 2 or not asked else other


_SAMPLE = example_sample()
EXAMPLE = VerifierExample(
    sample=_SAMPLE,
    rows=tuple(
        example_row(f"<think>{thought}</think><answer>5.0 to 10.0</answer>", _SAMPLE)
        for thought in (
            "\u90a3\u4e2a\u4eba\u4ece5\u79d2\u523010\u79d2\u6253\u5f00\u4e86\u95e8\u3002",
            "The person opens the door with the sign \u201c\u51fa\u53e3\u201d on it.",
            "Der Mann geht zu der T\u00fcr und \u00f6ffnet sie, dann ist sie bis zum Ende nicht mehr zu sehen.",
            "The caf\u00e9 door, marked Ausgang, is opened by the person and then it is closed.",
        )
    ),
    reasons=("language", None, "language", None),
)
