import random

import pytest

from support.builders import make_sample
from vtgdata.annotations import overlap, overlap_columns
from vtgdata.annotations.overlap import Index
from vtgdata.annotations.overlap_columns import Rows
from vtgdata.files.samples import samples_frame
from vtgdata.records import Sample


def rows(*samples: Sample) -> Rows:
    return Rows(samples_frame(samples))


def test_columns_say_what_the_samples_themselves_say(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(3)
    monkeypatch.setattr(overlap_columns, "TOGETHER", 7)
    samples = [
        make_sample(
            f"a:{number}",
            corpus=chance.choice("abc"),
            split=chance.choice(["train", "test", "val"]),
            video_id=chance.choice(["K7QZ2", "M2XP0", "v_aB3_dE-6hIj", "aB3_dE-6hIj_60_120", "lonely"]),
            query=chance.choice(["He cuts it.", "he cuts it", "Die Stra\u00dfe", "die strasse", "she sings 3", "rain"]),
            windows=[(chance.choice([3.0, 3.001, 3.1]), 9.0)],
        )
        for number in range(120)
    ]
    index, found = Index(overlap.grouped(samples)), rows(*samples)
    assert found.pairs(0.8) == index.pairs(0.8)
    held = {sample.sample_id for sample in samples if overlap.Group(sample.corpus, sample.split).benchmark}
    assert list(found.repeats().items()) == [pair for pair in index.duplicates().items() if pair[0] not in held]


def test_rows_on_a_benchmark_s_video_are_contaminated_and_the_benchmark_s_own_are_not() -> None:
    found = rows(
        make_sample("a:1", corpus="a", video_id="K7QZ2"),
        make_sample("a:2", corpus="a", video_id="M2XP0"),
        make_sample("b:1", corpus="b", video_id="K7QZ2", split="test"),
    ).contaminated()
    assert [(sample_id, str(group), video) for sample_id, group, video in found] == [("a:1", "b test", "K7QZ2")]


def test_label_versions_of_one_source_are_told_apart() -> None:
    found = rows(
        make_sample("a:1", corpus="a", video_id="K7QZ2", label_version="timelens"),
        make_sample("b:1", corpus="b", video_id="K7QZ2"),
        make_sample("b:2", corpus="b", video_id="M2XP0"),
    ).label_versions()
    assert found == {"video:K7QZ2": {"original", "timelens"}}


def test_durations_that_differ_beyond_the_tolerance_are_named_and_a_cut_is_another_video() -> None:
    samples = [
        make_sample("a:1", video_id="K7QZ2", duration=30.0),
        make_sample("b:1", video_id="K7QZ2", duration=31.5, corpus="b"),
        make_sample("b:2", video_id="M2XP0", duration=31.5, corpus="b"),
        make_sample("a:2", video_id="aB3_dE-6hIj_0_60", duration=60.0),
        make_sample("b:3", video_id="v_aB3_dE-6hIj", duration=312.0, corpus="b"),
    ]
    assert rows(*samples).durations(1.0) == {"video:K7QZ2": (30.0, 31.5)}
    assert rows(*samples).durations(2.0) == {}
