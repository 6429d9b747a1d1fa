import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from support.published import ingested, published
from vtgdata.annotations.normalise import normalise
from vtgdata.errors import VtgError
from vtgdata.plugins.corpora import tacos
from vtgdata.records import RawRow, Sample

ENTRY: dict[str, Any] = {"timestamps": [[294, 441]], "sentences": ["He cuts."], "fps": 29.4, "num_frames": 8_134}
LINE: dict[str, Any] = {
    "qid": "3", "query": "He cuts.", "vid": "s99-d01", "duration": 276.67, "relevant_windows": [[10.0, 15.0]],
}  # fmt: skip


def read(folder: Path, document: object) -> list[RawRow]:
    (folder / "train.json").write_text(json.dumps(document))
    return list(tacos.read([folder], None))


def read_lines(folder: Path, *lines: dict[str, Any]) -> list[RawRow]:
    path = folder / "tacos_train_release.jsonl"
    path.write_text("\n".join(map(json.dumps, [LINE | {"query": "first"}, *lines])))
    return list(tacos.read([path], None))[1:]


def sample(row: RawRow) -> Sample:
    (outcome,) = normalise([row], tacos.CORPUS)
    assert isinstance(outcome, Sample)
    return outcome


def test_frames_become_seconds_at_the_entry_s_own_rate(tmp_path: Path) -> None:
    (row,) = read(tmp_path, {"s99-d01.avi": ENTRY})
    found = sample(row)
    assert [(w.start, w.end) for w in found.windows] == [(10, 15)]
    assert found.video.duration == pytest.approx(8_134 / 29.4)
    assert [repair.code for repair in found.repairs] == ["frames_to_seconds"]
    (row,) = read(tmp_path, {"s99-d01.avi": ENTRY | {"fps": 14.7}})
    assert [(w.start, w.end) for w in sample(row).windows] == [(20, 30)]


def test_lines_of_moments_are_seconds_already(tmp_path: Path) -> None:
    (row,) = read_lines(tmp_path, LINE)
    found = sample(row)
    assert [(w.start, w.end) for w in found.windows] == [(10, 15)]
    assert (found.video.duration, found.repairs) == (276.67, ())


def test_a_single_line_of_moments_is_no_object_of_videos(tmp_path: Path) -> None:
    path = tmp_path / "tacos_val_release.jsonl"
    path.write_text(json.dumps(LINE))
    (row,) = tacos.read([path], None)
    assert (row.unit, row.windows, row.split) == ("seconds", [(10.0, 15.0)], "val")


def test_a_sentence_has_one_id_in_both_forms(tmp_path: Path) -> None:
    (frames,) = read(tmp_path, {"s99-d01.avi": ENTRY})
    (seconds,) = read_lines(tmp_path, LINE)
    assert sample(frames).sample_id == sample(seconds).sample_id
    assert sample(frames).video.file == sample(seconds).video.file == "s99-d01.avi"


def test_of_both_forms_in_one_folder_the_original_is_read(tmp_path: Path) -> None:
    read_lines(tmp_path, LINE, LINE)
    assert [row.unit for row in read(tmp_path, {"s99-d01.avi": ENTRY})] == ["frames"]


def test_an_entry_without_a_frame_rate_is_not_taken_for_seconds(tmp_path: Path) -> None:
    bare = {key: ENTRY[key] for key in ("timestamps", "sentences", "num_frames")}
    good, bad = read(tmp_path, {"s99-d01.avi": ENTRY, "s99-d02.avi": bare})
    assert good.problem is None and bad.problem is not None and bad.problem[0] == "unreadable_row"


def test_a_file_of_other_videos_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VtgError, match=r"train\.json.*v_Qx81-kLm_0A"):
        read(tmp_path, {"v_Qx81-kLm_0A": ENTRY})


# rows, videos, ends past the last frame, rows that repeat one exactly, sentences with edge blanks
COUNTS = {"train": (9_790, 75, 43, 1_201, 21), "val": (4_436, 27, 0, 516, 12)}


@pytest.mark.parametrize("split", COUNTS)
def test_a_published_file_gives_the_counts_of_its_raw_text(split: str) -> None:
    path = published("corpora", "tacos", f"{split}.json")
    document = json.loads(path.read_text())
    assert {entry["fps"] for entry in document.values()} == {29.4}
    events = [
        (key, sentence, start, end, entry["num_frames"])
        for key, entry in document.items()
        for (start, end), sentence in zip(entry["timestamps"], entry["sentences"], strict=True)
    ]
    late = [end for *_, end, frames in events if end > frames]
    exact = len(events) - len({event[:4] for event in events})
    edges = sum(sentence != sentence.strip() for _, sentence, *_ in events)
    assert (len(events), len(document), len(late), exact, edges) == COUNTS[split]
    published_split = next(each for each in tacos.CORPUS.splits if each.name == split)
    assert (len(events), len(document)) == (published_split.rows, published_split.videos)

    found = ingested("tacos", [path])
    assert len(found.samples) == len(events) and not found.drops
    tidy = [" ".join(sentence.split()) for _, sentence, *_ in events]
    counted = Counter(
        frames_to_seconds=len(events),
        end_past_video=len(late),
        query_blanks=sum(query != event[1] for query, event in zip(tidy, events, strict=True)),
        query_dots=sum(query.endswith((" .", "..")) for query in tidy),
    )
    repeats = {"duplicate", "duplicate_but_for_case_and_blanks", "query_ambiguous"}
    assert Counter({code: n for code, n in found.repairs.items() if code not in repeats}) == counted
    for each, (key, _, start, end, frames) in zip(found.samples, events, strict=True):
        (window,) = each.windows
        assert (f"{each.video.video_id}.avi", each.video.file) == (key, key)
        assert (window.start * 29.4, window.end * 29.4) == pytest.approx((start, min(end, frames)))


@pytest.mark.parametrize(("split", "exact", "tidy"), [("train", 1_201, 1_211), ("val", 516, 521)])
def test_rows_that_repeat_another_are_kept_and_flagged(split: str, exact: int, tidy: int) -> None:
    path = published("corpora", "tacos", f"{split}.json")
    expected: list[str] = []
    asked: set[tuple[object, ...]] = set()
    exactly: set[tuple[object, ...]] = set()
    for key, entry in json.loads(path.read_text()).items():
        for (start, end), sentence in zip(entry["timestamps"], entry["sentences"], strict=True):
            query = " ".join(sentence.casefold().split())
            query = query.rstrip(". ") + "." if query.endswith((" .", "..")) else query
            window = start, min(end, entry["num_frames"])
            if (key, sentence, window) in exactly:
                expected.append("duplicate")
            elif (key, query, window) in asked:
                expected.append("duplicate_but_for_case_and_blanks")
            else:
                expected.append("query_ambiguous" if (key, query) in asked else "")
            asked |= {(key, query), (key, query, window)}
            exactly.add((key, sentence, window))
    assert (expected.count("duplicate"), sum("duplicate" in code for code in expected)) == (exact, tidy)

    found = ingested("tacos", [path])
    flags = [{repair.code for repair in each.repairs} & set(expected) for each in found.samples]
    assert flags == [{code} - {""} for code in expected]
