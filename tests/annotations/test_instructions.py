import pytest

from vtgdata.annotations import instructions


@pytest.mark.parametrize(
    ("sentence", "query"),
    [
        ("Locate 'a man waves' in the video.", "a man waves"),
        ('When does "a man waves" happen?', "a man waves"),
        ("The text query: 'a man waves'. When is it?", "a man waves"),
        ("Find 'the man's hat isn't on' now.", "the man's hat isn't on"),
        ("Locate 'say \"stop\"' in the video.", 'say "stop"'),
        ("Find 'Cook Spooky 'Fingers'' here.", "Cook Spooky 'Fingers'"),
        ("Find 'they're here'", "they're here"),
        ("Find 'rock 'n' roll' in it.", "rock 'n' roll"),
    ],
)
def test_the_query_is_what_stands_between_the_outer_quotes(sentence: str, query: str) -> None:
    assert instructions.quoted(sentence) == query


@pytest.mark.parametrize("sentence", ["", "a man waves", "the man's hat", "the men's and the dog's", "the dogs' bowl"])
def test_apostrophes_alone_quote_nothing(sentence: str) -> None:
    assert instructions.quoted(sentence) is None


def test_a_long_sentence_without_an_end_takes_no_time() -> None:
    assert instructions.quoted(" 'a" * 100_000) is None
