"""The words of English queries that say what happens: stems, and which of them name things and which actions.

There is no tagger here: a corpus's own sentences tell. A word that ends a stretch behind an article or possessive names
a thing; one right behind a subject, `is` or `to` names an action. It is meant for leaving out what may be true, where a
word too many costs a candidate and nothing else.
"""

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import lru_cache

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_DETERMINERS = frozenset((
    "a", "an", "the", "his", "her", "their", "its", "some", "another", "my", "your", "of", "with",
))  # fmt: skip
_BEFORE_ACTIONS = frozenset((
    "is", "are", "was", "were", "to", "then", "begins", "starts", "they", "he", "she", "it", "who",
))  # fmt: skip
_STOP = frozenset((
    "a", "an", "the", "his", "her", "their", "its", "some", "another", "my", "your", "of", "with", "and", "or",
    "to", "in", "on", "into", "onto", "at", "from", "for", "by", "as", "is", "are", "was", "were", "be", "been",
    "being", "then", "while", "when", "before", "after", "that", "this", "these", "those", "it", "he", "she",
    "they", "them", "him", "himself", "herself", "themselves", "who", "which", "there", "here", "up", "down", "out",
    "off", "over", "under", "through", "around", "back", "away", "very", "again", "also", "same", "other", "one",
    "two", "begins", "starts", "start", "begin", "begun", "started", "still", "just", "next", "front", "side",
    "top", "not", "no", "any", "each", "all", "both", "more", "most", "less", "time", "times", "moment", "way",
    "bit", "lot", "few", "across", "outside", "inside", "nearby", "near", "together", "something", "anything",
    "someone", "everything", "thing", "things", "stuff", "item", "items", "object", "objects", "contents", "piece",
    "pieces", "pile", "pair", "pairs", "whole", "what", "behind", "toward", "towards", "else", "half", "middle", "end",
    "hand", "left", "right", "able",
))  # fmt: skip
_SUBJECTS = frozenset((
    "person", "people", "man", "men", "woman", "women", "someone", "somebody", "guy", "lady", "boy", "girl",
    "child", "children", "kid", "kids", "individual", "persons", "video", "clip", "camera",
))  # fmt: skip
"""Words that every video of people holds."""
_IRREGULAR = {
    "took": "take", "taken": "take", "sat": "sit", "ran": "run", "ate": "eat", "eaten": "eat", "threw": "throw",
    "thrown": "throw", "held": "hold", "stood": "stand", "drank": "drink", "left": "leave", "went": "go", "gone": "go",
    "wore": "wear", "caught": "catch", "fell": "fall", "broke": "break", "wrote": "write", "swept": "sweep",
    "hung": "hang", "woke": "wake", "awoke": "awake", "knives": "knife", "shelves": "shelf", "shoes": "shoe",
    "teeth": "tooth", "feet": "foot", "lying": "lie", "laid": "lay", "tidying": "tidy",
}  # fmt: skip
_SAME = (
    "sofa couch settee", "television tv movie", "cup glass mug bottle can", "phone cellphone smartphone telephone",
    "laptop computer", "book notebook magazine", "cabinet cupboard shelf closet wardrobe pantry refrigerator fridge",
    "picture photo photograph image painting selfie", "bag backpack purse groceries", "blanket towel quilt cloth sheet",
    "clothes clothing shirt jacket coat sweater hoodie", "food sandwich snack meal lunch breakfast dinner bite",
    "laugh smile", "stairs steps staircase", "room house",
    "turn switch flip", "run jog", "walk leave go enter", "throw toss", "fix repair", "tidy clean wash wipe",
    "grab take pick get hold", "put place set", "look watch see stare", "light lamp", "dish plate bowl",
    "water drink juice soda beverage milk coffee tea liquid", "doorway door entrance entryway doorknob knob",
    "cook prepare make stove oven pan pot", "lie lay sleep awake awaken rest", "medicine pill", "paper document letter",
)  # fmt: skip
"""Words that name one thing or action often enough to be taken for each other."""


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """A word without its English endings, crudely: forms of one word are one stem.

    >>> [stem(word) for word in ("opens", "opening", "opened", "closing", "close", "sitting", "dishes", "took")]
    ['open', 'open', 'open', 'clos', 'clos', 'sit', 'dish', 'tak']
    """
    word = word.lower().removesuffix("'s")
    word = _IRREGULAR.get(word, word)
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif re.search(r"(?:s|x|z|ch|sh)es\Z", word):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        word = word[:-1]
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            if re.search(r"([^aeiouylsz])\1\Z", word):
                word = word[:-1]
            break
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


@lru_cache(maxsize=1)
def _groups() -> dict[str, str]:
    return {stem(word): stem(group.split()[0]) for group in _SAME for word in group.split()}


def key(word: str) -> str:
    """A word's stem, or that of the first of the words that are taken for each other.

    >>> key("couches") == key("sofa")
    True
    """
    return same(stem(word))


def same(stem_of_word: str) -> str:
    """A stem, or that of the first of the words that are taken for each other."""
    return _groups().get(stem_of_word, stem_of_word)


def words(text: str) -> list[str]:
    """The words of a text, as they are written."""
    return _WORD.findall(text)


def content(text: str) -> list[str]:
    """The words of a text that say something: no function words, and none that every video of people holds."""
    return [word for word in words(text) if word.lower() not in _STOP and word.lower() not in _SUBJECTS]


def keys(text: str) -> set[str]:
    """The keys of the words that say something.

    >>> sorted(keys("A person opens the door.")) == sorted({key("open"), key("door")})
    True
    """
    return {key(word) for word in content(text)}


class Lexicon:
    """Which words name things and which actions, told from sentences."""

    def __init__(self, sentences: Iterable[str]) -> None:
        """Read the sentences of a corpus."""
        things, actions = Counter[str](), Counter[str]()
        forms: dict[str, Counter[str]] = defaultdict(Counter)
        for sentence in sentences:
            read = words(sentence.lower())
            things.update(stem(word) for word in _heads(read))
            actions.update(stem(word) for word in _actions(read))
            for word in _heads(read):
                forms[stem(word)][word] += 1
        self._things = {word for word, n in things.items() if n >= actions[word]}
        self._actions = {word for word in actions if word not in self._things}
        self.forms = {word: min(found, key=lambda form: (-found[form], form)) for word, found in forms.items()}
        """{stem of a thing: how it is written most often}."""

    def things(self, text: str) -> list[str]:
        """The words of a text that name things, as they are written."""
        return [word for word in content(text) if stem(word) in self._things]

    def pairs(self, text: str) -> list[tuple[str, str]]:
        """Each action of a text with the thing that follows it before the next action, as they are written.

        A measure is not the thing (`a glass of water`: water), nor is what stands before it (`a closet door`: door).
        """
        found: list[tuple[str, str]] = []
        action = ""
        read = words(text)
        for word, after in itertools.zip_longest(read, read[1:], fillvalue=""):
            if not content(word):
                continue
            if stem(word) in self._actions:
                action = word
            elif action and stem(word) in self._things and after.lower() != "of" and not self.things(after):
                found.append((action, word))
                action = ""
        return found

    def actions(self, text: str) -> list[str]:
        """The words of a text that name actions, as they are written."""
        return [word for word in content(text) if stem(word) in self._actions]


def _heads(read: list[str]) -> list[str]:
    """The last word of each stretch of content words behind an article or such."""
    found: list[str] = []
    for i, word in enumerate(read):
        if word not in _DETERMINERS:
            continue
        last = ""
        for following in read[i + 1 : i + 4]:
            if following in _STOP or following in _SUBJECTS or following.endswith("ly"):
                break
            last = following
        if last:
            found.append(last)
    return found


def _actions(read: list[str]) -> list[str]:
    """The words right behind a subject, `is` or `to`."""
    pairs = itertools.pairwise(read)
    return [word for before, word in pairs if (before in _SUBJECTS or before in _BEFORE_ACTIONS) and word not in _STOP]
