import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from support.published import ingested, published
from vtgdata.annotations.normalise import normalise
from vtgdata.errors import VtgError
from vtgdata.plugins.corpora import youtube_highlights
from vtgdata.records import RawRow, Sample

LINE: dict[str, Any] = {
    "qid": "aB3_dE-6hIj", "query": "surfing", "duration": 6.25, "vid": "aB3_dE-6hIj", "relevant_clip_ids": None,
    "relevant_windows": None, "label": [[0], [1]], "domain": "surfing", "frames": 150.0, "fps": 24.0,
    "clip": [[0.0, 100.0], [50.0, 150.0]], "match": [-1, 1],
}  # fmt: skip


def read(folder: Path, *lines: dict[str, Any]) -> list[RawRow]:
    path = folder / "youtube_highlight_val_release.jsonl"
    path.write_text("\n".join(map(json.dumps, [LINE | {"qid": "first"}, *lines])))
    return list(youtube_highlights.read([path], None))[1:]


def test_a_row_has_clips_and_marks_and_no_windows(tmp_path: Path) -> None:
    (found,) = normalise(read(tmp_path, LINE), youtube_highlights.CORPUS)
    assert isinstance(found, Sample)
    assert (found.windows, found.labelled, found.repairs) == ((), False, ())
    assert found.extra == {key: LINE[key] for key in ("label", "domain", "frames", "fps", "clip", "match")}


def test_duration_is_seconds_here(tmp_path: Path) -> None:
    (row,) = read(tmp_path, LINE)
    assert row.duration == 6.25


def test_an_id_may_have_blanks_at_an_edge(tmp_path: Path) -> None:
    (row,) = read(tmp_path, LINE | {"vid": " -_a0bZ_c1dE "})
    assert (row.video_id, row.source_id, row.file) == ("-_a0bZ_c1dE", "-_a0bZ_c1dE", "-_a0bZ_c1dE.mp4")


@pytest.mark.parametrize(
    "wrong",
    [
        {"clip": [[0.0, 100.0]]}, {"match": [1]}, {"label": [[0]]}, {"clip": None}, {"match": ["x", 1]},
        {"clip": [[0.0], [1.0]]}, {"query": 3}, {"vid": "K7QZ2"},
    ],
)  # fmt: skip
def test_a_line_of_another_form_is_an_unreadable_row(wrong: dict[str, Any], tmp_path: Path) -> None:
    (row,) = read(tmp_path, LINE | wrong)
    assert row.problem is not None and row.problem[0] == "unreadable_row"


def test_its_sibling_s_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "youtube_highlight_val_release.jsonl"
    path.write_text(json.dumps({key: value for key, value in LINE.items() if key not in ("clip", "match")}))
    with pytest.raises(VtgError, match=r"youtube_highlight_val_release\.jsonl"):
        list(youtube_highlights.read([path], None))


COUNTS = {
    "train": ({-1: 8_382, 0: 894, 1: 5_657}, (7.4, 1_482.7)),
    "val": ({-1: 3_345, 0: 392, 1: 3_862}, (6.7, 690.1)),
}


@pytest.mark.parametrize("split", youtube_highlights.CORPUS.splits, ids=lambda split: split.name)
def test_a_published_file_gives_all_its_videos_with_their_marks(split: Any) -> None:
    path = published("corpora", "youtube_highlights", f"youtube_highlight_{split.name}_release.jsonl")
    raw = [json.loads(line) for line in path.read_text().splitlines()]
    assert (len(raw), len({row["vid"] for row in raw})) == (split.rows, split.videos)
    marks = Counter(mark for row in raw for mark in row["match"])
    lengths = [row["duration"] for row in raw]
    assert (marks, (round(min(lengths), 1), round(max(lengths), 1))) == COUNTS[split.name]
    assert all(row["duration"] == pytest.approx(row["frames"] / row["fps"]) for row in raw)
    assert all((mark == 1) == (label == [1]) for r in raw for mark, label in zip(r["match"], r["label"], strict=True))
    assert len({row["query"] for row in raw}) == 6 and all(row["query"] == row["domain"] for row in raw)

    found = ingested("youtube_highlights", [path])
    assert len(found.samples) == len(raw) and not found.drops and not found.repairs
    assert [(s.sample_id, s.video.duration, s.extra["match"], s.extra["clip"]) for s in found.samples] == [
        (f"youtube_highlights:{row['qid']}", row["duration"], row["match"], row["clip"]) for row in raw
    ]
    assert not any(s.labelled or s.windows for s in found.samples)
