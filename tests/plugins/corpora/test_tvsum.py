import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from support.published import ingested, published
from vtgdata.annotations.normalise import normalise
from vtgdata.errors import VtgError
from vtgdata.plugins.corpora import tvsum
from vtgdata.records import RawRow, Sample

LINE: dict[str, Any] = {
    "qid": "aB3_dE-6hIj", "query": "Replacing a tube", "duration": 2, "vid": "aB3_dE-6hIj", "relevant_clip_ids": None,
    "relevant_windows": None, "label": [[1.0, 2.0], [1.0, 5.0]], "domain": "VT",
}  # fmt: skip


def read(folder: Path, *lines: dict[str, Any]) -> list[RawRow]:
    path = folder / "tvsum_val_release.jsonl"
    path.write_text("\n".join(map(json.dumps, [LINE | {"qid": "first"}, *lines])))
    return list(tvsum.read([path], None))[1:]


def test_a_row_has_scores_and_no_windows_and_is_never_scored_as_grounding(tmp_path: Path) -> None:
    (found,) = normalise(read(tmp_path, LINE), tvsum.CORPUS)
    assert isinstance(found, Sample)
    assert (found.windows, found.labelled) == ((), False)
    assert found.extra == {"label": [[1.0, 2.0], [1.0, 5.0]], "domain": "VT"}


def test_duration_counts_shots_of_two_seconds(tmp_path: Path) -> None:
    (found,) = normalise(read(tmp_path, LINE), tvsum.CORPUS)
    assert isinstance(found, Sample)
    assert found.video.duration == 4
    assert [(repair.code, repair.old, repair.new) for repair in found.repairs] == [("shots_to_seconds", "2", "4")]


def test_a_video_is_known_by_its_youtube_id(tmp_path: Path) -> None:
    (row,) = read(tmp_path, LINE | {"vid": "-_a0bZ_c1dE", "qid": "-_a0bZ_c1dE"})
    assert (row.video_id, row.source_id, row.file) == ("-_a0bZ_c1dE", "-_a0bZ_c1dE", "-_a0bZ_c1dE.mp4")
    assert row.published_id == "-_a0bZ_c1dE"


@pytest.mark.parametrize(
    "wrong",
    [
        {"duration": 4}, {"duration": None}, {"label": None}, {"label": [[1.0], [2.0]]}, {"label": [1.0, 2.0]},
        {"label": [[1.0, "x"], [1, 2]]}, {"vid": "K7QZ2"}, {"query": None},
    ],
)  # fmt: skip
def test_a_line_of_another_form_is_an_unreadable_row(wrong: dict[str, Any], tmp_path: Path) -> None:
    (row,) = read(tmp_path, LINE | wrong)
    assert row.problem is not None and row.problem[0] == "unreadable_row"


def test_its_sibling_s_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tvsum_val_release.jsonl"
    path.write_text(json.dumps(LINE | {"label": [[0], [1]], "clip": [[0, 100], [50, 150]], "match": [-1, 1]}))
    with pytest.raises(VtgError, match=r"tvsum_val_release\.jsonl"):
        list(tvsum.read([path], None))


@pytest.mark.parametrize("split", tvsum.CORPUS.splits, ids=lambda split: split.name)
def test_a_published_file_gives_all_its_videos_with_their_scores(split: Any) -> None:
    path = published("corpora", "tvsum", f"tvsum_{split.name}_release.jsonl")
    raw = [json.loads(line) for line in path.read_text().splitlines()]
    assert (len(raw), len({row["vid"] for row in raw})) == (split.rows, split.videos)
    assert all(row["duration"] == len(row["label"]) for row in raw)
    assert {len(shot) for row in raw for shot in row["label"]} == {20}
    assert {score for row in raw for shot in row["label"] for score in shot} == {1, 2, 3, 4, 5}
    assert set(Counter(row["domain"] for row in raw).values()) == {len(raw) // 10}
    assert all(row["relevant_windows"] is row["relevant_clip_ids"] is None for row in raw)

    found = ingested("tvsum", [path])
    assert len(found.samples) == len(raw) and not found.drops
    tidy = [" ".join(row["query"].split()) for row in raw]
    assert Counter(found.repairs) == Counter(
        shots_to_seconds=len(raw),
        query_blanks=sum(query != row["query"] for query, row in zip(tidy, raw, strict=True)),
        query_dots=sum(query.endswith((" .", "..")) for query in tidy),
    )
    assert [(s.sample_id, s.video.duration, s.extra["label"], s.windows, s.labelled) for s in found.samples] == [
        (f"tvsum:{row['qid']}", 2 * row["duration"], row["label"], (), False) for row in raw
    ]
