"""Inputs that were read wrongly and in silence: units, forms of times, and videos of one name."""

import json
import logging
import shutil
from pathlib import Path
from typing import Any

import pytest

from vtgdata.errors import RowsFailed, VtgError
from vtgdata.files.samples import read_samples
from vtgdata.stages import check, ingest

Records = list[dict[str, Any]]


def ingested(folder: Path, records: Records, **more: Any) -> tuple[ingest.Summary, list[Any]]:
    path = folder / "my_train.jsonl"
    path.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    summary = ingest.run(
        ingest.Settings(corpus="moment_jsonl", paths=[str(path)], name="mine", out=str(folder / "out"), **more)
    )
    return summary, read_samples(folder / "out/samples.parquet")


def shares() -> Records:
    return [
        {"qid": i, "query": f"q {i}", "vid": f"K7QZ{i}", "duration": 60, "relevant_windows": [[0.2, 0.4 + i / 100]]}
        for i in range(5)
    ]


def test_i04_bounds_that_are_shares_of_the_video_are_not_seconds_in_silence(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "vtgdata"):
        summary, _ = ingested(tmp_path, shares())
    assert [found.look for found in summary.looks] == ["fractions"]
    assert "--unit fraction" in caplog.text
    file = str(tmp_path / "out/samples.parquet")
    with pytest.raises(RowsFailed, match="implausible 1"):
        check.run(check.Settings(files=[file]))
    assert check.run(check.Settings(files=[file], accept=["fractions"])).clean
    assert check.run(check.Settings(files=[file], allow=["implausible"])).clean


def test_i04_the_unit_that_the_user_says_ends_the_warning(tmp_path: Path) -> None:
    summary, samples = ingested(tmp_path, shares(), unit="fraction")
    assert not summary.looks
    assert samples[0].windows[0].start == pytest.approx(12)
    assert check.run(check.Settings(files=[str(tmp_path / "out/samples.parquet")])).clean


def test_i04_what_was_accepted_at_ingest_is_clean_for_check(tmp_path: Path) -> None:
    summary, _ = ingested(tmp_path, shares(), accept=["fractions"])
    assert not summary.looks
    assert check.run(check.Settings(files=[str(tmp_path / "out/samples.parquet")])).clean


def test_a_look_that_there_is_none_of_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VtgError, match="did you mean 'fractions'"):
        ingested(tmp_path, shares(), accept=["fraction"])


def test_i06_a_duration_may_be_a_clock_iso_8601_or_have_a_unit(tmp_path: Path) -> None:
    forms = ("01:00", "PT1M0S", "60s", "00:01:00.00")
    records = [
        {"qid": i, "query": "a man waves", "vid": f"K7QZ{i}", "duration": form, "relevant_windows": [[10, 75]]}
        for i, form in enumerate(forms)
    ]
    _, samples = ingested(tmp_path, records)
    assert [(sample.video.duration, sample.windows[0].end) for sample in samples] == [(60.0, 60.0)] * 4


def test_i06_a_duration_that_is_no_time_is_noted_as_the_file_writes_it(tmp_path: Path) -> None:
    record = {"qid": 1, "query": "a man waves", "vid": "K7QZ2", "duration": "a while", "relevant_windows": [[10, 75]]}
    _, (sample,) = ingested(tmp_path, [record])
    assert [(repair.code, repair.old) for repair in sample.repairs] == [("bad_duration", "'a while'")]


def test_i18_a_frame_rate_may_be_a_fraction(tmp_path: Path) -> None:
    record = {
        "qid": 1, "query": "a man waves", "vid": "K7QZ2", "duration": 60, "fps": "30000/1001",
        "relevant_windows": [[250, 500]],
    }  # fmt: skip
    _, (sample,) = ingested(tmp_path, [record], unit="frames")
    assert sample.windows[0].start == pytest.approx(8.342, abs=5e-4)
    assert sample.windows[0].end == pytest.approx(16.683, abs=5e-4)


def test_a_bound_with_a_unit_of_its_own_is_not_read_in_the_file_s_unit(tmp_path: Path) -> None:
    records = [
        {"qid": 1, "query": "a man waves", "vid": "K7QZ2", "fps": 25, "start": "12.5s", "end": "00:00:17,500"},
        {"qid": 2, "query": "a man sits", "vid": "K7QZ2", "fps": 25, "start": "12.5s", "end": 500},
    ]
    summary, (sample,) = ingested(tmp_path, records, unit="frames")
    assert (sample.windows[0].start, sample.windows[0].end) == (12.5, 17.5)
    assert summary.reasons == {"unreadable_row": 1}


def two_folders() -> Records:
    return [
        {"qid": 1, "query": "a dog barks", "video": "train/0001.mp4", "duration": 60, "relevant_windows": [[10, 20]]},
        {"qid": 2, "query": "a cat sits", "video": "test/0001.mp4", "duration": 30, "relevant_windows": [[9, 19]]},
        {"qid": 3, "query": "a cat runs", "video": "test/0002.mp4", "duration": 30, "relevant_windows": [[9, 19]]},
    ]


def test_i08_two_videos_of_one_name_in_two_folders_are_two_videos(tmp_path: Path) -> None:
    _, samples = ingested(tmp_path, two_folders())
    named = [(sample.video.video_id, sample.video.file) for sample in samples]
    assert named == [("train/0001", "train/0001.mp4"), ("test/0001", "test/0001.mp4"), ("0002", "0002.mp4")]


def test_i08_a_video_s_frames_never_serve_for_another_of_its_name(tmp_path: Path) -> None:
    from vtgdata.video.find import find

    (tmp_path / "videos/x/train").mkdir(parents=True)
    (tmp_path / "videos/x/train/0001.mp4").write_bytes(b"one")
    here = find(tmp_path / "videos")
    assert here.path("train/0001.mp4") == tmp_path / "videos/x/train/0001.mp4"
    assert here.path("test/0001.mp4") is None
    shutil.copytree(tmp_path / "videos/x/train", tmp_path / "videos/x/test")
    assert find(tmp_path / "videos").path("test/0001.mp4") == tmp_path / "videos/x/test/0001.mp4"


def test_i08_videos_that_their_folders_tell_apart_are_counted_and_checked_as_two(tmp_path: Path) -> None:
    summary, samples = ingested(tmp_path, two_folders()[:2], split="train")
    assert len({sample.video.video_id for sample in samples}) == 2
    assert summary.published["train"].read == 2
    assert check.run(check.Settings(files=[str(tmp_path / "out/samples.parquet")])).findings["durations"] == 0


@pytest.mark.parametrize("corpus", ["moment_jsonl", "conversations"])
def test_i08_conversations_on_two_videos_of_one_name_are_about_two_videos(corpus: str, tmp_path: Path) -> None:
    talks = [
        {
            "messages": [
                {"role": "user", "content": f"<video>{inside}When does the man wave?"},
                {"role": "assistant", "content": "From 12.5 to 17.8 seconds."},
            ],
            "videos": videos,
        }
        for videos, inside in (
            (["train/0001.mp4"], ""),
            (["test/0001.mp4"], ""),
            ([], "https://youtu.be/aB3_dE-6hIj</video>"),
        )
    ]
    path = tmp_path / "my_train.json"
    path.write_text(json.dumps(talks), encoding="utf-8")
    ingest.run(ingest.Settings(corpus=corpus, paths=[str(path)], name="mine", out=str(tmp_path / "out")))
    samples = read_samples(tmp_path / "out/samples.parquet")
    assert [sample.video.video_id for sample in samples] == ["train/0001", "test/0001", "aB3_dE-6hIj"]


def cuts(corpus: str, split: str, names: list[str], folder: Path) -> str:
    path = folder / f"{corpus}_{split}.jsonl"
    records = [{"qid": i, "query": "a dog", "video": name, "windows": [[1, 5]]} for i, name in enumerate(names)]
    path.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    out = folder / corpus
    ingest.run(ingest.Settings(corpus="moment_jsonl", paths=[str(path)], name=corpus, out=str(out)))
    return str(out / "samples.parquet")


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        ("K7QZ2_12.50_40.00.mp4", "K7QZ2_30.00_60.00.mp4", True), ("K7QZ2_12.50_40.00", "K7QZ2", True),
        ("e4cf448f-e442_00:12-00:40", "e4cf448f-e442_00:30-01:00", True),
        ("aB3_dE-6hIj_60.0_210.0", "https://youtu.be/aB3_dE-6hIj", True), ("v_aB3_dE-6hIj", "aB3_dE-6hIj", True),
        ("video_00012", "video_00012", False), ("camera_0_0001_0002", "camera_0_0003_0004", False),
    ],
)  # fmt: skip
def test_i08_two_cuts_of_one_source_are_the_same_footage_for_check(
    ours: str, theirs: str, same: bool, tmp_path: Path
) -> None:
    files = [cuts("mine", "train", [ours], tmp_path), cuts("yours", "test", [theirs], tmp_path)]
    found = check.run(check.Settings(files=files, allow=["contamination", "duplicates", "implausible"]))
    assert found.allowed["contamination"] == same


def test_a_link_is_the_video_that_it_leads_to(tmp_path: Path) -> None:
    links = ("https://www.youtube.com/watch?v=aB3_dE-6hIj&t=3s", "https://youtu.be/aB3_dE-6hIj", "aB3_dE-6hIj")
    records = [
        {"qid": i, "query": f"q {i}", "video": link, "duration": 60, "relevant_windows": [[10, 20 + i]]}
        for i, link in enumerate(links)
    ]
    _, samples = ingested(tmp_path, records)
    assert {sample.video.video_id for sample in samples} == {"aB3_dE-6hIj"}
