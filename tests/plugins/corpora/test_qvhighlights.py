import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from support.published import ingested, published
from vtgdata.annotations.normalise import normalise
from vtgdata.errors import VtgError
from vtgdata.plugins.corpora import qvhighlights
from vtgdata.records import RawRow, Sample

LINE: dict[str, Any] = {
    "qid": 412, "query": "A child feeds two goats.", "duration": 150, "vid": "aB3_dE-6hIj_60.0_210.0",
    "relevant_windows": [[10, 14], [40, 42]], "relevant_clip_ids": [5, 6, 20],
    "saliency_scores": [[3, 2, 4], [4, 4, 3], [1, 0, 2]],
}  # fmt: skip


def write(path: Path, *lines: dict[str, Any]) -> Path:
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


def read(folder: Path, *lines: dict[str, Any], split: str = "train") -> list[RawRow]:
    path = write(folder / f"highlight_{split}_release.jsonl", LINE | {"qid": 1}, *lines)
    return list(qvhighlights.read([path], None))[1:]


def test_a_row_is_known_by_its_qid_and_keeps_clips_and_scores(tmp_path: Path) -> None:
    (row,) = read(tmp_path, LINE)
    assert (row.published_id, row.windows, row.duration) == ("412", [(10.0, 14.0), (40.0, 42.0)], 150.0)
    assert row.extra == {key: LINE[key] for key in ("relevant_clip_ids", "saliency_scores")}


@pytest.mark.parametrize(
    ("key", "source", "start"),
    [
        ("aB3_dE-6hIj_60.0_210.0", "aB3_dE-6hIj", 60.0),
        ("-_a0bZ_c1dE_0.0_150.0", "-_a0bZ_c1dE", 0.0),
        ("___________" + "_660.0_810.0", "___________", 660.0),
        ("v_abcdefghi_210.0_360.0", "v_abcdefghi", 210.0),
    ],
)
def test_the_youtube_id_is_eleven_characters_whatever_they_are(
    key: str, source: str, start: float, tmp_path: Path
) -> None:
    (row,) = read(tmp_path, LINE | {"vid": key})
    assert (row.video_id, row.file, row.source_id, row.source_start) == (key, f"{key}.mp4", source, start)


def test_a_packaging_s_prefix_is_in_the_file_s_name_and_not_in_the_id(tmp_path: Path) -> None:
    (row,) = read(tmp_path, LINE | {"vid": "v_aB3_dE-6hIj_60.0_210.0"})
    assert (row.video_id, row.file) == ("aB3_dE-6hIj_60.0_210.0", "v_aB3_dE-6hIj_60.0_210.0.mp4")


def test_a_test_row_without_labels_is_a_sample_that_is_never_scored(tmp_path: Path) -> None:
    (row,) = read(tmp_path, {key: LINE[key] for key in ("qid", "query", "duration", "vid")}, split="test")
    (sample,) = normalise([row], qvhighlights.CORPUS)
    assert isinstance(sample, Sample) and not sample.labelled and sample.windows == ()


def test_of_two_test_files_in_a_folder_the_labelled_one_is_read(tmp_path: Path) -> None:
    bare = {key: LINE[key] for key in ("qid", "query", "duration", "vid")}
    write(tmp_path / "highlight_test_release.jsonl", bare)
    write(tmp_path / "highlight_test_with_gt.jsonl", LINE)
    (row,) = qvhighlights.read([tmp_path], None)
    assert (row.split, row.labelled) == ("test", True)


def test_a_video_that_is_no_cut_is_an_unreadable_row_and_a_file_of_them_another_corpus_s(tmp_path: Path) -> None:
    (row,) = read(tmp_path, LINE | {"vid": "aB3_dE-6hIj"})
    assert row.problem is not None and "no id of QVHighlights" in row.problem[1]
    path = write(tmp_path / "highlight_val_release.jsonl", LINE | {"vid": "K7QZ2"})
    with pytest.raises(VtgError, match=r"highlight_val_release.jsonl.*K7QZ2"):
        list(qvhighlights.read([path], None))


def joined(clips: Iterable[int]) -> list[list[int]]:
    """The windows that clips of 2 s cover together."""
    windows: list[list[int]] = []
    for clip in sorted(clips):
        if windows and windows[-1][1] == 2 * clip:
            windows[-1][1] += 2
        else:
            windows.append([2 * clip, 2 * clip + 2])
    return windows


# rows, windows, rows with several, shorter than the id says, whole-video windows, ids with a dash first, not ASCII
COUNTS = {"train": (7_218, 12_803, 2_363, 213, 302, 111, 6), "val": (1_550, 2_803, 530, 39, 52, 15, 1)}


@pytest.mark.parametrize("split", COUNTS)
def test_a_published_file_gives_all_of_its_rows_and_windows(split: str) -> None:
    path = published("corpora", "qvhighlights", f"highlight_{split}_release.jsonl")
    raw = [json.loads(line) for line in path.read_text().splitlines()]
    # vid is 11 characters, an underscore, the start, an underscore, the end
    cuts = [(row["vid"][:11], *map(float, row["vid"][12:].split("_"))) for row in raw]
    windows = [window for row in raw for window in row["relevant_windows"]]
    assert COUNTS[split] == (
        len(raw),
        len(windows),
        sum(len(row["relevant_windows"]) > 1 for row in raw),
        sum(row["duration"] < end - start for row, (_, start, end) in zip(raw, cuts, strict=True)),
        sum(window == [0, row["duration"]] for row in raw for window in row["relevant_windows"]),
        sum(source.startswith("-") for source, _, _ in cuts),
        sum(not row["query"].isascii() for row in raw),
    )

    found = ingested("qvhighlights", [path])
    assert len(found.samples) == len(raw) and not found.drops
    tidy = [" ".join(row["query"].split()) for row in raw]
    blanks = sum(row["query"] != query for row, query in zip(raw, tidy, strict=True))
    dots = sum(query.endswith((" .", "..")) for query in tidy)
    assert Counter(found.repairs) == Counter(query_blanks=blanks, query_dots=dots)
    assert [sample.sample_id for sample in found.samples] == [f"qvhighlights:{row['qid']}" for row in raw]
    assert [[[w.start, w.end] for w in sample.windows] for sample in found.samples] == [
        row["relevant_windows"] for row in raw
    ]
    videos = [sample.video for sample in found.samples]
    assert [(video.source_id, video.source_start) for video in videos] == [cut[:2] for cut in cuts]
    assert [(video.video_id, video.duration) for video in videos] == [(row["vid"], row["duration"]) for row in raw]


def test_the_published_counts_are_those_of_the_files() -> None:
    found = ingested("qvhighlights", [published("corpora", "qvhighlights")])
    for split in qvhighlights.CORPUS.splits[:2]:
        samples = [sample for sample in found.samples if sample.split == split.name]
        assert (len(samples), len({sample.video.video_id for sample in samples})) == (split.rows, split.videos)


@pytest.mark.parametrize("split", ["train", "val"])
def test_windows_are_the_union_of_their_clips_with_three_scores_each(split: str) -> None:
    path = published("corpora", "qvhighlights", f"highlight_{split}_release.jsonl")
    for sample in ingested("qvhighlights", [path]).samples:
        assert [[w.start, w.end] for w in sample.windows] == joined(sample.extra["relevant_clip_ids"])
        assert len(sample.extra["saliency_scores"]) == len(sample.extra["relevant_clip_ids"])
        assert all(len(scores) == 3 for scores in sample.extra["saliency_scores"])


def test_no_youtube_video_is_in_both_splits_and_many_ids_hold_an_underscore() -> None:
    found = ingested("qvhighlights", [published("corpora", "qvhighlights")])
    train, val = ([s.video.source_id or "" for s in found.samples if s.split == split] for split in ("train", "val"))
    assert not set(train) & set(val)
    assert sum("_" in source for source in train) == 1_022
