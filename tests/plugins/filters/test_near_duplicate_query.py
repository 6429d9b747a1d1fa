import itertools
import random
import string
from collections.abc import Sequence

import pytest

from support.builders import make_sample
from vtgdata.annotations.similar_queries import similarity
from vtgdata.errors import VtgError
from vtgdata.plugins.filters import near_duplicate_query
from vtgdata.records import Sample


def asked(*queries: str, **more: object) -> list[Sample]:
    return [make_sample(str(i), query=query, **more) for i, query in enumerate(queries)]  # type: ignore[arg-type]


def dropped(samples: Sequence[Sample], **settings: float) -> list[str]:
    return [left.sample_id for left in near_duplicate_query.keep(samples, None, **settings)]


def test_the_first_of_nearly_equal_queries_is_kept() -> None:
    assert dropped(asked("He cuts a carrot.", "he cut the carrot", "he peels the carrot", "He cuts the carrot")) == [
        "1",
        "3",
    ]


def test_other_figures_make_another_query() -> None:
    assert dropped(asked("a graphic shows the number 3", "a graphic shows the number 4")) == []


def test_the_same_query_of_another_video_is_no_duplicate() -> None:
    assert dropped([make_sample("a", video_id="v1"), make_sample("b", video_id="v2")]) == []


def test_the_drop_names_the_sample_that_it_repeats() -> None:
    (left,) = near_duplicate_query.keep(asked("a dog jumps", "A dog jumps."), None)
    assert left.detail == "1.00 like 'a dog jumps' (0)"


def test_a_threshold_of_one_drops_only_what_has_the_same_words() -> None:
    assert dropped(asked("he cuts a carrot", "he cut a carrot", "a carrot he cuts"), threshold=1) == ["2"]


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.8, 0.9, 1.0])
def test_the_index_finds_what_comparing_all_pairs_finds(threshold: float) -> None:
    chance = random.Random(3)
    words = ["man", "mans", "dog", "dogs", "cuts", "cut", "opens", "the", "door", "doors", "red"]
    samples = asked(*(" ".join(chance.choices(words, k=chance.randint(1, 7))) for _ in range(300)))
    kept: list[Sample] = []
    for sample in samples:
        if all(similarity(sample.query, other.query) < threshold for other in kept):
            kept.append(sample)
    gone = {sample.sample_id for sample in samples} - {sample.sample_id for sample in kept}
    assert set(dropped(samples, threshold=threshold)) == gone


def test_few_of_all_pairs_of_one_video_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(4)
    words = ["".join(chance.choices(string.ascii_lowercase, k=chance.randint(3, 8))) for _ in range(3_000)]
    compared: list[int] = []

    def counted(one: str, other: str) -> float:
        compared.append(1)
        return similarity(one, other)

    monkeypatch.setattr(near_duplicate_query, "similarity", counted)
    samples = asked(*(" ".join(chance.choices(words, k=8)) for _ in range(4_000)))
    assert dropped([*samples, make_sample("again", query=samples[17].query)]) == ["again"]
    assert len(compared) < 0.02 * len(samples) * (len(samples) - 1) / 2


def test_likeness_is_symmetric_and_1_for_itself() -> None:
    queries = ["he cuts a carrot", "", "???", "the", "\u72d7\u8df3\u8fc7\u6805\u680f", "number 3"]
    for one, other in itertools.product(queries, queries):
        assert similarity(one, other) == similarity(other, one)
        assert similarity(one, one) == 1.0 >= similarity(one, other) >= 0.0


@pytest.mark.parametrize("threshold", [0, 1.1, -1])
def test_a_threshold_out_of_range_is_refused(threshold: float) -> None:
    with pytest.raises(VtgError, match="threshold="):
        near_duplicate_query.keep([], None, threshold=threshold)


def test_a_query_without_a_moment_repeats_none_that_has_one():
    there = make_sample("there", query="a person opens the door")
    absent = make_sample("absent", query="a person opens the doors", windows=[], none_is_right=True)
    again = make_sample("again", query="person opens a door")
    assert [left.sample_id for left in near_duplicate_query.keep([there, absent, again], None)] == ["again"]
