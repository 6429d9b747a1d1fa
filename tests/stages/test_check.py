import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars
import pytest

from support.builders import draw_video, make_sample
from support.published import published
from vtgdata.errors import RowsFailed, VtgError
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import read_samples, sample_row, write_samples
from vtgdata.records import Sample
from vtgdata.stages import check, ingest

CLEAN = [
    make_sample("a:1", corpus="a", video_id="K7QZ2"),
    make_sample("a:2", corpus="a", video_id="M2XP0", windows=[(1, 4), (8, 12)]),
    make_sample("b:1", corpus="b", video_id="ZZ9AA", split="test", windows=[]),
]


def write(folder: Path, samples: Sequence[Sample], name: str = "samples.parquet") -> str:
    write_samples(folder / name, samples)
    return str(folder / name)


def run(files: Sequence[str], **more: Any) -> check.Summary:
    """The summary, whether or not the report is clean."""
    try:
        return check.run(check.Settings(files=list(files), **more))
    except RowsFailed as error:
        return error.summary


def found(summary: check.Summary) -> dict[str, int]:
    return {kind: count for kind, count in summary.findings.items() if count}


def test_sound_samples_are_clean_and_every_pair_is_told(tmp_path: Path) -> None:
    summary = check.run(check.Settings(files=[write(tmp_path, CLEAN)]))
    assert summary.clean is True and found(summary) == {}
    assert [(pair.first, pair.second, pair.sources) for pair in summary.pairs] == [("a train", "b test", 0)]
    assert [(group.corpus, group.rows, group.benchmark) for group in summary.groups] == [
        ("a", 2, False),
        ("b", 1, True),
    ]


def test_what_a_blind_guess_scores_stands_beside_each_group(tmp_path: Path) -> None:
    rows = [make_sample(str(i), video_id=f"x{i}A", windows=[(0, 15)]) for i in range(3)]
    (group,) = run([write(tmp_path, rows)]).groups
    assert group.blind_guess.mean_window["mIoU"] == pytest.approx(1.0)
    assert group.blind_guess.mean_window["window"] == pytest.approx((0.0, 0.5))


FAULTS = {
    "contamination": make_sample("c:1", corpus="c", video_id="ZZ9AA"),
    "duplicates": make_sample("c:1", corpus="c", video_id="K7QZ2", query="A dog jumps"),
    "label_versions": make_sample("c:1", corpus="c", video_id="K7QZ2", query="it rains", label_version="new"),
    "durations": make_sample("c:1", corpus="c", video_id="K7QZ2", query="it rains", duration=99.0),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_makes_the_report_unclean_unless_it_is_allowed(kind: str, tmp_path: Path) -> None:
    files = [write(tmp_path, CLEAN), write(tmp_path, [FAULTS[kind]], "more.parquet")]
    with pytest.raises(RowsFailed, match=f"not clean: {kind} 1") as caught:
        check.run(check.Settings(files=files))
    assert found(caught.value.summary) == {kind: 1}
    assert check.run(check.Settings(files=files, allow=[kind])).clean is True  # type: ignore[list-item]


def broken(folder: Path) -> str:
    rows = [sample_row(make_sample(f"d:{i}", corpus="d", video_id=f"Q{i}XYZ")) for i in range(5)]
    rows[0]["windows"] = [[9.0, 3.0]]
    rows[1]["windows"] = [[3.0, 999.0]]
    rows[2]["windows"] = []
    rows[3]["sample_id"] = "d:4"
    polars.DataFrame(rows).write_parquet(folder / "broken.parquet")
    return str(folder / "broken.parquet")


def test_a_file_of_broken_rows_alone_is_reported_too(tmp_path: Path) -> None:
    rows = [sample_row(make_sample(f"a:{number}")) | {"extra": "[" * 300 + "]" * 300} for number in range(2)]
    polars.DataFrame(rows).write_parquet(tmp_path / "broken.parquet")
    summary = run([str(tmp_path / "broken.parquet")])
    assert found(summary) == {"broken_rows": 2}
    assert "column extra" in summary.examples["broken_rows"][0]["detail"]


def test_broken_rows_and_repeated_ids_are_named_with_their_place(tmp_path: Path) -> None:
    summary = run([broken(tmp_path)])
    assert found(summary) == {"broken_rows": 3, "repeated_ids": 1}
    places = [row["row"] for row in summary.examples["broken_rows"]]
    assert places == ["broken.parquet row 0", "broken.parquet row 1", "broken.parquet row 2"]
    assert "ends at 999 s" in summary.examples["broken_rows"][1]["detail"]
    assert "broken.parquet row 3" in summary.examples["repeated_ids"][0]["detail"]


def test_fix_takes_away_what_it_can_and_keeps_the_reason(tmp_path: Path) -> None:
    copy = make_sample("c:9", corpus="c", video_id="K7QZ2", query="A dog jumps")
    files = [write(tmp_path, CLEAN), write(tmp_path, [FAULTS["contamination"], copy], "c.parquet"), broken(tmp_path)]
    summary = check.run(check.Settings(files=files, fix=True, out=str(tmp_path / "out")))
    assert summary.clean is True
    assert summary.fixed == {"broken_rows": 3, "repeated_ids": 1, "duplicates": 1, "contamination": 1}
    kept = read_samples(tmp_path / "out/samples.parquet")
    assert [sample.sample_id for sample in kept] == ["a:1", "a:2", "b:1", "d:4"]
    drops = read_parquet(tmp_path / "out/drops.parquet")
    assert sorted(drop["reason"] for drop in drops) == [
        "broken_rows", "broken_rows", "broken_rows", "contamination", "duplicates", "repeated_ids",
    ]  # fmt: skip
    assert len(kept) + len(drops) == summary.rows
    assert run([str(tmp_path / "out/samples.parquet")]).clean is True


def test_what_cannot_be_fixed_is_left_unclean(tmp_path: Path) -> None:
    files = [write(tmp_path, [*CLEAN, FAULTS["durations"]])]
    summary = run(files, fix=True, out=str(tmp_path / "out"))
    assert summary.clean is False and found(summary) == {"durations": 1}


def test_missing_videos_are_listed_to_be_fetched(tmp_path: Path) -> None:
    draw_video(tmp_path / "videos/K7QZ2.mp4")
    summary = run([write(tmp_path, CLEAN)], videos=str(tmp_path / "videos"), out=str(tmp_path / "out"))
    assert found(summary) == {"videos": 2} and summary.missing_videos == 2
    assert (tmp_path / "out/missing.txt").read_text() == "M2XP0.mp4\nZZ9AA.mp4\n"


def test_a_re_encoded_copy_of_a_benchmark_s_video_is_contamination(tmp_path: Path) -> None:
    folder = published("videos")
    videos = tmp_path / "videos"
    videos.mkdir()
    shutil.copy(folder / "v_GGSY1Qvo990.mp4", videos / "ZZ9AA.mp4")
    shutil.copy(folder / "derived/v_GGSY1Qvo990_vp9.webm", videos / "K7QZ2.webm")
    shutil.copy(folder / "women_long_jump.mp4", videos / "M2XP0.mp4")
    summary = run([write(tmp_path, CLEAN)], videos=str(videos))
    assert found(summary) == {"contamination": 1}
    assert summary.examples["contamination"][0]["sample_id"] == "a:1"
    assert found(run([write(tmp_path, CLEAN)], videos=str(videos), hashes=False)) == {}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"files": []}, "one file of samples"),
        ({"files": ["absent.parquet"]}, "no such file"),
        ({"files": ["text.parquet"]}, "not a readable Parquet"),
        ({"fix": True}, "--out"),
        ({"near": 0.0}, "--near"),
        ({"executor": "ray"}, "--videos"),
        ({"executor": "ray", "videos": ".", "hashes": False}, "--hashes"),
    ],
)
def test_wrong_use_is_said(wrong: dict[str, Any], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.parquet").write_text("no parquet")
    with pytest.raises(VtgError, match=said):
        check.run(check.Settings(**({"files": [write(tmp_path, CLEAN)]} | wrong)))


def test_the_report_is_a_file_and_nothing_changed_means_nothing_is_done(tmp_path: Path) -> None:
    settings = check.Settings(files=[write(tmp_path, CLEAN)], out=str(tmp_path / "out"))
    check.run(settings)
    assert json.loads((tmp_path / "out/check.json").read_bytes())["clean"] is True
    assert check.run(settings).up_to_date is True


PUBLISHED = {
    "charades_sta": ("charades_sta",),
    "tvgbench": ("tvgbench",),
    "timerft": ("timerft",),
    "hirest": ("hirest",),
    "activitynet_captions": ("activitynet_captions", "val_1.json"),
}


def test_published_corpora_share_what_a_count_by_hand_says(tmp_path: Path) -> None:
    root = published("corpora")
    files = []
    for corpus, parts in PUBLISHED.items():
        out = str(tmp_path / corpus)
        ingest.run(ingest.Settings(corpus=corpus, paths=[str(root.joinpath(*parts))], out=out))
        files.append(f"{out}/samples.parquet")
    told = {(pair.first, pair.second): pair.sources for pair in run(files).pairs}
    videos = by_hand(root)
    names = sorted(videos)
    assert told == {
        (one, other): len(videos[one] & videos[other]) for i, one in enumerate(names) for other in names[i + 1 :]
    }
    assert told["charades_sta train", "tvgbench test"] == 0
    assert told["activitynet_captions val_1", "tvgbench test"] == 157
    assert told["hirest val", "tvgbench test"] == 55


def by_hand(root: Path) -> dict[str, set[str]]:
    """Videos of each split, by the part of their names that is a YouTube id, or all of it: out of the raw files."""

    def load(*parts: str) -> Any:
        return json.loads(root.joinpath(*parts).read_bytes())

    def bare(file: str) -> str:
        name = file.rsplit("/", 1)[-1].rsplit(".", 1)[0]
        if len(name) == 13 and name.startswith("v_"):
            return name[2:]
        return name.split("_00:")[0] if "_00:" in name else name

    reversed_only = {"LEOL6", "IOL8Q", "AKKWU"}
    lines = [line.split(" ") for line in (root / "charades_sta/charades_sta_train.txt").read_text().splitlines()]
    charades = {video for video, start, end in (line[:3] for line in lines) if float(start) < float(end.split("##")[0])}
    assert len(charades) == 5_336 and reversed_only - charades
    return {
        "activitynet_captions val_1": {bare(key) for key in load("activitynet_captions", "val_1.json")},
        "charades_sta train": charades,
        "timerft train": {bare(row["video"]) for row in load("timerft", "train_2k5.json")},
        "tvgbench test": {bare(row["path"]) for row in load("tvgbench", "tvgbench.json")},
    } | {
        f"hirest {split}": hirest(load("hirest", f"all_data_{split}.json"), split) for split in ("train", "val", "test")
    }


def hirest(prompts: dict[str, Any], split: str) -> set[str]:
    """Videos with a clip that has a length, or with a step that has one; the test's labels are hidden."""
    return {
        key.removesuffix(".mp4")
        for pairs in prompts.values()
        for key, pair in pairs.items()
        if split == "test"
        or (pair["clip"] and pair["bounds"][0] < pair["bounds"][1])
        or any(step["absolute_bounds"][0] < step["absolute_bounds"][1] for step in pair["steps"])
    }
