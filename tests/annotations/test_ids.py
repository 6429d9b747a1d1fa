import pytest

from vtgdata.annotations import ids


@pytest.mark.parametrize(
    ("key", "named"),
    [
        ("K7QZ2", ids.Named("K7QZ2", "K7QZ2.mp4")),
        ("v_aB3_dE-6hIj", ids.Named("v_aB3_dE-6hIj", "v_aB3_dE-6hIj.mp4")),
        ("-B3_dE-6hIj.webm", ids.Named("-B3_dE-6hIj", "-B3_dE-6hIj.webm")),
        (
            "x/y/aB3_dE-6hIj_60.0_210.0",
            ids.Named("aB3_dE-6hIj_60.0_210.0", "aB3_dE-6hIj_60.0_210.0.mp4", "aB3_dE-6hIj", 60.0),
        ),
        ("s99-d01-cam-002.avi", ids.Named("s99-d01", "s99-d01-cam-002.avi")),
        ("1_2@N00.", ids.Named("1_2@N00", "1_2@N00.mp4")),
        ("../../etc/passwd", ids.Named("passwd", "passwd.mp4")),
        ("C:\\videos\\K7QZ2.mp4", ids.Named("K7QZ2", "K7QZ2.mp4")),
    ],
)
def test_what_a_key_stands_for(key: str, named: ids.Named) -> None:
    assert ids.named(key) == named


@pytest.mark.parametrize(
    ("key", "source"),
    [
        ("v_aB3_dE-6hIj", "aB3_dE-6hIj"), ("-B3_dE-6hIj.webm", "-B3_dE-6hIj"), ("v_abcdefghi", "v_abcdefghi"),
        ("K7QZ2", None), ("s99-d01", None),
    ],
)  # fmt: skip
def test_eleven_characters_are_a_youtube_id_where_the_corpus_says_so(key: str, source: str | None) -> None:
    assert ids.named(key, youtube=True) == ids.named(key)._replace(source_id=source)
    assert ids.named(key).source_id is None


@pytest.mark.parametrize(
    "link",
    [
        "https://www.youtube.com/watch?v=aB3_dE-6hIj", "http://youtube.com/watch?v=aB3_dE-6hIj&t=3s",
        "https://www.youtube.com/watch?time_continue=3&v=aB3_dE-6hIj#t=1", "https://youtu.be/aB3_dE-6hIj?si=x_1&t=4",
        "https://m.youtube.com/watch?app=desktop&v=aB3_dE-6hIj", "youtube.com/shorts/aB3_dE-6hIj?feature=share",
        "www.youtube.com/embed/aB3_dE-6hIj?start=3&end=9", "https://www.youtube-nocookie.com/embed/aB3_dE-6hIj",
        "https://youtube.com/live/aB3_dE-6hIj", "//youtu.be/aB3_dE-6hIj", "https://www.youtube.com/v/aB3_dE-6hIj",
        "https://i.ytimg.com/vi/aB3_dE-6hIj/hqdefault.jpg", "/watch?v=aB3_dE-6hIj",
        "music.youtube.com/watch?v=aB3_dE-6hIj",
    ],
)  # fmt: skip
def test_a_link_to_youtube_is_an_id_in_every_form(link: str) -> None:
    assert ids.named(link) == ids.Named("aB3_dE-6hIj", "aB3_dE-6hIj.mp4", "aB3_dE-6hIj")


@pytest.mark.parametrize(
    "key", ["video_frame_0001_0002", "camera_frnt_40_10", "aB3_dE-6hIj_60", "aB3_dE-6hI_60_210", "aB3_dE-6hIj_a_b", ""]
)
def test_what_is_no_cut(key: str) -> None:
    assert ids.cut(key) is None
