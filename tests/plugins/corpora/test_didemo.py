import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from support.published import ingested, published
from vtgdata.annotations.normalise import normalise
from vtgdata.plugins.corpora import didemo
from vtgdata.records import RawRow, Sample

ITEM: dict[str, Any] = {
    "num_segments": 6, "description": "the kite dips behind a tree", "dl_link": "https://example.org/1",
    "times": [[2, 2], [2, 3], [2, 2], [1, 2]], "video": "12345678@N00_1234567890_0a1b2c3d4e.mov",
    "annotation_id": 70001,
}  # fmt: skip


def read(folder: Path, *items: dict[str, Any]) -> list[RawRow]:
    (folder / "val_data.json").write_text(json.dumps([ITEM | {"annotation_id": 1}, *items]))
    return list(didemo.read([folder], None))[1:]


def sample(row: RawRow, **probed: Any) -> Sample:
    (outcome,) = normalise([row], didemo.CORPUS, **probed)
    assert isinstance(outcome, Sample)
    return outcome


def test_chunks_are_five_seconds_and_the_last_one_counts(tmp_path: Path) -> None:
    (row,) = read(tmp_path, ITEM | {"times": [[2, 2]] * 4})
    assert [(w.start, w.end) for w in sample(row).windows] == [(10, 15)]
    (row,) = read(tmp_path, ITEM | {"times": [[0, 5]] * 4})
    assert [(w.start, w.end) for w in sample(row).windows] == [(0, 30)]


def test_the_most_frequent_pair_is_taken_and_all_stay(tmp_path: Path) -> None:
    (row,) = read(tmp_path, ITEM)
    found = sample(row)
    assert [(w.start, w.end) for w in found.windows] == [(10, 15)]
    assert found.extra["annotators"] == [[10, 15], [10, 20], [10, 15], [5, 15]]
    assert {repair.code for repair in found.repairs} == {"chunks_to_seconds", "annotators_disagree"}


def test_of_tied_pairs_the_one_that_the_others_agree_with_most_is_taken(tmp_path: Path) -> None:
    (row,) = read(tmp_path, ITEM | {"times": [[0, 0], [3, 4], [0, 0], [3, 4], [3, 3]]})
    found = sample(row)
    assert [(w.start, w.end) for w in found.windows] == [(15, 25)]
    assert "annotators_tied" in {repair.code for repair in found.repairs}


@pytest.mark.parametrize(
    ("video", "video_id", "file"),
    [
        ("1@N00_2_0a.mov", "1@N00_2_0a", "1@N00_2_0a.mov"),
        ("1@N00_2_0a.m2ts", "1@N00_2_0a", "1@N00_2_0a.m2ts"),
        ("1@N00_2_0a.3gp", "1@N00_2_0a", "1@N00_2_0a.3gp"),
        ("1@N00_2_0a.", "1@N00_2_0a", "1@N00_2_0a.mp4"),
    ],
)
def test_the_id_is_what_stands_before_the_last_dot(video: str, video_id: str, file: str, tmp_path: Path) -> None:
    (row,) = read(tmp_path, ITEM | {"video": video})
    assert (row.video_id, row.file) == (video_id, file)


def test_the_last_chunk_ends_with_the_video_once_it_was_probed(tmp_path: Path) -> None:
    (row,) = read(tmp_path, ITEM | {"times": [[4, 4]] * 4})
    assert sample(row).video.duration is None
    probed = sample(row, probed=lambda file: (22.2, "ok"))
    assert [(w.start, w.end) for w in probed.windows] == [(20, 22.2)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"times": None}, {"times": [[1]]}, {"times": [[1, "x"]]}, {"times": [[0.5, 1]]}, {"times": [1, 2]},
        {"description": None}, {"video": 7}, {"video": "K7QZ2.mp4"}, {"video": "v_aB3_dE-6hIj.mp4"},
    ],
)  # fmt: skip
def test_an_item_of_another_form_is_an_unreadable_row(wrong: dict[str, Any], tmp_path: Path) -> None:
    (row,) = read(tmp_path, ITEM | wrong)
    assert row.problem is not None and row.problem[0] == "unreadable_row"


def test_the_published_val_split_gives_the_counts_of_its_raw_file() -> None:
    path = published("corpora", "didemo", "val_data.json")
    raw = json.loads(path.read_text())
    opinions = [[tuple(pair) for pair in row["times"]] for row in raw]
    votes = [Counter(pairs).most_common(2) for pairs in opinions]
    most = [ranked[0] for ranked in votes]
    tied = sum(len(ranked) > 1 and ranked[0][1] == ranked[1][1] for ranked in votes)
    disagree = sum(len(set(pairs)) > 1 for pairs in opinions)
    apart = sum(max(a for a, _ in pairs) > min(b for _, b in pairs) for pairs in opinions)
    assert Counter(map(len, opinions)) == {4: 4_165, 7: 15}
    assert (len(raw), disagree, apart, tied) == (4_180, 2_753, 978, 326)
    assert all(count >= 2 for _, count in most)
    assert Counter(row["num_segments"] for row in raw) == {6: 3_457, 5: 723}
    edges = sum(row["description"] != row["description"].strip() for row in raw)
    assert (edges, sum("\n" in row["description"] for row in raw)) == (12, 8)
    tidy = [" ".join(row["description"].split()) for row in raw]
    blanks = sum(row["description"] != query for row, query in zip(raw, tidy, strict=True))
    dots = sum(query.endswith((" .", "..")) for query in tidy)

    found = ingested("didemo", [path])
    assert len(found.samples) == len(raw) and not found.drops
    # One sentence comes twice on one video, under its two file names, with the same window.
    repeated = len(raw) - len({(row["video"].rpartition(".")[0], row["description"]) for row in raw})
    assert Counter(found.repairs) == Counter(
        chunks_to_seconds=len(raw), annotators_disagree=disagree - tied, annotators_tied=tied, query_blanks=blanks,
        query_dots=dots, duplicate=repeated,
    )  # fmt: skip
    for each, pairs, (pair, count) in zip(found.samples, opinions, most, strict=True):
        assert each.extra["annotators"] == [[5.0 * a, 5.0 * (b + 1)] for a, b in pairs]
        (window,) = each.windows
        taken = (window.start / 5, window.end / 5 - 1)
        assert pairs.count(taken) == count and (taken == pair or "annotators_tied" in {r.code for r in each.repairs})


def test_the_published_val_split_has_its_videos_ids_and_file_names() -> None:
    path = published("corpora", "didemo", "val_data.json")
    raw = json.loads(path.read_text())
    found = ingested("didemo", [path])
    val = didemo.CORPUS.splits[1]
    assert (len(found.samples), len({s.video.video_id for s in found.samples})) == (val.rows, val.videos)
    assert (len({row["video"] for row in raw}), len({row["video"].rpartition(".")[0] for row in raw})) == (1_094, 1_065)
    assert [s.sample_id for s in found.samples] == [f"didemo:{row['annotation_id']}" for row in raw]
    assert [s.video.video_id for s in found.samples] == [row["video"].rpartition(".")[0] for row in raw]
    assert all("@" in s.video.video_id and s.video.duration is None for s in found.samples)
    bare = [row["video"].endswith(".") for row in raw]
    assert sum(bare) == 53
    for each, row, dot in zip(found.samples, raw, bare, strict=True):
        assert each.video.file == (row["video"] + "mp4" if dot else row["video"])
    endings = Counter("" if dot else row["video"].rpartition(".")[2] for row, dot in zip(raw, bare, strict=True))
    assert endings == {
        "mov": 1_531, "avi": 1_258, "mp4": 868, "mpg": 194, "m4v": 95, "3gp": 87, "wmv": 52, "3g2": 18, "mts": 14,
        "m2ts": 10, "": 53,
    }  # fmt: skip
