import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from support.published import ingested, published
from vtgdata.annotations.normalise import normalise
from vtgdata.errors import RowsFailed
from vtgdata.files.samples import read_samples
from vtgdata.plugins.corpora import tvgbench
from vtgdata.records import RawRow, Sample
from vtgdata.stages import ingest


def item(**changed: Any) -> dict[str, Any]:
    whole = {
        "path": "./dataset/videos/aB3_dE-6hIj.mp4", "question": "the man opens the gate", "answer": "8.25-19.5",
        "start": None, "end": None, "duration": 64.5, "qsemtype": "Human Pose", "bins": {"dataset": "hirest"},
    }  # fmt: skip
    return whole | changed


def read(folder: Path, *items: dict[str, Any]) -> list[RawRow]:
    (folder / "tvgbench.json").write_text(json.dumps([item(), *items]))
    return list(tvgbench.read([folder], None))[1:]


def sample(row: RawRow, **probed: Any) -> Sample:
    (outcome,) = normalise([row], tvgbench.CORPUS, **probed)
    assert isinstance(outcome, Sample)
    return outcome


def test_a_row_is_named_by_its_position(tmp_path: Path) -> None:
    rows = read(tmp_path, item(), item())
    assert [row.published_id for row in rows] == ["0001", "0002"]
    assert [row.origin for row in rows] == ["tvgbench.json#1", "tvgbench.json#2"]
    assert sample(rows[0]).sample_id == "tvgbench:0001"


def test_the_answer_is_two_numbers_with_up_to_fifteen_decimals(tmp_path: Path) -> None:
    (row,) = read(tmp_path, item(answer="9.944375536211354-45.94437553621135"))
    assert row.windows == [(9.944375536211354, 45.94437553621135)]


@pytest.mark.parametrize("answer", ["8.25", "a-b", "-1-3", "1-2-3", "", None, 8.25])
def test_an_answer_of_another_form_is_an_unreadable_row(answer: object, tmp_path: Path) -> None:
    (row,) = read(tmp_path, item(answer=answer))
    assert row.problem is not None and row.problem[0] == "unreadable_row"


def test_a_cut_is_a_video_of_its_own_with_its_place_in_the_source(tmp_path: Path) -> None:
    (row,) = read(tmp_path, item(start=31.5, end=96.0))
    assert (row.video_id, row.source_id, row.source_start) == ("aB3_dE-6hIj_31.50_96.00", "aB3_dE-6hIj", 31.5)
    assert (row.file, row.duration, row.extra["cut"]) == ("aB3_dE-6hIj.mp4", 64.5, [31.5, 96.0])


def test_the_corpus_of_origin_is_kept_where_dataset_name_is_missing(tmp_path: Path) -> None:
    (row,) = read(tmp_path, item(bins={"dataset": "egonlq"}))
    assert row.extra["dataset"] == "egonlq"


def test_a_file_that_holds_the_whole_source_gets_windows_from_its_own_start(tmp_path: Path) -> None:
    (row,) = read(tmp_path, item(start=31.5, end=96.0, answer="8.25-70"))
    whole = sample(row, probed=lambda file: (300.0, "ok"))
    assert [(w.start, w.end) for w in whole.windows] == [(39.75, 96.0)]
    assert (whole.video.duration, whole.video.source_start) == (300.0, 0.0)
    assert [repair.code for repair in whole.repairs] == ["end_past_video", "part_of_file"]


def test_a_file_that_was_cut_already_keeps_its_windows(tmp_path: Path) -> None:
    (row,) = read(tmp_path, item(start=31.5, end=96.0))
    cut = sample(row, probed=lambda file: (64.4, "ok"))
    assert [(w.start, w.end) for w in cut.windows] == [(8.25, 19.5)]
    assert (cut.video.duration, cut.video.source_start, cut.repairs) == (64.4, 31.5, ())


def test_the_published_file_keeps_all_its_rows() -> None:
    folder = published("corpora", "tvgbench")
    raw = json.loads((folder / "tvgbench.json").read_text())
    bounds = [tuple(float(bound) for bound in row["answer"].split("-")) for row in raw]
    points = [i for i, (start, end) in enumerate(bounds) if start == end]
    late = [i for i, (_, end) in enumerate(bounds) if end - raw[i]["duration"] > 1e-6]
    assert (len(raw), len(points), len(late)) == (800, 11, 27)

    samples = [each for each in normalise(tvgbench.read([folder], None), tvgbench.CORPUS) if isinstance(each, Sample)]
    assert len({each.sample_id for each in samples}) == 800
    assert [i for i, each in enumerate(samples) if not each.windows] == points
    assert [i for i, each in enumerate(samples) if "end_past_video" in {r.code for r in each.repairs}] == late
    assert sum(each.video.source_start is not None for each in samples) == sum(row["start"] is not None for row in raw)
    assert [each.extra["dataset"] for each in samples] == [row["bins"]["dataset"] for row in raw]


def test_the_published_oddities_are_all_there_and_all_accounted_for() -> None:
    path = published("corpora", "tvgbench", "tvgbench.json")
    raw = json.loads(path.read_text())
    edges = [i for i, row in enumerate(raw) if row["question"] != row["question"].strip()]
    inside = [i for i, row in enumerate(raw) if "  " in row["question"].strip()]
    dots = [i for i, row in enumerate(raw) if row["question"].rstrip().endswith(("..", " ."))]
    cuts = [i for i, row in enumerate(raw) if row["start"] is not None]
    unnamed = [i for i, row in enumerate(raw) if "dataset_name" not in row]
    lengths: dict[str, set[float]] = defaultdict(set)
    for row in raw:
        lengths[row["path"]].add(row["duration"])
    several = {name for name, found in lengths.items() if len(found) > 1}
    assert (len(edges), len(cuts), len(unnamed), len(several), len(lengths)) == (135, 252, 168, 44, 462)

    found = ingested("tvgbench", [path])
    assert (len(found.samples), found.drops) == (tvgbench.CORPUS.splits[0].rows, [])
    ends = [[float(bound) for bound in row["answer"].split("-")] for row in raw]
    late = sum(end > row["duration"] + 1e-6 for (_, end), row in zip(ends, raw, strict=True))
    asked = Counter((row["path"], row["start"], " ".join(row["question"].split()).lower()) for row in raw)
    assert {code: n for code, n in found.repairs.items() if code != "query_ambiguous"} == {
        "end_past_video": late, "zero_length": sum(start == end for start, end in ends),
        "query_blanks": len({*edges, *inside}), "query_dots": len(dots),
    }  # fmt: skip
    assert found.repairs.get("query_ambiguous", 0) == sum(n - 1 for n in asked.values())
    assert [i for i, each in enumerate(found.samples) if "cut" in each.extra] == cuts
    assert [i for i, each in enumerate(found.samples) if each.extra["dataset"] == "egonlq"] == unnamed


def test_a_file_of_several_published_durations_is_several_videos_of_one_duration_each() -> None:
    samples = ingested("tvgbench", [published("corpora", "tvgbench", "tvgbench.json")]).samples
    durations: dict[str, set[float | None]] = defaultdict(set)
    for each in samples:
        durations[each.video.video_id].add(each.video.duration)
    assert all(len(found) == 1 for found in durations.values())
    raw = json.loads(published("corpora", "tvgbench", "tvgbench.json").read_text())
    files = {row["path"] for row in raw}
    assert len(files) == len({each.video.file for each in samples}) == tvgbench.CORPUS.splits[0].videos == 462
    parts = {(row["path"], row["start"], row["end"]) for row in raw}
    assert len(parts) == len(durations) == 540


def test_each_published_row_is_under_the_terms_of_the_corpus_it_comes_from() -> None:
    samples = ingested("tvgbench", [published("corpora", "tvgbench", "tvgbench.json")]).samples
    assert Counter(each.license for each in samples) == {
        "Apache-2.0 AND LicenseRef-charades_sta": 138,
        "Apache-2.0 AND LicenseRef-activitynet_captions": 168,
        "Apache-2.0 AND LicenseRef-tacos": 168,
        "Apache-2.0 AND LicenseRef-hirest": 158,
        "Apache-2.0 AND LicenseRef-ego4d_nlq": 168,
    }


def test_ingest_finds_the_real_video_of_one_row_and_says_that_the_others_are_missing(tmp_path: Path) -> None:
    path = published("corpora", "tvgbench", "tvgbench.json")
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos/OHOFG.mp4").symlink_to(published("videos", "OHOFG.mp4"))
    settings = ingest.Settings(
        corpus="tvgbench", paths=[str(path)], videos=str(tmp_path / "videos"), out=str(tmp_path / "out")
    )
    with pytest.raises(RowsFailed, match=r"--max-failed") as caught:
        ingest.run(settings)
    files = {Path(row["path"]).name for row in json.loads(path.read_text())}
    assert caught.value.exit_code == 3
    assert caught.value.summary.videos == {"ok": 1, "missing": len(files) - 1, "unreadable": 0}
    assert (caught.value.summary.samples, caught.value.summary.empty_windows) == (800, 11)
    samples = read_samples(tmp_path / "out" / "samples.parquet")
    (found,) = [each for each in samples if each.video.status == "ok"]
    # Annotated as 35.04 s; the picture lasts 35.142 s.
    assert (found.video.video_id, found.video.duration) == ("OHOFG", pytest.approx(35.142, abs=0.001))
    assert [(window.start, window.end) for window in found.windows] == [(1.0, 7.5)]
