"""What is changed in a sentence is the thing and not its measure, and for no word that may be true of anything."""

import random

import pytest

from support.builders import make_sample
from vtgdata.annotations.content_words import Lexicon
from vtgdata.annotations.negatives import Texts, changed

SENTENCES = (
    "a person opens a door.", "a person opens a window.", "a person opens the box.", "person closes a closet.",
    "a person drinks a water.", "person drinks the coffee.", "person drinks from a glass.", "person takes the bottle.",
)  # fmt: skip


@pytest.mark.parametrize(
    ("sentence", "pair"),
    [
        ("a person drinks a glass of water.", ("drinks", "water")),
        ("a person closes the closet door.", ("closes", "door")),
        ("a person opens a box with water.", ("opens", "box")),
    ],
)
def test_a_measure_and_what_stands_before_a_thing_are_not_the_thing(sentence, pair):
    assert Lexicon((*SENTENCES, "a person closes a door.")).pairs(sentence) == [pair]


@pytest.mark.parametrize("general", ["stuff", "contents", "items", "pieces", "things"])
def test_no_general_word_takes_the_place_of_a_thing(general):
    said = [sentence for sentence in (*SENTENCES, f"a person opens the {general}.") for _ in range(3)]
    samples = [make_sample(f"s{n}", video_id=f"v{n}", query=sentence) for n, sentence in enumerate(said)]
    texts = Texts(samples, {})
    made = [changed(samples[0], texts, random.Random(seed)) for seed in range(40)]
    queries = {each.query for each in made if each is not None}
    assert "a person opens a window." in queries and not any(general in query for query in queries)
