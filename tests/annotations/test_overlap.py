import msgspec

from support.builders import make_sample
from vtgdata.annotations import overlap, video_keys
from vtgdata.annotations.overlap import Group, Index
from vtgdata.records import Sample


def index(*samples: Sample) -> Index:
    return Index(overlap.grouped(samples))


def cut(sample_id: str, corpus: str, start: float, windows: list[tuple[float, float]], **more) -> Sample:
    """A sample on a part of aB3_dE-6hIj, which its corpus says is a video of YouTube's."""
    video_id = f"aB3_dE-6hIj_{start}_{start + 60}"
    sample = make_sample(sample_id, corpus=corpus, video_id=video_id, windows=windows, **more)
    video = msgspec.structs.replace(sample.video, source_id="aB3_dE-6hIj", source_start=start)
    return msgspec.structs.replace(sample, video=video)


def test_groups_are_splits_of_corpora_and_a_test_is_a_benchmark() -> None:
    groups = overlap.grouped([make_sample("b", split="test"), make_sample("a"), make_sample("c", corpus="other")])
    assert [str(group) for group in groups] == ["other train", "test test", "test train"]
    assert [group.benchmark for group in groups] == [False, True, False]


def test_pairs_count_shared_sources_near_queries_and_same_moments_zeros_included() -> None:
    found = index(
        make_sample("a:1", corpus="a", video_id="v_aB3_dE-6hIj", query="He cuts the carrot.", windows=[(63, 70)]),
        make_sample("a:2", corpus="a", video_id="K7QZ2", query="a dog"),
        cut("b:1", "b", 60.0, [(3, 10)], query="he cuts the carrot", split="test"),
        make_sample("c:1", corpus="c", video_id="M2XP0"),
    ).pairs()
    told = {(str(p.first), str(p.second)): (p.sources, p.youtube, p.queries, p.duplicates) for p in found}
    assert told == {
        ("a train", "b test"): (1, 1, 1, 1),
        ("a train", "c train"): (0, 0, 0, 0),
        ("b test", "c train"): (0, 0, 0, 0),
    }
    assert [pair.contaminates for pair in found] == [True, False, False]


def test_moments_are_compared_on_the_clock_of_the_source() -> None:
    whole = make_sample("a:1", corpus="a", video_id="v_aB3_dE-6hIj", query="It rains.", windows=[(63, 70)])
    part = Sample(
        sample_id="b:1", corpus="b", split="train", query="it rains", windows=cut("x", "b", 60.0, [(3, 10)]).windows,
        video=type(whole.video)(
            video_id="aB3_dE-6hIj_60_120", file="x.mp4", source_id="aB3_dE-6hIj", source_start=60.0
        ),
    )  # fmt: skip
    assert overlap.moment(whole) == overlap.moment(part)


def test_of_a_benchmark_s_row_and_its_copy_the_copy_is_the_repeat() -> None:
    found = index(
        make_sample("a:1", corpus="a", video_id="K7QZ2"),
        make_sample("b:1", corpus="b", video_id="K7QZ2", split="test", query="A dog jumps"),
    ).duplicates()
    assert found == {"a:1": "b:1"}


def test_the_source_is_the_longest_video_known() -> None:
    assert video_keys.source(cut("a", "a", 60.0, [(3, 10)])) == "video:aB3_dE-6hIj"
    assert video_keys.source(make_sample(video_id="K7QZ2")) == "video:K7QZ2"
    assert Group("a", "").benchmark is False
