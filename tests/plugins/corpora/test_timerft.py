import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from support.published import ingested, published
from vtgdata.annotations.normalise import normalise
from vtgdata.plugins.corpora import timerft
from vtgdata.records import RawRow, Sample


def item(**changed: Any) -> dict[str, Any]:
    whole = {
        "video": "./data/aB3_dE-6hIj.mp4", "duration": 71.4, "timestamp": [12.0, 20.0], "sentence": "A kite falls.",
        "qid": "my|cosmo|aB3_dE-6hIj|A kite falls.", "video_start": None, "video_end": None, "difficulty": 60.0,
        "pred": [10.0, 18.0],
    }  # fmt: skip
    return whole | changed


def read(folder: Path, *items: dict[str, Any]) -> list[RawRow]:
    (folder / "train_2k5.json").write_text(json.dumps([item(), *items]))
    return list(timerft.read([folder], None))[1:]


def sample(row: RawRow, **probed: Any) -> Sample:
    (outcome,) = normalise([row], timerft.CORPUS, **probed)
    assert isinstance(outcome, Sample)
    return outcome


def test_a_qid_is_split_before_the_sentence_which_may_hold_the_sign(tmp_path: Path) -> None:
    (row,) = read(tmp_path, item(qid="my|yt-temporal|aB3_dE-6hIj|a | b | c", sentence="a | b | c"))
    assert (row.source_corpus, row.query) == ("yt_temporal", "a | b | c")
    assert row.published_id == "my|yt-temporal|aB3_dE-6hIj|a | b | c"


def test_difficulty_is_kept_as_what_it_is_a_mean_iou(tmp_path: Path) -> None:
    (row,) = read(tmp_path, item(difficulty=41.5, pred=[1.0, 2.0]))
    assert "difficulty" not in row.extra
    assert (row.extra["mean_iou"], row.extra["pred"]) == (0.415, [1.0, 2.0])
    assert "higher is easier" in row.extra["mean_iou_of"]


def test_a_row_without_an_answer_of_the_model_has_no_mean_iou(tmp_path: Path) -> None:
    (row,) = read(tmp_path, item(difficulty=None, pred=None))
    assert row.extra == {"pred": None}


def test_a_part_of_a_file_is_a_video_of_its_own_with_its_place_in_the_source(tmp_path: Path) -> None:
    (row,) = read(tmp_path, item(video_start=31.5, video_end=102.9))
    assert (row.video_id, row.source_id, row.source_start) == ("aB3_dE-6hIj_31.50_102.90", "aB3_dE-6hIj", 31.5)
    assert (row.file, row.duration, row.extra["cut"]) == ("aB3_dE-6hIj.mp4", 71.4, [31.5, 102.9])


def test_a_file_named_after_its_part_keeps_its_name(tmp_path: Path) -> None:
    name = "aB3_dE-6hIj_00:00:31:500_00:01:42:900"
    (row,) = read(tmp_path, item(video=f"./data/{name}.mp4", video_start=31.5, video_end=102.9))
    assert (row.video_id, row.file, row.source_id, row.source_start) == (name, f"{name}.mp4", "aB3_dE-6hIj", 31.5)


@pytest.mark.parametrize(("length", "window"), [(300.0, (43.5, 51.5)), (71.4, (12.0, 20.0))])
def test_whether_the_file_was_cut_already_is_told_by_its_length(
    length: float, window: tuple[float, float], tmp_path: Path
) -> None:
    name = "aB3_dE-6hIj_00:00:31:500_00:01:42:900"
    (row,) = read(tmp_path, item(video=f"./data/{name}.mp4", video_start=31.5, video_end=102.9))
    (found,) = sample(row, probed=lambda file: (length, "ok")).windows
    assert (found.start, found.end) == window


@pytest.mark.parametrize("changed", [{"qid": "cosmo|x|y"}, {"timestamp": [1]}, {"video_start": 9, "video_end": 3}])
def test_an_item_of_another_form_is_an_unreadable_row(changed: dict[str, Any], tmp_path: Path) -> None:
    (row,) = read(tmp_path, item(**changed))
    assert row.problem is not None and row.problem[0] == "unreadable_row"


def test_the_published_file_gives_the_counts_of_its_raw_items() -> None:
    path = published("corpora", "timerft", "train_2k5.json")
    raw = json.loads(path.read_text())
    over = [row["timestamp"][1] - row["duration"] for row in raw]
    late = [i for i, past in enumerate(over) if past > 1e-6]
    far = [i for i in late if over[i] > 5 and over[i] > 0.2 * raw[i]["duration"]]
    slips = [
        i for i in far if raw[i]["timestamp"][0] < raw[i]["timestamp"][1] / 60 <= 2 * raw[i]["duration"]
    ]  # fmt: skip
    blanks = sum(row["sentence"] != " ".join(row["sentence"].split()) for row in raw)
    dots = sum(row["sentence"].strip().endswith(("..", " .")) for row in raw)
    assert (len(raw), len(late), sum(past > 1 for past in over), sum(past > 5 for past in over)) == (2_500, 34, 29, 11)
    assert (len(far), len(slips), blanks) == (8, 4, 1)

    found = ingested("timerft", [path])
    assert (len(found.rows), len(found.samples), found.drops) == (2_500, 2_500, [])
    expected = {
        "end_past_video": len(late) - len(far), "end_far_past_video": len(far), "likely_factor_60": len(slips),
        "query_blanks": blanks, "query_dots": dots,
        "control_token": sum("<TIME_" in row["sentence"] for row in raw),
    }  # fmt: skip
    assert found.repairs == {code: count for code, count in expected.items() if count}
    worst = found.samples[max(range(len(raw)), key=lambda i: over[i])]
    assert [(repair.code, repair.old, repair.new) for repair in worst.repairs] == [
        ("end_far_past_video", "14220.0", "157.79096666666666"),
        ("likely_factor_60", "14220.0", "237.0"),
    ]
    assert {each.sample_id for each in found.with_repair("likely_factor_60")} == {
        f"timerft:{raw[i]['qid']}" for i in slips
    }


def test_the_published_file_names_its_parts_sources_and_videos() -> None:
    path = published("corpora", "timerft", "train_2k5.json")
    raw = json.loads(path.read_text())
    found = ingested("timerft", [path])
    parts = [i for i, row in enumerate(raw) if row["video_start"] is not None]
    assert len(parts) == 665
    assert [i for i, each in enumerate(found.samples) if each.video.source_start is not None] == parts
    assert all(abs(raw[i]["video_end"] - raw[i]["video_start"] - raw[i]["duration"]) < 1e-6 for i in parts)
    assert sum(":" in each.video.file for each in found.samples) == sum(":" in row["video"] for row in raw) == 509
    assert sum(not each.query.isascii() for each in found.samples) == 19
    assert len({each.video.file for each in found.samples}) == timerft.CORPUS.splits[0].videos == 2_475
    assert len({each.sample_id for each in found.samples}) == timerft.CORPUS.splits[0].rows
    counts = Counter(each.extra["source_corpus"] for each in found.samples)
    assert counts == Counter(
        cosmo_cap=801, yt_temporal=764, internvid_vtime=571, didemo=237, howto100m=94, queryd=33
    )  # fmt: skip
    assert {each.license for each in found.samples} == {f"Apache-2.0 AND LicenseRef-{name}" for name in counts}
    assert [each.video.source_id or "didemo" for each in found.samples] == [
        "didemo" if "|didemo|" in row["qid"] else row["qid"].split("|")[2] for row in raw
    ]


def test_the_published_difficulty_is_the_iou_of_the_published_answer() -> None:
    path = published("corpora", "timerft", "train_2k5.json")
    raw = json.loads(path.read_text())
    for row, each in zip(raw, ingested("timerft", [path]).samples, strict=True):
        (start, end), (first, last) = row["timestamp"], row["pred"]
        shared = max(0.0, min(end, last) - max(start, first))
        iou = shared / (end - start + last - first - shared)
        assert each.extra["mean_iou"] == pytest.approx(iou, abs=1e-6)
        assert each.extra["pred"] == row["pred"]


def test_a_part_in_a_published_name_is_where_the_row_begins() -> None:
    path = published("corpora", "timerft", "train_2k5.json")
    for row in json.loads(path.read_text()):
        if ":" in row["video"]:
            hours, minutes, seconds, thousandths = map(int, re.findall(r"\d+", row["video"].split("_")[-2]))
            start = hours * 3600 + minutes * 60 + seconds + thousandths / 1000
            assert start == pytest.approx(row["video_start"])
