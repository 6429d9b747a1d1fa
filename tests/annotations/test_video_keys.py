import pytest

from support.builders import make_sample
from vtgdata.annotations import video_keys
from vtgdata.records import Sample, Video


def sample(video_id: str, file: str = "", source_id: str | None = None, corpus: str = "test") -> Sample:
    video = Video(video_id=video_id, file=file or f"{video_id}.mp4", source_id=source_id)
    return Sample(sample_id=video_id, corpus=corpus, split="train", video=video, query="a dog", windows=())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (sample("v_aB3_dE-6hIj"), sample("aB3_dE-6hIj", "aB3_dE-6hIj.webm")),
        (sample("v_aB3_dE-6hIj"), sample("clip7", source_id="aB3_dE-6hIj")),
        (sample("aB3_dE-6hIj_60.0_210.0"), sample("v_aB3_dE-6hIj_210_360")),
        (sample("aB3_dE-6hIj_00:03:22:400_00:04:00:000"), sample("aB3_dE-6hIj_31.50_96.00")),
        (sample("video-aB3_dE-6hIj"), sample("aB3_dE-6hIj")),
        (sample("-B3_dE-6hI_"), sample("v_-B3_dE-6hI_")),
        (sample("s99-d01", "s99-d01.avi"), sample("s99-d01-cam-002")),
        (sample("K7QZ2"), sample("anything", "K7QZ2.mkv")),
        (sample("05124", corpus="charades_sta"), sample("05124", corpus="museg")),
        (sample("0f-11-22_90.93_225.17", "0f-11-22.mp4", "0f-11-22"), sample("0f-11-22")),
        (sample("12345678901", corpus="nextgqa"), sample("12345678901", corpus="museg")),
    ],
)
def test_one_video_is_recognised_by_any_of_its_names(one: Sample, other: Sample) -> None:
    assert video_keys.keys(one) & video_keys.keys(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (sample("aB3_dE-6hIj"), sample("AB3_dE-6hIj")),
        (sample("aB3_dE-6hIj"), sample("aB3_dE-6hIk")),
        (sample("s99-d01"), sample("s99-d02")),
        (sample("12345678@N00_1234567890_0a1b2c3d4e"), sample("12345678@N00_1234567890_0a1b2c3d4f")),
        (sample("video_12", corpus="mine"), sample("video_12", corpus="yours")),
        (sample("12", corpus="mine"), sample("12", corpus="yours")),
    ],
)
def test_different_videos_share_no_name(one: Sample, other: Sample) -> None:
    assert not video_keys.keys(one) & video_keys.keys(other)


def test_a_numbered_video_is_itself_within_its_corpus() -> None:
    assert video_keys.keys(make_sample("a", video_id="v1")) == video_keys.keys(make_sample("b", video_id="v1"))


def test_samples_are_found_by_every_name_of_their_video() -> None:
    cut, whole = sample("aB3_dE-6hIj_60.0_210.0"), sample("v_aB3_dE-6hIj")
    found = video_keys.by_key([cut, whole])
    assert found["video:aB3_dE-6hIj"] == [cut, whole]
    assert found["video:aB3_dE-6hIj_60_210"] == [cut]


def of_corpus(video_id: str, corpus: str, source_id: str | None = None, duration: float | None = None) -> Sample:
    video = Video(video_id=video_id, file=f"{video_id}.mp4", source_id=source_id, duration=duration)
    return Sample(sample_id=video_id, corpus=corpus, split="train", video=video, query="a dog", windows=())


def test_eleven_characters_that_number_the_videos_of_two_corpora_are_two_videos() -> None:
    one, other = of_corpus("video_00012", "mine"), of_corpus("video_00012", "yours")
    assert not video_keys.keys(one) & video_keys.keys(other)
    assert not video_keys.youtube(one)


def test_a_youtube_id_that_looks_like_a_number_is_the_same_everywhere_its_corpus_says_so() -> None:
    one, other = (of_corpus("video_00012", corpus, "video_00012") for corpus in ("mine", "yours"))
    assert video_keys.keys(one) == video_keys.keys(other)
    assert video_keys.youtube(one)


def test_an_id_of_which_nobody_said_anything_is_found_where_another_corpus_says_what_it_is() -> None:
    said = of_corpus("aB3_dE-6hIj_60.0_210.0", "qvhighlights", "aB3_dE-6hIj")
    for name in ("aB3_dE-6hIj", "v_aB3_dE-6hIj", "video-aB3_dE-6hIj", "https://youtu.be/aB3_dE-6hIj?t=3"):
        assert video_keys.keys(of_corpus(name, "mine")) & video_keys.keys(said)


CUTS = (
    ("{}_12.50_40.00", "{}_30.0_58.5"), ("{}_00:12-00:40", "{}_00:30-00:58.5"), ("{}#t=12,40", "{}#t=30,58.5"),
    ("{}_00:00:12.500_00:00:40.000", "{}_00:00:30.000_00:00:58.500"), ("{}_12.5-40.0", "{}_30.0-58.5"),
    ("{}_00:00:12:500_00:00:40:000", "{}_00:00:30:000_00:00:58:500"), ("{}_12.5_to_40.0", "{}_30.0_to_58.5"),
)  # fmt: skip
"""Names of two cuts of a video that overlap in time, in the notations that corpora use."""

SOURCES = (
    "K7QZ2", "aB3_dE-6hIj", "e4cf448f-e442-4e19-bf87-1eee8fbf59d8", "s99-d01", "P01_05", "friends_s01e03",
    "12345678@N00_1234567890_0a1b2c3d4e", "14919236672", "GX010042",
)  # fmt: skip
"""Names of whole videos: Charades, YouTube, Ego4D, TACoS, EPIC-Kitchens, TVQA, DiDeMo, VidOR, a camera."""


@pytest.mark.parametrize("notation", CUTS)
@pytest.mark.parametrize("source", SOURCES)
def test_two_cuts_of_one_source_are_the_same_footage_and_cuts_of_two_are_not(
    source: str, notation: tuple[str, str]
) -> None:
    whole = of_corpus(source, "c")
    one, other = of_corpus(notation[0].format(source), "a"), of_corpus(notation[1].format(source), "b")
    assert video_keys.source(one) == video_keys.source(other) == video_keys.source(whole)
    assert video_keys.own(one) != video_keys.own(other)
    assert 0 <= video_keys.source_start(other) - video_keys.source_start(one) - 17.5 <= 0.5
    stranger = of_corpus(notation[1].format(f"{source}x"), "b")
    assert not video_keys.keys(one) & video_keys.keys(stranger)


@pytest.mark.parametrize(
    "name",
    [
        "P01_05_10",
        "show_s01_02_03",
        "g01_c01_12_40",
        "VIRAT_S_010204_05_000856_000890",
        "video_frame_0001_0002",
        "a_1_2",
    ],
)
def test_two_whole_numbers_behind_a_name_are_no_cut_unless_the_video_is_as_long(name: str) -> None:
    assert video_keys.own(of_corpus(name, "c")) == video_keys.source(of_corpus(name, "c")) == f"video:{name}"


def test_two_whole_numbers_are_a_cut_where_the_video_is_as_long() -> None:
    assert video_keys.source(of_corpus("K7QZ2_12_40", "c", duration=28.2)) == "video:K7QZ2"
    assert video_keys.source(of_corpus("K7QZ2_12_40", "c", duration=90.0)) == "video:K7QZ2_12_40"


def test_videos_that_their_folders_tell_apart_share_no_name() -> None:
    one, other = of_corpus("train/0001", "c"), of_corpus("test/0001", "c")
    assert not video_keys.keys(one) & video_keys.keys(other)
    one, other = of_corpus("train/K7QZ2", "c"), of_corpus("test/K7QZ2", "c")
    assert not video_keys.keys(one) & video_keys.keys(other)
    assert video_keys.keys(of_corpus("test/K7QZ2", "c")) == video_keys.keys(of_corpus("test/K7QZ2", "d"))
