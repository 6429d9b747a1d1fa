from support.builders import make_sample
from vtgdata.plugins.filters import query_words


def reasons(query: str, **settings: int) -> list[str]:
    return [each.reason for each in query_words.keep([make_sample(query=query)], None, **settings)]


def test_two_hundred_words_are_kept_and_one_more_is_not() -> None:
    assert reasons("word " * 200) == []
    assert reasons("word " * 201) == ["query_too_long"]


def test_a_query_of_one_word_goes_when_two_are_asked_for() -> None:
    assert reasons("sneezing", low=2) == ["query_too_short"]
