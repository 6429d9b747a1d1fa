import json
from pathlib import Path

import pytest

from published import published
from vtgdata import tables
from vtgdata.corpora import activitynet_captions
from vtgdata.errors import RowsFailed
from vtgdata.normalise import normalise
from vtgdata.records import Drop, Sample
from vtgdata.stages import ingest

ENTRY = {"duration": 64.12, "timestamps": [[0.5, 12.3]], "sentences": ["Two men carry a boat."]}


def write(folder: Path, name: str, document: object) -> Path:
    path = folder / name
    path.write_text(json.dumps(document))
    return path


def test_a_sentence_is_a_row_with_its_key_path(tmp_path: Path) -> None:
    path = write(tmp_path, "train.json", {"v_Qx81-kLm_0A": ENTRY})
    (row,) = activitynet_captions.read([path], None)
    assert (row.video_id, row.source_id, row.file) == ("v_Qx81-kLm_0A", "Qx81-kLm_0A", "v_Qx81-kLm_0A.mp4")
    assert (row.windows, row.duration, row.split) == ([(0.5, 12.3)], 64.12, "train")
    assert row.origin == "train.json#v_Qx81-kLm_0A/timestamps/0"


def test_the_two_annotators_of_one_video_give_two_samples(tmp_path: Path) -> None:
    for name in ("val_1.json", "val_2.json"):
        write(tmp_path, name, {"v_Qx81-kLm_0A": ENTRY})
    first, second = normalise(activitynet_captions.read([tmp_path], None), activitynet_captions.CORPUS)
    assert isinstance(first, Sample) and isinstance(second, Sample)
    assert (first.split, second.split) == ("val_1", "val_2")
    assert first.sample_id != second.sample_id


def test_a_split_takes_one_file_out_of_a_folder(tmp_path: Path) -> None:
    for name in ("train.json", "val_1.json", "val_2.json"):
        write(tmp_path, name, {"v_Qx81-kLm_0A": ENTRY})
    assert {row.split for row in activitynet_captions.read([tmp_path], "val_1")} == {"val_1"}


def test_the_validation_files_are_benchmarks_and_keep_rows_without_a_window(tmp_path: Path) -> None:
    entry = {"duration": 64.12, "timestamps": [[9, 3]], "sentences": ["A dog runs."]}
    for name, kind in (("train.json", Drop), ("val_2.json", Sample)):
        rows = activitynet_captions.read([write(tmp_path, name, {"v_Qx81-kLm_0A": entry})], None)
        (outcome,) = normalise(rows, activitynet_captions.CORPUS)
        assert isinstance(outcome, kind)


@pytest.mark.parametrize("name", ["train", "val_1"])
def test_a_published_file_gives_the_counts_of_its_raw_text(name: str) -> None:
    path = published("corpora", "activitynet_captions") / f"{name}.json"
    events = [
        (start, end, entry["duration"], sentence)
        for entry in json.loads(path.read_text()).values()
        for (start, end), sentence in zip(entry["timestamps"], entry["sentences"], strict=True)
    ]
    wrong = ["reversed" if s > e else "zero_length" for s, e, _, _ in events if s >= e]
    kept = [event for event in events if event[0] < event[1]]
    clamped = sum(end - duration > 1e-6 for _, end, duration, _ in kept)
    blanks = sum(sentence != " ".join(sentence.split()) for *_, sentence in kept)
    leading = sum(sentence[:1].isspace() for *_, sentence in events)
    known = {"train": (37_421, 4, 29, 25_731), "val_1": (17_505, 0, 5, 11_639)}
    assert (len(events), len(wrong), clamped, leading) == known[name]

    outcomes = list(normalise(activitynet_captions.read([path], None), activitynet_captions.CORPUS))
    samples = [each for each in outcomes if isinstance(each, Sample)]
    assert [each.reason for each in outcomes if isinstance(each, Drop)] == wrong
    assert (len(outcomes), len(samples)) == (len(events), len(kept))
    codes = [repair.code for sample in samples for repair in sample.repairs]
    assert {code: codes.count(code) for code in set(codes)} == {"end_past_video": clamped, "query_blanks": blanks}
    assert len({sample.sample_id for sample in samples}) == len(samples)


def test_ingest_clamps_the_events_of_a_real_video_to_its_own_length(tmp_path: Path) -> None:
    path = published("corpora", "activitynet_captions", "val_1.json")
    (tmp_path / "v_GGSY1Qvo990.mp4").symlink_to(published("videos", "v_GGSY1Qvo990.mp4"))
    settings = ingest.Settings(
        corpus="activitynet_captions", paths=[str(path)], videos=str(tmp_path), out=str(tmp_path / "out")
    )
    with pytest.raises(RowsFailed) as caught:
        ingest.run(settings)
    assert caught.value.summary["videos"] == {"ok": 1, "missing": 4_916, "unreadable": 0}
    samples = tables.read_samples(tmp_path / "out" / "samples.parquet")
    found = [each for each in samples if each.video.video_id == "v_GGSY1Qvo990"]
    # Annotated as 18.16 s, which is the sound's length; the picture lasts 18.044 s.
    length = found[0].video.duration
    assert length == pytest.approx(18.044, abs=0.001)
    assert [(each.windows[0].start, each.windows[0].end) for each in found] == [(0, 2.27), (2.91, 6.54), (8.08, length)]
    assert {each.video.status for each in samples} == {"ok", "missing"}
