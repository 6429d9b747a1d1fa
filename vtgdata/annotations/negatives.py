"""Queries that have no moment in a video, in three grades, made from the sentences of a corpus.

- `other_video` (easy): a sentence of another video that names a thing, none of whose words (`content_words.keys`) the
  video's texts hold. A sentence without a thing ("a person stands up") happens in most videos, said or not.
- `near` (medium): a sentence of another video with an action of this video's own sentences, none of whose things the
  video's texts hold; of those looked at, the one that is most like one of the video's own sentences.
- `changed` (hard): a sentence of the video itself with one thing changed for another that goes with the same action
  elsewhere in the corpus, and that the video's texts do not hold.

Whatever the annotators saw and did not write down may be true all the same, the more so the longer a video and the
shorter its texts: such a query is `unverified` until a judge has looked.
"""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from vtgdata.annotations.content_words import Lexicon, content, key, keys, same, stem, words
from vtgdata.annotations.similar_queries import similarity
from vtgdata.records import Sample

TRIES = 60
"""Sentences of other videos that are looked at for one query."""
LEAST, MOST = 2, 5
"""Sentences in which a thing must follow an action for the two to go together: one in a thousand of the corpus, but at
least 2 and at most 5. What is rarer is a slip, or a general word, which may be true of anything."""
_VOWELS = "aeiou"


class Negative(NamedTuple):
    """A query that has no moment in a sample's video."""

    query: str
    donor: str
    """Id of the sample whose sentence it is, or of the sample itself if a thing of it was changed."""
    changed: str = ""
    """`door -> window`, where a thing was changed."""


class Texts:
    """What is known of each source of videos, and the sentences of a corpus by their words."""

    def __init__(self, samples: Sequence[Sample], known: Mapping[str, Iterable[str]]) -> None:
        """Take samples with a moment, and further texts by video or source id: scripts, classes, objects."""
        self.samples = samples
        self.lexicon = Lexicon(sample.query for sample in samples)
        self._held: dict[str, set[str]] = defaultdict(set)
        self._own: dict[str, list[str]] = defaultdict(list)
        self._said: dict[str, set[str]] = defaultdict(set)
        self._licences = {sample.sample_id: sample.license for sample in samples}
        self.least = min(MOST, max(LEAST, len(samples) // 1000))
        """Sentences in which a thing must follow an action: see LEAST."""
        self.by_action: dict[str, list[int]] = defaultdict(list)
        """{key of an action: numbers of the samples whose sentence has it}."""
        self.goes_with: dict[str, Counter[str]] = defaultdict(Counter)
        """{key of an action: stems of the things that follow it in sentences, with how often they do}."""
        for number, sample in enumerate(samples):
            source = sample.video.source
            self._held[source] |= keys(sample.query)
            self._own[source].append(sample.query)
            self._said[source].add(sample.query.casefold())
            for text in (*known.get(sample.video.video_id, ()), *known.get(source, ())):
                self._held[source] |= keys(text)
            for action in {key(word) for word in self.lexicon.actions(sample.query)}:
                self.by_action[action].append(number)
            for action, thing in self.lexicon.pairs(sample.query):
                self.goes_with[key(action)][stem(thing)] += 1

    def licence(self, sample_id: str) -> str:
        """The licence of a sample."""
        return self._licences[sample_id]

    def held(self, sample: Sample) -> set[str]:
        """Keys of all words of the texts of a sample's video, and of others of its source."""
        return self._held[sample.video.source]

    def own(self, sample: Sample) -> list[str]:
        """The sentences of a sample's video, and of others of its source."""
        return self._own[sample.video.source]

    def said(self, sample: Sample, query: str) -> bool:
        """Whether a query is a sentence of a sample's own video."""
        return query.casefold() in self._said[sample.video.source]


def other_video(sample: Sample, texts: Texts, rng: random.Random) -> Negative | None:
    """A sentence of another video none of whose words this video's texts hold; None where none was found."""
    held = texts.held(sample)
    for _ in range(TRIES):
        donor = texts.samples[rng.randrange(len(texts.samples))]
        found = keys(donor.query) if texts.lexicon.things(donor.query) else set[str]()
        if found and not found & held and donor.video.source != sample.video.source:
            return Negative(donor.query, donor.sample_id)
    return None


def near(sample: Sample, texts: Texts, rng: random.Random) -> Negative | None:
    """A sentence of another video with the same action and other things; None where none was found."""
    held, own = texts.held(sample), texts.own(sample)
    numbers = [n for word in texts.lexicon.actions(sample.query) for n in texts.by_action[key(word)]]
    best: tuple[float, str, str] | None = None
    for number in rng.sample(numbers, min(TRIES, len(numbers))):
        donor = texts.samples[number]
        things = {key(word) for word in texts.lexicon.things(donor.query)}
        if not things or things & held or donor.video.source == sample.video.source:
            continue
        if texts.said(sample, donor.query):
            continue
        like = max(similarity(donor.query, each) for each in own)
        best = max(best or (-1.0, "", ""), (like, donor.query, donor.sample_id))
    return None if best is None else Negative(best[1], best[2])


def changed(sample: Sample, texts: Texts, rng: random.Random) -> Negative | None:
    """The sentence with one of its things changed for one of another video; None where none fits."""
    lexicon, held = texts.lexicon, texts.held(sample)
    pairs = lexicon.pairs(sample.query)
    rng.shuffle(pairs)
    for action, old in pairs:
        beside = texts.goes_with[key(action)]
        fitting = sorted(
            new for new, n in beside.items() if n >= texts.least and same(new) not in held and new in lexicon.forms
        )
        if not fitting:
            continue
        new = lexicon.forms[rng.choice(fitting)]
        query = _replaced(sample.query, old, new)
        if query != sample.query and not texts.said(sample, query):
            return Negative(query, sample.sample_id, f"{old} -> {new}")
    return None


def _replaced(sentence: str, old: str, new: str) -> str:
    """The sentence with the last occurrence of a word replaced, and `a` or `an` before it put right.

    >>> _replaced("A person opens an umbrella.", "umbrella", "door")
    'A person opens a door.'
    """
    places = list(re.finditer(rf"\b{re.escape(old)}\b", sentence))
    if not places:
        return sentence
    before, after = sentence[: places[-1].start()], sentence[places[-1].end() :]
    article = re.search(r"\b(a|an) \Z", before)
    if article:
        before = before[: article.start()] + ("an " if new[:1] in _VOWELS else "a ")
    return before + new + after


GRADES: dict[str, Callable[[Sample, Texts, random.Random], Negative | None]] = {
    "other_video": other_video,
    "near": near,
    "changed": changed,
}
"""{grade: what makes a query of it}, the easiest first."""


def wordless(query: str) -> bool:
    """Whether a query has no word that says something, so that nothing can be told from its words."""
    return not content(query) or not words(query)
