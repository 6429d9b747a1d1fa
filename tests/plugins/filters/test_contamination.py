import pytest

from support.builders import make_sample
from vtgdata.annotations import video_keys
from vtgdata.errors import VtgError
from vtgdata.plugins.filters import contamination
from vtgdata.records import Sample

TEST = [
    make_sample("bench:1", video_id="v_aB3_dE-6hIj", query="A man rows a boat.", corpus="bench", split="test"),
    make_sample("bench:2", video_id="v_aB3_dE-6hIj", query="It rains.", corpus="bench", split="test"),
]
BENCHMARKS = video_keys.by_key(TEST)


def left(sample: Sample, **settings: object) -> list[tuple[str, str]]:
    found = contamination.keep([sample], None, BENCHMARKS, **settings)  # type: ignore[arg-type]
    return [(each.reason, each.detail) for each in found]


@pytest.mark.parametrize("video_id", ["v_aB3_dE-6hIj", "aB3_dE-6hIj", "aB3_dE-6hIj_60.0_210.0", "video-aB3_dE-6hIj"])
def test_a_benchmark_s_video_is_recognised_under_its_other_names(video_id: str) -> None:
    ((reason, detail),) = left(make_sample(video_id=video_id, query="a dog runs"))
    assert reason == "benchmark_video" and "bench test" in detail


def test_the_benchmark_s_own_question_has_its_own_reason() -> None:
    ((reason, detail),) = left(make_sample(video_id="aB3_dE-6hIj", query="a man rows the boat"))
    assert reason == "benchmark_query" and "'A man rows a boat.'" in detail and "bench:1" in detail


def test_by_query_a_shared_video_with_another_question_is_kept() -> None:
    assert left(make_sample(video_id="aB3_dE-6hIj", query="a dog runs"), by="query") == []
    assert left(make_sample(video_id="aB3_dE-6hIj", query="it rains"), by="query")


def test_the_same_question_on_another_video_is_no_contamination() -> None:
    assert left(make_sample(video_id="zzz_dE-6hIj", query="A man rows a boat.")) == []


def test_a_benchmark_is_not_compared_with_itself() -> None:
    assert left(TEST[0]) == []


def test_a_choice_that_is_none_is_refused() -> None:
    with pytest.raises(VtgError, match="by=source"):
        contamination.keep([], None, {}, by="source")
