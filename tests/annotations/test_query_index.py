import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vtgdata.annotations import query_index
from vtgdata.annotations.query_index import QueryIndex
from vtgdata.annotations.similar_queries import similarity

_WORDS = st.sampled_from(
    ["a", "the", "man", "cuts", "carrots", "onion", "door", "3", "4", "opens", "again", "Carrots", "cut"]
)
_QUERIES = st.lists(_WORDS, max_size=6).map(" ".join)


def brute(queries: list[str], query: str, least: float) -> tuple[float, int] | None:
    likely = [similarity(query, other) for other in queries]
    best = max(likely, default=0.0)
    return (best, likely.index(best)) if best > 0 and best >= least else None


@pytest.fixture(params=["lists", "bits", "several numbers", "either"], autouse=True)
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test goes through both kinds of index."""
    if request.param == "several numbers":
        monkeypatch.setattr(query_index, "_BITS", 5)
    if request.param != "either":
        monkeypatch.setattr(query_index, "_MOST_BITS", 0 if request.param == "lists" else 1 << 30)
        monkeypatch.setattr(query_index, "_PER_WORD", 1_000_000)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_QUERIES, max_size=40), st.lists(_QUERIES, min_size=1, max_size=5), st.sampled_from([0.0, 0.5, 0.8, 1]))
def test_the_index_finds_what_a_comparison_with_each_finds(queries: list[str], asked: list[str], least: float) -> None:
    index = QueryIndex(queries)
    for query in asked:
        assert index.nearest(query, least) == brute(queries, query, least)


def test_one_index_answers_for_several_levels() -> None:
    index = QueryIndex(["he cuts a carrot", "she opens the door"])
    assert index.nearest("he opens a window", 0.8) is None
    assert index.nearest("he opens a window") == (
        pytest.approx(similarity("he opens a window", "she opens the door")),
        1,
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_QUERIES, max_size=40), st.sampled_from([0.1, 0.5, 0.8, 1]))
def test_of_queries_in_turn_those_are_kept_that_are_like_none_kept_before(queries: list[str], least: float) -> None:
    index, kept = QueryIndex(queries), list[int]()
    for place, query in enumerate(queries):
        near = brute([queries[each] for each in kept], query, least)
        assert index.kept(query, least) == ((near[0], kept[near[1]]) if near else None)
        if near is None:
            kept.append(place)
