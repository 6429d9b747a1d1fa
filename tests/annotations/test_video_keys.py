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
    assert found["youtube:aB3_dE-6hIj"] == [cut, whole]
    assert found["video:aB3_dE-6hIj_60_210"] == [cut]
