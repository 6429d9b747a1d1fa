import pytest

from support.builders import make_sample
from vtgdata.errors import VtgError
from vtgdata.plugins.filters import audio_query


def left(query: str, **settings: str) -> list[str]:
    return [each.detail for each in audio_query.keep([make_sample(query=query)], None, **settings)]


@pytest.mark.parametrize(
    "query",
    ["We hear a dog bark.", "A loud SOUND, then silence", "the audio fades", "a bell is heard.", "hearing 'hello'"],
)
def test_a_query_about_what_is_heard_is_dropped(query: str) -> None:
    assert left(query)


@pytest.mark.parametrize("query", ["her heart beats", "a soundproof door", "he listens to the radio", "an audience"])
def test_only_whole_words_count(query: str) -> None:
    assert not left(query)


def test_a_star_stands_for_any_ending() -> None:
    assert left("the soundtrack plays", words="sound*") == ["the query says 'soundtrack'"]
    assert not left("we hear a dog", words="sound*")


@pytest.mark.parametrize("words", ["", "+", "*"])
def test_no_words_are_refused(words: str) -> None:
    with pytest.raises(VtgError, match="audio_query: words="):
        left("a dog", words=words)
