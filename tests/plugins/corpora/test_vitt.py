import json
from pathlib import Path
from typing import Any

import pytest

from vtgdata.annotations.normalise import normalise
from vtgdata.errors import VtgError
from vtgdata.plugins.corpora import vitt
from vtgdata.records import RawRow, Sample


def timeline(*tags: tuple[Any, Any], video: str = "AbCd") -> dict[str, Any]:
    return {"id": video, "annotations": [{"timestamp": start, "tag": tag} for start, tag in tags]}


TWO = ((1250, "Greeting"), (22400, "Grip"))


def read(folder: Path, *timelines: dict[str, Any], split: str | None = None) -> list[RawRow]:
    (folder / "ViTT-annotations.json").write_text("\n".join(json.dumps(each) for each in timelines))
    return list(vitt.read([folder], split))


def test_a_tag_ends_where_the_next_one_starts_and_says_that_this_is_derived(tmp_path: Path) -> None:
    (outcome, _) = normalise(read(tmp_path, timeline(*TWO)), vitt.CORPUS)
    assert isinstance(outcome, Sample)
    assert [(w.start, w.end) for w in outcome.windows] == [(1.25, pytest.approx(22.4))]
    assert outcome.extra == {"derived_end": "next_start", "annotator": 1}
    assert [repair.code for repair in outcome.repairs] == ["milliseconds_to_seconds"]


def test_the_last_tag_is_dropped_because_nobody_knows_its_end(tmp_path: Path) -> None:
    last = read(tmp_path, timeline(*TWO))[-1]
    assert last.problem is not None and last.problem[0] == "no_end"
    assert "22.4 s" in last.problem[1]


def test_tags_out_of_order_end_at_the_next_later_start(tmp_path: Path) -> None:
    rows = read(tmp_path, timeline((5000, "b"), (2000, "a"), (9000, "c"), (2000, "a too")))
    assert [row.windows for row in rows[:2]] == [[(5000.0, 9000.0)], [(2000.0, 5000.0)]]
    assert rows[3].windows == [(2000.0, 5000.0)]


def test_each_annotator_of_a_video_is_a_set_of_annotations(tmp_path: Path) -> None:
    rows = read(tmp_path, timeline(*TWO), timeline(*TWO), timeline(*TWO, video="Wx_9"))
    samples = [each for each in normalise(rows, vitt.CORPUS) if isinstance(each, Sample)]
    assert [(each.video.video_id, each.extra["annotator"]) for each in samples] == [
        ("AbCd", 1),
        ("AbCd", 2),
        ("Wx_9", 1),
    ]
    assert len({each.sample_id for each in samples}) == 3


def test_the_id_lists_tell_the_split_and_a_video_in_none_is_unlisted(tmp_path: Path) -> None:
    (tmp_path / "train_id.txt").write_text("AbCd\nZzZz\n")
    (tmp_path / "test_id.txt").write_text("Wx_9\r\n")
    videos = [timeline(*TWO, video=video) for video in ("AbCd", "Wx_9", "0000")]
    assert [row.split for row in read(tmp_path, *videos)][::2] == ["train", "test", "unlisted"]
    chosen = [row for row in read(tmp_path, *videos, split="test") if row.problem is None]
    assert [row.video_id for row in chosen] == ["Wx_9"]


def test_lists_are_found_beside_the_file_or_where_they_are_given(tmp_path: Path) -> None:
    read(tmp_path, timeline(*TWO))
    elsewhere = tmp_path / "lists"
    elsewhere.mkdir()
    (elsewhere / "dev_id.txt").write_text("AbCd\n")
    file = tmp_path / "ViTT-annotations.json"
    assert {row.split for row in vitt.read([file], None)} == {"unlisted"}
    assert {row.split for row in vitt.read([file, elsewhere / "dev_id.txt"], None)} == {"dev"}
    assert {row.split for row in vitt.read([elsewhere / "dev_id.txt", file], "dev")} == {"dev"}


def test_a_split_without_its_list_is_refused_with_the_list_s_name(tmp_path: Path) -> None:
    with pytest.raises(VtgError, match=r"train_id\.txt"):
        read(tmp_path, timeline(*TWO), split="train")


def test_a_list_whose_name_tells_no_split_is_refused(tmp_path: Path) -> None:
    read(tmp_path, timeline(*TWO))
    (tmp_path / "some.txt").write_text("AbCd\n")
    with pytest.raises(VtgError, match=r"some\.txt"):
        list(vitt.read([tmp_path / "ViTT-annotations.json", tmp_path / "some.txt"], None))


def test_a_tag_that_is_none_is_an_unreadable_row_beside_the_others(tmp_path: Path) -> None:
    rows = read(tmp_path, timeline((0, "a"), ("soon", "b"), (9, None), (10, "d")))
    assert [row.problem and row.problem[0] for row in rows] == [None, "unreadable_row", "unreadable_row", "no_end"]


def test_a_youtube_id_is_none_of_youtube_8m(tmp_path: Path) -> None:
    with pytest.raises(VtgError, match="four characters"):
        read(tmp_path, timeline(*TWO, video="aB3_dE-6hIj"))
