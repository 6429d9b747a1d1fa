import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtgdata.annotations.normalise import identify, normalise
from vtgdata.records import Corpus, Drop, RawRow, Repair, Sample, Split

CORPUS = Corpus(
    name="toy",
    title="Toy",
    summary="",
    splits=(Split(name="train", files=("toy.txt",)), Split(name="test", files=("toy_test.txt",), benchmark=True)),
    license="CC0-1.0",
    license_link="",
    license_confidence="A",
    homepage="",
    citation="",
    grid=None,
)


def raw_row(*windows: tuple[float, float], **more: Any) -> RawRow:
    whole: dict[str, Any] = {
        "origin": "toy.txt:1", "raw": "raw", "video_id": "v1", "file": "v1.mp4", "query": "a dog jumps",
        "windows": list(windows), "split": "train", "duration": 30.0,
    }  # fmt: skip
    return RawRow(**(whole | more))


def outcome(row: RawRow, **probed: Any) -> Sample | Drop:
    (found,) = normalise([row], CORPUS, **probed)
    return found


def sample(row: RawRow, **probed: Any) -> Sample:
    found = outcome(row, **probed)
    assert isinstance(found, Sample), found
    return found


def reason(row: RawRow) -> str:
    found = outcome(row)
    assert isinstance(found, Drop), found
    return found.reason


def bounds(found: Sample) -> list[tuple[float, float]]:
    return [(window.start, window.end) for window in found.windows]


def test_a_sound_row_becomes_a_sample_unchanged() -> None:
    found = sample(raw_row((3.0, 9.5), extra={"key": 1}))
    assert (found.query, bounds(found), found.repairs, found.extra) == ("a dog jumps", [(3.0, 9.5)], (), {"key": 1})
    assert (found.license, found.origin, found.video.duration) == ("CC0-1.0", "toy.txt:1", 30.0)


def test_an_end_past_the_video_is_clamped_and_the_old_value_kept() -> None:
    found = sample(raw_row((3.0, 31.5)))
    assert (bounds(found), found.repairs) == ([(3.0, 30.0)], (Repair("end_past_video", "31.5", "30.0"),))


def test_a_wide_overshoot_is_flagged_as_a_likely_slip_of_units() -> None:
    assert [each.code for each in sample(raw_row((3.0, 14220.0))).repairs] == ["end_far_past_video"]


def test_float_noise_past_the_end_is_no_overshoot() -> None:
    assert sample(raw_row((3.0, 30.0000005))).repairs == ()


def test_a_window_of_float_noise_at_the_end_of_the_video_is_none() -> None:
    assert reason(raw_row((168.67, 170.0), duration=168.67000000000002)) == "starts_past_end"
    assert reason(raw_row((29.9999999, 30.0))) == "starts_past_end"
    assert bounds(sample(raw_row((0.0, 1e-9), duration=2e-9))) == [(0.0, 1e-9)]


def test_half_a_character_in_the_name_of_a_source_drops_the_row() -> None:
    assert reason(raw_row((3.0, 9.0), source_corpus="x\ud83d")) == "unreadable_row"


def test_a_start_below_zero_becomes_zero() -> None:
    found = sample(raw_row((-0.5, 4.0)))
    assert (bounds(found), found.repairs) == ([(0.0, 4.0)], (Repair("start_below_zero", "-0.5", "0.0"),))


@pytest.mark.parametrize(
    ("window", "why"),
    [
        ((9.0, 3.0), "reversed"),
        ((4.0, 4.0), "zero_length"),
        ((30.0, 31.0), "starts_past_end"),
        ((31.0, 30.5), "reversed"),
        ((-3.0, -1.0), "ends_before_start_of_video"),
        ((math.nan, 4.0), "not_finite"),
        ((3.0, math.inf), "not_finite"),
    ],
)
def test_a_window_that_is_none_drops_its_row_with_the_first_reason(window: tuple[float, float], why: str) -> None:
    assert reason(raw_row(window)) == why


def test_a_row_without_windows_or_query_or_video_is_dropped() -> None:
    assert reason(raw_row()) == "no_window"
    assert reason(raw_row((3.0, 9.0), query=" \n")) == "empty_query"
    assert reason(raw_row((3.0, 9.0), file=" ")) == "unreadable_row"


@pytest.mark.parametrize("file", ["../v1.mp4", "/etc/passwd", "a\\b.mp4", "v\0.mp4"])
def test_a_file_name_with_folders_is_no_name_of_a_video(file: str) -> None:
    assert reason(raw_row((3.0, 9.0), file=file)) == "unreadable_row"


def test_what_the_reader_could_not_read_keeps_its_reason_and_text() -> None:
    found = outcome(raw_row(problem=("unreadable_row", "no number"), raw="K7 x y"))
    assert found == Drop(corpus="toy", origin="toy.txt:1", reason="unreadable_row", detail="no number", raw="K7 x y")


def test_a_bad_window_among_good_ones_is_taken_out_and_the_row_stays() -> None:
    found = sample(raw_row((20.0, 25.0), (9.0, 3.0), (1.0, 2.0)))
    assert bounds(found) == [(1.0, 2.0), (20.0, 25.0)]
    assert [each.code for each in found.repairs] == ["reversed", "windows_sorted"]


def test_a_benchmark_keeps_a_row_without_a_usable_window() -> None:
    found = sample(raw_row((4.0, 4.0), split="test"))
    assert (found.windows, found.labelled) == ((), True)
    assert found.repairs == (Repair("zero_length", "[4, 4]", "removed"),)


def test_hidden_labels_are_a_sample_without_windows() -> None:
    found = sample(raw_row(labelled=False))
    assert (found.windows, found.labelled) == ((), False)


def test_blanks_of_a_query_become_single_ones() -> None:
    found = sample(raw_row((3.0, 9.0), query="  a dog\n jumps  high "))
    assert found.query == "a dog jumps high"
    assert found.repairs == (Repair("query_blanks", "'  a dog\\n jumps  high '", "'a dog jumps high'"),)


@pytest.mark.parametrize("duration", [0.0, -3.0, math.nan, math.inf])
def test_a_duration_that_is_no_positive_number_is_unknown_and_noted(duration: float) -> None:
    found = sample(raw_row((3.0, 9.0), duration=duration))
    assert (found.video.duration, found.repairs) == (None, (Repair("bad_duration", str(duration), "unknown"),))


def test_without_a_duration_nothing_is_clamped() -> None:
    found = sample(raw_row((3.0, 999.0), duration=None))
    assert (bounds(found), found.repairs, found.video.duration) == ([(3.0, 999.0)], (), None)


def test_the_file_s_own_duration_goes_before_the_published_one() -> None:
    found = sample(raw_row((3.0, 30.0)), probed=lambda file: (29.5, "ok"))
    assert (bounds(found), found.video.duration, found.video.status) == ([(3.0, 29.5)], 29.5, "ok")
    assert [each.code for each in found.repairs] == ["end_past_video"]


def test_a_window_that_rounds_to_a_point_on_the_clock_of_its_file_is_none() -> None:
    row = raw_row((0.0, 1e-38), duration=1.0, source_start=1.0, read_in_place=True)
    found = next(iter(normalise([row], CORPUS, lambda file: (3.0, "ok"))))
    assert isinstance(found, Drop)
    assert found.reason == "zero_length"


def test_a_file_much_shorter_or_longer_than_published_is_noted() -> None:
    found = sample(raw_row((3.0, 9.0)), probed=lambda file: (12.0, "ok"))
    assert found.repairs == (Repair("duration_disagrees", "30.0", "12.0"),)


def test_a_missing_file_leaves_the_published_duration_and_its_status() -> None:
    found = sample(raw_row((3.0, 9.0)), probed=lambda file: (None, "missing"))
    assert (found.video.duration, found.video.status) == (30.0, "missing")


def test_only_rows_that_can_be_read_are_probed() -> None:
    asked: list[str] = []

    def probed(file: str) -> tuple[float | None, str | None]:
        asked.append(file)
        return None, "missing"

    list(normalise([raw_row(problem=("unreadable_row", "")), raw_row((3.0, 9.0))], CORPUS, probed))
    assert asked == ["v1.mp4"]


def test_half_a_character_in_a_query_is_mended_and_elsewhere_drops_the_row() -> None:
    mended = sample(raw_row((3.0, 9.0), query="a \ud83d dog"))
    assert (mended.query, [each.code for each in mended.repairs]) == ("a \ufffd dog", ["query_characters"])
    dropped = outcome(raw_row((3.0, 9.0), video_id="v\ud83d", origin="f#\ud83d"))
    assert isinstance(dropped, Drop) and dropped.reason == "unreadable_row"
    msgspec.json.encode(dropped)


def test_an_exact_duplicate_is_kept_and_names_the_first() -> None:
    rows = [raw_row((3.0, 9.0)), raw_row((3.0, 9.0)), raw_row((3.0, 9.0), query="A dog  jumps"), raw_row((3.0, 8.0))]
    first, *others = normalise(rows, CORPUS)
    assert isinstance(first, Sample) and first.repairs == ()
    assert [each.repairs[-1] for each in others if isinstance(each, Sample)] == [
        Repair("duplicate", first.sample_id, "kept"),
        Repair("duplicate_but_for_case_and_blanks", first.sample_id, "kept"),
        Repair("query_ambiguous", first.sample_id, "kept"),
    ]


def test_a_published_id_that_repeats_gets_its_occurrence_and_a_note() -> None:
    names = ["q1", "q1~2", "q1", "q1"]
    rows = [raw_row((3.0, 9.0), query=f"dog {i}", published_id=name) for i, name in enumerate(names)]
    found = [each for each in normalise(rows, CORPUS) if isinstance(each, Sample)]
    assert [each.sample_id for each in found] == ["toy:q1", "toy:q1~2", "toy:q1~3", "toy:q1~4"]
    assert [each.repairs for each in found[2:]] == [
        (Repair("repeated_id", "toy:q1", "toy:q1~3"),),
        (Repair("repeated_id", "toy:q1", "toy:q1~4"),),
    ]


def test_an_id_outlives_repairs_and_depends_on_annotation_set_and_occurrence() -> None:
    row = raw_row((3.0, 9.0))
    again = raw_row((4.0, 8.0), split="test", origin="toy.txt:9", duration=None)
    assert identify("toy", row, 1) == identify("toy", again, 1)
    assert identify("toy", row, 1) != identify("toy", row, 2)
    assert identify("toy", row, 1) != identify("toy", raw_row(annotation_set="val_2"), 1)


@pytest.mark.parametrize(
    ("query", "tidy"),
    [("a man runs..", "a man runs."), ("a man runs .", "a man runs."), ("a man . . .", "a man."), ("a man.", "a man.")],
)
def test_dots_at_the_end_become_one(query: str, tidy: str) -> None:
    found = sample(raw_row((3.0, 9.0), query=query))
    assert found.query == tidy
    assert [each.code for each in found.repairs] == (["query_dots"] if tidy != query else [])


def test_a_query_of_dots_is_empty() -> None:
    assert reason(raw_row((3.0, 9.0), query=" ... ")) == "empty_query"


def test_text_that_was_decoded_wrongly_is_mended_and_right_text_is_left() -> None:
    found = sample(raw_row((3.0, 9.0), query="the man\u00e2\u20ac\u2122s caf\u00c3\u00a9"))
    assert found.query == "the man\u2019s caf\u00e9"
    assert [each.code for each in found.repairs] == ["query_mojibake"]
    right = sample(raw_row((3.0, 9.0), query="a man\u2019s caf\u00e9, \u6771\u4eac"))
    assert (right.query, right.repairs) == ("a man\u2019s caf\u00e9, \u6771\u4eac", ())


def chosen(*opinions: tuple[float, float], duration: float | None = None) -> Sample:
    return sample(raw_row(opinions=list(opinions), unit="chunks", duration=duration))


def test_of_several_annotators_the_most_frequent_window_is_taken_and_all_are_kept() -> None:
    found = chosen((2, 2), (2, 3), (2, 2), (1, 2))
    assert bounds(found) == [(10.0, 15.0)]
    assert [each.code for each in found.repairs] == ["chunks_to_seconds", "annotators_disagree"]
    assert found.extra["annotators"] == [[10.0, 15.0], [10.0, 20.0], [10.0, 15.0], [5.0, 15.0]]


def test_a_tie_of_annotators_goes_to_the_window_nearest_to_all_then_to_the_earliest() -> None:
    assert bounds(chosen((0, 0), (0, 0), (2, 3), (2, 3), (2, 4))) == [(10.0, 20.0)]
    tied = chosen((4, 4), (1, 1))
    assert bounds(tied) == [(5.0, 10.0)]
    assert tied.repairs[-1].code == "annotators_tied"


def test_annotators_who_agree_are_no_repair() -> None:
    assert [each.code for each in chosen((2, 2), (2, 2)).repairs] == ["chunks_to_seconds"]


def test_the_last_chunk_is_cut_at_the_end_of_the_video() -> None:
    assert bounds(chosen((4, 4), duration=22.2)) == [(20.0, 22.2)]


def test_a_window_in_place_of_hidden_labels_is_none() -> None:
    found = sample(raw_row((0.0, 1.0), labelled=False))
    assert (found.windows, found.repairs) == ((), (Repair("placeholder_window", "[0, 1]", "removed"),))


def test_overlaps_contacts_and_repeats_of_windows_are_noted() -> None:
    found = sample(raw_row((1.0, 5.0), (4.0, 6.0), (6.0, 8.0), (1.0, 5.0)))
    assert bounds(found) == [(1.0, 5.0), (4.0, 6.0), (6.0, 8.0)]
    codes = ["windows_sorted", "windows_repeated", "windows_overlap", "windows_touch"]
    assert [each.code for each in found.repairs] == codes


def test_a_window_inside_another_overlaps_it() -> None:
    found = sample(raw_row((1.0, 9.0), (2.0, 3.0), (8.0, 9.5)))
    assert [each.code for each in found.repairs] == ["windows_overlap"]


def test_minutes_taken_for_hours_are_clamped_and_named() -> None:
    found = sample(raw_row((120.0, 14220.0), duration=157.8))
    assert bounds(found) == [(120.0, 157.8)]
    assert found.repairs == (
        Repair("end_far_past_video", "14220.0", "157.8"),
        Repair("likely_factor_60", "14220.0", "237.0"),
    )


def test_a_reversed_window_is_swapped_where_the_user_wants_it() -> None:
    (found,) = normalise([raw_row((9.0, 3.0))], CORPUS, swap_reversed=True)
    assert isinstance(found, Sample)
    assert (bounds(found), found.repairs) == ([(3.0, 9.0)], (Repair("reversed_swapped", "[9, 3]", "[3, 9]"),))


def test_clock_times_become_seconds() -> None:
    found = sample(raw_row(("0:02.5", "01:10"), duration=99.0))  # type: ignore[arg-type]
    assert (bounds(found), found.repairs) == (
        [(2.5, 70.0)],
        (Repair("clock_to_seconds", "[0:02.5, 01:10]", "[2.5, 70]"),),
    )
    assert reason(raw_row(("soon", 3.0))) == "unreadable_row"  # type: ignore[arg-type]


def test_a_row_of_a_collection_is_under_its_own_licence_and_its_source_s() -> None:
    row = raw_row((3.0, 9.0), source_corpus="kitchen")
    (found,) = normalise([row], CORPUS, licence_of={"kitchen": "MIT"}.__getitem__)
    assert isinstance(found, Sample)
    assert (found.license, found.extra["source_corpus"]) == ("CC0-1.0 AND MIT", "kitchen")
    (own,) = normalise([raw_row((3.0, 9.0), license="MIT")], CORPUS)
    assert isinstance(own, Sample) and own.license == "MIT"


@pytest.mark.parametrize("video_id", ["../../etc/passwd", "/etc/passwd", "a\0b", "..", "x/../y", "..\\x", "a/ .. /b"])
def test_an_id_that_leads_elsewhere_is_none(video_id: str) -> None:
    assert reason(raw_row((3.0, 9.0), video_id=video_id)) == "unreadable_row"


@pytest.mark.parametrize("file", [".", ". ", "..", " ..", "...", "a/b.mp4", "C:x.mp4", " "])
def test_a_name_that_is_a_folder_s_somewhere_is_none(file: str) -> None:
    assert reason(raw_row((3.0, 9.0), file=file)) == "unreadable_row"


def test_a_name_longer_than_any_file_s_is_none() -> None:
    assert reason(raw_row((3.0, 9.0), file="v" * 4_000)) == "unreadable_row"


rows = st.builds(
    raw_row,
    split=st.sampled_from(["train", "test"]),
    query=st.text(max_size=8) | st.sampled_from(["a dog", "\ud800"]),
    windows=st.lists(st.tuples(st.floats(), st.floats()), max_size=3),
    duration=st.none() | st.floats(),
    source_start=st.none() | st.floats(0, 100),
    read_in_place=st.booleans(),
    published_id=st.none() | st.sampled_from(["q1", "q1~2", ""]),
    file=st.sampled_from(["v1.mp4", "", "../x"]),
)


@given(st.lists(rows, max_size=6), st.none() | st.floats(min_value=0.1, max_value=1e4))
def test_whatever_a_reader_yields_becomes_one_sound_sample_or_one_drop(
    given_rows: list[RawRow], probed: float | None
) -> None:
    found = list(normalise(given_rows, CORPUS, lambda file: (probed, "ok")))
    assert len(found) == len(given_rows)
    samples = [each for each in found if isinstance(each, Sample)]
    assert len({each.sample_id for each in samples}) == len(samples)
    for each in samples:
        assert each.query == " ".join(each.query.split()) != ""
        assert list(each.windows) == sorted(each.windows)
        if each.video.duration is not None:
            assert all(window.end <= each.video.duration * (1 + 1e-9) + 1e-6 for window in each.windows)
        assert each.windows or each.split == "test"
    msgspec.json.encode(found)


@given(rows)
def test_a_sample_s_own_windows_need_no_further_repair(row: RawRow) -> None:
    found = outcome(row)
    if isinstance(found, Sample):
        pairs = [(window.start, window.end) for window in found.windows]
        again = raw_row(*pairs, query=found.query, duration=found.video.duration, split=row.split)
        assert all(repair.new == "kept" for repair in sample(again).repairs)
        assert sample(again).windows == found.windows


@given(st.tuples(st.floats(-1, 40), st.floats(-1, 40)), st.none() | st.floats(0.5, 35))
def test_the_short_way_of_a_sound_window_is_the_long_way(window: tuple[float, float], duration: float | None) -> None:
    short, long = outcome(raw_row(window, duration=duration)), outcome(raw_row(window, window, duration=duration))
    assert type(short) is type(long)
    if isinstance(short, Sample) and isinstance(long, Sample):
        assert short.windows == long.windows
        codes = [repair.code for repair in long.repairs if repair.code != "windows_repeated"]
        assert {repair.code for repair in short.repairs} == set(codes)
