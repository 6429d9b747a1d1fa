import itertools
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from support.published import ingested, published
from vtgdata.annotations.normalise import normalise
from vtgdata.errors import VtgError
from vtgdata.plugins.corpora import timeit
from vtgdata.records import Drop, RawRow, Sample

MOMENT = "The given query happens in 3.4 - 11.0 seconds."


def record(question: str, answer: object, video: str = "Charades/videos/K7QZ2.mp4") -> dict[str, Any]:
    return {"video": video, "QA": [{"q": question, "a": answer}]}


def read(folder: Path, *records: object, name: str = "instruct_tvg_0.1k_charades.json") -> list[RawRow]:
    (folder / name).write_text(json.dumps(records))
    return list(timeit.read([folder / name], None))


def coco(folder: Path, *annotations: object) -> list[RawRow]:
    (folder / "val.caption_coco_format.json").write_text(json.dumps({"annotations": annotations}))
    return list(timeit.read([folder], None))


def test_a_moment_is_the_quoted_query_and_the_times_of_the_answer(tmp_path: Path) -> None:
    (row,) = read(tmp_path, record("Find the part of 'the man's hat falls' now.", MOMENT))
    assert (row.query, row.windows) == ("the man's hat falls", [(3.4, 11.0)])
    assert (row.video_id, row.file, row.source_corpus) == ("K7QZ2", "K7QZ2.mp4", "charades_sta")
    assert row.origin == "instruct_tvg_0.1k_charades.json#0/QA/0"


def test_a_question_that_quotes_nothing_is_the_query_and_says_so(tmp_path: Path) -> None:
    (row,) = read(tmp_path, record("When does the man's hat fall?", MOMENT))
    assert (row.query, row.extra) == ("When does the man's hat fall?", {"query_from": "question"})


def test_quotes_in_the_speech_before_a_question_are_not_the_query(tmp_path: Path) -> None:
    speech = "Transcribed speech: 1.0 - 2.0 seconds, she said 'go'. 2.0 - 3.0 seconds, 'em. "
    question = speech + "Based on the video content and possible transcribed speech, When does 'a man wave'?"
    (row,) = read(tmp_path, record(question, MOMENT), name="instruct_tvg_0.1k_charades_15asr.json")
    assert (row.query, row.split) == ("a man wave", "tvg_charades")


def test_each_item_of_a_list_is_a_row_and_times_inside_an_item_are_text(tmp_path: Path) -> None:
    answer = "1.0 - 2.0 seconds, boil 10 - 15 seconds, then stir.  3 - 4.5 seconds, wait  for it. "
    rows = read(tmp_path, record("List.", answer, "COIN/videos/aB3_dE-6hIj.mp4"), name="instruct_action_1k_coin.json")
    assert [(row.query, row.windows) for row in rows] == [
        ("boil 10 - 15 seconds, then stir.", [(1.0, 2.0)]),
        ("wait  for it. ", [(3.0, 4.5)]),
    ]
    assert [row.origin[-7:] for row in rows] == ["/QA/0/0", "/QA/0/1"]
    assert {(row.source_id, row.source_corpus) for row in rows} == {("aB3_dE-6hIj", "coin")}


def test_starts_alone_last_until_the_next_one_and_the_last_has_no_end(tmp_path: Path) -> None:
    answer = "2.7 seconds, Greeting.  8.5 seconds, Cutting  for 10 seconds, wood.  38.4 seconds, Closing."
    video = "vitt/raw_videos/aB3_dE-6hIj.mp4"
    rows = read(tmp_path, record("Report the start of each event.", answer, video), name="instruct_dvc_0.1k_vitt.json")
    assert [(row.query, row.windows) for row in rows] == [
        ("Greeting.", [(2.7, 8.5)]), ("Cutting  for 10 seconds, wood.", [(8.5, 38.4)]), ("", []),
    ]  # fmt: skip
    assert [row.extra for row in rows[:2]] == [{"derived_end": "next_start"}] * 2
    assert rows[2].problem is not None and rows[2].problem[0] == "no_end"
    assert {row.split for row in rows} == {"dvc_vitt"}


def test_digits_that_are_tokens_are_times(tmp_path: Path) -> None:
    zero, dot = "<TIME_ZERO>", "<TIME_DOT>"
    answer = f"{zero * 4}{dot}{zero} - {zero * 2}<TIME_ONE><TIME_TWO>{dot}{zero} seconds, a news anchor talks"
    question = "Give you a textual query: 'a news anchor talks'. When does it occur?"
    (row,) = read(tmp_path, record(question, answer, "yttemporal/videos/video-7zYoNuEzHKk"))
    assert (row.video_id, row.file, row.query) == ("video-7zYoNuEzHKk", "video-7zYoNuEzHKk.mp4", "a news anchor talks")
    assert row.windows == [(0.0, 12.0)]


def test_highlights_are_drops_with_their_reason_even_where_a_file_has_nothing_else(tmp_path: Path) -> None:
    answer = "The highlight timestamps are in the 3.5, 5.0 seconds. Their saliency scores are 2.3, 4.2."
    rows = read(tmp_path, record("Summarise.", answer, "SumMe/videos/a b.mp4"), name="instruct_vhd_25_summe.json")
    (drop,) = normalise(rows, timeit.CORPUS)
    assert isinstance(drop, Drop)
    assert (drop.reason, drop.origin) == ("highlights_not_windows", "instruct_vhd_25_summe.json#0/QA/0")


@pytest.mark.parametrize("answer", ["No.", "It happens. 1.0 - 2.0 seconds, x", "", None, 3])
def test_an_answer_without_times_at_its_start_is_an_unreadable_row(answer: object, tmp_path: Path) -> None:
    good, bad = read(tmp_path, record("Find 'a'.", MOMENT), record("Find 'b'.", answer))
    assert good.problem is None
    assert bad.problem is not None and bad.problem[0] == "unreadable_row"


def test_one_bad_question_of_a_video_leaves_the_others(tmp_path: Path) -> None:
    rows = read(tmp_path, {"video": "Charades/videos/K7QZ2.mp4", "QA": [{"q": "Find 'a'."}, {"q": "'b'", "a": MOMENT}]})
    assert [row.problem is None for row in rows] == [False, True]


def test_a_clip_counts_from_its_own_start_and_knows_its_source(tmp_path: Path) -> None:
    answer = "0.0 - 3.0 seconds, cut."
    (row,) = read(tmp_path, record("List.", answer, "HiREST/clips/aB3_dE-6hIj_41_198.mp4"))
    assert (row.video_id, row.source_id, row.source_start) == ("aB3_dE-6hIj_41_198", "aB3_dE-6hIj", 41.0)
    assert not row.source_clock


def test_an_evaluation_file_has_a_moment_or_several_and_its_own_duration(tmp_path: Path) -> None:
    moments = {"image_id": "v_aB3_dE-6hIj_60.0_210.0.mp4", "caption": "a man waves", "timestamp": [[2, 4], [6, 8]]}
    one, two = coco(
        tmp_path, moments | {"duration": 150}, {"image_id": "K7QZ2.mp4", "caption": "x", "timestamp": [1, 2]}
    )
    assert (one.windows, one.duration, one.source_id, one.split) == ([(2, 4), (6, 8)], 150, "aB3_dE-6hIj", "coco_val")
    assert (two.windows, two.origin) == ([(1, 2)], "val.caption_coco_format.json#annotations/1")


def test_the_terms_of_an_evaluation_file_are_unverified_for_it_does_not_say_its_corpus(tmp_path: Path) -> None:
    (sample,) = normalise(coco(tmp_path, {"image_id": "K7QZ2.mp4", "caption": "x", "timestamp": [1, 2]}), timeit.CORPUS)
    assert isinstance(sample, Sample) and sample.license == "LicenseRef-unstated"


def test_events_of_an_evaluation_file_are_as_many_as_their_sentences(tmp_path: Path) -> None:
    caption = "<time_token_1> <time_token_2> cut <time_token_3> <time_token_4> stir it"
    event = {"image_id": "aB3_dE-6hIj.mp4", "caption": caption, "duration": 20.0}
    first, second, bad = coco(tmp_path, event | {"segments": [[1, 2], [3, 4]]}, event | {"segments": [[1, 2]]})
    assert [(row.query.strip(), row.windows) for row in (first, second)] == [("cut", [(1, 2)]), ("stir it", [(3, 4)])]
    assert bad.problem is not None and "1 segments" in bad.problem[1]


def test_a_json_object_without_annotations_is_the_wrong_file(tmp_path: Path) -> None:
    for text in ('{"a": 1}', '{\n"annotations": {}\n}', '{"annotations": []}'):
        (tmp_path / "val.caption_coco_format.json").write_text(text)
        with pytest.raises(VtgError, match=r"val\.caption_coco_format\.json"):
            list(timeit.read([tmp_path], None))


FILES = {
    "tvg_charades": "instruct_tvg_12.4k_charades.json",
    "tvg_hirest": "instruct_tvg_0.5k_hirest.json",
    "action_hirest": "instruct_action_0.5k_hirest.json",
    "dvc_youcook2": "instruct_dvc_1.2k_youcook2.json",
}


def raw_items(split: str) -> list[tuple[str, float, float, str]]:
    """(video, start, end, query) of every window, out of the raw file by plain string work."""
    found: list[tuple[str, float, float, str]] = []
    for entry in json.loads(published("corpora", "timeit", FILES[split]).read_text()):
        question, answer = entry["QA"][0]["q"], entry["QA"][0]["a"]
        if split.startswith("tvg"):
            times = answer.removeprefix("The given query happens in ").removesuffix(" seconds.")
            start, _, end = times.partition(" - ")
            query = question[question.index("'") + 1 : question.rindex("'")]
            found.append((entry["video"], float(start), float(end), query))
            continue
        for part in answer.split("  "):
            times, marker, query = part.partition(" seconds,")
            numbers = times.strip().split(" - ")
            if marker and len(numbers) == 2 and all(re.fullmatch(r"\d+\.\d+", number) for number in numbers):
                found.append((entry["video"], float(numbers[0]), float(numbers[1]), query.removeprefix(" ")))
            else:
                video, first, last, before = found.pop()
                found.append((video, first, last, f"{before}  {part}" if before else f" {part}"))
    return found


@pytest.mark.parametrize("split", FILES)
def test_a_published_file_gives_the_counts_of_its_raw_answers(split: str) -> None:
    facts = next(each for each in timeit.CORPUS.splits if each.name == split)
    wanted = raw_items(split)
    found = ingested("timeit", [published("corpora", "timeit", FILES[split])])
    assert (len(wanted), len({video for video, *_ in wanted})) == (facts.rows, facts.videos)
    assert len(found.rows) == facts.rows and {row.split for row in found.rows} == {split}
    assert [(row.windows[0], row.query) for row in found.rows] == [
        ((start, end), query) for _, start, end, query in wanted
    ]

    wrong = ["reversed" if start > end else "zero_length" for _, start, end, _ in wanted if start >= end]
    assert [drop.reason for drop in found.drops] == wrong
    assert Counter(wrong) == {"tvg_charades": {"reversed": 4}, "action_hirest": {"zero_length": 11}}.get(split, {})
    kept = [(video, start, end, query) for video, start, end, query in wanted if start < end]
    tidy = [" ".join(query.split()) for *_, query in kept]
    ended = [query for query in tidy if query.endswith((" .", ".."))]
    assert found.repairs.get("query_dots", 0) == len(ended)
    blanks = sum(query != clean for (*_, query), clean in zip(kept, tidy, strict=True))
    assert found.repairs.get("query_blanks", 0) == blanks
    repeats = {"query_ambiguous", "duplicate", "duplicate_but_for_case_and_blanks"}
    assert set(found.repairs) <= {"query_dots", "query_blanks"} | repeats
    assert all(each.video.duration is None for each in found.samples)
    assert len({each.sample_id for each in found.samples}) == len(found.samples)


def entries(split: str) -> list[dict[str, Any]]:
    return json.loads(published("corpora", "timeit", FILES[split]).read_text())


def test_no_published_question_hides_its_query() -> None:
    for split in ("tvg_charades", "tvg_hirest"):
        found = ingested("timeit", [published("corpora", "timeit", FILES[split])])
        assert sum("query_from" in row.extra for row in found.rows) == 0
    blanks = sum("  " in entry["QA"][0]["q"] for entry in entries("tvg_charades"))
    assert blanks == 2_109
    assert sum(not entry["QA"][0]["q"].isascii() for entry in entries("tvg_hirest")) == 3


def test_ranges_in_the_published_texts_are_no_windows() -> None:
    loose = re.compile(r"\d+(?:\.\d+)?\s*-\s*\d+(?:\.\d+)?")
    for split, known in (("action_hirest", 3_540), ("dvc_youcook2", 9_219 + 27)):
        count = sum(len(loose.findall(entry["QA"][0]["a"])) for entry in entries(split))
        rows = len(ingested("timeit", [published("corpora", "timeit", FILES[split])]).rows)
        assert rows < count == known


def test_the_published_dense_captions_are_the_training_part_of_youcook2() -> None:
    found = ingested("timeit", [published("corpora", "timeit", FILES["dvc_youcook2"])])
    database = json.loads(published("corpora", "youcook2", "yc2_annotations_trainval.json").read_text())["database"]
    ours: dict[str, Counter[tuple[float, float]]] = {}
    for row in found.rows:
        ours.setdefault(row.video_id, Counter())[row.windows[0]] += 1  # type: ignore[index]
    theirs = {
        video: Counter(tuple(map(float, each["segment"])) for each in entry["annotations"])
        for video, entry in database.items()
        if entry["subset"] == "training"
    }
    assert len(theirs) == 1_333
    assert ours == {video: theirs[video] for video in ours}


def test_overlapping_events_of_a_published_video_are_rows_of_their_own() -> None:
    rows = ingested("timeit", [published("corpora", "timeit", FILES["dvc_youcook2"])]).rows
    windows: dict[str, list[tuple[Any, Any]]] = {}
    for row in rows:
        windows.setdefault(row.video_id, []).extend(row.windows)
    overlapping = sum(
        any(first[1] > second[0] for first, second in itertools.pairwise(sorted(pairs))) for pairs in windows.values()
    )
    assert overlapping == 31
    assert all(len(row.windows) == 1 for row in rows)


def test_the_published_charades_questions_are_the_rows_of_charades_sta() -> None:
    lines = published("corpora", "charades_sta", "charades_sta_train.txt").read_text().splitlines()
    theirs = Counter(tuple(line.split("##", 1)[0].split()) for line in lines)
    rows = ingested("timeit", [published("corpora", "timeit", FILES["tvg_charades"])]).rows
    assert Counter((row.video_id, *map(str, row.windows[0])) for row in rows) == theirs


@pytest.mark.parametrize(("split", "license"), [
    ("tvg_charades", "CC-BY-4.0 AND LicenseRef-charades_sta"), ("dvc_youcook2", "CC-BY-4.0 AND LicenseRef-youcook2"),
    ("tvg_hirest", "CC-BY-4.0 AND LicenseRef-hirest"), ("action_hirest", "CC-BY-4.0 AND LicenseRef-hirest"),
])  # fmt: skip
def test_each_published_row_is_under_the_terms_of_its_source(split: str, license: str) -> None:
    samples = ingested("timeit", [published("corpora", "timeit", FILES[split])]).samples
    assert {each.license for each in samples} == {license}
