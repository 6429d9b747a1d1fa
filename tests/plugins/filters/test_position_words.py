import pytest

from support.builders import make_sample
from vtgdata.plugins.filters import position_words


def left(query: str) -> list[str]:
    return [each.detail for each in position_words.keep([make_sample(query=query)], None)]


@pytest.mark.parametrize(
    "query",
    [
        "At the beginning a man waves.",
        "at the very beginning, credits roll",
        "She smiles at the end.",
        "In the end the dog sleeps",
        "a logo at the end of the video",
        "the middle of this clip",
        "the last few seconds of the footage",
        "Finally, he rests",
        "person finally closes the door.",
        "The video begins with a black screen.",
        "he waves as the video is ending",
        "the opening credits",
        "for the first 5 seconds a title is seen",
        "the final scene",
        "a ball is thrown at 0:15",
        "from 0:10 to 0:20 he talks",
        "he jumps at 12 seconds",
        "near the 30 second mark she turns",
        "ten seconds into the video a car comes",
        "he talks throughout the entire video",
        "from beginning to end he runs",
        "at first he sits",
    ],
)
def test_a_query_that_tells_where_in_the_video_is_dropped(query: str) -> None:
    assert left(query)


@pytest.mark.parametrize(
    "query",
    [
        "he stands at the end of the table",
        "a player runs in the end zone",
        "she waits at the start of the line",
        "the clock shows 10:30",
        "they meet at 10:30 pm",
        "a photo from the 1990s",
        "stir for 10 seconds",
        "he takes the last shot",
        "a player at first base",
        "he poses for the video",
        "a man begins to run",
        "she opens the video camera",
        "a runner starts in the middle of the road",
        "the endings of both ropes",
    ],
)
def test_places_in_the_picture_and_lengths_of_time_are_no_positions(query: str) -> None:
    assert not left(query)


def test_the_detail_quotes_the_words() -> None:
    assert left("Then, at the END, he bows") == ["the query says 'at the END'"]
